/* The closed set of tones that an insight may have. */
#ifndef HEARTH_APPS_BUDGET_TONES_H
#define HEARTH_APPS_BUDGET_TONES_H

/* "reassuring", "motivating", "grounding"; NULL-terminated. */
extern const char *const insight_tones[];

#endif
