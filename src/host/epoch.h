/* Per-name numbers that only grow: the time of the last invalidation, part of cache keys. */
#ifndef HEARTH_HOST_EPOCH_H
#define HEARTH_HOST_EPOCH_H

#include <stdint.h>

#include "host/host.h"

/* The epoch of a name; 0 when never raised. */
int64_t epoch_get(struct host *host, const char *name);

/* Raises it to value where that is greater. */
void epoch_raise(struct host *host, const char *name, int64_t value);

#endif
