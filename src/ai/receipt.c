/* A receipt as response headers. */
#include <inttypes.h>
#include <string.h>

#include "ai/ai.h"
#include "base/integer.h"

static void
add_count(struct request *request, const char *name, int64_t count)
{
    char *text = arena_alloc(&request->arena, INTEGER_TEXT_BYTES + 1);
    integer_format(text, count);
    response_header(request, name, text);
}

/* What nobody was asked for costs nothing; of a stream the cost is not known when it begins. */
static void
add_cost(struct request *request, const struct receipt *receipt)
{
    bool is_free = receipt->cache > CACHE_STATE_MISS ||
                   (receipt->model && strcmp(receipt->model, "local") == 0);
    if (receipt->settled || is_free)
        add_count(request, "X-Cost-Micros", receipt->cost_micros);
    if (receipt->budget_unit)
        response_header(request, "X-Budget-Remaining",
                        arena_printf(&request->arena, "%" PRId64 ";unit=%s;period=%s",
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
    response_header(request, "X-Cache", states[receipt->cache]);
    if (receipt->cache > CACHE_STATE_MISS)
        add_count(request, "Age", receipt->age_s);
    if (receipt->model)
        response_header(request, "X-Model", arena_strdup(&request->arena, receipt->model));
    add_cost(request, receipt);
    add_count(request, "X-Attempts", receipt->attempts);
}
