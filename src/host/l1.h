/* The first tier of the response cache: host memory, bounded in bytes, evicting what was not used
 * lately, each entry with its own end. Keys are 32 uniformly distributed bytes. */
#ifndef HEARTH_HOST_L1_H
#define HEARTH_HOST_L1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "host/host.h"

enum { L1_KEY_BYTES = 32 };

struct l1_stats {
    uint64_t entries, bytes, capacity_bytes;
    uint64_t hits, misses, stores, evictions, repairs;
};

/* Copies the value into the arena. false: not there or past expires_us. */
bool l1_get(struct host *host, const unsigned char *key, int64_t realtime_us, struct arena *arena,
            const void **value, size_t *length);

/* Stores a value that ends at expires_us (time of day). Values over a sixteenth of a shard are not
 * kept. tag is a small number (the operation's) by which l1_remove_tag() finds it. */
void l1_put(struct host *host, const unsigned char *key, const void *value, size_t length,
            uint32_t tag, int64_t expires_us);

size_t l1_remove_tag(struct host *host, uint32_t tag);
size_t l1_clear(struct host *host);
void l1_stats(struct host *host, struct l1_stats *stats);

#endif
