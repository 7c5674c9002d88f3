/* UTF-8 against the borders of RFC 3629. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
counts_code_points_not_bytes(void **state)
{
    (void)state;
    size_t count = 9;
    assert_true(utf8_count("", 0, &count));
    assert_int_equal(count, 0);
    const char *text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xa5";
    assert_true(utf8_count(text, strlen(text), &count));
    assert_int_equal(count, 4);
    const char *longer = "twelve ascii bytes, then \xc3\xa9 and eight more";
    assert_true(utf8_count(longer, strlen(longer), &count));
    assert_int_equal(count, strlen(longer) - 1);
}

static void
refuses_what_the_rfc_forbids_with_its_offset(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",             /* continuation alone */
        "\xc0\x80",         /* overlong NUL */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* over U+10FFFF */
        "\xf5\x80\x80\x80", /* no such lead */
        "\xe2\x82",         /* cut */
        "\xe2\x82x",        /* cut by another */
        "\xff",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[32] = "nine more";
        memcpy(text + 9, bad[i], strlen(bad[i]));
        size_t offset = 0;
        assert_false(utf8_count(text, strlen(text), &offset));
        assert_int_equal(offset, 9);
    }
}

static void
accepts_the_last_of_each_length(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t code_point;
    } good[] = {
        {"\x7f", 0x7f},
        {"\xc2\x80", 0x80},
        {"\xdf\xbf", 0x7ff},
        {"\xe0\xa0\x80", 0x800},
        {"\xed\x9f\xbf", 0xd7ff},
        {"\xee\x80\x80", 0xe000},
        {"\xef\xbf\xbf", 0xffff},
        {"\xf0\x90\x80\x80", 0x10000},
        {"\xf4\x8f\xbf\xbf", 0x10ffff},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        size_t count, bytes;
        assert_true(utf8_count(good[i].text, strlen(good[i].text), &count));
        assert_int_equal(count, 1);
        assert_int_equal(utf8_decode(good[i].text, &bytes), good[i].code_point);
        assert_int_equal(bytes, strlen(good[i].text));
    }
}

static void
cuts_a_prefix_between_code_points(void **state)
{
    (void)state;
    const char *text = "a\xc3\xa9\xe2\x82\xacz";
    assert_int_equal(utf8_prefix(text, 7, 0), 0);
    assert_int_equal(utf8_prefix(text, 7, 2), 3);
    assert_int_equal(utf8_prefix(text, 7, 3), 6);
    assert_int_equal(utf8_prefix(text, 7, 100), 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_code_points_not_bytes),
        cmocka_unit_test(refuses_what_the_rfc_forbids_with_its_offset),
        cmocka_unit_test(accepts_the_last_of_each_length),
        cmocka_unit_test(cuts_a_prefix_between_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
