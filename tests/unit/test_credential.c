/* Credentials of the database: what is asked once, remembered, forgotten, and outlives an outage.
 */
#include <stdbool.h>

#include "store_fixture.h"

#include "access/access.h"
#include "access/api_key.h"
#include "access/credential.h"
#include "access/credential_duties.h"
#include "access/key.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "host/forgetting.h"
#include "host/l1.h"
#include "http/route.h"
#include "store/store.h"

static const char key_id[] = "018f0000-0000-7000-8000-000000000001";
static const char account_id[] = "018f0000-0000-7000-8000-00000000000a";
static const char sign_in_id[] = "018f0000-0000-7000-8000-00000000000b";

struct bench {
    char directory[64], database[64], url[256];
    struct settings settings;
    struct access access;
    char key[API_KEY_CHARACTERS + 1];
};

static const char *
hash_of(const char *key)
{
    static char text[2 * SHA256_BYTES + 1];
    unsigned char bytes[SHA256_BYTES];
    struct sha256 digest;
    sha256_init(&digest);
    sha256_add(&digest, key, strlen(key));
    sha256_end(&digest, bytes);
    hex_format(text, bytes, sizeof(bytes));
    return text;
}

static int
set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct error err = {0};
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/hearth-test-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    fixture_database(bench->database);
    bench->settings = (struct settings){
        .database_url = fixture_url(bench->url, sizeof(bench->url), bench->database, false),
        .database_read_url = "",
        .database_pooling = "session",
        .database_pool_size = 2,
        .database_timeout_ms = 2000,
        .auth_grace_s = 300,
        .account_scopes = "study,persona",
        .rate_limiting = false};
    bench->access = (struct access){.settings = &bench->settings,
                                    .host = host_open(bench->directory, 4 << 20, &err)};
    assert_non_null(bench->access.host);
    assert_true(store_open(&bench->settings, bench->access.host, &bench->access.store, &err));
    hmac_key_derive(&bench->access.snapshot_key, "secret", "test");
    api_key_make(bench->key);
    char sql[1024];
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO hearth.account (id, user_name) VALUES ('%s', 'ada');"
        "INSERT INTO hearth.key (id, name, prefix, hash, scopes, models, rate_count, rate_seconds)"
        " VALUES ('%s', 'test', 'p', '\\x%s', '{text,admin}', '{small,large}', 5, 60)",
        account_id, key_id, hash_of(bench->key));
    fixture_sql(bench->database, sql);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    struct bench *bench = *state;
    char command[128];
    store_close(bench->access.store);
    host_close(bench->access.host);
    free(bench->access.follower.ids);
    snprintf(command, sizeof(command), "rm -rf '%s'", bench->directory);
    fixture_shell(command);
    free(bench);
    return 0;
}

struct ask {
    bool front;       /* else on the waiting lane */
    int64_t later_us; /* when the request begins, from now on */
    int64_t at_us;    /* when it begins, where it is not now */
    const char *from; /* the address; NULL: 192.0.2.1 */
};

/* Until the next call. */
static struct request *
request_of(struct bench *bench, struct ask ask)
{
    static struct request request;
    arena_release(&request.arena);
    request = (struct request){.access = &bench->access,
                               .may_wait = !ask.front,
                               .remote_address = ask.from ? ask.from : "192.0.2.1",
                               .timing.started_us =
                                   ask.at_us > 0 ? ask.at_us : clock_monotonic_us() + ask.later_us};
    return &request;
}

/* The code of the answer; *caller is good until the next call. */
static enum error_code
find_any(struct bench *bench, struct credential credential, struct ask ask,
         const struct caller **caller)
{
    struct error err = {0};
    const struct caller *found = NULL;
    bool known = credential_find(request_of(bench, ask), &credential, &found, &err);
    assert_true(known == (err.code == ERROR_NONE));
    if (caller)
        *caller = found;
    return err.code;
}

static enum error_code
find(struct bench *bench, const char *key, struct ask ask, const struct caller **caller)
{
    unsigned char bytes[SHA256_BYTES];
    struct sha256 digest;
    sha256_init(&digest);
    sha256_add(&digest, key, strlen(key));
    sha256_end(&digest, bytes);
    struct credential credential = {CREDENTIAL_KEY, (const char *)bytes, sizeof(bytes)};
    return find_any(bench, credential, ask, caller);
}

static enum error_code
find_sign_in(struct bench *bench, const char *id, struct ask ask)
{
    return find_any(bench, (struct credential){CREDENTIAL_SIGN_IN, id, strlen(id)}, ask, NULL);
}

#define FRONT ((struct ask){.front = true})
#define WAITING ((struct ask){0})
#define LATER ((struct ask){.later_us = 2000000})

static void
cut_off(struct bench *bench)
{
    struct error err = {0};
    store_close(bench->access.store);
    bench->settings.database_url = "host=/nonexistent dbname=none";
    assert_true(store_open(&bench->settings, bench->access.host, &bench->access.store, &err));
}

static void
follow(struct bench *bench)
{
    struct arena arena = {0};
    credential_follow(&bench->access, &arena);
    arena_release(&arena);
}

static void
asks_once_on_the_waiting_lane_and_then_nobody(void **state)
{
    struct bench *bench = *state;
    const struct caller *caller;
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_WOULD_WAIT);
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_NONE);
    assert_int_equal(find(bench, bench->key, FRONT, &caller), ERROR_NONE);
    assert_int_equal(caller->kind, CALLER_KEY);
    assert_string_equal(caller->key_id, key_id);
    assert_string_equal(caller->tenant, "key:018f0000-0000-7000-8000-000000000001");
    assert_int_equal(caller->scopes, SCOPE_TEXT | SCOPE_ADMIN);
    assert_string_equal(caller->models[1], "large");
    assert_null(caller->models[2]);
    assert_int_equal(caller->rate.count, 5);
}

static void
asks_anew_where_nobody_follows_the_revocations(void **state)
{
    struct bench *bench = *state;
    follow(bench);
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_NONE);
    assert_int_equal(
        find(bench, bench->key, (struct ask){.front = true, .later_us = 2000000}, NULL),
        ERROR_WOULD_WAIT);
    forgetting_follow(bench->access.host, clock_monotonic_us() + 1500000);
    assert_int_equal(
        find(bench, bench->key, (struct ask){.front = true, .later_us = 2000000}, NULL),
        ERROR_NONE);
}

static void
forgets_a_revoked_key_as_soon_as_its_host_has_looked(void **state)
{
    struct bench *bench = *state;
    char sql[256];
    follow(bench);
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_NONE);
    snprintf(sql, sizeof(sql),
             "UPDATE hearth.key SET revoked_at = now();"
             "INSERT INTO hearth.revocation (subject) VALUES ('key:%s')",
             key_id);
    fixture_sql(bench->database, sql);
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_NONE);
    follow(bench);
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_WOULD_WAIT);
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_UNAUTHORIZED);
    follow(bench);
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_UNAUTHORIZED);
}

static void
marks_a_revocation_once_however_often_it_is_seen(void **state)
{
    struct bench *bench = *state;
    fixture_sql(bench->database, "INSERT INTO hearth.revocation (subject) VALUES ('key:x')");
    follow(bench);
    int64_t learnt_us = clock_monotonic_us();
    assert_true(forgetting_holds(bench->access.host, "key:x", learnt_us));
    follow(bench);
    assert_true(forgetting_holds(bench->access.host, "key:x", learnt_us));
    fixture_sql(bench->database, "INSERT INTO hearth.revocation (subject) VALUES ('key:x')");
    follow(bench);
    assert_false(forgetting_holds(bench->access.host, "key:x", learnt_us));
}

static void
goes_on_through_an_outage_for_as_long_as_it_may(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_NONE);
    cut_off(bench);
    assert_int_equal(find(bench, bench->key, LATER, NULL), ERROR_NONE);
    assert_int_equal(find(bench, bench->key, (struct ask){.later_us = 299000000}, NULL),
                     ERROR_NONE);
    assert_int_equal(find(bench, bench->key, (struct ask){.later_us = 301000000}, NULL),
                     ERROR_AUTH_UNAVAILABLE);
}

static void
never_refuses_what_it_cannot_tell(void **state)
{
    struct bench *bench = *state;
    char unknown[API_KEY_CHARACTERS + 1];
    api_key_make(unknown);
    assert_int_equal(find(bench, unknown, WAITING, NULL), ERROR_UNAUTHORIZED);
    assert_int_equal(find(bench, unknown, FRONT, NULL), ERROR_UNAUTHORIZED);
    cut_off(bench);
    assert_int_equal(find(bench, unknown, LATER, NULL), ERROR_AUTH_UNAVAILABLE);
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_AUTH_UNAVAILABLE);
}

static void
ignores_a_snapshot_that_others_could_have_written(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_NONE);
    hmac_key_derive(&bench->access.snapshot_key, "another secret", "test");
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_WOULD_WAIT);
}

static void
refuses_an_expired_key_from_memory(void **state)
{
    struct bench *bench = *state;
    fixture_sql(bench->database, "UPDATE hearth.key SET expires_at = now()");
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_UNAUTHORIZED);
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_UNAUTHORIZED);
}

static void
takes_the_key_before_a_rotation_until_its_time(void **state)
{
    struct bench *bench = *state;
    char sql[512], fresh[API_KEY_CHARACTERS + 1];
    api_key_make(fresh);
    snprintf(sql, sizeof(sql),
             "UPDATE hearth.key SET previous_hash = hash, hash = '\\x%s', previous_until = "
             "now() + interval '1 hour'",
             hash_of(fresh));
    fixture_sql(bench->database, sql);
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_NONE);
    assert_int_equal(find(bench, fresh, WAITING, NULL), ERROR_NONE);
    fixture_sql(bench->database, "UPDATE hearth.key SET previous_until = now() - interval '1 s'");
    forgetting_mark(bench->access.host, NULL, clock_monotonic_us());
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_UNAUTHORIZED);
    assert_int_equal(find(bench, fresh, WAITING, NULL), ERROR_NONE);
}

static void
gives_the_key_of_an_account_no_more_than_the_account_has(void **state)
{
    struct bench *bench = *state;
    const struct caller *caller;
    char sql[256];
    snprintf(sql, sizeof(sql), "UPDATE hearth.key SET account_id = '%s'", account_id);
    fixture_sql(bench->database, sql);
    assert_int_equal(find(bench, bench->key, WAITING, &caller), ERROR_NONE);
    assert_int_equal(caller->scopes, 0);
    bench->settings.account_scopes = "text,study";
    fixture_sql(bench->database, "UPDATE hearth.account SET is_admin = true");
    assert_int_equal(find(bench, bench->key, LATER, &caller), ERROR_NONE);
    assert_int_equal(caller->scopes, SCOPE_TEXT | SCOPE_ADMIN);
    assert_string_equal(caller->tenant, "account:018f0000-0000-7000-8000-00000000000a");
    fixture_sql(bench->database, "UPDATE hearth.account SET is_active = false");
    forgetting_mark(bench->access.host, "account:018f0000-0000-7000-8000-00000000000a",
                    clock_monotonic_us());
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_UNAUTHORIZED);
}

static void
writes_down_when_a_key_was_used(void **state)
{
    struct bench *bench = *state;
    struct arena arena = {0};
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_NONE);
    fixture_sql(bench->database,
                "DO $$ BEGIN ASSERT (SELECT last_used_at FROM hearth.key) IS NULL; "
                "END $$");
    credential_note_use(&bench->access, &arena);
    fixture_sql(bench->database,
                "DO $$ BEGIN ASSERT (SELECT last_used_at FROM hearth.key) > now() - "
                "interval '1 minute'; END $$");
    arena_release(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* How many of so many made-up keys the database is asked for; the others are refused as told. */
static int
asked_of(struct bench *bench, int count, struct ask ask, enum error_code refused)
{
    int asked = 0;
    for (int i = 0; i < count; i++) {
        char key[API_KEY_CHARACTERS + 1];
        api_key_make(key);
        enum error_code code = find(bench, key, ask, NULL);
        asked += code == ERROR_UNAUTHORIZED;
        if (code != ERROR_UNAUTHORIZED)
            assert_int_equal(code, refused);
    }
    return asked;
}

static void
asks_the_database_for_few_of_the_keys_that_an_address_makes_up(void **state)
{
    struct bench *bench = *state;
    bench->settings.rate_limiting = true;
    follow(bench);
    struct ask now = {.at_us = clock_monotonic_us()};
    struct ask soon = {.at_us = now.at_us + 1000000};
    struct ask elsewhere = {.at_us = now.at_us, .from = "2001:db8::1"};
    assert_int_equal(asked_of(bench, 100, now, ERROR_RATE_LIMITED), 35);
    assert_int_equal(find(bench, bench->key, now, NULL), ERROR_RATE_LIMITED);
    assert_int_equal(asked_of(bench, 1, elsewhere, ERROR_NONE), 1);
    /* Who has a key and shares the address is known soon, and then always. */
    assert_int_equal(find(bench, bench->key, soon, NULL), ERROR_NONE);
    assert_int_equal(asked_of(bench, 100, soon, ERROR_RATE_LIMITED), 4);
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_NONE);
}

static void
asks_the_database_for_few_of_the_keys_that_all_make_up(void **state)
{
    struct bench *bench = *state;
    follow(bench);
    assert_int_equal(find(bench, bench->key, WAITING, NULL), ERROR_NONE);
    struct ask now = {.at_us = clock_monotonic_us()};
    struct ask soon = {.at_us = now.at_us + 100000};
    assert_int_equal(asked_of(bench, 150, now, ERROR_AUTH_UNAVAILABLE), 80);
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_NONE);
    assert_int_equal(asked_of(bench, 30, soon, ERROR_AUTH_UNAVAILABLE), 8);
}

/* The same where each key comes from a network of its own; format has one number. */
static int
asked_of_networks(struct bench *bench, int count, struct ask ask, const char *format)
{
    int asked = 0;
    for (int i = 0; i < count; i++) {
        char address[64];
        snprintf(address, sizeof(address), format, i);
        ask.from = address;
        asked += asked_of(bench, 1, ask, ERROR_AUTH_UNAVAILABLE);
    }
    return asked;
}

static void
keeps_some_look_ups_for_those_who_made_nothing_up(void **state)
{
    struct bench *bench = *state;
    bench->settings.rate_limiting = true;
    follow(bench);
    struct ask now = {.at_us = clock_monotonic_us()}, beside = now, elsewhere = now;
    beside.from = "2001:db8:ffff:1::1";
    elsewhere.from = "198.51.100.7";
    assert_int_equal(asked_of_networks(bench, 150, now, "2001:db8:%x::1"), 80);
    assert_int_equal(find(bench, bench->key, beside, NULL), ERROR_AUTH_UNAVAILABLE);
    /* Who makes one up is no newcomer any more. */
    assert_int_equal(asked_of(bench, 2, elsewhere, ERROR_AUTH_UNAVAILABLE), 1);
    assert_int_equal(find(bench, bench->key, elsewhere, NULL), ERROR_AUTH_UNAVAILABLE);
    elsewhere.from = "198.51.100.8";
    assert_int_equal(find(bench, bench->key, elsewhere, NULL), ERROR_NONE);
    assert_int_equal(asked_of_networks(bench, 50, now, "203.0.%d.1"), 19);
}

static void
add_sign_in(struct bench *bench)
{
    char sql[512];
    snprintf(sql, sizeof(sql),
             "INSERT INTO hearth.sign_in (id, account_id, method, expires_at)"
             " VALUES ('%s', '%s', 'password', now() + interval '1 hour')",
             sign_in_id, account_id);
    fixture_sql(bench->database, sql);
}

static void
keeps_no_verified_token_out_while_others_make_credentials_up(void **state)
{
    struct bench *bench = *state;
    bench->settings.rate_limiting = true;
    follow(bench);
    add_sign_in(bench);
    struct ask now = {.at_us = clock_monotonic_us()};
    assert_int_equal(asked_of(bench, 100, now, ERROR_RATE_LIMITED), 35);
    assert_int_equal(find_sign_in(bench, sign_in_id, now), ERROR_NONE);
}

static void
knows_a_key_that_was_just_made_or_rotated_while_others_make_keys_up(void **state)
{
    struct bench *bench = *state;
    struct error err = {0};
    struct key_made made;
    bench->settings.rate_limiting = true;
    follow(bench);
    struct ask now = {.at_us = clock_monotonic_us()};
    assert_int_equal(asked_of(bench, 100, now, ERROR_RATE_LIMITED), 35);
    struct request *request = request_of(bench, WAITING);
    const struct key_desk desk = {bench->access.store, &request->arena, request};
    const char *scopes[] = {"text"};
    const struct key wish = {.name = "new", .scopes = {scopes, 1}};
    assert_true(key_create(&desk, &wish, &made, &err));
    char first[sizeof(made.secret)], id[64];
    memcpy(first, made.secret, sizeof(first));
    snprintf(id, sizeof(id), "%s", made.key->id);
    assert_true(key_rotate(&desk, id, 60, &made, &err));
    assert_int_equal(find(bench, made.secret, FRONT, NULL), ERROR_NONE);
    assert_int_equal(find(bench, first, FRONT, NULL), ERROR_WOULD_WAIT);
    assert_int_equal(find(bench, first, now, NULL), ERROR_NONE);
}

static void
takes_nothing_that_it_has_met_for_made_up_where_it_was_changed_since(void **state)
{
    struct bench *bench = *state;
    char subject[64];
    bench->settings.rate_limiting = true;
    follow(bench);
    struct ask now = {.at_us = clock_monotonic_us()};
    assert_int_equal(find(bench, bench->key, now, NULL), ERROR_NONE);
    assert_int_equal(asked_of(bench, 100, now, ERROR_RATE_LIMITED), 35);
    snprintf(subject, sizeof(subject), "key:%s", key_id);
    forgetting_mark(bench->access.host, subject, clock_monotonic_us());
    assert_int_equal(find(bench, bench->key, FRONT, NULL), ERROR_WOULD_WAIT);
    assert_int_equal(find(bench, bench->key, now, NULL), ERROR_NONE);
}

static void
counts_the_tokens_of_sign_ins_that_are_gone_as_none_that_were_made_up(void **state)
{
    struct bench *bench = *state;
    bench->settings.rate_limiting = true;
    follow(bench);
    struct ask now = {.at_us = clock_monotonic_us()};
    for (int i = 0; i < 100; i++) {
        char id[64];
        snprintf(id, sizeof(id), "018f0000-0000-7000-8000-0000000001%02d", i);
        assert_int_equal(find_sign_in(bench, id, now), ERROR_UNAUTHORIZED);
    }
    assert_int_equal(asked_of(bench, 100, now, ERROR_RATE_LIMITED), 35);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(asks_once_on_the_waiting_lane_and_then_nobody),
        TEST(asks_anew_where_nobody_follows_the_revocations),
        TEST(forgets_a_revoked_key_as_soon_as_its_host_has_looked),
        TEST(marks_a_revocation_once_however_often_it_is_seen),
        TEST(goes_on_through_an_outage_for_as_long_as_it_may),
        TEST(never_refuses_what_it_cannot_tell),
        TEST(ignores_a_snapshot_that_others_could_have_written),
        TEST(refuses_an_expired_key_from_memory),
        TEST(takes_the_key_before_a_rotation_until_its_time),
        TEST(gives_the_key_of_an_account_no_more_than_the_account_has),
        TEST(asks_the_database_for_few_of_the_keys_that_an_address_makes_up),
        TEST(asks_the_database_for_few_of_the_keys_that_all_make_up),
        TEST(keeps_some_look_ups_for_those_who_made_nothing_up),
        TEST(keeps_no_verified_token_out_while_others_make_credentials_up),
        TEST(knows_a_key_that_was_just_made_or_rotated_while_others_make_keys_up),
        TEST(takes_nothing_that_it_has_met_for_made_up_where_it_was_changed_since),
        TEST(counts_the_tokens_of_sign_ins_that_are_gone_as_none_that_were_made_up),
        TEST(writes_down_when_a_key_was_used),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
