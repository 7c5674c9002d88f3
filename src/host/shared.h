/* The layout of the mapped file; only src/host includes this. All of it is atomics, zero at first.
 * Whoever changes anything here, a row of the journal or the order of metrics raises HOST_LAYOUT.
 */
#ifndef HEARTH_HOST_SHARED_H
#define HEARTH_HOST_SHARED_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "host/flight.h"
#include "host/host.h"
#include "host/name.h"
#include "host/pair.h"
#include "host/permit.h"

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(atomic_uint_fast64_t) == 8,
               "atomics over processes must be lock-free");

enum { HOST_LAYOUT = 9, HOST_SHARED_BYTES = 5614528 };

enum {
    SERIES_MAX = 4096,
    HISTOGRAMS_MAX = 512,
    HISTOGRAM_BUCKETS = 22, /* the last one has no end */
    LIMIT_CELLS = 65536,
    BREAKERS_MAX = 256,
    EPOCHS_MAX = 256,
    LEASE_CELLS = 32768,
    CROWD_PLACES = 16384,
    L1_SHARDS = 16,
    PERMIT_GROUPS = 64,
    RETRY_SECONDS = 10,
    ERROR_SECONDS = 60,
    CHOICE_SLOTS = 64,
    CHOICE_WORDS = 6,
    PACES_MAX = 64,
    PACE_SECONDS = 61, /* the second that is not over counts as one more */
    FORGETTING_CELLS = 4096,
    SIGHTING_CELLS = 4096,
    FLIGHT_SLOTS = 4096,
    FLIGHT_HEAD_WORDS = offsetof(struct flight_record, spent) / 8,
    FLIGHT_SPENT_WORDS = sizeof(struct flight_spent) / 8,
    FLIGHT_COPIES = 2,
};

struct series {
    _Alignas(64) struct name name;
    atomic_uint_fast64_t value;
};

struct histogram {
    _Alignas(64) struct name name;
    atomic_uint_fast64_t sum_us;
    atomic_uint_fast64_t buckets[HISTOGRAM_BUCKETS];
};

struct breaker {
    _Alignas(64) struct name name;
    atomic_uint_fast64_t state; /* breaker.c tells its parts */
    atomic_int_fast64_t last_failure_us, last_success_us;
    atomic_uint_fast64_t successes, failures, opens, half_opens, closes;
    atomic_int_fast64_t threshold, recovery_ms, probe_ms, recovery_max_ms;
    atomic_int_fast64_t rest_until_us; /* monotonic; only grows but for a reset */
};

struct epoch {
    struct name name;
    atomic_int_fast64_t value;
};

/* Permits of one name: a word each, as permit.c tells. */
struct permit_group {
    _Alignas(64) struct name name;
    atomic_int_fast64_t limit; /* as last asked for */
    atomic_int_fast64_t looked_ms;
    _Alignas(64) _Atomic uint32_t turn; /* a futex: moves with each permit that comes back */
    atomic_uint_fast64_t slots[PERMITS_MAX];
};

struct choice_slot {
    atomic_uint_fast64_t check;
    atomic_uint_fast64_t words[CHOICE_WORDS];
};

struct pace {
    struct name name;
    atomic_uint_fast64_t slots[PACE_SECONDS];
};

/* When the credential with this id was last used, and up to when that was written down. */
struct sighting_cell {
    atomic_uint_fast64_t low, high; /* of the id */
    atomic_int_fast64_t used_us, taken_us;
};

struct flight_slot {
    _Alignas(64) atomic_uint_fast64_t head[FLIGHT_HEAD_WORDS]; /* of its struct flight_record */
    atomic_uint_fast64_t spent[FLIGHT_COPIES][FLIGHT_SPENT_WORDS];
    atomic_uint_fast64_t current; /* which copy of spent counts */
};

struct l1_shard {
    _Alignas(64) atomic_uint_fast64_t head; /* bytes ever handed out of the ring */
    atomic_uint_fast64_t backed;            /* bytes of the ring that have memory or disk */
    _Alignas(64) atomic_uint_fast64_t hits;
    atomic_uint_fast64_t misses, stores, evictions, repairs;
};

struct shared {
    uint64_t boot; /* written under the file's lock before anybody maps it */
    uint64_t seed;
    _Alignas(64) atomic_uint_fast64_t series_overflow; /* takes what a full table cannot */
    atomic_uint_fast64_t series_dropped;
    _Alignas(64) atomic_uint_fast64_t series_hashes[SERIES_MAX];
    struct series series[SERIES_MAX];
    atomic_uint_fast64_t histogram_hashes[HISTOGRAMS_MAX];
    struct histogram histograms[HISTOGRAMS_MAX];
    struct histogram histogram_overflow;
    atomic_uint_fast64_t breaker_hashes[BREAKERS_MAX];
    struct breaker breakers[BREAKERS_MAX];
    struct breaker breaker_overflow;
    atomic_uint_fast64_t epoch_hashes[EPOCHS_MAX];
    struct epoch epochs[EPOCHS_MAX];
    atomic_int_fast64_t epoch_overflow;
    atomic_uint_fast64_t pace_hashes[PACES_MAX];
    struct pace paces[PACES_MAX];
    struct pair limits[LIMIT_CELLS];
    struct pair leases[LEASE_CELLS];
    struct pair crowd[CROWD_PLACES];
    struct l1_shard l1[L1_SHARDS];
    atomic_uint_fast64_t permit_hashes[PERMIT_GROUPS];
    struct permit_group permits[PERMIT_GROUPS];
    struct permit_group permit_overflow;
    _Alignas(64) atomic_uint_fast64_t retry_slots[RETRY_SECONDS];
    _Alignas(64) atomic_uint_fast64_t error_slots[ERROR_SECONDS];
    _Alignas(64) atomic_uint_fast64_t choice_claims; /* slots ever handed out */
    atomic_uint_fast64_t choice_generation;
    struct choice_slot choices[CHOICE_SLOTS];
    _Alignas(64) atomic_uint_fast64_t journal_rows; /* ever handed out */
    atomic_uint_fast64_t journal_backed;            /* bytes of it that have memory or disk */
    atomic_int_fast64_t journal_from_us;            /* time of day: older rows are not shown */
    atomic_uint_fast64_t alert_cursor;              /* rows that were looked at for delivery */
    _Atomic uint32_t alert_turn;                    /* a futex: moves with each alert */
    _Alignas(64) atomic_int_fast64_t followed_us;   /* monotonic: revocations are known so far */
    atomic_int_fast64_t all_forgotten_us;
    _Alignas(64) atomic_int_fast64_t forgotten_us[FORGETTING_CELLS];
    struct sighting_cell sightings[SIGHTING_CELLS];
    atomic_uint_fast64_t flight_owners[FLIGHT_SLOTS]; /* 0: free; flight.c tells its parts */
    struct flight_slot flights[FLIGHT_SLOTS];
};

/* What one process knows of the file. Behind struct shared lie the index of the L1 cache, from
 * l1_rings_offset on its rings, and from journal_offset on the journal. */
struct host {
    struct shared *shared;
    size_t bytes;
    int fd;
    atomic_uint_fast64_t *l1_index; /* L1_SHARDS times l1_slots */
    unsigned char *l1_rings;
    size_t l1_slots;      /* of a shard: a power of two */
    size_t l1_ring_bytes; /* of a shard; 0: no L1 cache */
    size_t l1_rings_offset;
    struct journal_cell *journal; /* JOURNAL_ROWS */
    size_t journal_offset;
    _Atomic uint32_t flight_hint; /* one more than the slot to try first; 0: none yet */
};

#endif
