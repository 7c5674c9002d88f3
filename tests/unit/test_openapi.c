/* The OpenAPI document as a walk over rows. */
#include "http/openapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct part {
    const char *text;
    struct list kinds;
};

struct whole {
    struct list parts;
    struct part *one;
    int64_t count;
    struct decimal price;
};

static const char *const kinds[] = {"a", "b", NULL};

static const struct schema part_schema = {
    .name = "Part",
    .size = sizeof(struct part),
    .fields = (const struct field[]){STRING(struct part, text, .flags = FIELD_REQUIRED, .min = 1,
                                            .max = 9, .doc = "What it says."),
                                     STRINGS(struct part, kinds, .choices = kinds),
                                     {.name = NULL}},
    .example = "{\"text\":\"x\"}",
    .closed = true,
};

static const struct schema whole_schema = {
    .name = "Whole",
    .size = sizeof(struct whole),
    .fields =
        (const struct field[]){ARRAY(struct whole, parts, &part_schema, .min = 1, .max = 5),
                               OBJECT(struct whole, one, &part_schema, .flags = FIELD_NULLABLE),
                               INTEGER(struct whole, count, .max = INT64_MAX, .default_json = "3"),
                               DECIMAL(struct whole, price, .number_min = -0.5, .number_max = 2.5),
                               {.name = NULL}},
};

static const struct route_answer later[] = {{.status = 202, .doc = "It comes."}, {.status = 0}};

static const struct route_answer streamed[] = {
    {.status = 200, .content_type = "text/event-stream", .doc = "As events."}, {.status = 0}};

static const struct route rows[] = {
    {.method = METHOD_GET, .pattern = "/livez", .limit = LIMIT_NONE, .operation_id = "livez"},
    {.method = METHOD_POST,
     .pattern = "/v1/wholes/{id}",
     .flags = ROUTE_KEY,
     .limit = LIMIT_PROCESS,
     .request = &whole_schema,
     .query = &part_schema,
     .response = &whole_schema,
     .answers = streamed,
     .tag = "wholes",
     .summary = "Make a whole",
     .operation_id = "whole_make"},
    {.method = METHOD_GET,
     .pattern = "/v1/wholes/{id}",
     .flags = ROUTE_KEY_OPTIONAL,
     .answers = later,
     .operation_id = "whole_show"},
    {.method = METHOD_GET,
     .pattern = "/internal/x",
     .flags = ROUTE_INTERNAL,
     .operation_id = "internal_x"},
    {.method = METHOD_GET,
     .pattern = "/internal/either",
     .flags = ROUTE_INTERNAL,
     .errors = ERRORS_EITHER,
     .request = &part_schema,
     .operation_id = "internal_either"},
    {.method = METHOD_GET, .pattern = "/page", .flags = ROUTE_HIDDEN, .operation_id = "page"},
    {.pattern = NULL},
};
static const struct route *const tables[] = {rows, NULL};

static json_t *document;

static int
make_public(void **state)
{
    (void)state;
    const struct openapi_info info = {.title = "T", .version = "1", .description = "D"};
    document = openapi_document(&info, tables);
    return 0;
}

static int
drop(void **state)
{
    (void)state;
    json_decref(document);
    return 0;
}

/* What lies at a path of member names, which are separated by spaces. */
static json_t *
at(const char *path)
{
    json_t *value = document;
    while (*path != '\0' && value) {
        size_t length = strcspn(path, " ");
        value = json_is_array(value) ? json_array_get(value, (size_t)(*path - '0'))
                                     : json_object_getn(value, path, length);
        path += length + (path[length] == ' ');
    }
    return value;
}

static const char *
text_at(const char *path)
{
    return json_string_value(at(path));
}

static void
shows_public_rows_and_no_others(void **state)
{
    (void)state;
    assert_string_equal(text_at("openapi"), "3.1.0");
    assert_string_equal(text_at("servers 0 url"), "/");
    assert_int_equal(json_object_size(at("paths")), 2);
    assert_non_null(at("paths /livez get"));
    assert_string_equal(text_at("paths /v1/wholes/{id} post operationId"), "whole_make");
    assert_string_equal(text_at("paths /v1/wholes/{id} get operationId"), "whole_show");
    assert_int_equal(json_array_size(at("tags")), 1);
}

static void
shows_internal_rows_apart(void **state)
{
    (void)state;
    const struct openapi_info info = {
        .title = "T", .version = "1", .description = "D", .internal = true};
    json_decref(document);
    document = openapi_document(&info, tables);
    assert_int_equal(json_object_size(at("paths")), 2);
    assert_non_null(at("paths /internal/x get"));
}

static void
describes_failures_in_the_style_of_their_row(void **state)
{
    (void)state;
    const struct openapi_info info = {
        .title = "T", .version = "1", .description = "D", .internal = true};
    json_decref(document);
    document = openapi_document(&info, tables);
    assert_string_equal(text_at("paths /internal/either get responses 400 $ref"),
                        "#/components/responses/EitherFailure400");
    assert_null(at("paths /internal/either get responses 422"));
    const json_t *any =
        at("components responses EitherFailure400 content application/json schema anyOf");
    assert_int_equal(json_array_size(any), 2);
    assert_non_null(at("components schemas OpenaiFailure"));
    assert_non_null(at("components schemas AnthropicFailure"));
    assert_non_null(strstr(text_at("components responses EitherFailure429 description"),
                           "`rate_limit_exceeded`"));
}

static void
describes_what_a_row_takes(void **state)
{
    (void)state;
    const json_t *parameters = at("paths /v1/wholes/{id} post parameters");
    assert_int_equal(json_array_size(parameters), 3);
    assert_string_equal(text_at("paths /v1/wholes/{id} post parameters 0 in"), "path");
    assert_string_equal(text_at("paths /v1/wholes/{id} post parameters 0 name"), "id");
    assert_string_equal(text_at("paths /v1/wholes/{id} post parameters 1 in"), "query");
    assert_string_equal(text_at("paths /v1/wholes/{id} post parameters 1 description"),
                        "What it says.");
    assert_true(json_is_true(at("paths /v1/wholes/{id} post parameters 1 required")));
    assert_true(json_is_true(at("paths /v1/wholes/{id} post requestBody required")));
    assert_string_equal(
        text_at("paths /v1/wholes/{id} post requestBody content application/json schema $ref"),
        "#/components/schemas/Whole");
}

static void
asks_for_keys_as_the_row_does(void **state)
{
    (void)state;
    assert_int_equal(json_array_size(at("paths /livez get security")), 0);
    assert_int_equal(json_array_size(at("paths /v1/wholes/{id} post security")), 3);
    assert_int_equal(json_array_size(at("paths /v1/wholes/{id} get security")), 4);
}

static void
names_the_failures_that_a_row_can_have(void **state)
{
    (void)state;
    static const char *const all[] = {"400", "401", "403", "404", "413", "415", "422",
                                      "429", "431", "500", "502", "503", "504"};
    const json_t *post = at("paths /v1/wholes/{id} post responses");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        assert_non_null(json_object_get(post, all[i]));
    static const char *const not_of_livez[] = {"401", "403", "404", "413", "422", "429", "502"};
    const json_t *livez = at("paths /livez get responses");
    for (size_t i = 0; i < sizeof(not_of_livez) / sizeof(not_of_livez[0]); i++)
        assert_null(json_object_get(livez, not_of_livez[i]));
    assert_string_equal(text_at("paths /v1/wholes/{id} post responses 422 $ref"),
                        "#/components/responses/Problem422");
    assert_non_null(
        strstr(text_at("components responses Problem429 description"), "`rate_limited`"));
    assert_non_null(at("components responses Problem429 headers Retry-After"));
    assert_non_null(at("components schemas Problem properties request_id"));
}

static void
lists_the_media_types_of_one_status_side_by_side(void **state)
{
    (void)state;
    assert_string_equal(text_at("paths /v1/wholes/{id} post responses 200 content "
                                "application/json schema $ref"),
                        "#/components/schemas/Whole");
    assert_string_equal(text_at("paths /v1/wholes/{id} post responses 200 content "
                                "text/event-stream schema description"),
                        "As events.");
    assert_string_equal(text_at("paths /v1/wholes/{id} post responses 200 description"),
                        "Success.");
}

static void
names_other_answers_in_place_of_200(void **state)
{
    (void)state;
    assert_non_null(at("paths /v1/wholes/{id} get responses 202 description"));
    assert_null(at("paths /v1/wholes/{id} get responses 200"));
}

static void
describes_schemas_by_their_rows(void **state)
{
    (void)state;
    assert_int_equal(json_integer_value(at("components schemas Whole properties parts minItems")),
                     1);
    assert_int_equal(json_integer_value(at("components schemas Whole properties count default")),
                     3);
    assert_int_equal(json_integer_value(at("components schemas Whole properties count minimum")),
                     0);
    assert_null(at("components schemas Whole properties count maximum"));
    assert_true(json_real_value(at("components schemas Whole properties price maximum")) == 2.5);
    assert_string_equal(text_at("components schemas Whole properties one anyOf 1 type"), "null");
    assert_true(json_is_false(at("components schemas Part additionalProperties")));
    assert_string_equal(text_at("components schemas Part required 0"), "text");
    assert_int_equal(json_integer_value(at("components schemas Part properties text maxLength")),
                     9);
    assert_string_equal(text_at("components schemas Part properties kinds items enum 1"), "b");
    assert_string_equal(text_at("components schemas Part examples 0 text"), "x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_public, drop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_public_rows_and_no_others),
        TEST(shows_internal_rows_apart),
        TEST(describes_failures_in_the_style_of_their_row),
        TEST(describes_what_a_row_takes),
        TEST(asks_for_keys_as_the_row_does),
        TEST(names_the_failures_that_a_row_can_have),
        TEST(lists_the_media_types_of_one_status_side_by_side),
        TEST(names_other_answers_in_place_of_200),
        TEST(describes_schemas_by_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
