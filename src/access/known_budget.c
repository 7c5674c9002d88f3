/* What the database said last of the budgets of keys of the settings. */
#include "access/known_budget.h"

#include "access/access.h"
#include "access/caller.h"
#include "access/ledger.sql.h"
#include "base/clock.h"
#include "host/epoch.h"
#include "store/store.h"

struct answer {
    bool has_budget;
};

static const struct column answer_columns[] = {COLUMN_BOOLEAN_OF(struct answer, has_budget), {0}};

static const struct query has_budget_query = {SQL_ledger_has_budget, answer_columns,
                                              sizeof(struct answer), false};

bool
known_budget_is_possible(const struct caller *caller)
{
    /* No snapshot says it of keys of the settings. */
    return caller && (caller->has_budget || caller->kind == CALLER_ENVIRONMENT_KEY);
}

/* Two moments that only grow: when the database last said of a key of the settings that a budget
 * applies to it, and that none does. */
static const char *
moment_name(const struct caller *caller, bool has_budget, struct arena *arena)
{
    return arena_printf(arena, "%s %s", has_budget ? "budget" : "no budget", caller->tenant);
}

void
known_budget_note(const struct access *access, const struct caller *caller, bool has_budget,
                  struct arena *arena)
{
    if (caller->kind != CALLER_ENVIRONMENT_KEY)
        return;
    int64_t now_us = clock_realtime_us();
    /* "None applies" is placed first: the number that all names without a place share, which
     * anybody raises, may then only stand for "one applies". */
    epoch_raise(access->host, moment_name(caller, false, arena), has_budget ? 0 : now_us);
    if (has_budget)
        epoch_raise(access->host, moment_name(caller, true, arena), now_us);
}

/* Whether a budget applies as far as anybody on this host was told. Where there is no room for the
 * two moments, or for the first one, it counts as told. */
static bool
is_known_to_have_budget(const struct access *access, const struct caller *caller,
                        struct arena *arena)
{
    if (caller->has_budget)
        return true;
    int64_t told_us = epoch_get(access->host, moment_name(caller, true, arena));
    return told_us > 0 && told_us >= epoch_get(access->host, moment_name(caller, false, arena));
}

bool
known_budget_lets_pass(const struct access *access, const struct caller *caller,
                       struct arena *arena)
{
    struct error ignored = {0};
    if (is_known_to_have_budget(access, caller, arena))
        return false;
    if (store_is_down(access->store))
        return true;
    const struct list *rows =
        store_query(access->store, &has_budget_query, &caller->tenant, arena, &ignored);
    if (!rows || rows->count != 1)
        return store_is_down(access->store);
    bool has_budget = ((const struct answer *)rows->items)->has_budget;
    known_budget_note(access, caller, has_budget, arena);
    return !has_budget;
}
