/* Bytes of strings that stand for themselves, counted eight at a time, held against one by one. */
#include "http/json_plain.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static size_t
one_by_one(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && (unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
        i++;
    return i;
}

/* Any two bytes side by side, at any place of the eight and behind them. */
static void
ends_before_the_first_byte_that_is_special(void **state)
{
    (void)state;
    char text[13];
    size_t wrong = 0;
    for (size_t at = 0; at < sizeof(text) - 1; at++)
        for (int pair = 0; pair < 0x10000; pair++) {
            memset(text, 'x', sizeof(text));
            text[at] = (char)(pair >> 8);
            text[at + 1] = (char)pair;
            wrong += json_plain_prefix(text, sizeof(text)) != one_by_one(text, sizeof(text));
        }
    assert_int_equal(wrong, 0);
}

static void
reads_no_byte_behind_the_length(void **state)
{
    (void)state;
    static const char text[] = "0123456789012345\"";
    for (size_t length = 0; length < sizeof(text) - 1; length++)
        assert_int_equal(json_plain_prefix(text, length), length);
    assert_int_equal(json_plain_prefix(text, sizeof(text) - 1), 16);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_before_the_first_byte_that_is_special),
        cmocka_unit_test(reads_no_byte_behind_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
