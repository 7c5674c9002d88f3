/* Cells of times that only grow. */
#include "host/forgetting.h"

#include <string.h>

#include "host/hash.h"
#include "host/shared.h"

static atomic_int_fast64_t *
cell_of(struct host *host, const char *subject)
{
    uint64_t hash = hash_seeded(subject, strlen(subject), host->shared->seed);
    return &host->shared->forgotten_us[hash % FORGETTING_CELLS];
}

static void
raise_to(atomic_int_fast64_t *cell, int64_t value)
{
    int64_t seen = atomic_load(cell);
    while (seen < value && !atomic_compare_exchange_weak(cell, &seen, value))
        continue;
}

void
forgetting_mark(struct host *host, const char *subject, int64_t now_us)
{
    raise_to(subject ? cell_of(host, subject) : &host->shared->all_forgotten_us, now_us);
}

/* What was learnt in the very microsecond of a mark may have been learnt before it. */
bool
forgetting_holds(struct host *host, const char *subject, int64_t learnt_us)
{
    return atomic_load(cell_of(host, subject)) < learnt_us &&
           atomic_load(&host->shared->all_forgotten_us) < learnt_us;
}

void
forgetting_follow(struct host *host, int64_t followed_us)
{
    raise_to(&host->shared->followed_us, followed_us);
}

int64_t
forgetting_followed_us(struct host *host)
{
    return atomic_load(&host->shared->followed_us);
}
