/* Whose bucket a request draws from. */
#include "host_fixture.h"

#include "access/limits.h"

static const struct settings settings = {.rate_limiting = true, .rate_limit_auth = {1, 3600}};

/* Each client has one request, so the second one of a client is refused. */
static bool
take(void **state, const char *client)
{
    struct limit_verdict verdict;
    struct error err = {0};
    return limits_take_failure(&settings, host_of(state), client, 1000000, &verdict, &err);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
