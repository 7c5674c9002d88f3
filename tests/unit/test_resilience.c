/* Custom configurations are checked, templates hold, and presets are recommended by rules. */
#include "host_fixture.h"

#include "apps/resilience/recommend.h"
#include "apps/resilience/template.h"
#include "apps/resilience/validate.h"

static struct arena *
arena_of(void **state)
{
    return &((struct fixture *)*state)->arena;
}

static const json_t *
document_of(void **state, const char *text)
{
    struct error err = {0};
    const json_t *document = schema_parse(text, strlen(text), arena_of(state), &err);
    assert_string_equal(err.detail, "");
    return document;
}

static bool
holds(const struct findings *findings, const char *text)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strstr(findings->items[i], text))
            return true;
    return false;
}

static void
refuses_content_that_is_not_safe(void **state)
{
    static const struct {
        const char *configuration, *complaint;
    } rows[] = {
        {"{\"a\": \"<script>\"}", "Field 'a': holds what looks like a tag"},
        {"{\"a\": \"</b>\"}", "a tag"},
        {"{\"a\": \"JavaScript:x\"}", "the address of a script"},
        {"{\"a\": \"vbscript:x\"}", "the address of a script"},
        {"{\"a\": \"data:text/html,x\"}", "the address of a document"},
        {"{\"a\": \"../etc\"}", "a path that leads upwards"},
        {"{\"a\": \"..\\\\etc\"}", "a path that leads upwards"},
        {"{\"a\": \"\\\\x41\"}", "an escape"},
        {"{\"a\": \"\\\\u0041\"}", "an escape"},
        {"{\"a\": \"{{7*7}}\"}", "a template"},
        {"{\"a\": \"${HOME}\"}", "a template"},
        {"{\"a\": \"eval(x)\"}", "a call"},
        {"{\"a\": \"exec(x)\"}", "a call"},
        {"{\"a\": \"import os\"}", "an import"},
        {"{\"a\": \"require('x')\"}", "an import"},
        {"{\"__class__\": 1}", "Field '__class__': holds what looks like a hidden name"},
        {"{\"a\": {\"b\": [\"x\", \"<i>\"]}}", "Field 'a.b': holds what looks like a tag"},
        {"{\"a\": \"x\\u202ey\"}", "Field 'a': holds the character U+202E"},
        {"{\"a\": \"x\\u0007y\"}", "U+0007"},
        {"{\"a\": \"\\ue000\"}", "U+E000"},
        {"{\"a\": \"\\ud83e\\udd16\"}", "U+1F916"},
        {"{\"a\": [[[[[[[[[[1]]]]]]]]]]}", "is nested deeper than 10 levels"},
        {"{\"a\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]}",
         "has 21 items, at most 20 are allowed"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct validation validation;
        validation_init(&validation, arena_of(state));
        validate_content(&validation, document_of(state, rows[i].configuration));
        if (!holds(&validation.errors, rows[i].complaint))
            fail_msg("%s is not refused with \"%s\"", rows[i].configuration, rows[i].complaint);
    }
}

static void
takes_content_in_any_language(void **state)
{
    struct validation validation;
    validation_init(&validation, arena_of(state));
    validate_content(&validation,
                     document_of(state, "{\"größe\": \"Größe, размер, 大きさ, é\", "
                                        "\"a\": [[[[[[[[[1]]]]]]]]], \"b\": \"a < b\"}"));
    assert_int_equal(validation.errors.count, 0);
    assert_int_equal(validation.warnings.count, 0);
}

static void
bounds_sizes_and_warns_of_repeats(void **state)
{
    struct arena *arena = arena_of(state);
    char text[6000];
    struct validation validation;
    validation_init(&validation, arena);
    memset(text, 'y', sizeof text);
    text[201] = '\0';
    validate_content(&validation, document_of(state, arena_printf(arena, "{\"a\": \"%s\"}", text)));
    assert_true(holds(&validation.errors, "Field 'a': has 201 characters, at most 200"));
    assert_true(holds(&validation.warnings, "repeats a character more than 10 times"));
    validation_init(&validation, arena);
    text[201] = 'y';
    text[4090] = '\0';
    validate_content(&validation, document_of(state, arena_printf(arena, "{\"a\": \"%s\"}", text)));
    assert_int_equal(validation.errors.count, 1);
    assert_true(holds(&validation.errors, "has 4098 bytes as JSON, at most 4096"));
}

static void
keeps_the_first_hundred_of_many_findings(void **state)
{
    struct validation validation;
    struct strbuf text;
    strbuf_init(&text, arena_of(state), 4096);
    for (int i = 0; i < 150; i++)
        strbuf_printf(&text, "%c\"f%d\": 1", i == 0 ? '{' : ',', i);
    strbuf_add_char(&text, '}');
    validation_init(&validation, arena_of(state));
    validate_fields(&validation, document_of(state, text.data), &presets[0]);
    assert_int_equal(validation.errors.count, 100);
    assert_int_equal(validation.suggestions.count, 1);
}

static void
templates_are_all_valid_and_named(void **state)
{
    for (size_t i = 0; i < TEMPLATE_COUNT; i++) {
        const struct config_template *template = &config_templates[i];
        struct validation validation;
        validation_init(&validation, arena_of(state));
        const json_t *document = template_document(template, arena_of(state));
        validate_content(&validation, document);
        validate_fields(&validation, document, &presets[0]);
        assert_int_equal(validation.errors.count, 0);
        assert_ptr_equal(template_find(template->name), template);
        assert_string_equal(template_names[i], template->name);
        struct template_suggestion suggestion;
        template_suggest(document, arena_of(state), &suggestion);
        assert_true(suggestion.template != NULL);
    }
    struct error err = {0};
    assert_false(template_unknown("brave", &err));
    for (size_t i = 0; i < TEMPLATE_COUNT; i++)
        assert_non_null(strstr(err.detail, template_names[i]));
}

static struct recommendation
detected(void **state, const char *environment, const char *host, char *const *variables)
{
    const struct settings settings = {.environment = environment};
    struct recommendation found;
    recommend_detected(&settings, variables, host, arena_of(state), &found);
    return found;
}

#define VARIABLES(...) ((char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void
detects_where_it_runs(void **state)
{
    struct recommendation found = detected(state, "local", "box", VARIABLES());
    assert_string_equal(found.preset, "simple");
    assert_true(found.confidence == 0.5);
    found = detected(state, "production", "box", VARIABLES());
    assert_string_equal(found.preset, "production");
    assert_true(found.confidence == 0.95);
    found = detected(state, "local", "web-staging-1", VARIABLES());
    assert_string_equal(found.preset, "production");
    assert_true(found.confidence == 0.65);
    found = detected(state, "local", "box", VARIABLES("DEBUG=false"));
    assert_string_equal(found.preset, "production");
    found = detected(state, "local", "box", VARIABLES("ENVIRONMENT=local", "DEBUG=1"));
    assert_string_equal(found.preset, "development");
    assert_true(found.confidence > 0.97 && found.confidence <= 0.98);
}

static void
is_less_sure_where_signals_contradict(void **state)
{
    struct recommendation found = detected(state, "production", "box", VARIABLES("NODE_ENV=dev"));
    assert_string_equal(found.preset, "production");
    assert_true(found.confidence > 0.80 && found.confidence < 0.81);
    assert_non_null(strstr(found.reasoning, "NODE_ENV"));
    /* A weak one does not count. */
    found = detected(state, "production", "dev-box", VARIABLES());
    assert_true(found.confidence == 0.95);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refuses_content_that_is_not_safe),      TEST(takes_content_in_any_language),
        TEST(bounds_sizes_and_warns_of_repeats),     TEST(keeps_the_first_hundred_of_many_findings),
        TEST(templates_are_all_valid_and_named),     TEST(detects_where_it_runs),
        TEST(is_less_sure_where_signals_contradict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
