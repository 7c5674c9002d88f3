/* Identifiers: their form, their order, and what is taken from outside. */
#include "base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
makes_version_7_ids_that_carry_their_time(void **state)
{
    (void)state;
    char text[UUID_TEXT_BYTES];
    uuid_v7(text, INT64_C(0x017f22e279b0) * 1000);
    assert_int_equal(strlen(text), 36);
    assert_memory_equal(text, "017f22e2-79b0-7", 15);
    assert_true(strchr("89ab", text[19]) != NULL);
    assert_int_equal(strspn(text, "0123456789abcdef-"), 36);
}

static void
makes_ids_that_sort_by_time_and_differ(void **state)
{
    (void)state;
    char earlier[UUID_TEXT_BYTES], later[UUID_TEXT_BYTES], same[UUID_TEXT_BYTES];
    for (int64_t us = 1; us < INT64_C(4000000000000000); us = us * 3 + 1000) {
        uuid_v7(earlier, us);
        uuid_v7(same, us);
        uuid_v7(later, us + 1000);
        assert_true(strcmp(earlier, later) < 0);
        assert_string_not_equal(earlier, same);
    }
}

static void
takes_request_ids_that_are_safe_in_headers_and_logs(void **state)
{
    (void)state;
    char longest[130];
    memset(longest, 'a', 129);
    longest[128] = '\0';
    assert_true(request_id_is_valid("abcd-1234_5.6"));
    assert_true(request_id_is_valid(longest));
    longest[128] = 'a';
    longest[129] = '\0';
    assert_false(request_id_is_valid(longest));
    assert_true(request_id_is_valid("7"));
    assert_false(request_id_is_valid("has blank"));
    assert_false(request_id_is_valid("new\r\nline"));
    assert_false(request_id_is_valid("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"));
    assert_false(request_id_is_valid(""));
}

static const char parent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

static void
continues_a_well_formed_trace_with_a_span_of_its_own(void **state)
{
    (void)state;
    char child[TRACEPARENT_BYTES];
    traceparent_child(child, parent);
    assert_int_equal(strlen(child), TRACEPARENT_BYTES - 1);
    assert_memory_equal(child, parent, 36);
    assert_memory_not_equal(child + 36, parent + 36, 16);
    assert_string_equal(child + 52, "-01");
}

static void
starts_a_new_trace_where_the_parent_is_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        NULL,
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char child[TRACEPARENT_BYTES];
        traceparent_child(child, bad[i]);
        assert_int_equal(strlen(child), TRACEPARENT_BYTES - 1);
        assert_memory_not_equal(child + 3, parent + 3, 32);
        char again[TRACEPARENT_BYTES];
        traceparent_child(again, child);
        assert_memory_equal(again, child, 36);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_version_7_ids_that_carry_their_time),
        cmocka_unit_test(makes_ids_that_sort_by_time_and_differ),
        cmocka_unit_test(takes_request_ids_that_are_safe_in_headers_and_logs),
        cmocka_unit_test(continues_a_well_formed_trace_with_a_span_of_its_own),
        cmocka_unit_test(starts_a_new_trace_where_the_parent_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
