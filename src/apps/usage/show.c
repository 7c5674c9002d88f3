/* Usage, as JSON or as CSV. */
#include <string.h>

#include "access/access.h"
#include "access/caller.h"
#include "apps/usage/usage.h"
#include "base/clock.h"
#include "store/store.h"

enum { USUAL_DAYS = 30 };

static const char *
part(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static struct usage_item
view(const struct usage_row *row)
{
    return (struct usage_item){
        .day = part(row->day),
        .model = part(row->model),
        .operation = part(row->operation),
        .caller = part(row->caller),
        .calls = row->calls,
        .input_tokens = row->input,
        .output_tokens = row->output,
        .cached_tokens = row->cached,
        .cache_write_tokens = row->written,
        .reasoning_tokens = row->thought,
        .cost_micros = row->cost_micros,
        .estimated_calls = row->estimated,
        .failed_calls = row->failed,
        .lost_calls = row->lost,
    };
}

static void
add(struct usage_item *total, const struct usage_item *item)
{
    total->calls += item->calls;
    total->input_tokens += item->input_tokens;
    total->output_tokens += item->output_tokens;
    total->cached_tokens += item->cached_tokens;
    total->cache_write_tokens += item->cache_write_tokens;
    total->reasoning_tokens += item->reasoning_tokens;
    total->cost_micros += item->cost_micros;
    total->estimated_calls += item->estimated_calls;
    total->failed_calls += item->failed_calls;
    total->lost_calls += item->lost_calls;
}

static bool
answer_json(struct request *request, struct store *store, const struct usage_wish *wish,
            struct error *err)
{
    struct arena *arena = &request->arena;
    const struct list *rows = usage_read(store, wish, NULL, arena, err);
    if (!rows)
        return false;
    struct usage_item *items = arena_array(arena, rows->count, sizeof(*items)), total = {0};
    for (size_t i = 0; i < rows->count; i++) {
        items[i] = view(&((const struct usage_row *)rows->items)[i]);
        add(&total, &items[i]);
    }
    const struct usage_report report = {
        .from = wish->from,
        .to = wish->to,
        .rows = {items, rows->count},
        .total = &total,
        .has_more = rows->count == USAGE_PAGE_ROWS,
    };
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &usage_report_schema, &report);
    return true;
}

static bool
answer(struct request *request, struct usage_wish *wish, struct error *err)
{
    const struct usage_query *query = request->filter;
    struct arena *arena = &request->arena;
    struct store *store;
    char *first = arena_alloc(arena, USAGE_DAY_BYTES), *last = arena_alloc(arena, USAGE_DAY_BYTES);
    usage_day_before(first, clock_realtime_us(), USUAL_DAYS);
    usage_day_before(last, clock_realtime_us(), 0);
    wish->from = query->from ? query->from : first;
    wish->to = query->to ? query->to : last;
    wish->model = query->model;
    wish->operation = query->operation;
    if (!usage_parse_by(query->by, &wish->by))
        return error_set_field(err, arena, "query.by", "is not known");
    if (strcmp(wish->from, wish->to) > 0)
        return error_set_field(err, arena, "query.from", "must not be after to");
    if (!access_store(request, &store, err))
        return false;
    bool is_csv = query->format ? strcmp(query->format, "csv") == 0
                                : request_accepts(request, "text/csv") >
                                      request_accepts(request, "application/json");
    return is_csv ? usage_answer_csv(request, store, wish, err)
                  : answer_json(request, store, wish, err);
}

bool
usage_show_own(struct request *request, struct error *err)
{
    struct usage_wish wish = {0};
    usage_own(&wish, request->caller);
    return answer(request, &wish, err);
}

bool
usage_show_all(struct request *request, struct error *err)
{
    const struct usage_query *query = request->filter;
    struct usage_wish wish = {.caller = query->caller};
    return answer(request, &wish, err);
}
