/* What was spent on what: exact sums over transactions. */
#ifndef HEARTH_APPS_BUDGET_SPENDING_H
#define HEARTH_APPS_BUDGET_SPENDING_H

#include "base/arena.h"
#include "base/error.h"
#include "http/schema.h"

enum { TRANSACTIONS_MAX = 5000 };

struct transaction {
    const char *date; /* YYYY-MM-DD */
    const char *description;
    struct decimal amount; /* what went out is negative */
    const char *category;
    const char *currency; /* NULL: as the others */
};

struct spending {
    struct map by_category; /* struct decimal, positive, in the order first seen */
    struct decimal total, income;
    const char *currency;     /* NULL: none was named */
    const char *top_category; /* with the largest sum; the first one of equals */
    struct decimal top_amount;
};

/* Sums the transactions. currency is that of rows which name none, or NULL. Fails with
 * ERROR_VALIDATION_FAILED when currencies are mixed or sums leave the range, and with
 * ERROR_INVALID_REQUEST when nothing went out. */
bool spending_sum(const struct list *transactions, const char *currency, struct arena *arena,
                  struct spending *spending, struct error *err) __attribute__((warn_unused_result));

#endif
