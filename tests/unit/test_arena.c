/* The arena: what it promises of memory, order and end. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
gives_zeroed_memory_again_after_a_reset(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (int round = 0; round < 2; round++) {
        unsigned char *block = arena_alloc(&arena, 1000);
        for (int i = 0; i < 1000; i++)
            assert_int_equal(block[i], 0);
        memset(block, 0xff, 1000);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

static void
ends_texts_in_memory_that_was_used_before(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *block = arena_alloc(&arena, 1000);
    memset(block, 'x', 1000);
    assert_null(memchr(block, '\0', 1000));
    arena_reset(&arena);
    assert_string_equal(arena_strndup(&arena, "abc", 2), "ab");
    assert_string_equal(arena_printf(&arena, "%d", 7), "7");
    char *bytes = arena_bytes(&arena, 100);
    assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
    arena_release(&arena);
}

static void
aligns_every_block_for_any_type(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (size_t size = 0; size < 100; size++)
        assert_int_equal((uintptr_t)arena_alloc(&arena, size) % alignof(max_align_t), 0);
    arena_release(&arena);
}

static void
serves_blocks_larger_than_a_chunk(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *small = arena_strdup(&arena, "small");
    char *large = arena_alloc(&arena, 1 << 20);
    large[(1 << 20) - 1] = 'x';
    assert_string_equal(small, "small");
    assert_true(arena.used_bytes >= 1 << 20);
    arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    arena_release(&arena);
}

static void
keeps_room_for_all_that_was_needed_before(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (int i = 0; i < 4; i++)
        arena_alloc(&arena, 4000);
    arena_alloc(&arena, 1 << 20);
    arena_reset(&arena);
    const struct arena_chunk *kept = arena.chunk;
    for (int i = 0; i < 4; i++)
        arena_alloc(&arena, 4000);
    assert_ptr_equal(arena.chunk, kept);
    arena_release(&arena);
    assert_null(arena.chunk);
}

static void
grows_the_newest_block_in_place_and_copies_an_older_one(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *first = arena_strdup(&arena, "0123456789abcde");
    assert_ptr_equal(arena_grow(&arena, first, 16, 64), first);
    assert_int_equal(first[63], 0);
    arena_alloc(&arena, 1);
    char *moved = arena_grow(&arena, first, 64, 128);
    assert_ptr_not_equal(moved, first);
    assert_string_equal(moved, "0123456789abcde");
    assert_string_equal(first, "0123456789abcde");
    arena_release(&arena);
}

static void
grows_nothing_into_a_block(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_non_null(arena_grow(&arena, NULL, 0, 10));
    arena_release(&arena);
}

static char order[8];

static void
remember(void *data)
{
    strncat(order, data, 1);
}

static void
runs_deferred_calls_last_to_first_and_once(void **state)
{
    (void)state;
    struct arena arena = {0};
    order[0] = '\0';
    arena_defer(&arena, remember, "a");
    arena_defer(&arena, remember, "b");
    arena_defer(&arena, remember, "c");
    arena_reset(&arena);
    assert_string_equal(order, "cba");
    arena_release(&arena);
    assert_string_equal(order, "cba");
}

static void
has_what_was_attached_until_its_reset(void **state)
{
    (void)state;
    struct arena arena = {0};
    static const int number, other;
    assert_null(arena_attached(&arena, &number));
    arena_attach(&arena, &number, order);
    arena_attach(&arena, &other, &arena);
    assert_ptr_equal(arena_attached(&arena, &number), order);
    assert_ptr_equal(arena_attached(&arena, &other), &arena);
    arena_reset(&arena);
    assert_null(arena_attached(&arena, &number));
    arena_release(&arena);
}

static void
prints_and_copies_texts(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_string_equal(arena_printf(&arena, "%d %s", 7, "x"), "7 x");
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_strdup(&arena, ""), "");
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_memory_again_after_a_reset),
        cmocka_unit_test(ends_texts_in_memory_that_was_used_before),
        cmocka_unit_test(aligns_every_block_for_any_type),
        cmocka_unit_test(serves_blocks_larger_than_a_chunk),
        cmocka_unit_test(keeps_room_for_all_that_was_needed_before),
        cmocka_unit_test(grows_the_newest_block_in_place_and_copies_an_older_one),
        cmocka_unit_test(grows_nothing_into_a_block),
        cmocka_unit_test(runs_deferred_calls_last_to_first_and_once),
        cmocka_unit_test(has_what_was_attached_until_its_reset),
        cmocka_unit_test(prints_and_copies_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
