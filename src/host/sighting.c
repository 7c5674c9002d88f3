/* A cell is claimed by the random half of an id, and completed by whoever uses that id next: no
 * death leaves one that is wrong for longer. Two ids whose times were mixed by a race name no
 * credential, or one that is in use. */
#include "host/sighting.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/shared.h"

enum { PROBES = 16, NOTE_EVERY_US = 1000000 };
#define UNUSED_US INT64_C(600000000)

static bool
parse(const char *id, uint64_t *high, uint64_t *low)
{
    uint64_t words[2] = {0};
    size_t digits = 0;
    for (const char *at = id; *at; at++) {
        if (*at == '-')
            continue;
        int value = *at >= '0' && *at <= '9'   ? *at - '0'
                    : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10
                                               : -1;
        if (value < 0 || digits == 32)
            return false;
        words[digits / 16] = words[digits / 16] << 4 | (uint64_t)value;
        digits++;
    }
    *high = words[0];
    *low = words[1];
    return digits == 32 && *high != 0 && *low != 0;
}

static struct sighting_cell *
find(struct host *host, uint64_t low)
{
    for (size_t i = 0; i < PROBES; i++) {
        struct sighting_cell *cell = &host->shared->sightings[(low + i) % SIGHTING_CELLS];
        uint64_t seen = atomic_load(&cell->low);
        if (seen == low ||
            (seen == 0 && (atomic_compare_exchange_strong(&cell->low, &seen, low) || seen == low)))
            return cell;
    }
    return NULL;
}

void
sighting_note(struct host *host, const char *id, int64_t realtime_us)
{
    uint64_t high, low;
    struct sighting_cell *cell = parse(id, &high, &low) ? find(host, low) : NULL;
    if (!cell)
        return;
    if (atomic_load(&cell->high) != high)
        atomic_store(&cell->high, high);
    int64_t before_us = atomic_load(&cell->used_us);
    if (realtime_us - before_us >= NOTE_EVERY_US || realtime_us < before_us)
        atomic_store(&cell->used_us, realtime_us);
}

static void
format(char *id, uint64_t high, uint64_t low)
{
    snprintf(id, sizeof(((struct sighting *)0)->id),
             "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64, high >> 32,
             high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffffffffffff);
}

static void
make_room(struct sighting_cell *cell)
{
    atomic_store(&cell->used_us, 0);
    atomic_store(&cell->taken_us, 0);
    atomic_store(&cell->high, 0);
    atomic_store(&cell->low, 0);
}

size_t
sighting_take(struct host *host, int64_t realtime_us, int64_t every_us, struct sighting *sightings,
              size_t count)
{
    size_t taken = 0;
    for (size_t i = 0; i < SIGHTING_CELLS && taken < count; i++) {
        struct sighting_cell *cell = &host->shared->sightings[i];
        uint64_t high = atomic_load(&cell->high), low = atomic_load(&cell->low);
        int64_t used_us = atomic_load(&cell->used_us), taken_us = atomic_load(&cell->taken_us);
        if (low == 0)
            continue;
        if (high != 0 && used_us > taken_us && used_us - taken_us >= every_us) {
            atomic_store(&cell->taken_us, used_us);
            format(sightings[taken].id, high, low);
            sightings[taken++].at_us = used_us;
        } else if (realtime_us - used_us > UNUSED_US && used_us <= taken_us) {
            make_room(cell);
        }
    }
    return taken;
}
