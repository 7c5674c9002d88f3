/* Budgets as people set and see them. */
#include "access/budget.h"

#include <inttypes.h>
#include <string.h>

#include "access/audit.h"
#include "access/budget.sql.h"
#include "access/credential.h"
#include "store/store.h"

const char *const budget_units[] = {"money", "tokens", "calls", NULL};
const char *const budget_periods[] = {"day", "month", "total", NULL};

static const struct column budget_columns[] = {
    COLUMN_TEXT_OF(struct budget, id),           COLUMN_TEXT_OF(struct budget, owner),
    COLUMN_TEXT_OF(struct budget, unit),         COLUMN_TEXT_OF(struct budget, period),
    COLUMN_INTEGER_OF(struct budget, most),      COLUMN_INTEGER_OF(struct budget, spent),
    COLUMN_INTEGER_OF(struct budget, reserved),  COLUMN_INTEGER_OF(struct budget, since_us),
    COLUMN_INTEGER_OF(struct budget, renews_us), {0}};

struct named {
    const char *id, *owner;
};

static const struct column id_columns[] = {COLUMN_TEXT_OF(struct named, id), {0}};
static const struct column named_columns[] = {
    COLUMN_TEXT_OF(struct named, id), COLUMN_TEXT_OF(struct named, owner), {0}};

static const struct query list_query = {SQL_budget_list, budget_columns, sizeof(struct budget),
                                        false};
static const struct query set_query = {SQL_budget_set, id_columns, sizeof(struct named), false};
static const struct query clear_query = {SQL_budget_clear, named_columns, sizeof(struct named),
                                         false};

const char *
budget_owner_complaint(const char *owner)
{
    static const char *const kinds[] = {"key:", "account:", "organisation:"};
    static const char wanted[] = "must be key:, account: or organisation: and an id";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t length = strlen(kinds[i]);
        const char *id = owner + length;
        if (strncmp(owner, kinds[i], length) != 0)
            continue;
        size_t digits = strspn(id, "0123456789abcdef-");
        /* UUIDs, and the twelve digits by which keys of the settings are known. */
        bool is_id = id[digits] == '\0' && (digits == 36 || (digits == 12 && i == 0));
        return is_id ? NULL : wanted;
    }
    return wanted;
}

const struct list *
budget_list(struct store *store, const char *owner, struct arena *arena, struct error *err)
{
    return store_query(store, &list_query, &owner, arena, err);
}

static bool
record(struct transaction *transaction, struct request *request, const struct audit_entry *entry,
       struct arena *arena, struct error *err)
{
    return request ? audit_add_in(transaction, request, entry, err)
                   : audit_add_operator_in(transaction, entry, arena, err);
}

struct change {
    const struct query *query;
    const char *const *parameters;
    const char *detail; /* the audit's words for it: "money, day: 1500000" */
};

/* The change and its line in the audit trail, or neither. */
static bool
apply(struct store *store, struct request *request, const struct budget *budget,
      const struct change *change, struct arena *arena, struct error *err)
{
    struct transaction *transaction = transaction_begin(store, arena, err);
    if (!transaction)
        return false;
    const struct list *rows =
        transaction_query(transaction, change->query, change->parameters, arena, err);
    bool done = rows && rows->count > 0;
    if (rows && rows->count == 0)
        error_set(err, ERROR_NOT_FOUND, "%s has no budget of %s for this period", budget->owner,
                  budget->unit);
    const struct audit_entry entry = {
        .event = AUDIT_BUDGET_CHANGED, .subject = budget->owner, .detail = change->detail};
    done = done && record(transaction, request, &entry, arena, err);
    if (!transaction_end(transaction, done, err) || !done)
        return false;
    /* Other hosts are told by the table; here nobody spends another call unseen. */
    if (request)
        credential_forget(request, budget->owner);
    return true;
}

bool
budget_set(struct store *store, struct request *request, const struct budget *budget,
           struct arena *arena, struct error *err)
{
    const char *const parameters[] = {budget->owner, budget->unit, budget->period,
                                      store_integer(arena, budget->most)};
    const struct change change = {
        &set_query, parameters,
        arena_printf(arena, "%s, %s: %" PRId64, budget->unit, budget->period, budget->most)};
    return apply(store, request, budget, &change, arena, err);
}

bool
budget_clear(struct store *store, struct request *request, const struct budget *budget,
             struct arena *arena, struct error *err)
{
    const char *const parameters[] = {budget->owner, budget->unit, budget->period};
    const struct change change = {
        &clear_query, parameters,
        arena_printf(arena, "%s, %s: cleared", budget->unit, budget->period)};
    return apply(store, request, budget, &change, arena, err);
}
