/* A receipt as response headers. */
#include <inttypes.h>
#include <string.h>

#include "ai/ai.h"

/* What nobody was asked for costs nothing; of a stream the cost is not known when it begins. */
static void
add_cost(struct request *request, const struct receipt *receipt)
{
    struct arena *arena = &request->arena;
    bool is_free = receipt->cache > CACHE_STATE_MISS ||
                   (receipt->model && strcmp(receipt->model, "local") == 0);
    if (receipt->settled || is_free)
        response_header(request, "X-Cost-Micros",
                        arena_printf(arena, "%" PRId64, receipt->cost_micros));
    if (receipt->budget_unit)
        response_header(request, "X-Budget-Remaining",
                        arena_printf(arena, "%" PRId64 ";unit=%s;period=%s",
                                     receipt->budget_remaining, receipt->budget_unit,
                                     receipt->budget_period));
}

void
receipt_headers(struct request *request, const struct receipt *receipt)
{
    static const char *const states[] = {
        [CACHE_STATE_BYPASS] = "bypass", [CACHE_STATE_MISS] = "miss",
        [CACHE_STATE_HIT] = "hit",       [CACHE_STATE_COALESCED] = "coalesced",
        [CACHE_STATE_STALE] = "stale",
    };
    struct arena *arena = &request->arena;
    response_header(request, "X-Cache", states[receipt->cache]);
    if (receipt->cache > CACHE_STATE_MISS)
        response_header(request, "Age", arena_printf(arena, "%" PRId64, receipt->age_s));
    if (receipt->model)
        response_header(request, "X-Model", arena_strdup(arena, receipt->model));
    add_cost(request, receipt);
    response_header(request, "X-Attempts", arena_printf(arena, "%" PRId64, receipt->attempts));
}
