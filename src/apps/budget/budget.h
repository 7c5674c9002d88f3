/* The budget application: greetings, insights into spending, check-ins. Sums are ours; a model only
 * finds words for them. */
#ifndef HEARTH_APPS_BUDGET_BUDGET_H
#define HEARTH_APPS_BUDGET_BUDGET_H

#include <stdbool.h>

#include "ai/operation.h"
#include "apps/budget/spending.h"
#include "http/schema.h"

/* How every prompt begins. */
#define WHO_SPEAKS                                                                                 \
    "You are AIVA, who helps people to look at their money kindly and without judging. You never " \
    "shame, promise or advise investments."

struct hello_request {
    const char *name;
};

struct insight_request {
    struct list transactions; /* struct transaction; items NULL: the sample set */
    const char *currency;
};

struct checkin_request {
    const char *name, *category, *selected_option;
};

/* How an answer came to be. */
struct budget_meta {
    const char *model;
    bool degraded;
    struct list guard_flags; /* const char * */
    const char *currency;
    struct decimal total;
    bool has_total;
    bool sample, has_sample;
};

struct hello_response {
    const char *aiva_message;
    struct budget_meta *meta;
};

struct insight_response {
    struct map spending_summary;
    const char *top_category, *emotional_tone, *suggested_action, *aiva_insight;
    const char *checkin_question;
    struct list checkin_options;
    struct budget_meta *meta;
};

struct checkin_response {
    const char *aiva_followup, *detected_emotion, *supportive_reframe, *next_step_suggestion;
    struct budget_meta *meta;
};

/* What the insights operation works on. */
struct insight_input {
    struct map spending;
    const char *currency;
    struct decimal total, income, top_amount;
    const char *top_category, *level;
};

extern const struct schema hello_request_schema, hello_response_schema, insight_request_schema,
    insight_response_schema, checkin_request_schema, checkin_response_schema, transaction_schema;

extern const struct operation hello_operation, insight_operation, checkin_operation;

/* "low", "moderate", "high", or "" where the currency's worth is not known and no income is there
 * to compare with. */
const char *insight_level(const struct spending *spending);

#endif
