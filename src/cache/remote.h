/* The memcached servers, as a tier that may be gone: every call ends within 50 ms, and a breaker a
 * server makes the next ones cost nothing while it is not there. */
#ifndef HEARTH_CACHE_REMOTE_H
#define HEARTH_CACHE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "cache/record.h"
#include "cache/remote_servers.h"
#include "host/breaker.h"
#include "host/host.h"

struct remote;

enum remote_result {
    REMOTE_DONE,  /* found, stored, deleted */
    REMOTE_OTHER, /* not there; or, to add, already there */
    REMOTE_DOWN,  /* not reached, or resting: nothing is known */
};

enum { REMOTE_KEY_BYTES = 251 };

/* Makes no connection yet. The caller owns the result. NULL with ERROR_INTERNAL for a list of
 * servers that cannot be read. */
struct remote *remote_open(const char *servers, const char *prefix, struct host *host,
                           struct error *err) __attribute__((warn_unused_result));
void remote_close(struct remote *remote);

/* Reads and writes records of a 32-byte key. Storing asks for no reply. */
enum remote_result remote_load(struct remote *remote, const unsigned char *key, struct arena *arena,
                               struct record *record);
enum remote_result remote_store(struct remote *remote, const unsigned char *key,
                                const struct record *record,
                                const struct record_compression *compression, int64_t ttl_s);

/* Numbers by name ("epoch:all"): kept for ever, unless ttl_s is given. remote_add_number() sets
 * only what is not there. */
enum remote_result remote_number(struct remote *remote, const char *name, int64_t *number);
enum remote_result remote_set_number(struct remote *remote, const char *name, int64_t number,
                                     int64_t ttl_s);
enum remote_result remote_add_number(struct remote *remote, const char *name, int64_t number,
                                     int64_t ttl_s);

/* A number that is changed by compare-and-swap: remote_swap_number() is REMOTE_OTHER when another
 * one was there than was read. */
struct remote_number {
    int64_t value;
    uint64_t version;
};
enum remote_result remote_read_number(struct remote *remote, const char *name,
                                      struct remote_number *number);
enum remote_result remote_swap_number(struct remote *remote, const char *name,
                                      const struct remote_number *number, int64_t ttl_s);

enum remote_result remote_delete(struct remote *remote, const char *name);

/* Whether a server beyond this host is among them. */
bool remote_spans_hosts(const struct remote *remote);

/* false when no server may be asked now. Asks nobody. */
bool remote_is_awake(struct remote *remote);

/* What a server says of itself, and how its breaker stands. */
struct remote_server_view {
    const char *name;
    struct breaker_view breaker;
    bool answers; /* the figures below hold */
    int64_t items, bytes, bytes_max, connections, evictions;
};

/* Asks every server for its figures, within 50 ms each. Fills views, of which there must be room
 * for REMOTE_SERVERS_MAX, and returns how many. */
size_t remote_server_views(struct remote *remote, struct remote_server_view *views);

#endif
