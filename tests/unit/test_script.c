/* Where the statements of a file of SQL end. */
#include "store/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The statements as "line:text|...", which says all of it. */
static void
assert_statements(const char *text, const char *expected)
{
    struct script script = {text, text, 1};
    struct script_statement statement;
    char found[512] = "";
    while (script_next(&script, &statement)) {
        size_t length = strlen(found);
        snprintf(found + length, sizeof(found) - length, "%s%d:%.*s", length > 0 ? "|" : "",
                 statement.line, (int)statement.length, statement.text);
    }
    assert_string_equal(found, expected);
}

static void
splits_at_semicolons(void **state)
{
    (void)state;
    assert_statements("SELECT 1;SELECT 2", "1:SELECT 1|1:SELECT 2");
    assert_statements("", "");
    assert_statements(" \n;;\n ; ", "");
}

static void
counts_lines_past_comments(void **state)
{
    (void)state;
    assert_statements("-- a; b\n\nSELECT 1;\n/* c; /* d; */ e; */ SELECT\n2;\nSELECT 3;\n",
                      "3:SELECT 1|4:SELECT\n2|6:SELECT 3");
}

static void
leaves_quotes_whole(void **state)
{
    (void)state;
    assert_statements("SELECT 'a;''b;'; SELECT \"c;\"; SELECT 1",
                      "1:SELECT 'a;''b;'|1:SELECT \"c;\"|1:SELECT 1");
    assert_statements("SELECT E'a\\';b'; SELECT 'c\\'; SELECT date'd;'",
                      "1:SELECT E'a\\';b'|1:SELECT 'c\\'|1:SELECT date'd;'");
}

static void
leaves_bodies_of_functions_whole(void **state)
{
    (void)state;
    assert_statements("DO $$ a; $1; b $$; DO $x$ $$;$$ ; $x$; SELECT a$b;",
                      "1:DO $$ a; $1; b $$|1:DO $x$ $$;$$ ; $x$|1:SELECT a$b");
}

static void
ends_with_the_text_where_a_quote_does_not(void **state)
{
    (void)state;
    assert_statements("SELECT 'a; b", "1:SELECT 'a; b");
    assert_statements("SELECT $$ a; b", "1:SELECT $$ a; b");
    assert_statements("/* a; b", "");
    assert_statements("SELECT E'\\", "1:SELECT E'\\");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_at_semicolons),
        cmocka_unit_test(counts_lines_past_comments),
        cmocka_unit_test(leaves_quotes_whole),
        cmocka_unit_test(leaves_bodies_of_functions_whole),
        cmocka_unit_test(ends_with_the_text_where_a_quote_does_not),
    };
    return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
