/* The growable text: always ended by a NUL, whatever is added. */
#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
is_an_empty_text_at_first(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct strbuf text;
    strbuf_init(&text, &arena, 0);
    assert_string_equal(text.data, "");
    assert_int_equal(text.length, 0);
    arena_release(&arena);
}

static void
keeps_its_content_while_it_grows_past_other_blocks(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct strbuf text;
    strbuf_init(&text, &arena, 1);
    for (int i = 0; i < 10000; i++) {
        strbuf_add_char(&text, (char)('a' + i % 26));
        if (i % 1000 == 0)
            arena_alloc(&arena, 100);
        assert_int_equal(text.data[text.length], '\0');
    }
    for (int i = 0; i < 10000; i++)
        assert_int_equal(text.data[i], 'a' + i % 26);
    arena_release(&arena);
}

static void
writes_integers_to_their_limits(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct strbuf text;
    strbuf_init(&text, &arena, 0);
    strbuf_add_integer(&text, 0);
    strbuf_add_char(&text, ' ');
    strbuf_add_integer(&text, INT64_MIN);
    strbuf_add_char(&text, ' ');
    strbuf_add_integer(&text, INT64_MAX);
    assert_string_equal(text.data, "0 -9223372036854775808 9223372036854775807");
    arena_release(&arena);
}

static void
prints_exactly_to_its_capacity(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (int width = 0; width < 70; width++) {
        struct strbuf text;
        strbuf_init(&text, &arena, 16);
        strbuf_printf(&text, "%*s", width, "");
        strbuf_printf(&text, "%s", "end");
        assert_int_equal(text.length, width + 3);
        assert_string_equal(text.data + width, "end");
    }
    arena_release(&arena);
}

static void
holds_nul_bytes_and_shortens(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct strbuf text;
    strbuf_init(&text, &arena, 0);
    strbuf_add(&text, "a\0b", 3);
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.data, "a\0b", 4);
    strbuf_truncate(&text, 1);
    assert_string_equal(text.data, "a");
    strbuf_add(&text, NULL, 0);
    assert_int_equal(text.length, 1);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_an_empty_text_at_first),
        cmocka_unit_test(keeps_its_content_while_it_grows_past_other_blocks),
        cmocka_unit_test(writes_integers_to_their_limits),
        cmocka_unit_test(prints_exactly_to_its_capacity),
        cmocka_unit_test(holds_nul_bytes_and_shortens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
