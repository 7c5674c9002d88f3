/* Keys and callers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/keyring.h"

/* A request whose headers are pairs of CGI name and value. */
static const char *
parameter(void *carrier, const char *name)
{
    for (const char *const *pair = carrier; pair[0]; pair += 2)
        if (strcmp(pair[0], name) == 0)
            return pair[1];
    return NULL;
}

static const struct transport transport = {.parameter = parameter};

static const struct settings keys = {.api_key = "first-key-0001",
                                     .additional_api_keys = "second-key-0002, third"};

static bool
identify(const struct settings *settings, const char *const *headers, const char **tenant,
         struct caller *copy)
{
    struct access access = {.settings = settings, .keyring = keyring_new(settings)};
    struct request request = {
        .access = &access, .transport = &transport, .carrier = (void *)headers};
    struct error err = {0};
    const struct caller *caller;
    bool identified = caller_identify(&request, &caller, &err);
    static char kept_tenant[64], kept_prefix[64];
    *tenant = NULL;
    if (caller) {
        strncpy(kept_tenant, caller->tenant, sizeof(kept_tenant) - 1);
        strncpy(kept_prefix, caller->key_prefix, sizeof(kept_prefix) - 1);
        *copy = (struct caller){
            .tenant = kept_tenant, .key_prefix = kept_prefix, .method = caller->method};
        *tenant = kept_tenant;
    }
    if (!identified)
        assert_int_equal(err.code, ERROR_UNAUTHORIZED);
    arena_release(&request.arena);
    keyring_free(access.keyring);
    return identified;
}

#define HEADERS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void
accepts_each_configured_key(void **state)
{
    (void)state;
    struct caller caller;
    const char *tenant;
    static const char *const good[] = {"first-key-0001", "second-key-0002", "third"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(identify(&keys, HEADERS("HTTP_X_API_KEY", good[i]), &tenant, &caller));
        assert_non_null(tenant);
        assert_string_equal(caller.method, "x_api_key");
    }
}

static void
refuses_a_wrong_key_and_a_prefix_of_a_right_one(void **state)
{
    (void)state;
    struct caller caller;
    const char *tenant;
    static const char *const bad[] = {"nonsense", "first-key-000", "first-key-00011", "THIRD"};
    for (size_t i = 0; i < 4; i++)
        assert_false(identify(&keys, HEADERS("HTTP_X_API_KEY", bad[i]), &tenant, &caller));
}

static void
takes_a_key_as_a_whole_but_for_blanks_behind_it(void **state)
{
    (void)state;
    struct caller caller;
    const char *tenant;
    assert_true(
        identify(&keys, HEADERS("HTTP_AUTHORIZATION", "Bearer third \t"), &tenant, &caller));
    assert_false(
        identify(&keys, HEADERS("HTTP_AUTHORIZATION", "Bearer third wheel"), &tenant, &caller));
    assert_false(identify(&keys, HEADERS("HTTP_X_API_KEY", "third, wrong"), &tenant, &caller));
    const struct settings phrase = {.api_key = "open the door"};
    assert_true(identify(&phrase, HEADERS("HTTP_X_API_KEY", "open the door"), &tenant, &caller));
    assert_non_null(tenant);
}

static void
reads_bearer_before_the_other_header(void **state)
{
    (void)state;
    struct caller caller;
    const char *tenant;
    assert_true(identify(&keys,
                         HEADERS("HTTP_AUTHORIZATION", "bearer third", "HTTP_X_API_KEY", "wrong"),
                         &tenant, &caller));
    assert_string_equal(caller.method, "bearer_token");
    assert_false(identify(&keys,
                          HEADERS("HTTP_AUTHORIZATION", "Bearer wrong", "HTTP_X_API_KEY", "third"),
                          &tenant, &caller));
}

static void
ignores_other_schemes(void **state)
{
    (void)state;
    struct caller caller;
    const char *tenant;
    assert_true(identify(&keys, HEADERS("HTTP_AUTHORIZATION", "Basic dGhpcmQ="), &tenant, &caller));
    assert_null(tenant);
    assert_true(identify(&keys,
                         HEADERS("HTTP_AUTHORIZATION", "Basic dGhpcmQ=", "HTTP_X_API_KEY", "third"),
                         &tenant, &caller));
    assert_non_null(tenant);
}

static void
shows_eight_characters_of_a_long_key_and_all_of_a_short_one(void **state)
{
    (void)state;
    struct caller caller;
    const char *tenant;
    assert_true(identify(&keys, HEADERS("HTTP_X_API_KEY", "first-key-0001"), &tenant, &caller));
    assert_string_equal(caller.key_prefix, "first-ke...");
    assert_true(identify(&keys, HEADERS("HTTP_X_API_KEY", "third"), &tenant, &caller));
    assert_string_equal(caller.key_prefix, "third");
}

static void
is_open_to_everybody_only_without_keys_and_without_a_database(void **state)
{
    (void)state;
    static const struct settings none = {.api_key = ""};
    struct access access = {.settings = &none, .keyring = keyring_new(&none)};
    static const char *const headers[] = {NULL};
    struct request request = {
        .access = &access, .transport = &transport, .carrier = (void *)headers};
    struct error err = {0};
    const struct caller *caller;
    assert_true(caller_identify(&request, &caller, &err));
    assert_int_equal(caller->kind, CALLER_DEVELOPMENT);
    access.store = (struct store *)&access; /* never asked */
    assert_true(caller_identify(&request, &caller, &err));
    assert_null(caller);
    arena_release(&request.arena);
    keyring_free(access.keyring);
}

static void
names_the_tenant_by_the_digest_of_its_key(void **state)
{
    (void)state;
    struct caller caller;
    const char *tenant;
    assert_true(identify(&keys, HEADERS("HTTP_X_API_KEY", "third"), &tenant, &caller));
    /* printf third | sha256sum */
    assert_string_equal(tenant, "key:b1e99324505b");
}

static void
takes_everybody_for_the_developer_without_keys(void **state)
{
    (void)state;
    static const struct settings none = {.api_key = "", .additional_api_keys = NULL};
    struct caller caller;
    const char *tenant;
    assert_true(identify(&none, HEADERS("HTTP_X_API_KEY", "any"), &tenant, &caller));
    assert_string_equal(tenant, "development");
    assert_string_equal(caller.method, "none");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_each_configured_key),
        cmocka_unit_test(refuses_a_wrong_key_and_a_prefix_of_a_right_one),
        cmocka_unit_test(takes_a_key_as_a_whole_but_for_blanks_behind_it),
        cmocka_unit_test(reads_bearer_before_the_other_header),
        cmocka_unit_test(ignores_other_schemes),
        cmocka_unit_test(shows_eight_characters_of_a_long_key_and_all_of_a_short_one),
        cmocka_unit_test(is_open_to_everybody_only_without_keys_and_without_a_database),
        cmocka_unit_test(names_the_tenant_by_the_digest_of_its_key),
        cmocka_unit_test(takes_everybody_for_the_developer_without_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
