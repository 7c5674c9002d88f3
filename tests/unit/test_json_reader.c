/* The quick reader of JSON, held against jansson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "http/json_reader.h"

static const char *const good[] = {
    "{}",
    " [ ] ",
    "\"\"",
    "null",
    "{\"text\":\"a longer text, of more than eight bytes\",\"n\":[1,-2,0,1.5,-0.25e3,1E-2]}",
    "{\"escapes\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00 end\"}",
    "{\"a\\u0062\":true,\"b\":false,\"c\":{\"d\":[[[\"x\"]]]}}",
    "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",123456789012345678]",
    "{\"same\":1,\"other\":{\"same\":2}}",
};

static json_t *
by_jansson(const char *text, size_t length)
{
    json_error_t error;
    return json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
}

static void
reads_what_jansson_reads(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        json_auto_t *expected = by_jansson(good[i], strlen(good[i]));
        json_auto_t *got = json_read(good[i], strlen(good[i]), 32, &arena);
        assert_non_null(got);
        assert_true(json_equal(got, expected));
    }
    arena_release(&arena);
}

static void
takes_nothing_that_jansson_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "01",
                                      "1.",
                                      ".5",
                                      "-",
                                      "+1",
                                      "1e",
                                      "nul",
                                      "tru e",
                                      "\"\\x\"",
                                      "\"\\u0000\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"tab\t\"",
                                      "\"open",
                                      "\"open\\",
                                      "{\"a\":1,\"a\":2}",
                                      "{a:1}",
                                      "[1 2]",
                                      "{} x",
                                      "1e999",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "\"\\ud83d\\u0041\"",
                                      "NaN"};
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(json_read(bad[i], strlen(bad[i]), 32, &arena));
    arena_release(&arena);
}

static void
agrees_with_jansson_on_damaged_texts(void **state)
{
    (void)state;
    static const char bytes[] = "\"\\{}[],:0123456789.-+eEtrufalsn \t\n\x01";
    unsigned seed = 42;
    struct arena arena = {0};
    int accepted = 0;
    for (int i = 0; i < 50000; i++) {
        char text[160];
        const char *from = good[(size_t)rand_r(&seed) % (sizeof(good) / sizeof(good[0]))];
        size_t length = strlen(from), count;
        memcpy(text, from, length);
        for (int changes = rand_r(&seed) % 3; changes >= 0; changes--)
            text[(size_t)rand_r(&seed) % length] =
                bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
        if (!utf8_count(text, length, &count))
            continue;
        /* Of that size exactly, so that AddressSanitizer sees a step too far. */
        char *exact = malloc(length);
        assert_non_null(exact);
        memcpy(exact, text, length);
        json_auto_t *expected = by_jansson(exact, length);
        json_auto_t *got = json_read(exact, length, 32, &arena);
        if (got) {
            assert_non_null(expected);
            assert_true(json_equal(got, expected));
            accepted++;
        } else if (expected) {
            fail_msg("not read: %.*s", (int)length, exact);
        }
        free(exact);
        arena_reset(&arena);
    }
    assert_true(accepted > 1000);
    arena_release(&arena);
}

static void
counts_levels(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[80];
    memset(text, '[', 40);
    memset(text + 40, ']', 40);
    json_auto_t *deep = json_read(text + 8, 64, 32, &arena);
    assert_non_null(deep);
    assert_null(json_read(text + 7, 66, 32, &arena));
    arena_release(&arena);
}

static json_t *
leniently(const char *text, bool *has_halves, struct arena *arena)
{
    return json_read_lenient(text, strlen(text), 128, has_halves, arena);
}

static void
reads_leniently_what_is_json_by_its_grammar(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"[\"a\\u0000b\"]", "[\"a\xef\xbf\xbd"
                            "b\"]"},
        {"[\"\\ud83d\"]", "[\"\xef\xbf\xbd\"]"},
        {"[\"\\ude00x\"]", "[\"\xef\xbf\xbdx\"]"},
        {"[\"\\ud83d\\u0041\"]", "[\"\xef\xbf\xbd"
                                 "A\"]"},
        {"[\"\\ud83d\\ud83d\\ude00\"]", "[\"\xef\xbf\xbd\xf0\x9f\x98\x80\"]"},
        {"[\"\\ud83d\\n\"]", "[\"\xef\xbf\xbd\\n\"]"},
        {"{\"\\u0000\":1}", "{\"\xef\xbf\xbd\":1}"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
        {"[9223372036854775807,-9223372036854775808]",
         "[9223372036854775807,-9223372036854775808]"},
        {"[18446744073709551615]", "[18446744073709551616.0]"},
        {"[1e400,-1e400,1e-400]", "[1.7976931348623157e308,-1.7976931348623157e308,0.0]"},
        {"[0.10000000000000000000000000000000000000000000000000000000000000000000000000001]",
         "[0.1]"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_auto_t *got = leniently(rows[i].text, NULL, &arena);
        json_auto_t *expected = by_jansson(rows[i].expected, strlen(rows[i].expected));
        assert_non_null(expected);
        assert_true(json_equal(got, expected));
    }
    arena_release(&arena);
}

static void
reads_nothing_leniently_that_is_no_json(void **state)
{
    (void)state;
    static const char *const bad[] = {"",         "{",       "[1,]",      "01",
                                      "NaN",      "\"\\x\"", "\"\\u12\"", "\"\\ud83d\\u\"",
                                      "\"open\\", "\"\t\"",  "{} x",      "-Infinity",
                                      "{a:1}",    "1.",      "\"\\ud83"};
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(leniently(bad[i], NULL, &arena));
    arena_release(&arena);
}

static void
leaves_halves_in_texts_for_those_who_join_them(void **state)
{
    (void)state;
    struct arena arena = {0};
    bool has_halves = true;
    json_auto_t *whole = leniently("[\"\\ud83d\\ude00\",\"\\u0000\"]", &has_halves, &arena);
    assert_non_null(whole);
    assert_false(has_halves);
    json_auto_t *name = leniently("{\"\\ud83d\":1}", &has_halves, &arena);
    assert_int_equal(json_integer_value(json_object_get(name, "\xef\xbf\xbd")), 1);
    assert_false(has_halves);
    json_auto_t *halves = leniently("{\"a\":\"x\\ud83d\",\"b\":\"\\ude00\"}", &has_halves, &arena);
    assert_true(has_halves);
    assert_string_equal(json_string_value(json_object_get(halves, "a")), "x\xed\xa0\xbd");
    assert_string_equal(json_string_value(json_object_get(halves, "b")), "\xed\xb8\x80");
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_jansson_reads),
        cmocka_unit_test(takes_nothing_that_jansson_refuses),
        cmocka_unit_test(agrees_with_jansson_on_damaged_texts),
        cmocka_unit_test(counts_levels),
        cmocka_unit_test(reads_leniently_what_is_json_by_its_grammar),
        cmocka_unit_test(reads_nothing_leniently_that_is_no_json),
        cmocka_unit_test(leaves_halves_in_texts_for_those_who_join_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
