/* Whose bucket a request draws from. */
#include "host_fixture.h"

#include "access/access.h"
#include "access/caller.h"
#include "access/limits.h"

static const struct settings settings = {.rate_limiting = true,
                                         .rate_limit_auth = {1, 3600},
                                         .rate_limit_default = {2, 3600},
                                         .rate_limit_scope = "host"};
static const struct route route = {.limit = LIMIT_DEFAULT};
static const struct transport transport = {0};

/* Each client has one request, so the second one of a client is refused. */
static bool
take(void **state, const char *client)
{
    struct limit_verdict verdict;
    struct error err = {0};
    struct access access = {.settings = &settings, .host = host_of(state)};
    struct request request = {.access = &access,
                              .transport = &transport,
                              .remote_address = client,
                              .timing.started_us = 1000000};
    return limits_take_failure(&request, &verdict, &err);
}

static int
granted(void **state, const struct caller *caller)
{
    struct limit_verdict verdict;
    struct access access = {.settings = &settings, .host = host_of(state)};
    int count = 0;
    for (struct error err = {0}; count < 100; count++) {
        struct request request = {.access = &access,
                                  .transport = &transport,
                                  .route = &route,
                                  .caller = caller,
                                  .remote_address = "192.0.2.1",
                                  .timing.started_us = 1000000};
        if (!limits_take(&request, &verdict, &err))
            break;
    }
    return count;
}

static void
gives_a_key_its_own_rate_and_others_that_of_the_class(void **state)
{
    const struct caller own = {
        .kind = CALLER_KEY, .tenant = "account:1", .key_id = "k1", .rate = {5, 3600}};
    const struct caller usual = {.kind = CALLER_KEY, .tenant = "account:1", .key_id = "k2"};
    const struct caller same = {.kind = CALLER_TOKEN, .tenant = "account:1"};
    assert_int_equal(granted(state, &own), 5);
    assert_int_equal(granted(state, &usual), 2);
    assert_int_equal(granted(state, &same), 0);
    assert_int_equal(granted(state, NULL), 2);
}

static void
tells_ipv4_clients_of_a_socket_for_both_families_apart(void **state)
{
    assert_true(take(state, "::ffff:192.0.2.1"));
    assert_true(take(state, "::ffff:192.0.2.2"));
    assert_false(take(state, "::ffff:192.0.2.1"));
    assert_false(take(state, "192.0.2.2"));
}

static void
counts_all_addresses_of_an_ipv6_network_as_one_client(void **state)
{
    assert_true(take(state, "2001:db8:1:2::1"));
    assert_false(take(state, "2001:db8:1:2:ffff::9"));
    assert_true(take(state, "2001:db8:1:3::1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_ipv4_clients_of_a_socket_for_both_families_apart),
        TEST(counts_all_addresses_of_an_ipv6_network_as_one_client),
        TEST(gives_a_key_its_own_rate_and_others_that_of_the_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
