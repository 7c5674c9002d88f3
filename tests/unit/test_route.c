/* Matching of paths and methods against rows. */
#include "http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct route first[] = {
    {.method = METHOD_GET, .pattern = "/", .operation_id = "root"},
    {.method = METHOD_GET, .pattern = "/v1/jobs", .operation_id = "jobs"},
    {.method = METHOD_GET, .pattern = "/v1/jobs/{id}", .operation_id = "job"},
    {.method = METHOD_DELETE, .pattern = "/v1/jobs/{id}", .operation_id = "job_delete"},
    {.method = METHOD_GET, .pattern = "/v1/jobs/recent", .operation_id = "recent"},
    {.pattern = NULL},
};
static const struct route second[] = {
    {.method = METHOD_POST, .pattern = "/v1/jobs", .operation_id = "job_create"},
    {.method = METHOD_PUT, .pattern = "/v1/{kind}/x/{name}", .operation_id = "put"},
    {.pattern = NULL},
};
static const struct route *const tables[] = {first, second, NULL};

static struct route_index *index_of_tables;
static struct arena arena;
static const struct route *found;
static const char *parameters[PATH_PARAMETERS_MAX];
static unsigned allowed;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static enum route_match
find(enum method method, const char *path)
{
    return route_find(index_of_tables, method, path, &arena, &found, parameters, &allowed);
}

static void
finds_rows_in_all_tables(void **state)
{
    (void)state;
    assert_int_equal(find(METHOD_GET, "/"), ROUTE_FOUND);
    assert_string_equal(found->operation_id, "root");
    assert_int_equal(find(METHOD_POST, "/v1/jobs"), ROUTE_FOUND);
    assert_string_equal(found->operation_id, "job_create");
    assert_int_equal(allowed, METHOD_GET | METHOD_HEAD | METHOD_POST | METHOD_OPTIONS);
}

static void
decodes_parameters_and_keeps_an_escaped_slash_inside(void **state)
{
    (void)state;
    assert_int_equal(find(METHOD_PUT, "/v1/a%2Fb/x/%C3%A4%20+"), ROUTE_FOUND);
    assert_string_equal(parameters[0], "a/b");
    assert_string_equal(parameters[1], "\xc3\xa4 +");
}

static void
does_not_match_what_is_no_text(void **state)
{
    (void)state;
    static const char *const bad[] = {"/v1/jobs/%zz", "/v1/jobs/%4", "/v1/jobs/%00", "/v1/jobs/%ff",
                                      "/v1/jobs/%c3"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(find(METHOD_GET, bad[i]), ROUTE_NO_PATH);
}

static void
prefers_the_row_with_fewer_parameters(void **state)
{
    (void)state;
    assert_int_equal(find(METHOD_GET, "/v1/jobs/recent"), ROUTE_FOUND);
    assert_string_equal(found->operation_id, "recent");
    assert_int_equal(find(METHOD_DELETE, "/v1/jobs/recent"), ROUTE_FOUND);
    assert_string_equal(parameters[0], "recent");
}

static void
takes_a_trailing_slash_for_none(void **state)
{
    (void)state;
    assert_int_equal(find(METHOD_GET, "/v1/jobs/"), ROUTE_FOUND);
    assert_string_equal(found->operation_id, "jobs");
    assert_int_equal(find(METHOD_GET, "/v1/jobs/7/"), ROUTE_FOUND);
    assert_string_equal(parameters[0], "7");
}

static void
answers_head_where_get_is_answered(void **state)
{
    (void)state;
    assert_int_equal(find(METHOD_HEAD, "/v1/jobs/7"), ROUTE_FOUND);
    assert_string_equal(found->operation_id, "job");
}

static void
tells_a_wrong_method_from_a_wrong_path(void **state)
{
    (void)state;
    assert_int_equal(find(METHOD_PUT, "/v1/jobs"), ROUTE_NO_METHOD);
    assert_string_equal(route_methods(allowed, &arena), "GET, HEAD, POST, OPTIONS");
    assert_int_equal(find(METHOD_OPTIONS, "/v1/jobs/7"), ROUTE_NO_METHOD);
    assert_string_equal(route_methods(allowed, &arena), "GET, HEAD, DELETE, OPTIONS");
    static const char *const bad[] = {"/v1",          "/v1/job", "/v1/jobss",
                                      "/v1/jobs/7/8", "//",      "/v1//x/y"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(find(METHOD_GET, bad[i]), ROUTE_NO_PATH);
        assert_int_equal(allowed, 0);
    }
}

static void
finds_a_row_by_its_parameter_where_others_begin_so_too(void **state)
{
    (void)state;
    assert_int_equal(find(METHOD_PUT, "/v1/jobs/x/7"), ROUTE_FOUND);
    assert_string_equal(found->operation_id, "put");
    assert_string_equal(parameters[0], "jobs");
    assert_int_equal(find(METHOD_GET, "/v1/jobs/x/7"), ROUTE_NO_METHOD);
}

static void
finds_the_area_that_a_path_is_within(void **state)
{
    (void)state;
    static const struct route_area areas[] = {
        {"/v1/jobs/old", ERRORS_OPENAI}, {"/v1/jobs", ERRORS_EITHER}, {NULL, ERRORS_PROBLEM}};
    assert_ptr_equal(route_area_find(areas, "/v1/jobs/old"), &areas[0]);
    assert_ptr_equal(route_area_find(areas, "/v1/jobs/old/7"), &areas[0]);
    assert_ptr_equal(route_area_find(areas, "/v1/jobs/older"), &areas[1]);
    assert_ptr_equal(route_area_find(areas, "/v1/jobs/"), &areas[1]);
    assert_null(route_area_find(areas, "/v1/jobless"));
    assert_null(route_area_find(areas, "/v1"));
}

static int
index_tables(void **state)
{
    (void)state;
    index_of_tables = route_index_new(tables);
    return 0;
}

static int
free_index(void **state)
{
    (void)state;
    route_index_free(index_of_tables);
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_rows_in_all_tables),
        TEST(decodes_parameters_and_keeps_an_escaped_slash_inside),
        TEST(does_not_match_what_is_no_text),
        TEST(prefers_the_row_with_fewer_parameters),
        TEST(takes_a_trailing_slash_for_none),
        TEST(answers_head_where_get_is_answered),
        TEST(tells_a_wrong_method_from_a_wrong_path),
        TEST(finds_a_row_by_its_parameter_where_others_begin_so_too),
        TEST(finds_the_area_that_a_path_is_within),
    };
    return cmocka_run_group_tests(tests, index_tables, free_index);
}
