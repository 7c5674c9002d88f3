/* Calendar dates as text. */
#ifndef HEARTH_APPS_BUDGET_DATE_H
#define HEARTH_APPS_BUDGET_DATE_H

/* For rows of schemas: NULL for a day that exists, written YYYY-MM-DD, or the complaint. */
const char *date_check(const char *text);

#endif
