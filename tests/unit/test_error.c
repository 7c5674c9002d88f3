/* The vocabulary of failure. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static void
is_filled_by_a_failure_that_returns_false(void **state)
{
    (void)state;
    struct error err = {0};
    assert_false(error_set_retry(&err, ERROR_RATE_LIMITED, 7, "wait %d s", 7));
    assert_int_equal(err.code, ERROR_RATE_LIMITED);
    assert_int_equal(err.retry_after_s, 7);
    assert_string_equal(err.detail, "wait 7 s");
    error_clear(&err);
    assert_int_equal(err.code, ERROR_NONE);
    assert_string_equal(err.detail, "");
}

static void
cuts_a_long_detail_between_characters(void **state)
{
    (void)state;
    char text[700] = "";
    for (size_t lead = 0; lead < 3; lead++) {
        size_t length = lead;
        memset(text, 'x', lead);
        for (; length + 3 < sizeof(text); length += 3)
            memcpy(text + length, "\xe2\x82\xac", 4);
        struct error err = {0};
        error_set(&err, ERROR_INTERNAL, "%s", text);
        size_t count;
        assert_true(utf8_count(err.detail, strlen(err.detail), &count));
        assert_in_range(strlen(err.detail), sizeof(err.detail) - 4, sizeof(err.detail) - 1);
    }
}

static void
gives_every_code_a_name_of_its_own(void **state)
{
    (void)state;
    for (int code = ERROR_NONE + 1; code < ERROR_WOULD_WAIT; code++) {
        const struct error_info *info = error_info((enum error_code)code);
        for (int other = ERROR_NONE + 1; other < code; other++)
            assert_string_not_equal(info->name, error_info((enum error_code)other)->name);
        assert_in_range(info->status, 400, 504);
        assert_true(strlen(info->title) > 0);
    }
}

static void
reads_as_an_internal_error_where_there_is_no_code(void **state)
{
    (void)state;
    assert_string_equal(error_info(ERROR_NONE)->name, "internal_error");
    assert_string_equal(error_info(ERROR_WOULD_WAIT)->name, "internal_error");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_filled_by_a_failure_that_returns_false),
        cmocka_unit_test(cuts_a_long_detail_between_characters),
        cmocka_unit_test(gives_every_code_a_name_of_its_own),
        cmocka_unit_test(reads_as_an_internal_error_where_there_is_no_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
