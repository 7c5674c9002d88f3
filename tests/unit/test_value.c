/* How values cross to PostgreSQL and back. */
#include "store/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store.h"

static int
set_up(void **state)
{
    *state = xcalloc(1, sizeof(struct arena));
    return 0;
}

static int
tear_down(void **state)
{
    arena_release(*state);
    free(*state);
    return 0;
}

static void
writes_integers_as_text(void **state)
{
    assert_string_equal(store_integer(*state, INT64_MIN), "-9223372036854775808");
    assert_string_equal(store_integer(*state, 0), "0");
}

static void
reads_the_bytes_that_it_wrote(void **state)
{
    unsigned char all[256];
    struct bytes bytes;
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    assert_true(value_bytes(store_bytes(*state, all, sizeof(all)), *state, &bytes));
    assert_int_equal(bytes.length, sizeof(all));
    assert_memory_equal(bytes.data, all, sizeof(all));
}

static void
reads_no_bytes_as_none_that_are_there(void **state)
{
    struct bytes bytes = {0};
    assert_true(value_bytes("\\x", *state, &bytes));
    assert_int_equal(bytes.length, 0);
    assert_non_null(bytes.data);
}

static void
refuses_bytes_of_another_form(void **state)
{
    static const char *const wrong[] = {"",      "\\",    "x6869",   "\\x6",
                                        "\\xzz", "\\X68", "hi\\000", "\\x68 69"};
    struct bytes bytes;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(value_bytes(wrong[i], *state, &bytes));
}

static void
reads_the_texts_that_it_wrote(void **state)
{
    static const char *const texts[] = {"one",  "two, three", "",  "a \"b\" \\ {c}",
                                        "NULL", "é\n",        NULL};
    struct list list;
    assert_true(value_texts(store_texts(*state, texts), *state, &list));
    const char *const *items = list.items;
    assert_int_equal(list.count, 6);
    for (size_t i = 0; i < list.count; i++)
        assert_string_equal(items[i], texts[i]);
    assert_null(items[list.count]);
}

static void
reads_texts_as_postgresql_writes_them(void **state)
{
    struct list list;
    assert_true(value_texts("{text,gateway,\"a,b\",\"\"}", *state, &list));
    const char *const *items = list.items;
    assert_int_equal(list.count, 4);
    assert_string_equal(items[0], "text");
    assert_string_equal(items[2], "a,b");
    assert_string_equal(items[3], "");
    assert_true(value_texts("{}", *state, &list));
    assert_int_equal(list.count, 0);
    assert_non_null(list.items);
}

static void
refuses_texts_of_another_form(void **state)
{
    static const char *const wrong[] = {"",         "{",           "}",     "{a",        "{a,}",
                                        "{,a}",     "{a}b",        "{\"a}", "{{a},{b}}", "{a,NULL}",
                                        "{\"a\"b}", "[0:1]={a,b}", "{a\\",  "{a\"b\"}",  "{}{}"};
    struct list list;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (value_texts(wrong[i], *state, &list))
            fail_msg("took %s", wrong[i]);
}

static void
reads_whole_integers_only(void **state)
{
    static const char *const wrong[] = {"", " 1", "1 ", "1.0", "x", "9223372036854775808", "+1"};
    int64_t value;
    (void)state;
    assert_true(value_integer("-9223372036854775808", &value));
    assert_int_equal(value, INT64_MIN);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(value_integer(wrong[i], &value));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_integers_as_text),
        TEST(reads_the_bytes_that_it_wrote),
        TEST(reads_no_bytes_as_none_that_are_there),
        TEST(refuses_bytes_of_another_form),
        TEST(reads_the_texts_that_it_wrote),
        TEST(reads_texts_as_postgresql_writes_them),
        TEST(refuses_texts_of_another_form),
        TEST(reads_whole_integers_only),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
