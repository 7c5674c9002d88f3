/* One look at a database by a connection of its own: for doctor, which has no pool. */
#ifndef HEARTH_STORE_PROBE_H
#define HEARTH_STORE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct store_probe_wish {
    const char *url, *setting; /* the setting's name, for complaints */
    bool session;              /* DATABASE_POOLING */
    bool is_read;              /* DATABASE_READ_URL */
    int64_t workers, pool_size;
};

struct store_probe {
    enum store_verdict verdict;
    char reason[400]; /* where it is away or does not fit: what the server said, what to do */
    const char *server, *role;
    bool is_standby, is_superuser; /* is_superuser: the role is bound by nothing */
};

/* Waits ten seconds at most. Texts are in the arena. */
void store_probe(const struct store_probe_wish *wish, struct arena *arena,
                 struct store_probe *probe);

#endif
