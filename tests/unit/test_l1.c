/* The L1 cache: what comes back, what goes, what never comes back wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/hash.h"
#include "host/l1.h"
#include "host/shared.h"

enum { NOW = 1000, LATER = 1000000 };

struct fixture {
    char directory[64];
    size_t l1_bytes;
    struct host *host;
    struct arena arena;
};

static int
set_up_bytes(void **state, size_t bytes)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error err = {0};
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/hearth-l1-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->l1_bytes = bytes;
    fixture->host = host_open(fixture->directory, bytes, &err);
    assert_non_null(fixture->host);
    *state = fixture;
    return 0;
}

static int
set_up(void **state)
{
    return set_up_bytes(state, 16 * 65536);
}

static int
set_up_without(void **state)
{
    return set_up_bytes(state, 0);
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/hearth-shared.%d-%zu", fixture->directory, HOST_LAYOUT,
             fixture->l1_bytes);
    host_close(fixture->host);
    arena_release(&fixture->arena);
    unlink(path);
    rmdir(fixture->directory);
    free(fixture);
    return 0;
}

static void
make_key(unsigned char *key, uint64_t number)
{
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t word = hash_seeded(&number, sizeof number, i + 1);
        memcpy(key + 8 * i, &word, 8);
    }
}

static void
put(struct fixture *fixture, uint64_t number, const char *text, uint32_t tag)
{
    unsigned char key[L1_KEY_BYTES];
    make_key(key, number);
    l1_put(fixture->host, key, text, strlen(text) + 1, tag, LATER);
}

static const char *
get(struct fixture *fixture, uint64_t number, int64_t now_us)
{
    unsigned char key[L1_KEY_BYTES];
    const void *value;
    size_t length;
    make_key(key, number);
    if (!l1_get(fixture->host, key, now_us, &fixture->arena, &value, &length))
        return NULL;
    assert_int_equal(length, strlen(value) + 1);
    return value;
}

static struct l1_stats
stats_of(struct fixture *fixture)
{
    struct l1_stats stats;
    l1_stats(fixture->host, &stats);
    return stats;
}

static void
gives_back_what_was_put(void **state)
{
    put(*state, 1, "one", 0);
    put(*state, 2, "two", 0);
    assert_string_equal(get(*state, 1, NOW), "one");
    assert_string_equal(get(*state, 2, NOW), "two");
    assert_null(get(*state, 3, NOW));
    assert_int_equal(stats_of(*state).hits, 2);
    assert_int_equal(stats_of(*state).misses, 1);
    assert_int_equal(stats_of(*state).entries, 2);
}

static void
gives_the_newest_value_of_a_key(void **state)
{
    put(*state, 1, "old", 0);
    put(*state, 1, "new", 0);
    assert_string_equal(get(*state, 1, NOW), "new");
    assert_int_equal(stats_of(*state).entries, 1);
}

static void
keeps_empty_and_largest_values_and_no_larger(void **state)
{
    struct fixture *fixture = *state;
    unsigned char key[L1_KEY_BYTES], *large = test_calloc(1, 65536 / 16 + 1);
    const void *value;
    size_t length;
    make_key(key, 1);
    l1_put(fixture->host, key, "", 0, 0, LATER);
    assert_true(l1_get(fixture->host, key, NOW, &fixture->arena, &value, &length));
    assert_int_equal(length, 0);
    memset(large, 'x', 65536 / 16 + 1);
    l1_put(fixture->host, key, large, 65536 / 16, 0, LATER);
    assert_true(l1_get(fixture->host, key, NOW, &fixture->arena, &value, &length));
    assert_int_equal(length, 65536 / 16);
    assert_memory_equal(value, large, length);
    make_key(key, 2);
    l1_put(fixture->host, key, large, 65536 / 16 + 1, 0, LATER);
    assert_false(l1_get(fixture->host, key, NOW, &fixture->arena, &value, &length));
    test_free(large);
}

static void
ends_an_entry_at_its_time(void **state)
{
    put(*state, 1, "one", 0);
    assert_non_null(get(*state, 1, LATER - 1));
    assert_null(get(*state, 1, LATER));
    assert_int_equal(stats_of(*state).entries, 0);
}

static void
removes_by_tag_and_all(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t i = 0; i < 30; i++)
        put(fixture, i, "value", (uint32_t)(i % 3));
    assert_int_equal(l1_remove_tag(fixture->host, 0), 10);
    assert_null(get(fixture, 3, NOW));
    assert_non_null(get(fixture, 4, NOW));
    assert_int_equal(l1_clear(fixture->host), 20);
    assert_null(get(fixture, 4, NOW));
    assert_int_equal(stats_of(fixture).entries, 0);
}

static void
stays_within_its_bytes_and_keeps_what_is_used(void **state)
{
    struct fixture *fixture = *state;
    char text[600];
    memset(text, 'v', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    put(fixture, 0, "used", 0);
    for (uint64_t i = 1; i < 20000; i++) {
        put(fixture, i, text, 0);
        assert_non_null(get(fixture, 0, NOW));
        arena_reset(&fixture->arena);
    }
    struct l1_stats stats = stats_of(fixture);
    assert_true(stats.bytes <= stats.capacity_bytes);
    assert_int_equal(stats.capacity_bytes, fixture->l1_bytes);
    assert_true(stats.entries > 1000 && stats.entries <= fixture->l1_bytes / 640);
    assert_true(stats.evictions > 10000);
    assert_null(get(fixture, 1, NOW));
}

static void
never_gives_a_damaged_value(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 1, "a value of some length", 0);
    size_t bytes = L1_SHARDS * fixture->host->l1_ring_bytes;
    unsigned char *found = memmem(fixture->host->l1_rings, bytes, "some length", 11);
    assert_non_null(found);
    *found ^= 1;
    assert_null(get(fixture, 1, NOW));
    assert_int_equal(stats_of(fixture).repairs, 1);
    assert_int_equal(stats_of(fixture).entries, 0);
    put(fixture, 1, "whole", 0);
    assert_string_equal(get(fixture, 1, NOW), "whole");
}

/* The last ring ends where the mapping does. */
static void
never_reads_past_the_end_of_a_ring(void **state)
{
    struct fixture *fixture = *state;
    size_t size = fixture->host->l1_ring_bytes;
    unsigned char key[L1_KEY_BYTES];
    unsigned char *ring = fixture->host->l1_rings + (L1_SHARDS - 1) * size, *found = NULL;
    uint64_t number = 0, first;
    while (!found || (size_t)(found - ring) < size - 1024) {
        do {
            make_key(key, ++number);
            memcpy(&first, key, sizeof first);
        } while (first % L1_SHARDS != L1_SHARDS - 1);
        put(fixture, number, "v", 0);
        found = memmem(ring, size, key, sizeof key);
        assert_non_null(found);
    }
    uint32_t damaged = 4096;
    memcpy(found + sizeof key, &damaged, sizeof damaged);
    assert_null(get(fixture, number, NOW));
}

static void
does_nothing_where_it_has_no_bytes(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 1, "one", 0);
    assert_null(get(fixture, 1, NOW));
    assert_int_equal(l1_clear(fixture->host), 0);
    assert_int_equal(stats_of(fixture).capacity_bytes, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(gives_back_what_was_put),
        TEST(gives_the_newest_value_of_a_key),
        TEST(keeps_empty_and_largest_values_and_no_larger),
        TEST(ends_an_entry_at_its_time),
        TEST(removes_by_tag_and_all),
        TEST(stays_within_its_bytes_and_keeps_what_is_used),
        TEST(never_gives_a_damaged_value),
        TEST(never_reads_past_the_end_of_a_ring),
        cmocka_unit_test_setup_teardown(does_nothing_where_it_has_no_bytes, set_up_without,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
