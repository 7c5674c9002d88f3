/* The client's body as part of the cache's key. */
#include "apps/gateway/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct request request;

static int
clean(void **state)
{
    (void)state;
    arena_release(&request.arena);
    return 0;
}

static const char *
canonical(const char *body)
{
    struct error err = {0};
    request.body_length = strlen(body);
    request.document = schema_parse(body, strlen(body), &request.arena, &err);
    assert_non_null(request.document);
    return gateway_canonical(&request);
}

static void
is_the_same_in_any_order_and_for_any_model(void **state)
{
    (void)state;
    assert_string_equal(
        canonical("{\"b\": [1, 2], \"model\": \"x\", \"a\": {\"d\": 1, \"c\": null}}"),
        "{\"a\":{\"c\":null,\"d\":1},\"b\":[1,2]}");
    assert_string_equal(canonical("{\"b\": [2, 1]}"), "{\"b\":[2,1]}");
}

static void
writes_a_whole_number_in_one_way(void **state)
{
    (void)state;
    static const char *const zeros[] = {"0", "0.0", "0e0", "-0.0", "0.00"};
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
        assert_string_equal(
            canonical(arena_printf(&request.arena, "{\"temperature\":%s}", zeros[i])),
            "{\"temperature\":0}");
    assert_string_equal(canonical("{\"top_p\":1.0,\"n\":1}"), "{\"n\":1,\"top_p\":1}");
    assert_string_equal(canonical("{\"temperature\":0.5}"), "{\"temperature\":0.5}");
}

static void
leaves_the_request_as_it_came(void **state)
{
    (void)state;
    (void)canonical("{\"model\":\"x\",\"temperature\":0.0}");
    assert_true(json_is_real(json_object_get(request.document, "temperature")));
    assert_non_null(json_object_get(request.document, "model"));
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_the_same_in_any_order_and_for_any_model),
        TEST(writes_a_whole_number_in_one_way),
        TEST(leaves_the_request_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
