/* How long one request waits for the database in all. A call has DATABASE_TIMEOUT; calls of the
 * same request that follow one that waited in vain must end by the same time, so that a server that
 * does not answer costs a request that time once, however many calls it makes. */
#ifndef HEARTH_STORE_PATIENCE_H
#define HEARTH_STORE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* When a call with this arena has to end: its deadline, or earlier (clock_monotonic_us()). Arenas
 * without store_join() have all the patience there is. */
int64_t patience_deadline(const struct arena *arena, int64_t deadline_us);

/* A call was answered, or waited until its deadline in vain. */
void patience_renew(const struct arena *arena);
void patience_end(const struct arena *arena, int64_t deadline_us);

#endif
