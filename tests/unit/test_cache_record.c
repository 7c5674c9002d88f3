/* The format of cached values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "cache/record.h"

static const unsigned char key[32] = {1, 2, 3, 4, 5, 6, 7, 8};
static const struct record_compression small_ones = {.threshold_bytes = 100, .level = 1};

static void
gives_back_what_was_packed(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct record record = {"an answer", 9, 1000, 2000}, read;
    size_t length;
    void *bytes = record_pack(&record, key, NULL, NULL, &length);
    assert_true(record_unpack(bytes, length, key, NULL, &arena, &read));
    assert_int_equal(read.length, 9);
    assert_string_equal(read.data, "an answer");
    assert_int_equal(read.stored_us, 1000);
    assert_int_equal(read.fresh_until_us, 2000);
    free(bytes);
    arena_release(&arena);
}

static void *
pack_long(struct codec *codec, size_t *length, char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] = "the same words "[i % 15];
    struct record record = {text, size, 1, 2};
    return record_pack(&record, key, codec, &small_ones, length);
}

static void
compresses_past_the_threshold(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct codec codec = {0};
    char text[5000];
    struct record read;
    size_t length;
    void *bytes = pack_long(&codec, &length, text, sizeof(text));
    assert_true(length < 500);
    assert_true(record_unpack(bytes, length, key, &codec, &arena, &read));
    assert_int_equal(read.length, sizeof(text));
    assert_memory_equal(read.data, text, sizeof(text));
    free(bytes);
    bytes = pack_long(&codec, &length, text, 99);
    assert_true(length > 99);
    free(bytes);
    codec_release(&codec);
    arena_release(&arena);
}

static void
leaves_what_does_not_shrink_as_it_is(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct codec codec = {0};
    char noise[300];
    uint32_t x = 7;
    for (size_t i = 0; i < sizeof(noise); i++) {
        x = x * 1664525 + 1013904223;
        noise[i] = (char)(x >> 24);
    }
    struct record record = {noise, sizeof(noise), 1, 2}, read;
    size_t length;
    void *bytes = record_pack(&record, key, &codec, &small_ones, &length);
    assert_true(record_unpack(bytes, length, key, NULL, &arena, &read));
    assert_memory_equal(read.data, noise, sizeof(noise));
    free(bytes);
    codec_release(&codec);
    arena_release(&arena);
}

static void
refuses_any_flipped_bit_and_any_shortening(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct codec codec = {0};
    char text[400];
    struct record read;
    size_t length;
    for (size_t size = 40; size <= 400; size += 360) {
        unsigned char *bytes = pack_long(&codec, &length, text, size);
        for (size_t bit = 0; bit < length * 8; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            assert_false(record_unpack(bytes, length, key, &codec, &arena, &read));
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        for (size_t cut = 0; cut < length; cut++)
            assert_false(record_unpack(bytes, cut, key, &codec, &arena, &read));
        assert_true(record_unpack(bytes, length, key, &codec, &arena, &read));
        free(bytes);
    }
    codec_release(&codec);
    arena_release(&arena);
}

static void
refuses_the_value_of_another_key(void **state)
{
    (void)state;
    struct arena arena = {0};
    static const unsigned char other[32] = {1, 2, 3, 4, 5, 6, 7, 9};
    struct record record = {"an answer", 9, 1000, 2000}, read;
    size_t length;
    void *bytes = record_pack(&record, key, NULL, NULL, &length);
    assert_false(record_unpack(bytes, length, other, NULL, &arena, &read));
    free(bytes);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_packed),
        cmocka_unit_test(compresses_past_the_threshold),
        cmocka_unit_test(leaves_what_does_not_shrink_as_it_is),
        cmocka_unit_test(refuses_any_flipped_bit_and_any_shortening),
        cmocka_unit_test(refuses_the_value_of_another_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
