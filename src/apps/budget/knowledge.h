/* What the house knows about spending by category: guidance for models, and the words of the local
 * way. */
#ifndef HEARTH_APPS_BUDGET_KNOWLEDGE_H
#define HEARTH_APPS_BUDGET_KNOWLEDGE_H

#include <stddef.h>

#include "apps/budget/spending.h"

enum { CHECKIN_OPTIONS = 4 };

struct knowledge {
    const char *category;
    const char *guidance;  /* for a model, and true by itself */
    const char *action;    /* one gentle thing to do about it */
    const char *next_step; /* after a check-in */
    const char *question;
    const char *options[CHECKIN_OPTIONS];
};

/* Never NULL: a category without an entry has the one of "Other". */
const struct knowledge *knowledge_find(const char *category);

/* A feeling that can be read from a few words. */
struct feeling {
    const char *name;
    const char *words[10]; /* NULL-terminated, lower case */
    const char *followup;  /* what to say to it */
    const char *reframe;
};

/* The feeling in a text; never NULL: without a known word the mood of the text decides. */
const struct feeling *feeling_find(const char *text, struct arena *arena);

/* The NULL-terminated categories of check-ins. */
extern const char *const checkin_categories[];

/* The sample set, for callers without transactions of their own. */
extern const struct list sample_transactions;
#define SAMPLE_CURRENCY "GBP"

#endif
