/* How many things of one name are going on at once over all workers of the host, for any number of
 * names: the streams of a caller. What a process that died was doing counts no more. */
#ifndef HEARTH_HOST_CROWD_H
#define HEARTH_HOST_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

enum { CROWD_LIMIT_MAX = 256 }; /* of one name */

struct crowd_place {
    struct host *host;
    uint64_t name, holder; /* holder 0: nobody is in it */
    uint32_t number;
};

/* Enters where fewer than limit of this name are in; for ttl_ms at most. Two that come at the same
 * moment for the last place may both be refused, never both let in. */
bool crowd_enter(struct host *host, const char *name, int64_t limit, int64_t ttl_ms,
                 struct crowd_place *place) __attribute__((warn_unused_result));

/* Nothing where it is not held. */
void crowd_leave(struct crowd_place *place);

#endif
