/* Inside of src/store: what its files share. */
#ifndef HEARTH_STORE_STORE_PRIVATE_H
#define HEARTH_STORE_STORE_PRIVATE_H

#include "store/pool.h"
#include "store/store.h"

struct store {
    const struct settings *settings;
    struct host *host;
    bool session; /* DATABASE_POOLING */
    struct conninfo conninfo, read_conninfo;
    struct pool *pool;
    struct pool *read_pool; /* NULL: reads go where everything goes */
    struct arena arena;     /* of what is made at its opening */
};

#endif
