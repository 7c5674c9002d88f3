/* Leases: identical work in flight on one host is done by one process while the others wait for its
 * end on a futex. A lease whose holder died or went silent runs out and the next one takes it. */
#ifndef HEARTH_HOST_LEASE_H
#define HEARTH_HOST_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

struct lease {
    struct host *host;
    uint32_t cell;
    uint64_t ticket; /* 0: not held */
};

/* Takes the lease for key (32 bytes) for ttl_ms; true: the caller leads and must release. false:
 * somebody else works on it. When the table of cells is full everybody leads. */
bool lease_take(struct host *host, const unsigned char *key, int64_t ttl_ms, struct lease *lease)
    __attribute__((warn_unused_result));

/* Pushes the end to ttl_ms from now; false when it was lost meanwhile. */
bool lease_renew(struct lease *lease, int64_t ttl_ms);

/* Ends the lease and wakes those who wait. */
void lease_release(struct lease *lease);

/* Waits until the lease on key ends, however it ends, or timeout_ms pass. true: it ended. */
bool lease_wait(struct host *host, const unsigned char *key, int64_t timeout_ms);

#endif
