/* The routes of usage and budgets. */
#include "apps/app.h"
#include "apps/usage/usage.h"
#include "http/problem.h"

#define TABLE                                                                                      \
    {                                                                                              \
        200, NULL, "text/csv; charset=utf-8", "The same as a table (RFC 4180), of any length."     \
    }

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .pattern = "/v1/usage",
        .handle = usage_show_own,
        .flags = ROUTE_KEY | ROUTE_WAITS,
        .query = &usage_own_query_schema,
        .response = &usage_report_schema,
        .answers = (const struct route_answer[]){TABLE, {.status = 0}},
        .tag = "Usage",
        .summary = "What one has used",
        .doc = "Sums of the caller's calls to models: of the account where the key belongs to one, "
               "else of the key.",
        .operation_id = "usage_own",
    },
    {
        .method = METHOD_GET,
        .pattern = "/internal/usage",
        .handle = usage_show_all,
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY | ROUTE_WAITS,
        .query = &usage_query_schema,
        .response = &usage_report_schema,
        .answers = (const struct route_answer[]){TABLE, {.status = 0}},
        .tag = "Usage",
        .summary = "What all have used",
        .doc = "Sums of all calls to models.",
        .operation_id = "usage_all",
    },
    {
        .method = METHOD_GET,
        .pattern = "/internal/budgets",
        .handle = usage_list_budgets,
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY | ROUTE_WAITS,
        .query = &budget_query_schema,
        .response = &budget_items_schema,
        .tag = "Usage",
        .summary = "All budgets",
        .doc = "What keys, accounts and organisations may spend, and have spent.",
        .operation_id = "budgets_list",
    },
    {
        .method = METHOD_PUT,
        .pattern = "/internal/budgets",
        .handle = usage_set_budget,
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY | ROUTE_WAITS,
        .request = &budget_wish_schema,
        .response = &budget_items_schema,
        .tag = "Usage",
        .summary = "Set a budget",
        .doc = "What was spent in its window stays spent; a new one counts from now. Answers all "
               "budgets of the owner.",
        .operation_id = "budget_set",
    },
    {
        .method = METHOD_DELETE,
        .pattern = "/internal/budgets",
        .handle = usage_clear_budget,
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY | ROUTE_WAITS,
        .query = &budget_name_schema,
        .response = &budget_items_schema,
        .answers =
            (const struct route_answer[]){PROBLEM(404, "There is no such budget."), {.status = 0}},
        .tag = "Usage",
        .summary = "Take a budget away",
        .doc = "Answers what is left of the owner's budgets.",
        .operation_id = "budget_clear",
    },
    {.pattern = NULL},
};

const struct app usage_app = {"usage", routes, NULL};
