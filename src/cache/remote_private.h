/* What the files of the memcached tier share. Not for others. */
#ifndef HEARTH_CACHE_REMOTE_PRIVATE_H
#define HEARTH_CACHE_REMOTE_PRIVATE_H

#include "cache/clients.h"
#include "cache/remote.h"
#include "cache/remote_servers.h"
#include "host/breaker.h"

enum { REMOTE_PREFIX_BYTES = 100 };

struct remote {
    struct host *host;
    char prefix[REMOTE_PREFIX_BYTES];
    struct remote_servers servers;
    struct breaker *breakers[REMOTE_SERVERS_MAX];
    struct clients clients;
    struct arena arena;
};

enum call_kind { CALL_GET, CALL_SET, CALL_STORE, CALL_ADD, CALL_DELETE, CALL_READ, CALL_SWAP };

struct call {
    enum call_kind kind;
    const char *key, *value;
    size_t value_bytes;
    int64_t ttl_s;
    uint64_t version; /* of CALL_READ: what it found; of CALL_SWAP: what must be there still */
    char *found;      /* of CALL_GET and CALL_READ: to be freed */
    size_t found_bytes;
};

/* Makes the call under its server's breaker. */
enum remote_result remote_run(struct remote *remote, struct call *call);

#endif
