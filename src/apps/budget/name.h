/* Names of people, in any script. */
#ifndef HEARTH_APPS_BUDGET_NAME_H
#define HEARTH_APPS_BUDGET_NAME_H

/* For rows of schemas: NULL, or the complaint. */
const char *name_check(const char *name);

#endif
