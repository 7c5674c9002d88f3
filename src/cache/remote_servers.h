/* The list of memcached servers, as the settings write it. */
#ifndef HEARTH_CACHE_REMOTE_SERVERS_H
#define HEARTH_CACHE_REMOTE_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum { REMOTE_SERVERS_MAX = 16 };

struct remote_server {
    const char *name; /* as written */
    const char *host; /* or the path of a Unix socket */
    int port;         /* 0: a Unix socket */
};

struct remote_servers {
    struct remote_server items[REMOTE_SERVERS_MAX];
    size_t count;
};

/* Reads "host:port", "host", "[address]:port" and "/path.sock", between commas. false with
 * ERROR_INTERNAL. Texts live in the arena. */
bool remote_servers_parse(const char *list, struct arena *arena, struct remote_servers *servers,
                          struct error *err) __attribute__((warn_unused_result));

/* Whether one of them is neither a Unix socket nor a loopback address. */
bool remote_servers_span_hosts(const struct remote_servers *servers);

#endif
