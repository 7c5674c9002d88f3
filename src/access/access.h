/* The process-wide part of this layer: what tells who is calling, and keeps what was decided. */
#ifndef HEARTH_ACCESS_ACCESS_H
#define HEARTH_ACCESS_ACCESS_H

#include "access/hmac.h"
#include "base/error.h"
#include "base/settings.h"
#include "cache/cache.h"
#include "host/host.h"
#include "http/request.h"

struct caretaker;
struct google;
struct keyring;
struct store;
struct tokens;

/* What the last look at the revocations found. */
struct follower {
    int64_t *ids; /* in order */
    size_t count, capacity;
};

struct access {
    const struct settings *settings;
    struct host *host;
    struct cache *cache;
    struct store *store; /* NULL: there is no database */
    uint64_t process;    /* this one, as host/process.h names it */
    struct keyring *keyring;
    struct tokens *tokens;           /* NULL without a database */
    struct google *google;           /* NULL where GOOGLE_CLIENT_ID is empty */
    struct caretaker *caretaker;     /* NULL before access_attend() */
    struct hmac_key snapshot_key;    /* signs what is remembered of credentials */
    struct hmac_key idempotency_key; /* hides what is kept of requests */
    struct hmac_key wallet_key;      /* hides wallets that belong to no account */
    struct follower follower;        /* the duty's that follows revocations */
};

/* Borrows all that it is given, which must outlive it; store may be NULL. The caller owns the
 * result. NULL with err filled, among others where production has nothing that tells callers. */
struct access *access_open(const struct settings *settings, struct host *host, struct cache *cache,
                           struct store *store, struct error *err)
    __attribute__((warn_unused_result));
void access_close(struct access *access); /* NULL is fine */

/* Starts what must happen without a request (caretaker.h), where there is a database; to be called
 * once that is known to fit. false with ERROR_INTERNAL when a thread cannot be made. */
bool access_attend(struct access *access, struct error *err) __attribute__((warn_unused_result));

/* PUBLIC_URL, without a trailing slash; NULL where nobody has set it. */
const char *access_public_url(const struct settings *settings);

/* The store, for a handler: false with ERROR_WOULD_WAIT on the front lane, and with
 * ERROR_UNAVAILABLE where there is none. */
bool access_store(struct request *request, struct store **store, struct error *err)
    __attribute__((warn_unused_result));

#endif
