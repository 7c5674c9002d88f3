/* Currencies by their codes, and exact amounts as people read them. */
#ifndef HEARTH_APPS_BUDGET_CURRENCY_H
#define HEARTH_APPS_BUDGET_CURRENCY_H

#include "base/arena.h"
#include "http/schema.h"

/* For rows of schemas: NULL for 3 to 5 letters, or the complaint. */
const char *currency_check(const char *code);

/* "36.70 GBP", "1200 JPY", "12.5" where code is NULL: all digits that the amount has, and at least
 * as many places as the currency's coins. */
const char *currency_format(struct decimal amount, const char *code, struct arena *arena);

#endif
