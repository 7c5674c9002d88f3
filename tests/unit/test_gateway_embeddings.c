/* What POST /v1/embeddings takes and how it writes vectors. */
#include "apps/gateway/embeddings_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct error err;
static struct embedding_input input;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    arena = (struct arena){0};
    return 0;
}

static bool
reads(const char *text)
{
    json_t *document = schema_keep(json_loads(text, JSON_DECODE_ANY, NULL), &arena);
    error_clear(&err);
    return embeddings_read_input(document, &arena, &input, &err);
}

static void
takes_texts_and_tokens_in_all_four_forms(void **state)
{
    (void)state;
    assert_true(reads("\"one\""));
    assert_int_equal(input.count, 1);
    assert_int_equal(input.texts.count, 1);
    assert_int_equal(input.bytes, 3);
    assert_true(reads("[\"one\",\"three\"]"));
    assert_int_equal(input.texts.count, 2);
    assert_string_equal(((const char **)input.texts.items)[1], "three");
    assert_true(reads("[1,2,3]"));
    assert_int_equal(input.count, 1);
    assert_int_equal(input.texts.count, 0);
    assert_true(reads("[[1,2],[3]]"));
    assert_int_equal(input.count, 2);
    assert_int_equal(input.texts.count, 0);
}

static void
names_the_item_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *body, *path;
    } rows[] = {
        {"7", "input"},
        {"\"\"", "input"},
        {"[]", "input"},
        {"[\"a\",\"\"]", "input[1]"},
        {"[\"a\",[1]]", "input[1]"},
        {"[[1],\"a\"]", "input[1]"},
        {"[[1],[]]", "input[1]"},
        {"[1.5]", "input[0]"},
        {"[null]", "input[0]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(reads(rows[i].body));
        assert_int_equal(err.code, ERROR_VALIDATION_FAILED);
        assert_string_equal(err.fields->path, rows[i].path);
    }
    struct strbuf many;
    strbuf_init(&many, &arena, 16384);
    strbuf_add_text(&many, "[\"a\"");
    for (int i = 0; i < EMBEDDING_INPUTS_MAX; i++)
        strbuf_add_text(&many, ",\"a\"");
    strbuf_add_char(&many, ']');
    assert_false(reads(many.data));
    assert_string_equal(err.fields->path, "input");
}

static const char *
written(const struct embeddings *embeddings, const char *format)
{
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    embeddings_write(embeddings, "m", format, &out);
    return out.data;
}

static void
writes_vectors_as_numbers_and_as_little_endian_bytes(void **state)
{
    (void)state;
    float first[] = {1, -0.5f}, second[] = {0.1f, 0};
    float *vectors[] = {first, second};
    struct embeddings embeddings = {.vectors = vectors, .count = 2, .dimensions = 2, .tokens = 9};
    assert_string_equal(
        written(&embeddings, "float"),
        "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":"
        "[1,-0.5]},{\"object\":\"embedding\",\"index\":1,\"embedding\":[0.1,0]}],\"model\":\"m\","
        "\"usage\":{\"prompt_tokens\":9,\"total_tokens\":9}}");
    embeddings.tokens = 0;
    embeddings.count = 1;
    assert_string_equal(written(&embeddings, "base64"),
                        "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
                        "\"embedding\":\"AACAPwAAAL8=\"}],\"model\":\"m\","
                        "\"usage\":{\"prompt_tokens\":0,\"total_tokens\":0}}");
}

static void
knows_in_which_format_a_provider_answered(void **state)
{
    (void)state;
    json_t *numbers = schema_keep(json_loads("{\"data\":[{\"embedding\":[1]}]}", 0, NULL), &arena);
    json_t *bytes =
        schema_keep(json_loads("{\"data\":[{\"embedding\":\"AA==\"}]}", 0, NULL), &arena);
    assert_true(embeddings_has_format(numbers, "float"));
    assert_false(embeddings_has_format(numbers, "base64"));
    assert_true(embeddings_has_format(bytes, "base64"));
    assert_false(embeddings_has_format(bytes, "float"));
}

static void
writes_the_shortest_form_of_a_float(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } rows[] = {{0.1f, "0.1"}, {1.0f / 3, "0.33333334"}, {-2.5f, "-2.5"}, {1e-10f, "1e-10"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct strbuf out;
        strbuf_init(&out, &arena, 16);
        schema_encode_float(&out, rows[i].value);
        assert_string_equal(out.data, rows[i].text);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_texts_and_tokens_in_all_four_forms),
        TEST(names_the_item_that_is_wrong),
        TEST(writes_vectors_as_numbers_and_as_little_endian_bytes),
        TEST(knows_in_which_format_a_provider_answered),
        TEST(writes_the_shortest_form_of_a_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
