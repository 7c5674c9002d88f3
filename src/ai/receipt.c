/* A receipt as response headers. */
#include <inttypes.h>

#include "ai/ai.h"

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
    response_header(request, "X-Attempts", arena_printf(arena, "%" PRId64, receipt->attempts));
}
