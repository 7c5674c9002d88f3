/* Where each pattern begins and ends: what is taken out of a text, and not a byte more or less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/redact.h"

static struct arena arena;

static void
shows(const char *text, const char *shown)
{
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    /* Right behind it no byte may be read. */
    size_t length = strlen(text);
    char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, text, length);
    redact_add(&out, exact, length);
    free(exact);
    assert_string_equal(out.data, shown);
}

static void
stays(const char *text)
{
    shows(text, text);
}

static void
an_authorization_is_taken_out_whatever_its_scheme(void **state)
{
    (void)state;
    shows("Authorization: Basic YTpi", "Authorization: [secret]");
    shows("Authorization: Basic dXNlcjpwYXNzMQ==", "Authorization: Basic [credential]");
    shows("authorization: bearer abc", "authorization: [secret]");
    shows("Authorization: Bearer  abcdefgh1", "Authorization: Bearer  [credential]");
    shows("Proxy-Authorization: Token\ts3", "Proxy-Authorization: [secret]");
    shows("Authorization: s3cr3t", "Authorization: [secret]");
    shows("\"Authorization\": \"Basic YTpi\", \"n\": 1",
          "\"Authorization\": \"[secret]\", \"n\": 1");
    shows("password=basic", "password=[secret]");
    shows("password=token\nnext", "password=[secret]\nnext");
}

static void
what_follows_a_scheme_is_a_credential_from_eight_bytes_with_a_digit_or_twelve(void **state)
{
    (void)state;
    stays("Bearer abcdef1");
    shows("Bearer abcdefg1", "Bearer [credential]");
    stays("Bearer abcdefghijk");
    shows("Bearer abcdefghijkl", "Bearer [credential]");
    stays("Bearerabcdefghijkl1");
    stays("Bearer");
    stays("Bearer ");
}

static void
a_header_of_cookies_is_taken_out_with_all_its_pairs(void **state)
{
    (void)state;
    shows("Cookie: theme=dark; PHPSESSID=r2t5uvjq4;c=d\nHost: a", "Cookie: [secret]\nHost: a");
    shows("curl -H 'Cookie: a=b; c=d' http://h/", "curl -H 'Cookie: [secret]' http://h/");
    shows("Cookie: a=b; and so on", "Cookie: [secret]; and so on");
    shows("password=x; user=ann", "password=[secret]; user=ann");
}

static void
a_secret_may_begin_with_a_bracket_or_stand_in_a_list(void **state)
{
    (void)state;
    shows("password=[x9!k", "password=[[secret]");
    shows("\"password\": [\"a b\"]", "\"password\": [\"[secret]\"]");
    shows("password=[card numbers", "password=[[secret] numbers");
}

static void
what_was_redacted_stays_as_it_is(void **state)
{
    (void)state;
    for (const struct redact_pattern *row = redact_patterns; row->name; row++)
        stays(arena_printf(&arena, "token: [%s] password=[%s]", row->name, row->name));
    stays("token: Bearer [credential]");
}

static void
blanks_around_the_sign_hide_no_secret(void **state)
{
    (void)state;
    shows("password:                 hunter2", "password:                 [secret]");
    shows("password    =    \"a b\" c", "password    =    \"[secret]\" c");
    stays("password:\nhunter2");
    stays("password hunter2");
    stays("password:");
    stays("password=");
}

static void
a_name_tells_by_its_end_however_long_it_is(void **state)
{
    (void)state;
    char name[200];
    memset(name, 'a', sizeof(name));
    memcpy(name + sizeof(name) - 8, "password", 8);
    assert_true(redact_is_secret_name(name, sizeof(name)));
    assert_false(redact_is_secret_name(name, sizeof(name) - 1));
    assert_true(redact_is_secret_name("X-API-Key", 9));
    assert_true(redact_is_secret_name("PIN", 3));
    assert_false(redact_is_secret_name("spin", 4));
    assert_false(redact_is_secret_name("tokens", 6));
    assert_false(redact_is_secret_name("", 0));
}

static void
a_card_is_found_before_its_month_and_its_code(void **state)
{
    (void)state;
    shows("4111 1111 1111 1111 12/27 123", "[card number] 12/27 123");
    shows("4111-1111-1111-1111 123", "[card number] 123");
    shows("4111111111111111 2027 12 345 6789", "[card number] 2027 12 345 6789");
    shows("2235 4111 1111 1111 1111", "2235 [card number]");
}

/* Both bounds with check digits that hold: 4 and zeros up to 8, of 12 to 20 digits. */
static void
a_card_has_13_to_19_digits(void **state)
{
    (void)state;
    stays("400000000002");
    shows("4000000000006", "[card number]");
    shows("4000000000000000006", "[card number]");
    stays("40000000000000000002");
    stays("4000000000007");
    stays("4000000000006a");
    stays("x4000000000006");
}

static void
digits_of_one_number_are_at_most_two_signs_apart(void **state)
{
    (void)state;
    shows("4111  1111  1111  1111", "[card number]");
    stays("4111   1111 1111 1111");
    shows("+1 (415) 555-2671", "[phone number]");
    stays("+1   415 555");
}

static void
a_telephone_number_is_found_before_a_date(void **state)
{
    (void)state;
    shows("+49 30 12345678 2026-11-22", "[phone number] 2026-11-22");
    shows("+14155552671x12", "[phone number]x12");
}

static void
a_telephone_number_has_8_to_15_digits(void **state)
{
    (void)state;
    stays("+1234567");
    shows("+12345678", "[phone number]");
    shows("+123456789012345", "[phone number]");
    stays("+1234567890123456");
    stays("a+12345678");
    stays("+");
}

static void
credentials_of_a_url_end_at_its_last_at(void **state)
{
    (void)state;
    shows("postgres://u:p@ss@db/x", "postgres://[credentials]@db/x");
    shows("redis://:pass@h", "redis://[credentials]@h");
    stays("http://h/a:b@c");
    stays("http://h:80");
    stays("ssh://ann@h:22");
    stays("://");
}

static void
a_private_key_ends_with_its_last_line_or_with_the_text(void **state)
{
    (void)state;
#define BEGIN "-----BEGIN EC PRIVATE KEY-----"
#define END "-----END EC PRIVATE KEY-----"
    shows("a " BEGIN "\nMIIE\n" END "\nb", "a [private key]\nb");
    shows(BEGIN "\\nMIIE\\n" END "\", \"b\"", "[private key]\", \"b\"");
    shows(BEGIN "\nMIIE", "[private key]");
    shows(BEGIN, "[private key]");
    shows(BEGIN "\nMIIE\n-----END ", "[private key]");
    stays("-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----");
    stays("-----BEGIN ");
}

static void
an_issuer_s_key_has_at_least_its_length_and_no_dots_at_its_end(void **state)
{
    (void)state;
    stays("sk-abcdefghijklmno");
    shows("sk-abcdefghijklmnop", "[key]");
    stays("sk-abcdefghijklmno.");
    shows("sk-abcdefghijklmnop...", "[key]...");
    stays("task-abcdefghijklmnop");
    stays("SK-abcdefghijklmnop");
}

static void
an_address_has_64_bytes_before_the_at_and_a_dot_behind_it(void **state)
{
    (void)state;
    char longest[65] = {0};
    memset(longest, 'a', 64);
    shows(arena_printf(&arena, "%s@b.de", longest), "[e-mail]");
    stays(arena_printf(&arena, "%sa@b.de", longest));
    shows("a@b.c", "[e-mail]");
    stays("a@b");
    stays("ann@localhost");
    stays("a@.bc");
    shows("+ann@b.de", "+[e-mail]");
    stays("a@b.");
    stays("a@");
    stays("@b.de");
    shows("ann@b.de.", "[e-mail].");
}

static void
an_iban_has_at_least_15_letters_and_ends_with_a_word(void **state)
{
    (void)state;
    shows("NO93 8601 1117 947", "[iban]");
    shows("NO9386011117947 and NO9386011117947.", "[iban] and [iban].");
    shows("DE89370400440532013000 AND MORE", "[iban] AND MORE");
    stays("NO9386011117947X");
    stays("NO9386011117948");
    stays("NO93860111179");
    stays("N093 8601 1117 947");
}

static void
a_long_word_is_one_of_a_machine_from_32_hexadecimal_digits_or_36_mixed_ones(void **state)
{
    (void)state;
    stays("0123456789abcdef0123456789abcde");
    shows("0123456789ABCDEF0123456789ABCDEF", "[secret]");
    stays("abcdefabcdefabcdefabcdefabcdefabcdef");
    stays("aB3gHijklmnopqrstuvwxyzaB3gHijklmno");
    shows("aB3gHijklmnopqrstuvwxyzaB3gHijklmnop", "[secret]");
}

static void
a_national_number_stands_alone(void **state)
{
    (void)state;
    shows("078-05-1120", "[national number]");
    stays("078-05-112");
    stays("078-05-11201");
    stays("078-05-1120-1");
    stays("078-05-1120a");
    stays("07a-05-1120");
}

static void
a_token_has_a_dot_and_begins_a_word(void **state)
{
    (void)state;
    shows("eyJh.e", "[token]");
    shows("(eyJh.e.s)", "([token])");
    stays("eyJh");
    stays("xeyJh.e");
    stays("EyJh.e");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authorization_is_taken_out_whatever_its_scheme),
        cmocka_unit_test(
            what_follows_a_scheme_is_a_credential_from_eight_bytes_with_a_digit_or_twelve),
        cmocka_unit_test(a_header_of_cookies_is_taken_out_with_all_its_pairs),
        cmocka_unit_test(a_secret_may_begin_with_a_bracket_or_stand_in_a_list),
        cmocka_unit_test(what_was_redacted_stays_as_it_is),
        cmocka_unit_test(blanks_around_the_sign_hide_no_secret),
        cmocka_unit_test(a_name_tells_by_its_end_however_long_it_is),
        cmocka_unit_test(a_card_is_found_before_its_month_and_its_code),
        cmocka_unit_test(a_card_has_13_to_19_digits),
        cmocka_unit_test(digits_of_one_number_are_at_most_two_signs_apart),
        cmocka_unit_test(a_telephone_number_is_found_before_a_date),
        cmocka_unit_test(a_telephone_number_has_8_to_15_digits),
        cmocka_unit_test(credentials_of_a_url_end_at_its_last_at),
        cmocka_unit_test(a_private_key_ends_with_its_last_line_or_with_the_text),
        cmocka_unit_test(an_issuer_s_key_has_at_least_its_length_and_no_dots_at_its_end),
        cmocka_unit_test(an_address_has_64_bytes_before_the_at_and_a_dot_behind_it),
        cmocka_unit_test(an_iban_has_at_least_15_letters_and_ends_with_a_word),
        cmocka_unit_test(
            a_long_word_is_one_of_a_machine_from_32_hexadecimal_digits_or_36_mixed_ones),
        cmocka_unit_test(a_national_number_stands_alone),
        cmocka_unit_test(a_token_has_a_dot_and_begins_a_word),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
