/* What the budget application takes and gives, as rows. */
#include "apps/budget/budget.h"

#include "apps/budget/currency.h"
#include "apps/budget/date.h"
#include "apps/budget/knowledge.h"
#include "apps/budget/name.h"
#include "apps/budget/tones.h"

#define NAME_ROW(T)                                                                                \
    STRING(T, name, .flags = FIELD_NULLABLE | FIELD_TRIMMED, .max = 50, .check = name_check,       \
           .pattern_hint = "letters, spaces, hyphens and apostrophes", .doc = "Whom to address.",  \
           .example = "\"Zo\xc3\xab\"")

#define META_ROW(T)                                                                                \
    OBJECT(T, meta, &meta_schema, .flags = FIELD_REQUIRED, .doc = "How the answer came to be.")

const struct schema hello_request_schema = {
    .name = "HelloRequest",
    .size = sizeof(struct hello_request),
    .doc = "Who says hello.",
    .example = "{\"name\":\"Zo\xc3\xab\"}",
    .fields = (const struct field[]){NAME_ROW(struct hello_request), {.name = NULL}},
};

const struct schema checkin_request_schema = {
    .name = "CheckinRequest",
    .size = sizeof(struct checkin_request),
    .doc = "The answer to a check-in's question.",
    .example = "{\"name\":\"Zo\xc3\xab\",\"category\":\"Food\",\"selected_option\":\"I was worn "
               "out\"}",
    .fields =
        (const struct field[]){
            NAME_ROW(struct checkin_request),
            STRING(struct checkin_request, category, .flags = FIELD_REQUIRED, .max = 50,
                   .choices = checkin_categories, .doc = "What the spending was for."),
            STRING(struct checkin_request, selected_option, .flags = FIELD_REQUIRED, .max = 200,
                   .doc = "What was chosen or said; may be empty."),
            {.name = NULL}},
};

const struct schema transaction_schema = {
    .name = "Transaction",
    .size = sizeof(struct transaction),
    .doc = "One movement of money.",
    .example = "{\"date\":\"2025-11-01\",\"description\":\"Evening delivery\",\"amount\":-32.5,"
               "\"category\":\"Food\"}",
    .fields =
        (const struct field[]){
            STRING(struct transaction, date, .flags = FIELD_REQUIRED, .check = date_check,
                   .pattern_hint = "YYYY-MM-DD", .doc = "The day.", .example = "\"2025-11-01\""),
            STRING(struct transaction, description, .flags = FIELD_NULLABLE, .max = 500,
                   .doc = "What it was; not shown to any model."),
            DECIMAL(struct transaction, amount, .flags = FIELD_REQUIRED | FIELD_OR_TEXT,
                    .doc = "Exact; what went out is negative."),
            STRING(struct transaction, category,
                   .flags = FIELD_REQUIRED | FIELD_TRIMMED | FIELD_NOT_BLANK, .max = 50,
                   .doc = "What it was for.", .example = "\"Food\""),
            STRING(struct transaction, currency,
                   .flags = FIELD_NULLABLE | FIELD_OMITTED | FIELD_UPPER_CASE,
                   .check = currency_check, .pattern_hint = "3 to 5 letters, such as EUR",
                   .doc = "Its currency; the same in all rows.", .example = "\"GBP\""),
            {.name = NULL}},
};

const struct schema insight_request_schema = {
    .name = "InsightRequest",
    .size = sizeof(struct insight_request),
    .doc = "The transactions to look at; without any, a sample set is used.",
    .example = "{\"transactions\":[{\"date\":\"2025-11-01\",\"description\":\"Evening delivery\","
               "\"amount\":-32.5,\"category\":\"Food\"}],\"currency\":\"EUR\"}",
    .fields =
        (const struct field[]){
            ARRAY(struct insight_request, transactions, &transaction_schema,
                  .flags = FIELD_NULLABLE, .max = TRANSACTIONS_MAX, .doc = "In any order."),
            STRING(struct insight_request, currency, .flags = FIELD_NULLABLE | FIELD_UPPER_CASE,
                   .check = currency_check, .pattern_hint = "3 to 5 letters, such as EUR",
                   .doc = "Of the rows that name none.", .example = "\"EUR\""),
            {.name = NULL}},
};

static const struct schema meta_schema = {
    .name = "BudgetMeta",
    .size = sizeof(struct budget_meta),
    .fields =
        (const struct field[]){
            STRING(struct budget_meta, model, .flags = FIELD_REQUIRED,
                   .doc = "The model that found the words; local: no model at all."),
            BOOLEAN(struct budget_meta, degraded, .flags = FIELD_REQUIRED,
                    .doc = "Whether the model should have answered and could not."),
            STRINGS(struct budget_meta, guard_flags, .flags = FIELD_OMITTED,
                    .doc = "What the guard saw in the texts; they were not changed for it."),
            STRING(struct budget_meta, currency, .flags = FIELD_OMITTED,
                   .doc = "Of all amounts, where one was named."),
            DECIMAL(struct budget_meta, total, .flags = FIELD_OMITTED,
                    PRESENT(struct budget_meta, has_total), .doc = "Everything that went out."),
            BOOLEAN(struct budget_meta, sample, .flags = FIELD_OMITTED,
                    PRESENT(struct budget_meta, has_sample),
                    .doc = "Whether the sample set was looked at."),
            {.name = NULL}},
};

const struct schema hello_response_schema = {
    .name = "HelloResponse",
    .size = sizeof(struct hello_response),
    .fields = (const struct field[]){STRING(struct hello_response, aiva_message,
                                            .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                                            .doc = "A greeting."),
                                     META_ROW(struct hello_response),
                                     {.name = NULL}},
};

const struct schema insight_response_schema = {
    .name = "InsightResponse",
    .size = sizeof(struct insight_response),
    .fields =
        (const struct field[]){
            DECIMAL_MAP(struct insight_response, spending_summary, .flags = FIELD_REQUIRED,
                        .doc = "What went out by category: exact sums, in the order first seen."),
            STRING(struct insight_response, top_category, .flags = FIELD_REQUIRED,
                   .doc = "The category with the largest sum."),
            STRING(struct insight_response, emotional_tone, .flags = FIELD_REQUIRED,
                   .choices = insight_tones, .doc = "How the insight means to sound."),
            STRING(struct insight_response, suggested_action, .flags = FIELD_REQUIRED,
                   .doc = "One gentle thing to do."),
            STRING(struct insight_response, aiva_insight, .flags = FIELD_REQUIRED,
                   .doc = "What the spending may say."),
            STRING(struct insight_response, checkin_question,
                   .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "A question to go on with."),
            STRINGS(struct insight_response, checkin_options,
                    .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "Possible answers to it."),
            META_ROW(struct insight_response),
            {.name = NULL}},
};

const struct schema checkin_response_schema = {
    .name = "CheckinResponse",
    .size = sizeof(struct checkin_response),
    .fields =
        (const struct field[]){
            STRING(struct checkin_response, aiva_followup, .flags = FIELD_REQUIRED,
                   .doc = "An answer to what was said."),
            STRING(struct checkin_response, detected_emotion, .flags = FIELD_REQUIRED,
                   .doc = "The feeling in it, in a word."),
            STRING(struct checkin_response, supportive_reframe, .flags = FIELD_REQUIRED,
                   .doc = "A kinder way to see it."),
            STRING(struct checkin_response, next_step_suggestion, .flags = FIELD_REQUIRED,
                   .doc = "A small thing to do."),
            META_ROW(struct checkin_response),
            {.name = NULL}},
};
