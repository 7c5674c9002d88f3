/* The log: each line is one JSON object, whatever is put into it. */
#include "base/log.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/log_capture.h"

static int
setup(void **state)
{
    struct log_capture *capture = calloc(1, sizeof(*capture));
    if (!capture || !log_capture_begin(capture))
        return -1;
    *state = capture;
    return 0;
}

static int
teardown(void **state)
{
    log_capture_end(*state);
    free(*state);
    log_set_level(LOG_LEVEL_INFO);
    return 0;
}

static json_t *
captured_object(struct log_capture *capture)
{
    const char *text = log_captured(capture);
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_object(object));
    return object;
}

static void
assert_member(const json_t *object, const char *name, const char *expected)
{
    assert_string_equal(json_string_value(json_object_get(object, name)), expected);
}

static void
writes_texts_numbers_and_nothing_as_json(void **state)
{
    log_line(LOG_LEVEL_WARNING, "hello", LOG_TEXT("text", "a\"b\\c\n\x01"), LOG_TEXT("none", NULL),
             LOG_NUMBER("number", INT64_MIN));
    json_auto_t *line = captured_object(*state);
    assert_member(line, "level", "warning");
    assert_member(line, "message", "hello");
    assert_member(line, "text", "a\"b\\c\n\x01");
    assert_true(json_is_null(json_object_get(line, "none")));
    assert_true(json_integer_value(json_object_get(line, "number")) == INT64_MIN);
    assert_int_equal(json_string_length(json_object_get(line, "time")), 24);
}

static void
stays_json_with_bytes_that_are_no_utf_8(void **state)
{
    log_line(LOG_LEVEL_ERROR, "bytes",
             LOG_TEXT("text", "a\xff"
                              "b"),
             LOG_TEXT("good", "\xc3\xa9"));
    json_auto_t *line = captured_object(*state);
    assert_member(line, "text",
                  "a\xef\xbf\xbd"
                  "b");
    assert_member(line, "good", "\xc3\xa9");
}

static void
drops_a_field_that_does_not_fit_and_keeps_the_others(void **state)
{
    char *huge = malloc(8000);
    memset(huge, '"', 7999);
    huge[7999] = '\0';
    log_line(LOG_LEVEL_ERROR, "long", LOG_TEXT("huge", huge), LOG_NUMBER("after", 1));
    free(huge);
    json_auto_t *line = captured_object(*state);
    assert_member(line, "message", "long");
    assert_null(json_object_get(line, "huge"));
    assert_int_equal(json_integer_value(json_object_get(line, "after")), 1);
}

static void
fills_a_line_to_any_length_without_breaking_it(void **state)
{
    char text[4200];
    for (size_t length = 3900; length < 4100; length++) {
        memset(text, 'x', length);
        text[length] = '\0';
        log_line(LOG_LEVEL_ERROR, "m", LOG_TEXT("text", text), LOG_NUMBER("after", 1));
        json_decref(captured_object(*state));
    }
}

static void
drops_lines_below_the_level(void **state)
{
    log_line(LOG_LEVEL_DEBUG, "not seen");
    assert_string_equal(log_captured(*state), "");
    log_set_level(LOG_LEVEL_DEBUG);
    log_line(LOG_LEVEL_DEBUG, "seen");
    json_auto_t *line = captured_object(*state);
    assert_member(line, "level", "debug");
}

static void
reads_the_names_of_levels_in_any_case(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_DEBUG;
    assert_true(log_level_parse("WARNING", &level));
    assert_int_equal(level, LOG_LEVEL_WARNING);
    assert_true(log_level_parse("critical", &level));
    assert_int_equal(level, LOG_LEVEL_ERROR);
    assert_false(log_level_parse("loud", &level));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(writes_texts_numbers_and_nothing_as_json),
        TEST(stays_json_with_bytes_that_are_no_utf_8),
        TEST(drops_a_field_that_does_not_fit_and_keeps_the_others),
        TEST(fills_a_line_to_any_length_without_breaking_it),
        TEST(drops_lines_below_the_level),
        TEST(reads_the_names_of_levels_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
