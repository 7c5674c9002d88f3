/* Who calls by which header, what they may ask for, and from which address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "access/access.h"
#include "access/api_key.h"
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

#define HEADERS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* "bearer|<text>" or "key|<text>", as the headers present it; "" for none. */
static const char *
presented(const char *const *headers)
{
    static char text[256];
    struct request request = {.transport = &transport, .carrier = (void *)headers};
    struct presented found;
    text[0] = '\0';
    if (caller_present(&request, &found))
        snprintf(text, sizeof text, "%s|%.*s", found.bearer ? "bearer" : "key", (int)found.length,
                 found.text);
    return text;
}

static void
a_credential_is_a_bearers_token_or_else_a_key(void **state)
{
    (void)state;
    static const struct {
        const char *authorization, *key, *presented;
    } cases[] = {
        {NULL, NULL, ""},
        {"Bearer abc", NULL, "bearer|abc"},
        {"bEARER abc", NULL, "bearer|abc"},
        {"Bearer   abc \t ", NULL, "bearer|abc"},
        {"Bearer a b", NULL, "bearer|a b"},
        {"Bearer", NULL, "bearer|"},
        {"Bearer ", NULL, "bearer|"},
        {NULL, "abc", "key|abc"},
        {NULL, "abc  ", "key|abc"},
        {NULL, "", ""},
        {"Bearer abc", "def", "bearer|abc"},
        {"Bearer", "def", "bearer|"},
        {"Basic abc", NULL, ""},
        {"Basic abc", "def", "key|def"},
        {"Bearerabc", NULL, ""},
        {"Bearer\tabc", NULL, ""},
        {"Beare", NULL, ""},
        {"", NULL, ""},
        {" Bearer abc", NULL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *headers[5] = {NULL};
        size_t count = 0;
        if (cases[i].authorization) {
            headers[count++] = "HTTP_AUTHORIZATION";
            headers[count++] = cases[i].authorization;
        }
        if (cases[i].key) {
            headers[count++] = "HTTP_X_API_KEY";
            headers[count++] = cases[i].key;
        }
        assert_string_equal(presented(headers), cases[i].presented);
    }
}

/* What is identified by a process with one key of the settings and, where it has a database, one
 * that may not be asked: its code, else the caller's tenant, else "nobody". */
static const char *
identified(bool has_store, bool may_wait, const char *const *headers)
{
    static char text[64];
    static const struct settings settings = {.api_key = "first-key-0001"};
    struct access access = {.settings = &settings, .keyring = keyring_new(&settings)};
    if (has_store)
        access.store = (struct store *)&access; /* never asked */
    access.tokens = (struct tokens *)access.store;
    struct request request = {.access = &access,
                              .transport = &transport,
                              .carrier = (void *)headers,
                              .may_wait = may_wait};
    const struct caller *caller;
    struct error err = {0};
    bool known = caller_identify(&request, &caller, &err);
    assert_int_equal(known, err.code == ERROR_NONE);
    snprintf(text, sizeof text, "%s",
             !known   ? error_info(err.code)->name
             : caller ? caller->tenant
                      : "nobody");
    if (strstr(err.detail, "secret"))
        fail_msg("%s", err.detail);
    arena_release(&request.arena);
    keyring_free(access.keyring);
    return text;
}

/* printf first-key-0001 | sha256sum */
#define FIRST "key:e8829ee7b13d"

static void
a_key_of_the_settings_is_taken_from_both_headers_and_not_from_others(void **state)
{
    (void)state;
    for (int store = 0; store < 2; store++) {
        assert_string_equal(
            identified(store, false, HEADERS("HTTP_AUTHORIZATION", "Bearer first-key-0001")),
            FIRST);
        assert_string_equal(identified(store, false, HEADERS("HTTP_X_API_KEY", "first-key-0001")),
                            FIRST);
        assert_string_equal(identified(store, false, HEADERS("HTTP_X_API_KEY", "first-key-000")),
                            "authentication_failed");
        assert_string_equal(identified(store, false, HEADERS("HTTP_X_API_KEY", "first-key-00011")),
                            "authentication_failed");
        assert_string_equal(identified(store, false, HEADERS("HTTP_X_API_KEY", "First-key-0001")),
                            "authentication_failed");
        assert_string_equal(
            identified(store, false, HEADERS("HTTP_AUTHORIZATION", "Basic first-key-0001")),
            "nobody");
        assert_string_equal(identified(store, false, HEADERS("HTTP_AUTHORIZATION", "Bearer")),
                            "authentication_failed");
        assert_string_equal(identified(store, false, HEADERS()), "nobody");
    }
}

static void
what_cannot_be_a_credential_of_the_database_is_refused_without_asking_it(void **state)
{
    (void)state;
    char key[API_KEY_CHARACTERS + 1];
    api_key_make(key);
    key[10] = key[10] == 'a' ? 'b' : 'a';
    assert_string_equal(identified(true, true, HEADERS("HTTP_X_API_KEY", "a secret")),
                        "authentication_failed");
    assert_string_equal(identified(true, true, HEADERS("HTTP_X_API_KEY", key)),
                        "authentication_failed");
    key[API_KEY_CHARACTERS - 1] = '\0';
    assert_string_equal(identified(true, true, HEADERS("HTTP_X_API_KEY", key)),
                        "authentication_failed");
    assert_string_equal(identified(false, true, HEADERS("HTTP_AUTHORIZATION", "Bearer a.b.c")),
                        "authentication_failed");
}

/* A browser adds its cookie by itself: who says in another way who they are is not who it says. */
static void
whoever_sends_another_credential_is_not_whom_the_cookie_names(void **state)
{
    (void)state;
    static const char cookie[] = "hearth_session=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_";
    assert_string_equal(
        identified(true, true, HEADERS("HTTP_COOKIE", cookie, "HTTP_X_API_KEY", "first-key-0001")),
        FIRST);
    assert_string_equal(
        identified(true, true, HEADERS("HTTP_COOKIE", cookie, "HTTP_X_API_KEY", "a secret")),
        "authentication_failed");
    assert_string_equal(
        identified(true, true, HEADERS("HTTP_COOKIE", cookie, "HTTP_AUTHORIZATION", "Basic abc")),
        "nobody");
    assert_string_equal(
        identified(true, true, HEADERS("HTTP_COOKIE", cookie, "HTTP_AUTHORIZATION", "")), "nobody");
}

static const struct provider_settings outside = {.kind = PROVIDER_OPENAI},
                                      inside = {.kind = PROVIDER_LOCAL};
static const struct model_settings local = {.name = "local", .provider = &inside},
                                   small = {.name = "small",
                                            .provider = &outside,
                                            .aliases = HEADERS("mini", "tiny")},
                                   large = {.name = "large", .provider = &outside};

static void
a_caller_asks_for_the_models_of_its_list_by_name_or_alias(void **state)
{
    (void)state;
    const struct caller all = {.models = NULL}, none = {.models = HEADERS()},
                        by_name = {.models = HEADERS("other", "small")},
                        by_alias = {.models = HEADERS("tiny")},
                        nearly = {.models = HEADERS("Small", "smal", "smaller", "")};
    assert_true(caller_may_ask(NULL, &small));
    assert_true(caller_may_ask(&all, &small));
    assert_false(caller_may_ask(&none, &small));
    assert_true(caller_may_ask(&by_name, &small));
    assert_true(caller_may_ask(&by_alias, &small));
    assert_false(caller_may_ask(&by_alias, &large));
    assert_false(caller_may_ask(&nearly, &small));
    assert_true(caller_may_ask(&none, &local));
}

/* The names of a chain that a caller with this list is left; the error's code where there is none.
 */
static const char *
narrowed(const char *const *models)
{
    static char text[64];
    static const struct model_settings chain = {
        .name = "first", .provider = &outside, .fallbacks = {&small, &local, &large}};
    const struct caller caller = {.models = models};
    const struct model_settings *model = &chain;
    struct arena arena = {0};
    struct error err = {0};
    text[0] = '\0';
    if (!caller_narrow(&caller, &model, &arena, &err)) {
        assert_ptr_equal(model, &chain);
        return error_info(err.code)->name;
    }
    snprintf(text, sizeof text, "%s", model->name);
    for (size_t i = 0; model->fallbacks[i]; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %s", model->fallbacks[i]->name);
    assert_int_equal(model == &chain, strcmp(text, "first small local large") == 0);
    arena_release(&arena);
    return text;
}

static void
a_chain_keeps_what_a_caller_may_ask_for_in_its_order(void **state)
{
    (void)state;
    assert_string_equal(narrowed(NULL), "first small local large");
    assert_string_equal(narrowed(HEADERS("large", "mini", "first")), "first small local large");
    assert_string_equal(narrowed(HEADERS("first")), "first local");
    assert_string_equal(narrowed(HEADERS("first", "large")), "first local large");
    assert_string_equal(narrowed(HEADERS("first", "small")), "first small local");
    assert_string_equal(narrowed(HEADERS("small", "large")), "model_not_allowed");
    assert_string_equal(narrowed(HEADERS()), "model_not_allowed");
}

static void
expect_address(const char *proxies, const char *peer, const char *forwarded, const char *expected)
{
    const struct settings settings = {.trusted_proxies = proxies};
    const char *const headers[] = {forwarded ? "HTTP_X_FORWARDED_FOR" : NULL, forwarded, NULL};
    struct request request = {
        .transport = &transport, .carrier = (void *)headers, .remote_address = peer};
    assert_string_equal(caller_address(&settings, &request), expected);
    arena_release(&request.arena);
}

static void
believes_forwarded_addresses_of_trusted_proxies_only(void **state)
{
    (void)state;
    expect_address("", "10.0.0.1", "1.2.3.4", "10.0.0.1");
    expect_address("10.0.0.2", "10.0.0.1", "1.2.3.4", "10.0.0.1");
    expect_address("10.0.0.1", "10.0.0.1", "1.2.3.4", "1.2.3.4");
    expect_address("10.0.0.0/8, 192.168.0.0/16", "10.9.9.9", "1.2.3.4", "1.2.3.4");
    expect_address("10.0.0.0/8", "11.0.0.1", "1.2.3.4", "11.0.0.1");
    expect_address("2001:db8::/32", "2001:db8::1", "2001:db9::7", "2001:db9::7");
    expect_address("10.0.0.1", "10.0.0.1", NULL, "10.0.0.1");
}

static void
takes_the_last_untrusted_address_of_the_list(void **state)
{
    (void)state;
    expect_address("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4");
    expect_address("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 5.5.5.5,1.2.3.4", "1.2.3.4");
    expect_address("10.0.0.0/8", "10.0.0.1", "10.0.0.8, 10.0.0.7", "10.0.0.8");
    expect_address("10.0.0.0/8", "10.0.0.1", "1.2.3.4, <script>", "10.0.0.1");
    expect_address("10.0.0.0/8", "10.0.0.1", " , ,", "10.0.0.1");
}

static void
survives_proxy_lists_that_make_no_sense(void **state)
{
    (void)state;
    static const char *const lists[] = {"/",      "10.0.0.1/", "10.0.0.1/33",          "10.0.0.1/x",
                                        "::/129", "a,b,,",     "10.0.0.1/999999999999"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        expect_address(lists[i], "10.0.0.1", "1.2.3.4", "10.0.0.1");
}

static void
a_network_ends_at_its_last_bit(void **state)
{
    (void)state;
    expect_address("10.0.0.128/25", "10.0.0.128", "1.2.3.4", "1.2.3.4");
    expect_address("10.0.0.128/25", "10.0.0.127", "1.2.3.4", "10.0.0.127");
    expect_address("10.0.0.4/30", "10.0.0.7", "1.2.3.4", "1.2.3.4");
    expect_address("10.0.0.4/30", "10.0.0.8", "1.2.3.4", "10.0.0.8");
    expect_address("10.0.0.4/32", "10.0.0.4", "1.2.3.4", "1.2.3.4");
    expect_address("10.0.0.4/32", "10.0.0.5", "1.2.3.4", "10.0.0.5");
    expect_address("0.0.0.0/0", "203.0.113.9", "1.2.3.4, 5.6.7.8", "1.2.3.4");
    expect_address("0.0.0.0/0", "2001:db8::1", "1.2.3.4", "2001:db8::1");
    expect_address("::/0", "203.0.113.9", "1.2.3.4", "1.2.3.4");
    expect_address("2001:db8:8000::/33", "2001:db8:ffff::1", "::7", "::7");
    expect_address("2001:db8:8000::/33", "2001:db8:7fff::1", "::7", "2001:db8:7fff::1");
}

static void
an_address_of_ipv4_is_the_same_in_ipv6(void **state)
{
    (void)state;
    expect_address("10.0.0.1", "::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4");
    expect_address("::ffff:10.0.0.1", "10.0.0.1", "1.2.3.4", "1.2.3.4");
    expect_address("10.0.0.0/8", "::ffff:11.0.0.1", "1.2.3.4", "::ffff:11.0.0.1");
    expect_address("::ffff:10.0.0.0/104", "10.9.9.9", "1.2.3.4", "1.2.3.4");
}

static void
a_peer_that_is_no_address_is_trusted_by_nobody(void **state)
{
    (void)state;
    expect_address("0.0.0.0/0, ::/0", "unix:", "1.2.3.4", "unix:");
    expect_address("0.0.0.0/0, ::/0", "", "1.2.3.4", "");
    expect_address("0.0.0.0/0", "10.0.0.1", "1.2.3.4:5678", "10.0.0.1");
    expect_address("0.0.0.0/0", "10.0.0.1", "[::1]", "10.0.0.1");
    expect_address("0.0.0.0/0", "10.0.0.1",
                   "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222", "10.0.0.1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_credential_is_a_bearers_token_or_else_a_key),
        cmocka_unit_test(a_key_of_the_settings_is_taken_from_both_headers_and_not_from_others),
        cmocka_unit_test(what_cannot_be_a_credential_of_the_database_is_refused_without_asking_it),
        cmocka_unit_test(whoever_sends_another_credential_is_not_whom_the_cookie_names),
        cmocka_unit_test(a_caller_asks_for_the_models_of_its_list_by_name_or_alias),
        cmocka_unit_test(a_chain_keeps_what_a_caller_may_ask_for_in_its_order),
        cmocka_unit_test(believes_forwarded_addresses_of_trusted_proxies_only),
        cmocka_unit_test(takes_the_last_untrusted_address_of_the_list),
        cmocka_unit_test(survives_proxy_lists_that_make_no_sense),
        cmocka_unit_test(a_network_ends_at_its_last_bit),
        cmocka_unit_test(an_address_of_ipv4_is_the_same_in_ipv6),
        cmocka_unit_test(a_peer_that_is_no_address_is_trusted_by_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
