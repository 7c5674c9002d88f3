/* Counts of two kinds over the last seconds: a ring of words, one for each second, so that old
 * seconds go by being written over. Private to src/host. */
#ifndef HEARTH_HOST_WINDOW_H
#define HEARTH_HOST_WINDOW_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct window {
    atomic_uint_fast64_t *slots; /* in the mapped file */
    size_t seconds;              /* how many slots there are, and how far back a sum reaches */
};

/* How many of all and, among or beside them, of some; each at most a million in a second. */
struct window_counts {
    int64_t all, some;
};

/* Adds to the second that monotonic_us lies in. Counts may be negative to take back what was added
 * within the window; never below zero. */
void window_add(const struct window *window, int64_t monotonic_us, struct window_counts counts);
struct window_counts window_sum(const struct window *window, int64_t monotonic_us);

#endif
