/* Patience is attached to the arena of a request, which all its calls have in common. */
#include "store/patience.h"

#include "base/clock.h"
#include "store/store.h"

/* A request that is still there so long after has done something else meanwhile, and asks anew. */
enum { RENEWED_US = 1000 * 1000 };

struct patience {
    int64_t until_us; /* 0: nothing was waited for in vain */
};

static const char key;

void
store_join(struct arena *arena)
{
    if (!arena_attached(arena, &key))
        arena_attach(arena, &key, arena_alloc(arena, sizeof(struct patience)));
}

int64_t
patience_deadline(const struct arena *arena, int64_t deadline_us)
{
    const struct patience *patience = arena_attached(arena, &key);
    if (!patience || patience->until_us == 0 ||
        clock_monotonic_us() > patience->until_us + RENEWED_US)
        return deadline_us;
    return patience->until_us < deadline_us ? patience->until_us : deadline_us;
}

void
patience_renew(const struct arena *arena)
{
    struct patience *patience = arena_attached(arena, &key);
    if (patience)
        patience->until_us = 0;
}

void
patience_end(const struct arena *arena, int64_t deadline_us)
{
    struct patience *patience = arena_attached(arena, &key);
    if (patience)
        patience->until_us = deadline_us;
}
