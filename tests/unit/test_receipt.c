/* Receipts as response headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ai/ai.h"

static const char *
header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->response.header_count; i++)
        if (strcmp(request->response.headers[i].name, name) == 0)
            return request->response.headers[i].value;
    return NULL;
}

static void
tells_a_cached_answer_and_its_age(void **state)
{
    (void)state;
    struct request request = {0};
    const struct receipt receipt = {.model = "gpt", .cache = CACHE_STATE_STALE, .age_s = 71};
    receipt_headers(&request, &receipt);
    assert_string_equal(header(&request, "X-Cache"), "stale");
    assert_string_equal(header(&request, "Age"), "71");
    assert_string_equal(header(&request, "X-Model"), "gpt");
    assert_string_equal(header(&request, "X-Attempts"), "0");
    arena_release(&request.arena);
}

static void
gives_a_fresh_answer_no_age(void **state)
{
    (void)state;
    struct request request = {0};
    const struct receipt receipt = {.model = "local", .cache = CACHE_STATE_MISS, .attempts = 3};
    receipt_headers(&request, &receipt);
    assert_string_equal(header(&request, "X-Cache"), "miss");
    assert_null(header(&request, "Age"));
    assert_string_equal(header(&request, "X-Attempts"), "3");
    arena_release(&request.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_cached_answer_and_its_age),
        cmocka_unit_test(gives_a_fresh_answer_no_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
