/* Numbers by name that only grow. */
#include "host/epoch.h"

#include <string.h>

#include "host/shared.h"

static struct name_table
table_of(struct host *host)
{
    return (struct name_table){host->shared->epoch_hashes, host->shared->epochs,
                               sizeof(struct epoch), EPOCHS_MAX};
}

/* Names past the table share one number, and names past a cell's text its beginning: they are
 * invalidated together, which costs misses and is never wrong. */
static atomic_int_fast64_t *
cell_of(struct host *host, const char *name, bool claim)
{
    struct name_table table = table_of(host);
    struct epoch *epoch = name_find(&table, 0, name, strnlen(name, NAME_MAX_BYTES), claim);
    return epoch ? &epoch->value : &host->shared->epoch_overflow;
}

int64_t
epoch_get(struct host *host, const char *name)
{
    return atomic_load(cell_of(host, name, false));
}

void
epoch_raise(struct host *host, const char *name, int64_t value)
{
    atomic_int_fast64_t *cell = cell_of(host, name, true);
    int64_t seen = atomic_load(cell);
    while (seen < value && !atomic_compare_exchange_weak(cell, &seen, value))
        continue;
}
