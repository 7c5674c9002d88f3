/* What user names, addresses and phone numbers may be: each rule on both of its sides. */
#include "access/account_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define COMBINING_ACUTE "\xcc\x81"
#define FULL_WIDTH_A "\xef\xbc\xa1"
#define WIDEST "\xef\xb7\xba" /* U+FDFA, which becomes eighteen characters */

static struct arena arena;

static int
tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* piece, so many times. */
static const char *
repeat(const char *piece, size_t times)
{
    size_t length = strlen(piece);
    char *text = arena_alloc(&arena, length * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * length, piece, length + 1);
    return text;
}

static void
a_name_has_3_to_30_characters_however_many_bytes_they_are(void **state)
{
    (void)state;
    /* One to four bytes each: a, the letter ae, a Chinese one, a Gothic one. */
    static const char *const letters[] = {"a", "\xc3\xa6", "\xe4\xbc\x9f", "\xf0\x90\x8c\xb0"};
    assert_string_equal(user_name_complaint(""), "must have 3 to 30 characters");
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        assert_string_equal(user_name_complaint(repeat(letters[i], 2)),
                            "must have 3 to 30 characters");
        assert_null(user_name_complaint(repeat(letters[i], 3)));
        assert_null(user_name_complaint(repeat(letters[i], 30)));
        assert_string_equal(user_name_complaint(repeat(letters[i], 31)),
                            "must have 3 to 30 characters");
    }
}

static void
of_ascii_a_name_has_letters_digits_and_five_signs(void **state)
{
    (void)state;
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_.@+-";
    for (int c = 1; c < 128; c++) {
        const char first[] = {(char)c, 'b', 'c', '\0'}, last[] = {'a', 'b', (char)c, '\0'};
        bool is_good = strchr(good, c) != NULL;
        assert_int_equal(user_name_complaint(first) == NULL, is_good);
        assert_int_equal(user_name_complaint(last) == NULL, is_good);
    }
}

static void
beyond_ascii_a_name_has_letters_and_digits_of_any_script_alone(void **state)
{
    (void)state;
    static const char *const good[] = {
        "\xc3\x9f",         /* sharp s */
        "\xce\xa9",         /* Greek */
        "\xd0\xb6",         /* Cyrillic */
        "\xd7\xa9",         /* Hebrew */
        "\xd8\xb9",         /* Arabic */
        "\xe0\xa4\x95",     /* Devanagari */
        "\xd9\xa3",         /* an Arabic digit */
        "\xe3\x81\x82",     /* Hiragana */
        "\xed\x95\x9c",     /* Hangul */
        "\xf0\xa0\x80\x80", /* an ideograph of plane 2 */
    };
    static const char *const bad[] = {
        COMBINING_ACUTE,    "\xc2\xa0", /* a space without break */
        "\xe3\x80\x80",                 /* an ideographic space */
        "\xe2\x80\x8b",                 /* a space of no width */
        "\xe2\x80\x8d",                 /* a joiner of no width */
        "\xc2\xad",                     /* a soft hyphen */
        "\xe2\x80\xae",                 /* right to left from here */
        "\xe2\x81\xa6",                 /* an isolate */
        "\xef\xbb\xbf",                 /* a byte order mark */
        "\xe2\x80\xa8",                 /* a line separator */
        "\xc2\x85",                     /* a control character */
        "\xe2\x80\x99",                 /* a quotation mark */
        "\xe2\x82\xac",                 /* a currency */
        "\xf0\x9f\x98\x80",             /* an emoji */
        "\xee\x80\x80",                 /* private use */
        "\xcd\xb8",                     /* nothing yet */
        "\xf3\xa0\x81\x81",             /* a tag */
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(user_name_complaint(arena_printf(&arena, "ab%s", good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_non_null(user_name_complaint(arena_printf(&arena, "ab%sc", bad[i])));
        assert_non_null(user_name_complaint(arena_printf(&arena, "%sabc", bad[i])));
    }
}

static void
a_phone_number_has_9_to_15_digits_and_at_most_one_plus_before_them(void **state)
{
    (void)state;
    static const char *const good[] = {"", "123456789", "+123456789", "123456789012345",
                                       "+123456789012345"};
    static const char *const bad[] = {
        "12345678",
        "+12345678",
        "1234567890123456",
        "+1234567890123456",
        "+",
        "++123456789",
        "1+23456789",
        "123456789+",
        "12 345 6789",
        " 123456789",
        "123456789 ",
        "123456789\n",
        "(12)3456789",
        "123-456-789",
        "123456789x",
        "0x123456789",
        "-123456789",
        "12345678\xd9\xa3",
        ("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95\xef\xbc\x96\xef\xbc\x97"
         "\xef\xbc\x98\xef\xbc\x99"),
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(phone_complaint(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(phone_complaint(bad[i]));
}

static void
an_address_is_one_that_mail_can_be_sent_to(void **state)
{
    (void)state;
    assert_null(email_complaint("ada@example.org"));
    assert_string_equal(email_complaint(""), "must be an e-mail address");
    assert_string_equal(email_complaint("ada"), "must be an e-mail address");
    assert_string_equal(email_complaint("ada@example.org\r\nBcc: eve@example.org"),
                        "must be an e-mail address");
    /* 254 bytes and one more, in labels of at most 63. */
    const char *labels = repeat("aaaaaaaaa.", 23);
    assert_null(email_complaint(arena_printf(&arena, "%s@%sexample.org", "aaaaaaaaaaaa", labels)));
    assert_non_null(
        email_complaint(arena_printf(&arena, "%s@%sexample.org", "aaaaaaaaaaaaa", labels)));
}

static void
names_that_look_the_same_are_kept_as_the_same(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"ada", "ada"},
        {"Ada", "Ada"},
        {"\xef\xbc\xa1\xef\xbd\x84\xef\xbd\x81", "Ada"}, /* of full width */
        {"\xef\xac\x81ne", "fine"},                      /* a ligature */
        {"e" COMBINING_ACUTE "ric", "\xc3\xa9ric"},      /* a letter in two pieces */
        {"a\xc2\xb2", "a2"},                             /* a raised digit */
        {"\xe2\x84\xaa"
         "at",
         "Kat"}, /* the sign of Kelvin */
        {"\xf0\x9d\x93\xaa"
         "da",
         "ada"},                                                  /* a letter of mathematics */
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"}, /* Hangul in pieces */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(user_name_normal(cases[i][0], &arena), cases[i][1]);
        assert_string_equal(user_name_normal(cases[i][1], &arena), cases[i][1]);
    }
}

static void
names_are_compared_without_case_and_without_what_cannot_be_seen(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"ADA", "ada"},
        {"\xc3\x89RIC", "\xc3\xa9ric"},
        {"E" COMBINING_ACUTE "RIC", "\xc3\xa9ric"},
        {"STRASSE", "strasse"},
        {"Stra\xc3\x9f"
         "e",
         "strasse"},
        {"Stra\xe1\xba\x9e"
         "e",
         "strasse"},                                              /* the capital sharp s */
        {"\xce\xa3\xce\xaf\xcf\x82", "\xcf\x83\xce\xaf\xcf\x83"}, /* a sigma at the end */
        {"a\xe2\x80\x8b"
         "da",
         "ada"}, /* a space of no width */
        {"a\xc2\xad"
         "da",
         "ada"}, /* a soft hyphen */
        {FULL_WIDTH_A "da", "ada"},
        {"\xc5\xbf"
         "am",
         "sam"}, /* the long s */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(user_name_folded(cases[i][0], &arena), cases[i][1]);
        assert_string_equal(user_name_folded(cases[i][1], &arena), cases[i][1]);
    }
    /* Letters of two scripts are two letters, and so are i with and without its dot. */
    assert_string_not_equal(user_name_folded("\xd0\xb0"
                                             "da",
                                             &arena),
                            "ada");
    assert_string_not_equal(user_name_folded("\xc4\xb1", &arena), "i");
}

static void
a_name_grows_as_much_as_unicode_lets_it(void **state)
{
    (void)state;
    const char *normal = user_name_normal(repeat(WIDEST, 341), &arena);
    const char *once = user_name_normal(WIDEST, &arena);
    assert_true(strlen(once) > 18);
    assert_string_equal(normal, repeat(once, 341));
}

static void
a_text_too_long_for_a_name_stays_as_it_is(void **state)
{
    (void)state;
    const char *longest = repeat("A", 1024), *longer = repeat("A", 1025);
    assert_string_equal(user_name_folded(longest, &arena), repeat("a", 1024));
    assert_ptr_equal(user_name_folded(longer, &arena), longer);
    assert_ptr_equal(user_name_normal(longer, &arena), longer);
    assert_non_null(user_name_complaint(longer));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_name_has_3_to_30_characters_however_many_bytes_they_are),
        TEST(of_ascii_a_name_has_letters_digits_and_five_signs),
        TEST(beyond_ascii_a_name_has_letters_and_digits_of_any_script_alone),
        TEST(a_phone_number_has_9_to_15_digits_and_at_most_one_plus_before_them),
        TEST(an_address_is_one_that_mail_can_be_sent_to),
        TEST(names_that_look_the_same_are_kept_as_the_same),
        TEST(names_are_compared_without_case_and_without_what_cannot_be_seen),
        TEST(a_name_grows_as_much_as_unicode_lets_it),
        TEST(a_text_too_long_for_a_name_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
