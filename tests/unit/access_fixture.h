/* A request of somebody, over a database of its own for each test, for what src/access does. */
#ifndef HEARTH_TESTS_ACCESS_FIXTURE_H
#define HEARTH_TESTS_ACCESS_FIXTURE_H

#include "host_fixture.h"
#include "store_fixture.h"

#include "access/access.h"
#include "access/caller.h"
#include "http/request.h"
#include "store/store.h"

struct access_fixture {
    char database[64], url[256];
    struct fixture *host;
    struct settings settings;
    struct access access;
    struct request request;
    struct transport transport;
    struct error err;
};

static const char *
access_fixture_parameter(void *carrier, const char *name)
{
    (void)carrier;
    (void)name;
    return NULL;
}

/* What every request begins with; the answer of the one before is gone. */
static inline void
access_fixture_request(struct access_fixture *fixture)
{
    arena_reset(&fixture->request.arena);
    fixture->request = (struct request){
        .arena = fixture->request.arena,
        .access = &fixture->access,
        .transport = &fixture->transport,
        .carrier = fixture,
        .may_wait = true,
        .remote_address = "192.0.2.1",
        .id = "request-1",
    };
    error_clear(&fixture->err);
}

static int
access_set_up(void **state)
{
    struct access_fixture *fixture = xcalloc(1, sizeof(*fixture));
    void *host = NULL;
    set_up(&host);
    fixture->host = host;
    fixture_database(fixture->database);
    fixture->transport.parameter = access_fixture_parameter;
    fixture->settings = (struct settings){
        .app_name = "Hearth",
        .environment = "local",
        .trusted_proxies = "",
        .rate_limiting = true,
        .auth_secret = "a secret of at least thirty-two bytes",
        .password_memory_kib = 8,
        .password_passes = 1,
        .mail_from = "hearth@example.org",
        .mailbox_directory = fixture->host->directory,
        .smtp_url = "",
        .public_url = "https://example.org",
        .registration = "open",
        .sign_ins_per_account = 100,
        .runtime_directory = fixture->host->directory,
        .spool_directory = fixture->host->directory,
        .database_url = fixture_url(fixture->url, sizeof(fixture->url), fixture->database, false),
        .database_read_url = "",
        .database_pooling = "session",
        .database_pool_size = 4,
        .database_timeout_ms = 5000,
    };
    fixture->access.settings = &fixture->settings;
    fixture->access.host = fixture->host->host;
    assert_true(
        store_open(&fixture->settings, fixture->host->host, &fixture->access.store, &fixture->err));
    access_fixture_request(fixture);
    *state = fixture;
    return 0;
}

static int
access_tear_down(void **state)
{
    struct access_fixture *fixture = *state;
    char command[160];
    void *host = fixture->host;
    arena_release(&fixture->request.arena);
    store_close(fixture->access.store);
    snprintf(command, sizeof(command), "rm -f '%s'/*.eml '%s'/.??*", fixture->host->directory,
             fixture->host->directory);
    fixture_shell(command);
    tear_down(&host);
    free(fixture);
    return 0;
}

#define ACCESS_TEST(name) cmocka_unit_test_setup_teardown(name, access_set_up, access_tear_down)

#endif
