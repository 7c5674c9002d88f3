/* What calls used and what may be spent, over HTTP. Private to the application. */
#ifndef HEARTH_APPS_USAGE_USAGE_H
#define HEARTH_APPS_USAGE_USAGE_H

#include "access/usage.h"
#include "http/request.h"
#include "http/schema.h"

struct store;

struct usage_query {
    const char *from, *to, *by, *model, *operation, *caller, *format;
};

/* One sum; the parts that were not asked for are NULL. */
struct usage_item {
    const char *day, *model, *operation, *caller;
    int64_t calls, input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens;
    int64_t cost_micros, estimated_calls, failed_calls, lost_calls;
};

struct usage_report {
    const char *from, *to;
    struct list rows; /* struct usage_item */
    struct usage_item *total;
    bool has_more;
};

struct budget_query {
    const char *owner;
};

struct budget_item {
    const char *owner, *unit, *period;
    int64_t limit, spent, reserved, remaining;
    const char *since, *renews;
};

struct budget_items {
    struct list budgets; /* struct budget_item */
};

struct budget_wish {
    const char *owner, *unit, *period;
    int64_t limit;
};

struct budget_name {
    const char *owner, *unit, *period;
};

extern const struct schema usage_query_schema, usage_own_query_schema, usage_report_schema,
    budget_query_schema, budget_item_schema, budget_items_schema, budget_wish_schema,
    budget_name_schema;

/* Handlers. */
bool usage_show_own(struct request *request, struct error *err);
bool usage_show_all(struct request *request, struct error *err);
bool usage_list_budgets(struct request *request, struct error *err);
bool usage_set_budget(struct request *request, struct error *err);
bool usage_clear_budget(struct request *request, struct error *err);

/* Answers as CSV, a page of rows in memory at a time. */
bool usage_answer_csv(struct request *request, struct store *store, const struct usage_wish *wish,
                      struct error *err);

#endif
