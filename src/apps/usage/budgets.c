/* Budgets, for administrators. */
#include "access/access.h"
#include "access/budget.h"
#include "apps/usage/usage.h"
#include "base/clock.h"
#include "store/store.h"

static struct budget_item
view(const struct budget *budget, struct arena *arena)
{
    int64_t used = budget->spent + budget->reserved;
    return (struct budget_item){
        .owner = budget->owner,
        .unit = budget->unit,
        .period = budget->period,
        .limit = budget->most,
        .spent = budget->spent,
        .reserved = budget->reserved,
        .remaining = budget->most > used ? budget->most - used : 0,
        .since = clock_text(arena, budget->since_us),
        .renews = budget->renews_us > 0 ? clock_text(arena, budget->renews_us) : NULL,
    };
}

static bool
answer(struct request *request, struct store *store, const char *owner, struct error *err)
{
    struct arena *arena = &request->arena;
    const struct list *budgets = budget_list(store, owner, arena, err);
    if (!budgets)
        return false;
    struct budget_item *items = arena_array(arena, budgets->count, sizeof(*items));
    for (size_t i = 0; i < budgets->count; i++)
        items[i] = view(&((const struct budget *)budgets->items)[i], arena);
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &budget_items_schema,
                  &(struct budget_items){{items, budgets->count}});
    return true;
}

bool
usage_list_budgets(struct request *request, struct error *err)
{
    const struct budget_query *query = request->filter;
    struct store *store;
    return access_store(request, &store, err) && answer(request, store, query->owner, err);
}

bool
usage_set_budget(struct request *request, struct error *err)
{
    const struct budget_wish *wish = request->input;
    const struct budget budget = {
        .owner = wish->owner, .unit = wish->unit, .period = wish->period, .most = wish->limit};
    struct store *store;
    return access_store(request, &store, err) &&
           budget_set(store, request, &budget, &request->arena, err) &&
           answer(request, store, budget.owner, err);
}

bool
usage_clear_budget(struct request *request, struct error *err)
{
    const struct budget_name *name = request->filter;
    const struct budget budget = {.owner = name->owner, .unit = name->unit, .period = name->period};
    struct store *store;
    return access_store(request, &store, err) &&
           budget_clear(store, request, &budget, &request->arena, err) &&
           answer(request, store, budget.owner, err);
}
