/* Inside of src/store: what its files share. */
#ifndef HEARTH_STORE_STORE_PRIVATE_H
#define HEARTH_STORE_STORE_PRIVATE_H

#include <stdatomic.h>

#include "store/pool.h"
#include "store/store.h"

struct store {
    const struct settings *settings;
    struct host *host;
    bool session; /* DATABASE_POOLING */
    struct conninfo conninfo, read_conninfo;
    struct pool *pool;
    struct pool *read_pool;              /* NULL: reads go where everything goes */
    atomic_int_fast64_t workers;         /* whose pools must fit the server; 0: not counted */
    atomic_bool fits;                    /* the database was asked, and fits */
    atomic_int_fast64_t misfit_until_us; /* it did not a moment ago: nobody asks again before */
    struct arena arena;                  /* of what is made at its opening */
};

#endif
