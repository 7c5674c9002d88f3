/* When credentials were last used, until a duty writes it down: noting one costs a few loads, and a
 * store a second. Where more are in use than there is room for, some are not noted. */
#ifndef HEARTH_HOST_SIGHTING_H
#define HEARTH_HOST_SIGHTING_H

#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

/* id is a UUID as text; anything else is not noted. */
void sighting_note(struct host *host, const char *id, int64_t realtime_us);

struct sighting {
    char id[37];
    int64_t at_us; /* time of day */
};

/* Takes up to count sightings that were not taken yet, each id's at most once in every_us. Those of
 * what has not been used for ten minutes make room. */
size_t sighting_take(struct host *host, int64_t realtime_us, int64_t every_us,
                     struct sighting *sightings, size_t count);

#endif
