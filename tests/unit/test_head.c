/* What is found of a request's head. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char *const sent[] = {"REQUEST_METHOD=GET",
                             "CONTENT_TYPE=",
                             "HTTP_COOKIE=a=b",
                             "HTTP_X_ANOTHER=",
                             "HTTP_AUTHORIZATION=",
                             "HTTP_ACCEPT=first",
                             "=nameless",
                             "valueless",
                             "HTTPS=on",
                             "HTTP_ACCEPT=another",
                             NULL};

static char *const *
list(void *carrier)
{
    return carrier;
}

static const char *
answer_one(void *carrier, const char *name)
{
    (void)carrier;
    if (strcmp(name, "HTTPS") == 0)
        return "";
    return strcmp(name, "HTTP_COOKIE") == 0 ? "c=d" : NULL;
}

static const struct transport listing = {.parameters = list, .parameter = answer_one};
static const struct transport asked = {.parameter = answer_one};

static struct request request;
static struct head head;

static int
read_sent(void **state)
{
    (void)state;
    request = (struct request){.transport = &listing, .carrier = (void *)sent};
    head_read(&head, &request);
    request.head = &head;
    return 0;
}

static int
clean(void **state)
{
    (void)state;
    arena_release(&request.arena);
    return 0;
}

static void
finds_what_was_sent_by_its_name(void **state)
{
    (void)state;
    assert_string_equal(head.values[HEAD_METHOD], "GET");
    assert_string_equal(head.values[HEAD_HTTPS], "on");
    assert_string_equal(request_header(&request, "COOKIE"), "a=b");
    assert_null(request_header(&request, "COOKIES"));
    assert_null(request_header(&request, "X_ANOTHE"));
    assert_null(head.values[HEAD_ORIGIN]);
}

static void
takes_the_last_of_variables_that_were_sent_twice(void **state)
{
    (void)state;
    assert_string_equal(head.values[HEAD_ACCEPT], "another");
    assert_string_equal(request_header(&request, "ACCEPT"), "another");
}

static void
takes_an_empty_field_for_one_that_is_not_there(void **state)
{
    (void)state;
    assert_null(head.values[HEAD_CONTENT_TYPE]);
    assert_null(request_header(&request, "CONTENT_TYPE"));
    assert_null(request_header(&request, "AUTHORIZATION"));
    assert_string_equal(request_header(&request, "X_ANOTHER"), "");
}

static void
counts_the_headers_of_the_client_only(void **state)
{
    (void)state;
    assert_int_equal(head.header_count, 5);
}

static void
asks_a_carrier_that_cannot_list(void **state)
{
    (void)state;
    request.transport = &asked;
    head_read(&head, &request);
    assert_null(head.values[HEAD_METHOD]);
    assert_null(head.values[HEAD_HTTPS]);
    assert_string_equal(request_header(&request, "COOKIE"), "c=d");
    assert_int_equal(head.header_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, read_sent, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_what_was_sent_by_its_name),
        TEST(takes_the_last_of_variables_that_were_sent_twice),
        TEST(takes_an_empty_field_for_one_that_is_not_there),
        TEST(counts_the_headers_of_the_client_only),
        TEST(asks_a_carrier_that_cannot_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
