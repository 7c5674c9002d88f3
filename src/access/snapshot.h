/* What is remembered of a credential, as bytes that nobody without the key can make or change, and
 * that are good for one credential only. */
#ifndef HEARTH_ACCESS_SNAPSHOT_H
#define HEARTH_ACCESS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/caller.h"
#include "access/hmac.h"
#include "base/arena.h"

enum snapshot_state {
    SNAPSHOT_UNKNOWN, /* there is no such credential */
    SNAPSHOT_GOOD,
    SNAPSHOT_ENDED,  /* revoked, or its sign-in is over */
    SNAPSHOT_CLOSED, /* its account may no more */
    SNAPSHOT_STATES,
};

struct snapshot {
    enum snapshot_state state;
    struct caller caller; /* without method and key_prefix */
    int64_t expires_us;   /* time of day; 0: never */
    int64_t taken_us;     /* clock_monotonic_us() before the database was asked */
};

enum {
    SNAPSHOT_NAME_BYTES = 32, /* of what it is kept under */
    SNAPSHOT_MODELS_MAX = 50,
    SNAPSHOT_MODELS_BYTES = 2500, /* of all their names, so that it fits into host memory */
};

/* The bytes, in the arena. */
const void *snapshot_encode(const struct snapshot *snapshot, const struct hmac_key *key,
                            const unsigned char name[SNAPSHOT_NAME_BYTES], struct arena *arena,
                            size_t *length) __attribute__((returns_nonnull));

/* Reads them; texts are borrowed from the bytes, the list of models is in the arena. false for
 * bytes that were not made with this key under this name. */
bool snapshot_decode(const void *bytes, size_t length, const struct hmac_key *key,
                     const unsigned char name[SNAPSHOT_NAME_BYTES], struct arena *arena,
                     struct snapshot *snapshot) __attribute__((warn_unused_result));

#endif
