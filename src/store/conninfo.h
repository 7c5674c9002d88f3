/* A connection string of libpq, taken apart into one for each host that it names: libpq goes to the
 * next host when one refuses, but a caller that waits by itself must end a silent one's try. */
#ifndef HEARTH_STORE_CONNINFO_H
#define HEARTH_STORE_CONNINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { CONNINFO_HOSTS_MAX = 16, CONNINFO_OPTIONS_MAX = 64 };

/* What PQconnectStartParams() is given. */
struct conninfo_host {
    const char *keywords[CONNINFO_OPTIONS_MAX + 1], *values[CONNINFO_OPTIONS_MAX + 1];
};

struct conninfo {
    struct conninfo_host *hosts;
    size_t host_count;
    const char *user;     /* NULL: whoever libpq takes */
    bool prefers_standby; /* the first half of hosts are wanted as standbys, the rest as any */
};

struct conninfo_wish {
    const char *text;    /* the connection string */
    const char *setting; /* its name, for complaints */
    bool session;        /* the connection is to a session: options may be set at its start */
    int64_t statement_timeout_ms; /* with session; 0: the server's own */
};

/* Texts go to the arena. false with ERROR_INTERNAL naming the setting, never what it says. */
bool conninfo_parse(const struct conninfo_wish *wish, struct arena *arena,
                    struct conninfo *conninfo, struct error *err)
    __attribute__((warn_unused_result));

#endif
