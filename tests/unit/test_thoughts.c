/* Thoughts of open models stay out of answers however the text is split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ai/thoughts.h"

static const char *
filter(const char *text, size_t piece, struct arena *arena)
{
    struct thoughts thoughts = {0};
    struct strbuf out;
    strbuf_init(&out, arena, 64);
    for (size_t at = 0, length = strlen(text); at < length; at += piece) {
        const char *part = arena_strndup(arena, text + at, strnlen(text + at, piece));
        strbuf_add_text(&out, thoughts_filter(&thoughts, part, arena));
    }
    strbuf_add_text(&out, thoughts_flush(&thoughts));
    return out.data;
}

static void
drops_thoughts_ahead_of_an_answer_only(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"<think>hm</think>\nYes.", "\nYes."},
        {" \n<think>a <b> </thin </think>Yes", "Yes"},
        {"<think><</</think>Yes", "Yes"},
        {"<think>for ever", ""},
        {"Yes <think>no</think>", "Yes <think>no</think>"},
        {"<thin", "<thin"},
        {"<thinking> is fun", "<thinking> is fun"},
        {" \n ", " \n "},
        {"", ""},
        {"<think></think><think>x</think>", "<think>x</think>"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t piece = 1; piece < 30; piece++) {
            struct arena arena = {0};
            assert_string_equal(filter(rows[i][0], piece, &arena), rows[i][1]);
            arena_release(&arena);
        }
}

static void
holds_no_more_white_space_than_it_must(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct thoughts thoughts = {0};
    char white[5001];
    memset(white, ' ', 5000);
    white[5000] = '\0';
    assert_string_equal(thoughts_filter(&thoughts, white, &arena), white);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_thoughts_ahead_of_an_answer_only),
        cmocka_unit_test(holds_no_more_white_space_than_it_must),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
