/* A slot is one word, so a second begins and counts by compare-and-swap:
 *
 *   bits 40-63  the second of the monotonic clock, modulo 2^24 (194 days)
 *   bits 20-39  all
 *   bits 0-19   some
 */
#include "host/window.h"

#include <stdbool.h>

enum {
    SECOND_SHIFT = 40,
    ALL_SHIFT = 20,
    COUNT_MAX = (1 << 20) - 1,
    SECOND_MASK = (1 << 24) - 1,
    AHEAD_MAX = 64, /* seconds; what is taken back belongs to one before the newest */
};

static int64_t
bounded(int64_t count)
{
    if (count < 0)
        return 0;
    return count > COUNT_MAX ? COUNT_MAX : count;
}

static struct window_counts
counts_of(uint64_t word)
{
    return (struct window_counts){.all = (int64_t)(word >> ALL_SHIFT & COUNT_MAX),
                                  .some = (int64_t)(word & COUNT_MAX)};
}

/* How many seconds ago the word's second was; a process whose clock was read a moment earlier than
 * another's finds it ahead, which is no age; a slot that was never used, or long ago, is old. */
static int64_t
age_of(uint64_t word, int64_t second)
{
    int64_t age = (second - (int64_t)(word >> SECOND_SHIFT)) & SECOND_MASK;
    return age > SECOND_MASK - AHEAD_MAX ? 0 : age;
}

void
window_add(const struct window *window, int64_t monotonic_us, struct window_counts counts)
{
    int64_t second = monotonic_us / 1000000;
    atomic_uint_fast64_t *slot = &window->slots[(uint64_t)second % window->seconds];
    uint64_t word = atomic_load(slot), next;
    do {
        bool is_over = age_of(word, second) > 0;
        struct window_counts seen = {0};
        if (!is_over)
            seen = counts_of(word);
        uint64_t stamp = is_over ? (uint64_t)second & SECOND_MASK : word >> SECOND_SHIFT;
        next = stamp << SECOND_SHIFT | (uint64_t)bounded(seen.all + counts.all) << ALL_SHIFT |
               (uint64_t)bounded(seen.some + counts.some);
    } while (!atomic_compare_exchange_weak(slot, &word, next));
}

struct window_counts
window_sum(const struct window *window, int64_t monotonic_us)
{
    int64_t second = monotonic_us / 1000000;
    struct window_counts sum = {0};
    for (size_t i = 0; i < window->seconds; i++) {
        uint64_t word = atomic_load(&window->slots[i]);
        if (age_of(word, second) >= (int64_t)window->seconds)
            continue;
        struct window_counts counts = counts_of(word);
        sum.all += counts.all;
        sum.some += counts.some;
    }
    return sum;
}
