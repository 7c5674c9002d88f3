/* Sign-in messages: those that viem and siwe write are read, and nothing that bends the ABNF. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/siwe.h"

#define ADDRESS "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define OPENING " wants you to sign in with your Ethereum account:\n" ADDRESS "\n\n"
#define REST                                                                                       \
    "URI: https://example.com/login\nVersion: 1\nChain ID: 1\nNonce: abcdef0123456789\n"           \
    "Issued At: 2026-11-21T12:00:00.000Z"
#define SHORT "example.com" OPENING "\n" REST
#define LONG                                                                                       \
    "http://localhost:3000" OPENING "Sign in to Hearth.\n\nURI: http://localhost:3000\n"           \
    "Version: 1\nChain ID: 8453\nNonce: abcdef0123456789\nIssued At: 2026-11-21T12:00:00.000Z\n"   \
    "Expiration Time: 2026-11-21T12:10:00.000Z\nNot Before: 2026-11-21T11:59:00.000Z\n"            \
    "Request ID: r-1\nResources:\n- https://example.com/a\n- ipfs://bafy/x?y#z"

enum { NOON_S = 1795262400 };

static struct arena arena;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const char *
parse(const char *message, struct siwe *siwe)
{
    return siwe_parse(message, strlen(message), &arena, siwe);
}

static void
reads_the_shortest_message(void **state)
{
    (void)state;
    struct siwe siwe;
    assert_null(parse(SHORT, &siwe));
    assert_null(siwe.scheme);
    assert_string_equal(siwe.domain, "example.com");
    assert_null(siwe.statement);
    assert_string_equal(siwe.uri, "https://example.com/login");
    assert_string_equal(siwe.uri_scheme, "https");
    assert_string_equal(siwe.uri_authority, "example.com");
    assert_int_equal(siwe.chain_id, 1);
    assert_string_equal(siwe.nonce, "abcdef0123456789");
    assert_int_equal(siwe.issued_us, (int64_t)NOON_S * 1000000);
    assert_int_equal(siwe.expires_us, INT64_MAX);
    assert_int_equal(siwe.not_before_us, INT64_MIN);
    assert_null(siwe.request_id);
    assert_int_equal(siwe.resource_count, 0);
}

static void
reads_every_field(void **state)
{
    (void)state;
    struct siwe siwe;
    char address[ETHEREUM_TEXT_BYTES];
    assert_null(parse(LONG, &siwe));
    ethereum_address_format(&siwe.address, address);
    assert_string_equal(address, ADDRESS);
    assert_string_equal(siwe.scheme, "http");
    assert_string_equal(siwe.domain, "localhost:3000");
    assert_string_equal(siwe.statement, "Sign in to Hearth.");
    assert_int_equal(siwe.chain_id, 8453);
    assert_int_equal(siwe.expires_us, (int64_t)(NOON_S + 600) * 1000000);
    assert_int_equal(siwe.not_before_us, (int64_t)(NOON_S - 60) * 1000000);
    assert_string_equal(siwe.request_id, "r-1");
    assert_int_equal(siwe.resource_count, 2);
}

/* The short or the long message with one piece replaced. */
static const char *
bend(const char *message, const char *piece, const char *other)
{
    const char *at = strstr(message, piece);
    assert_non_null(at);
    return arena_printf(&arena, "%.*s%s%s", (int)(at - message), message, other,
                        at + strlen(piece));
}

static void
takes_what_the_grammar_allows(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://localhost:3000 ", "[::1]:3000 "},
        {"http://localhost:3000 ", "user:pass@ex%20ample.com: "},
        {"http://localhost:3000 ", "web+app://[v1.x:y] "},
        {"Sign in to Hearth.", "a b:/?#[]@!$&'()*+,;=-._~Z9"},
        {"URI: http://localhost:3000", "URI: urn:isbn:0451450523"},
        {"URI: http://localhost:3000", "URI: https://a:1/%41;b=c?d=/?#e/?"},
        {"8453", "0008453"},
        {"8453", "9223372036854775807"},
        {"2026-11-21T12:00:00.000Z", "2026-11-21t12:00:00z"},
        {"2026-11-21T12:00:00.000Z", "2024-02-29T23:59:60.123456789+23:59"},
        {"Request ID: r-1", "Request ID: "},
        {"\n- https://example.com/a\n- ipfs://bafy/x?y#z", ""},
        {"\nNot Before: 2026-11-21T11:59:00.000Z", ""},
        {"\nExpiration Time: 2026-11-21T12:10:00.000Z", ""},
    };
    struct siwe siwe;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *complaint = parse(bend(LONG, cases[i][0], cases[i][1]), &siwe);
        if (complaint)
            fail_msg("%s: %s", cases[i][1], complaint);
    }
}

static void
refuses_what_bends_the_grammar(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://localhost:3000 ", " "},
        {"http://localhost:3000 ", "://localhost "},
        {"http://localhost:3000 ", "1http://localhost "},
        {"http://localhost:3000 ", "a b "},
        {"http://localhost:3000 ", "a/b "},
        {"http://localhost:3000 ", "a:x "},
        {"http://localhost:3000 ", "a:1:2 "},
        {"http://localhost:3000 ", "[::1 "},
        {"http://localhost:3000 ", "[::g] "},
        {"http://localhost:3000 ", "[::1]x "},
        {"http://localhost:3000 ", "[v.x] "},
        {"http://localhost:3000 ", "[v1.] "},
        {"http://localhost:3000 ", "a@b@c "},
        {"http://localhost:3000 ", "a%2 "},
        {"http://localhost:3000 ", "a%zz "},
        {"http://localhost:3000 ", "\xc3\xa9 "},
        {"account:\n", "account: \n"},
        {"account:\n", "Account:\n"},
        {ADDRESS, "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"},
        {ADDRESS, "0x70997970C51812dc3A010C7d01b50e0d17dc79c8"},
        {ADDRESS, ADDRESS " "},
        {ADDRESS "\n\n", ADDRESS "\n"},
        {"Sign in to Hearth.\n\n", "Sign in to Hearth.\n"},
        {"Sign in to Hearth.\n\n", "Sign in to Hearth.\n\n\n"},
        {"Sign in to Hearth.\n\n", "Sign in\n\nto Hearth.\n\n"},
        {"Sign in to Hearth.\n\n", ""},
        {"Hearth.", "Hearth\t"},
        {"Hearth.", "\"Hearth\""},
        {"Hearth.", "Hearth \xe2\x9c\x93"},
        {"Hearth.", "Hearth%20"},
        {"URI: http://localhost:3000", "URI: "},
        {"URI: http://localhost:3000", "URI:http://localhost:3000"},
        {"URI: http://localhost:3000", "URI: localhost"},
        {"URI: http://localhost:3000", "URI: /path"},
        {"URI: http://localhost:3000", "URI: http://a b"},
        {"URI: http://localhost:3000", "URI: http://a/#b#c"},
        {"URI: http://localhost:3000", "URI: http://a/[b]"},
        {"URI: http://localhost:3000", "URI: http://a/%4"},
        {"URI: http://localhost:3000", "uri: http://localhost:3000"},
        {"Version: 1", "Version: 2"},
        {"Version: 1", "Version: 1 "},
        {"Version: 1", "Version: 11"},
        {"Version: 1\n", ""},
        {"8453", ""},
        {"8453", "0x1"},
        {"8453", "-1"},
        {"8453", "9223372036854775808"},
        {"8453", "84 53"},
        {"abcdef0123456789", "abcdef0"},
        {"abcdef0123456789", "abcdef01234-6789"},
        {"abcdef0123456789", "abcdef0123456789 "},
        {"Issued At: 2026-11-21T12:00:00.000Z\n", ""},
        {"T12:00:00.000Z", "T12:00:00.000"},
        {"T12:00:00.000Z", "T12:00:00.Z"},
        {"T12:00:00.000Z", " 12:00:00Z"},
        {"T12:00:00.000Z", "T24:00:00Z"},
        {"T12:00:00.000Z", "T12:60:00Z"},
        {"T12:00:00.000Z", "T12:00:61Z"},
        {"T12:00:00.000Z", "T12:00:00+24:00"},
        {"T12:00:00.000Z", "T12:00Z"},
        {"T12:00:00.000Z", "T12:00:00.000Z "},
        {"2026-11-21", "2026-11-31"},
        {"2026-11-21", "2026-13-01"},
        {"2026-11-21", "2026-02-29"},
        {"2026-11-21", "26-11-21"},
        {"Expiration Time: 2026-11-21T12:10:00.000Z", "Expiration Time: "},
        {"Expiration Time: 2026-11-21T12:10:00.000Z", "Expiration Time: tomorrow"},
        {"Not Before: 2026-11-21T11:59:00.000Z", "Not Before: x"},
        {"Request ID: r-1", "Request ID: a b"},
        {"Request ID: r-1", "Request ID: a/b"},
        {"Resources:\n", "Resources: \n"},
        {"Resources:\n", ""},
        {"- https://example.com/a", "-https://example.com/a"},
        {"- https://example.com/a", "- example"},
        {"- https://example.com/a", ""},
        {"Not Before: 2026-11-21T11:59:00.000Z\nRequest ID: r-1",
         "Request ID: r-1\nNot Before: 2026-11-21T11:59:00.000Z"},
    };
    struct siwe siwe;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (!parse(bend(LONG, cases[i][0], cases[i][1]), &siwe))
            fail_msg("taken: %s for %s", cases[i][1], cases[i][0]);
}

static void
refuses_what_follows_and_what_is_cut(void **state)
{
    (void)state;
    struct siwe siwe;
    assert_non_null(parse(LONG "\n", &siwe));
    assert_non_null(parse(SHORT "\n", &siwe));
    assert_non_null(parse(SHORT "\nNonce: abcdef0123456789", &siwe));
    assert_non_null(parse("\n" SHORT, &siwe));
    assert_non_null(parse("", &siwe));
    for (size_t length = 0; length < strlen(SHORT) - 24; length++)
        assert_non_null(siwe_parse(SHORT, length, &arena, &siwe));
}

static void
refuses_carriage_returns_and_nul(void **state)
{
    (void)state;
    static const char nul[] = "exam\0ple.com" OPENING "\n" REST;
    static const char in_host[] = "[::1\0:2]" OPENING "\n" REST;
    struct siwe siwe;
    assert_non_null(siwe_parse(in_host, sizeof(in_host) - 1, &arena, &siwe));
    assert_non_null(parse(bend(SHORT, "account:\n", "account:\r\n"), &siwe));
    assert_non_null(parse(bend(SHORT, "Version: 1\n", "Version: 1\r\n"), &siwe));
    assert_non_null(siwe_parse(nul, sizeof(nul) - 1, &arena, &siwe));
}

static void
refuses_what_is_too_long(void **state)
{
    (void)state;
    struct siwe siwe;
    char *text = arena_alloc(&arena, SIWE_MESSAGE_MAX_BYTES + 1);
    memset(text, 'a', SIWE_MESSAGE_MAX_BYTES);
    assert_string_equal(parse(bend(LONG, "r-1", text), &siwe),
                        "the message is longer than 8192 bytes");
}

static void
knows_times_of_other_places(void **state)
{
    (void)state;
    static const char *const noon[] = {"2026-11-21T12:00:00Z", "2026-11-21T13:30:00+01:30",
                                       "2026-11-20T23:00:00-13:00", "2026-11-21T11:59:60Z",
                                       "2026-11-21T12:00:00-00:00"};
    int64_t us;
    for (size_t i = 0; i < sizeof(noon) / sizeof(noon[0]); i++) {
        assert_int_equal(siwe_time_parse(noon[i], strlen(noon[i]), &us), strlen(noon[i]));
        assert_int_equal(us, (int64_t)NOON_S * 1000000);
    }
    assert_int_equal(siwe_time_parse("1969-12-31T23:59:59.25Z", 23, &us), 23);
    assert_int_equal(us, -750000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_the_shortest_message, clean),
        cmocka_unit_test_teardown(reads_every_field, clean),
        cmocka_unit_test_teardown(takes_what_the_grammar_allows, clean),
        cmocka_unit_test_teardown(refuses_what_bends_the_grammar, clean),
        cmocka_unit_test_teardown(refuses_what_follows_and_what_is_cut, clean),
        cmocka_unit_test_teardown(refuses_carriage_returns_and_nul, clean),
        cmocka_unit_test_teardown(refuses_what_is_too_long, clean),
        cmocka_unit_test_teardown(knows_times_of_other_places, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
