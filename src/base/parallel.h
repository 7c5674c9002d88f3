/* Bounded concurrency over the items of one piece of work: short-lived threads with small stacks,
 * the caller's among them, so that no work is stuck when no thread can be made. */
#ifndef HEARTH_BASE_PARALLEL_H
#define HEARTH_BASE_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>

enum { PARALLEL_THREADS_MAX = 64 };

struct parallel_work {
    size_t count;       /* items */
    size_t concurrency; /* items at once, at least 1; more than PARALLEL_THREADS_MAX counts as it */
    void (*run)(void *data, size_t index);
    bool (*stopped)(void *data); /* asked before each item; true starts no further one; or NULL */
    void *data;
};

/* Runs the items, which start in order, and returns when all that were started have ended. run and
 * stopped are called from several threads at once. Returns how many ran: the first so many. */
size_t parallel_for(const struct parallel_work *work);

#endif
