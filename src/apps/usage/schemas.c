/* What is asked of usage and budgets, and what is answered. */
#include "access/budget.h"
#include "apps/usage/usage.h"

static const char *const formats[] = {"json", "csv", NULL};

static const char *
check_by(const char *text)
{
    unsigned by;
    return usage_parse_by(text, &by) ? NULL : "must be of day, model, operation and caller";
}

static const char *
check_own_by(const char *text)
{
    unsigned by;
    bool is_good = usage_parse_by(text, &by) && !(by & USAGE_BY_CALLER);
    return is_good ? NULL : "must be of day, model and operation";
}

#define DAYS                                                                                       \
    STRING(struct usage_query, from, .check = usage_day_complaint, .pattern_hint = "2026-11-21",   \
           .doc = "First day (UTC); 30 days ago where left out."),                                 \
        STRING(struct usage_query, to, .check = usage_day_complaint, .pattern_hint = "2026-11-21", \
               .doc = "Last day (UTC), included; today where left out.")
#define FILTERS                                                                                    \
    STRING(struct usage_query, model, .max = 256, .doc = "Only this model."),                      \
        STRING(struct usage_query, operation, .max = 128, .doc = "Only this operation."),          \
        STRING(struct usage_query, format, .choices = formats,                                     \
               .doc = "csv: as a table, of any length; so does Accept: text/csv.")

const struct schema usage_own_query_schema = {
    .name = "UsageOwnQuery",
    .size = sizeof(struct usage_query),
    .initial = &(const struct usage_query){.by = "day,model,operation"},
    .fields = (const struct field[]){DAYS,
                                     STRING(struct usage_query, by, .check = check_own_by,
                                            .pattern_hint = "day,model,operation",
                                            .default_json = "\"day,model,operation\"",
                                            .doc = "What sums are told apart by."),
                                     FILTERS,
                                     {.name = NULL}},
    .doc = "Which usage.",
};

const struct schema usage_query_schema = {
    .name = "UsageQuery",
    .size = sizeof(struct usage_query),
    .initial = &(const struct usage_query){.by = "day,model,operation,caller"},
    .fields = (const struct field[]){DAYS,
                                     STRING(struct usage_query, by, .check = check_by,
                                            .pattern_hint = "day,model,operation,caller",
                                            .default_json = "\"day,model,operation,caller\"",
                                            .doc = "What sums are told apart by."),
                                     FILTERS,
                                     STRING(struct usage_query, caller, .max = 64,
                                            .doc = "Only this caller: key: or account: and the "
                                                   "id."),
                                     {.name = NULL}},
    .doc = "Which usage.",
};

#define PART(member, text) STRING(struct usage_item, member, .flags = FIELD_OMITTED, .doc = (text))
#define COUNT(T, member, text)                                                                     \
    INTEGER(T, member, .flags = FIELD_REQUIRED, .max = INT64_MAX, .doc = (text))
#define SUM(member, text) COUNT(struct usage_item, member, text)

static const struct schema usage_item_schema = {
    .name = "UsageSum",
    .size = sizeof(struct usage_item),
    .fields =
        (const struct field[]){
            PART(day, "UTC."),
            PART(model, "By its configured name."),
            PART(operation, "What was asked: an operation, or a route of the gateway."),
            PART(caller, "key: or account: and the id."),
            SUM(calls, "Calls that were answered or charged for."),
            SUM(input_tokens, "With those from and to the provider's cache."),
            SUM(output_tokens, "With those of reasoning."),
            SUM(cached_tokens, "Of the input: read from the provider's cache."),
            SUM(cache_write_tokens, "Of the input: written to the provider's cache."),
            SUM(reasoning_tokens, "Of the output."),
            SUM(cost_micros, "In millionths of the currency unit, by the models' prices."),
            SUM(estimated_calls, "Calls whose usage the provider did not report in full."),
            SUM(failed_calls, "Calls whose answer was not usable, charged for or not."),
            SUM(lost_calls,
                "Calls whose worker ended before they did, charged what was reported of them."),
            {.name = NULL}},
    .doc = "What calls used.",
};

const struct schema usage_report_schema = {
    .name = "UsageReport",
    .size = sizeof(struct usage_report),
    .fields =
        (const struct field[]){
            STRING(struct usage_report, from, .flags = FIELD_REQUIRED, .doc = "First day (UTC)."),
            STRING(struct usage_report, to, .flags = FIELD_REQUIRED, .doc = "Last day (UTC)."),
            ARRAY(struct usage_report, rows, &usage_item_schema, .flags = FIELD_REQUIRED,
                  .doc = "By day, model, operation, caller, as far as asked for; at most 1000."),
            OBJECT(struct usage_report, total, &usage_item_schema, .flags = FIELD_REQUIRED,
                   .doc = "The sum of these rows."),
            BOOLEAN(struct usage_report, has_more, .flags = FIELD_REQUIRED,
                    .doc = "Whether rows are missing: ask for fewer days, or for CSV."),
            {.name = NULL}},
    .doc = "What calls used, summed.",
};

#define OWNER(T, ...)                                                                              \
    STRING(T, owner, .check = budget_owner_complaint, .pattern_hint = "key:019a...",               \
           .doc = "key:, account: or organisation: and its id; of a key of the settings the "      \
                  "twelve digits of its tenant.",                                                  \
           __VA_ARGS__)
#define UNIT(T)                                                                                    \
    STRING(T, unit, .flags = FIELD_REQUIRED, .choices = budget_units, .doc = "What is counted.")
#define PERIOD(T)                                                                                  \
    STRING(T, period, .flags = FIELD_REQUIRED, .choices = budget_periods,                          \
           .doc = "Calendar days and months, UTC.")

const struct schema budget_query_schema = {
    .name = "BudgetQuery",
    .size = sizeof(struct budget_query),
    .fields = (const struct field[]){OWNER(struct budget_query), {.name = NULL}},
    .doc = "Whose budgets; all where left out.",
};

const struct schema budget_item_schema = {
    .name = "SpendingBudget",
    .size = sizeof(struct budget_item),
    .fields =
        (const struct field[]){
            OWNER(struct budget_item, .flags = FIELD_REQUIRED),
            UNIT(struct budget_item),
            PERIOD(struct budget_item),
            COUNT(struct budget_item, limit, "Money in millionths of the currency unit."),
            COUNT(struct budget_item, spent, "By calls that began in this window."),
            COUNT(struct budget_item, reserved, "Held by calls under way."),
            COUNT(struct budget_item, remaining, "What a call may reserve now."),
            STRING(struct budget_item, since, .flags = FIELD_REQUIRED,
                   .doc = "From when on calls count (RFC 3339)."),
            STRING(struct budget_item, renews, .flags = FIELD_NULLABLE,
                   .doc = "When the next window begins; null: never."),
            {.name = NULL}},
    .doc = "What a key, an account or an organisation may spend.",
};

const struct schema budget_items_schema = {
    .name = "SpendingBudgets",
    .size = sizeof(struct budget_items),
    .fields = (const struct field[]){ARRAY(struct budget_items, budgets, &budget_item_schema,
                                           .flags = FIELD_REQUIRED, .doc = "By owner."),
                                     {.name = NULL}},
    .doc = "Budgets.",
};

const struct schema budget_wish_schema = {
    .name = "SpendingBudgetWish",
    .size = sizeof(struct budget_wish),
    .closed = true,
    .fields =
        (const struct field[]){
            OWNER(struct budget_wish, .flags = FIELD_REQUIRED),
            UNIT(struct budget_wish),
            PERIOD(struct budget_wish),
            INTEGER(struct budget_wish, limit, .flags = FIELD_REQUIRED, .max = BUDGET_MOST,
                    .doc = "Money in millionths of the currency unit. 0 refuses every call."),
            {.name = NULL}},
    .doc = "A budget to set.",
    .example = "{\"owner\":\"key:019a9f6e-0000-7000-8000-000000000001\",\"unit\":\"money\","
               "\"period\":\"day\",\"limit\":1500000}",
};

const struct schema budget_name_schema = {
    .name = "SpendingBudgetName",
    .size = sizeof(struct budget_name),
    .fields = (const struct field[]){OWNER(struct budget_name, .flags = FIELD_REQUIRED),
                                     UNIT(struct budget_name),
                                     PERIOD(struct budget_name),
                                     {.name = NULL}},
    .doc = "Which budget.",
};
