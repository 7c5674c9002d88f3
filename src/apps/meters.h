/* What the dispatcher counts: requests by route and status, their durations by lane. Cells are
 * looked up once a process and then kept, so that counting is one atomic addition. */
#ifndef HEARTH_APPS_METERS_H
#define HEARTH_APPS_METERS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"
#include "http/route.h"

struct meters;

/* The caller owns the result; safe for all threads. */
struct meters *meters_new(struct host *host);
void meters_free(struct meters *meters);

/* Counts an answer; route NULL for a path that is none. waited: on the waiting lane. */
void meters_count(struct meters *meters, const struct route *route, int status, bool waited,
                  int64_t duration_us);

#endif
