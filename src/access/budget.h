/* Budgets: what a key, an account or an organisation may spend, in a day, a month (calendar, UTC)
 * or in all. */
#ifndef HEARTH_ACCESS_BUDGET_H
#define HEARTH_ACCESS_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "http/request.h"

struct store;

/* NULL-terminated: "money", "tokens", "calls"; "day", "month", "total". */
extern const char *const budget_units[];
extern const char *const budget_periods[];

#define BUDGET_MOST INT64_C(1000000000000000)

struct budget {
    const char *id;
    const char *owner; /* "key:<id>", "account:<id>", "organisation:<id>" */
    const char *unit, *period;
    int64_t most, spent, reserved; /* money in millionths of the currency unit */
    int64_t since_us;              /* calls that began before do not count */
    int64_t renews_us;             /* 0: never */
};

/* NULL where it names an owner of budgets, else the complaint. */
const char *budget_owner_complaint(const char *owner);

/* A struct budget each; of one owner, or of all where owner is NULL. NULL as store_query(). */
const struct list *budget_list(struct store *store, const char *owner, struct arena *arena,
                               struct error *err) __attribute__((warn_unused_result));

/* Sets the budget of this owner, unit and period to most, with a line in the audit trail: of the
 * request, or of the operator where request is NULL. What was spent in its window stays spent; a
 * new one counts from now. */
bool budget_set(struct store *store, struct request *request, const struct budget *budget,
                struct arena *arena, struct error *err) __attribute__((warn_unused_result));

/* Takes it away, likewise. ERROR_NOT_FOUND where there is none. */
bool budget_clear(struct store *store, struct request *request, const struct budget *budget,
                  struct arena *arena, struct error *err) __attribute__((warn_unused_result));

#endif
