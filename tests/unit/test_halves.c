/* Halves of surrogate pairs that come in one event each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ai/halves.h"
#include "base/utf8.h"
#include "http/schema.h"

#define FIRST "\\ud83d"
#define SECOND "\\ude00"
#define JOINED "\xf0\x9f\x98\x80"
#define REPLACED "\xef\xbf\xbd"
#define CHUNK(index, text)                                                                         \
    "{\"choices\":[{\"index\":" #index ",\"delta\":{\"content\":\"" text "\"}}]}"

static struct halves halves;
static struct arena arena;

static int
begin(void **state)
{
    (void)state;
    halves = (struct halves){0};
    return 0;
}

static int
end(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const json_t *
take(const char *event)
{
    bool has_halves;
    const json_t *document = schema_parse_lenient(event, strlen(event), &has_halves, &arena);
    assert_non_null(document);
    halves_join(&halves, (json_t *)document, &arena);
    return document;
}

/* What a chunk's first choice says. */
static const char *
say(const char *event)
{
    const json_t *choice = json_array_get(json_object_get(take(event), "choices"), 0);
    const json_t *text = json_object_get(json_object_get(choice, "delta"), "content");
    size_t count;
    assert_true(utf8_count(json_string_value(text), json_string_length(text), &count));
    return json_string_value(text);
}

static void
joins_what_comes_apart(void **state)
{
    (void)state;
    assert_string_equal(say(CHUNK(0, "happy " FIRST)), "happy ");
    assert_string_equal(say(CHUNK(0, SECOND " today")), JOINED " today");
    assert_int_equal(halves.count, 0);
}

static void
joins_over_texts_that_say_nothing(void **state)
{
    (void)state;
    assert_string_equal(say(CHUNK(0, FIRST)), "");
    assert_string_equal(say(CHUNK(0, "")), "");
    assert_string_equal(say(CHUNK(0, SECOND)), JOINED);
}

static void
keeps_choices_apart(void **state)
{
    (void)state;
    assert_string_equal(say(CHUNK(0, "a" FIRST)), "a");
    assert_string_equal(say(CHUNK(1, "b\\ud83c")), "b");
    assert_string_equal(say(CHUNK(0, SECOND)), JOINED);
    assert_string_equal(say(CHUNK(1, "\\udf89")), "\xf0\x9f\x8e\x89");
}

static void
joins_where_choices_share_an_event(void **state)
{
    (void)state;
    assert_string_equal(say(CHUNK(1, FIRST)), "");
    const json_t *both = take("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}},"
                              "{\"index\":1,\"delta\":{\"content\":\"" SECOND "\"}}]}");
    const json_t *second = json_array_get(json_object_get(both, "choices"), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(second, "delta"), "content")), JOINED);
}

static void
replaces_a_half_that_stays_alone(void **state)
{
    (void)state;
    assert_string_equal(say(CHUNK(0, "a" FIRST "b" SECOND)), "a" REPLACED "b" REPLACED);
    assert_string_equal(say(CHUNK(0, SECOND "c")), REPLACED "c");
    assert_string_equal(say(CHUNK(0, "d" FIRST)), "d");
    assert_string_equal(say(CHUNK(0, "e")), REPLACED "e");
    assert_string_equal(say(CHUNK(0, FIRST)), "");
    assert_string_equal(say(CHUNK(0, FIRST)), REPLACED);
    assert_string_equal(say(CHUNK(0, SECOND)), JOINED);
}

static void
replaces_what_it_has_no_place_for(void **state)
{
    (void)state;
    const json_t *texts = take("[\"" FIRST "\",\"" FIRST "\",\"" FIRST "\",\"" FIRST "\",\"" FIRST
                               "\",\"" FIRST "\",\"" FIRST "\",\"" FIRST "\",\"" FIRST "\"]");
    assert_int_equal(halves.count, HALVES_MAX);
    assert_string_equal(json_string_value(json_array_get(texts, HALVES_MAX - 1)), "");
    assert_string_equal(json_string_value(json_array_get(texts, HALVES_MAX)), REPLACED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(joins_what_comes_apart, begin, end),
        cmocka_unit_test_setup_teardown(joins_over_texts_that_say_nothing, begin, end),
        cmocka_unit_test_setup_teardown(keeps_choices_apart, begin, end),
        cmocka_unit_test_setup_teardown(joins_where_choices_share_an_event, begin, end),
        cmocka_unit_test_setup_teardown(replaces_a_half_that_stays_alone, begin, end),
        cmocka_unit_test_setup_teardown(replaces_what_it_has_no_place_for, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
