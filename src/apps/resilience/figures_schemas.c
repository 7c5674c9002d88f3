/* The rows of health, figures, breakers and the dashboard. */
#include "apps/resilience/figures_schemas.h"

#define COUNT(T, member, text)                                                                     \
    INTEGER(T, member, .flags = FIELD_REQUIRED, .max = INT64_MAX, .doc = (text))
#define RATE(T, member, text) NUMBER(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define FLAG(T, member, text) BOOLEAN(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define TEXT(T, member, text) STRING(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define MAYBE(T, member, text)                                                                     \
    STRING(T, member, .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = (text))
#define TEXTS(T, member, text) STRINGS(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define PART(T, member, schema, text)                                                              \
    OBJECT(T, member, schema, .flags = FIELD_REQUIRED, .doc = (text))

static const struct schema metrics_view_schema = {
    .name = "ResilienceFigures",
    .size = sizeof(struct metrics_view),
    .doc = "Over all workers of the host, since the figures were last reset. Answers from the "
           "cache and calls that the caller is to blame for are not counted.",
    .fields =
        (const struct field[]){
            COUNT(struct metrics_view, total_calls,
                  "Of an operation: calls that needed a model. "
                  "Of a breaker: attempts at its model."),
            COUNT(struct metrics_view, successful_calls, "Of them, those that a model answered."),
            COUNT(struct metrics_view, failed_calls,
                  "The others; degraded and stale answers are among them."),
            COUNT(struct metrics_view, retry_attempts, "Attempts that repeated another one."),
            COUNT(struct metrics_view, circuit_breaker_opens,
                  "How often a breaker opened; of an operation, by a call of it."),
            COUNT(struct metrics_view, circuit_breaker_half_opens,
                  "How often one sent a probe; of an operation, a call of it."),
            COUNT(struct metrics_view, circuit_breaker_closes,
                  "How often one closed again; of an operation, by a call of it. One that was "
                  "closed by hand counts for the breaker alone."),
            RATE(struct metrics_view, success_rate, "Percent; 0 where there were no calls."),
            RATE(struct metrics_view, failure_rate, "Percent; 0 where there were no calls."),
            MAYBE(struct metrics_view, last_failure, "RFC 3339; null: none."),
            MAYBE(struct metrics_view, last_success, "RFC 3339; null: none."),
            {.name = NULL}},
};

static const char *const breaker_states[] = {"closed", "half_open", "open", NULL};

const struct schema breaker_answer_schema = {
    .name = "ModelBreaker",
    .size = sizeof(struct breaker_answer),
    .fields =
        (const struct field[]){
            TEXT(struct breaker_answer, name, "The model's."),
            STRING(struct breaker_answer, state, .flags = FIELD_REQUIRED, .choices = breaker_states,
                   .doc = "open: nobody asks the model; half_open: one call is tried."),
            COUNT(struct breaker_answer, failure_count, "Failures in a row."),
            COUNT(struct breaker_answer, failure_threshold,
                  "How many in a row open it, as of the last call."),
            COUNT(struct breaker_answer, recovery_timeout,
                  "Seconds until a call is tried; doubled each time that it fails, up to a minute "
                  "where this is shorter."),
            COUNT(struct breaker_answer, retry_after_ms,
                  "How long no call goes to the model from now on; 0: one may go."),
            COUNT(struct breaker_answer, rest_ms,
                  "What of it is left of a rest that the provider asked for with a 429."),
            MAYBE(struct breaker_answer, last_failure_time, "RFC 3339; null: never."),
            PART(struct breaker_answer, metrics, &metrics_view_schema, "What was counted."),
            {.name = NULL}},
};

static const struct schema health_details_schema = {
    .name = "ResilienceHealthDetails",
    .size = sizeof(struct health_details),
    .fields =
        (const struct field[]){
            FLAG(struct health_details, healthy, "Whether no model's breaker is open."),
            TEXTS(struct health_details, open_circuit_breakers, "Their models."),
            TEXTS(struct health_details, half_open_circuit_breakers, "Their models."),
            COUNT(struct health_details, total_circuit_breakers, "One for each model."),
            COUNT(struct health_details, total_operations, "Operations that are known."),
            TEXT(struct health_details, timestamp, "When this was said, RFC 3339."),
            {.name = NULL}},
};

static const char *const health_states[] = {"healthy", "degraded", NULL};

const struct schema resilience_health_schema = {
    .name = "ResilienceHealth",
    .size = sizeof(struct resilience_health),
    .fields =
        (const struct field[]){
            FLAG(struct resilience_health, healthy, "Whether no model's breaker is open."),
            STRING(struct resilience_health, status, .flags = FIELD_REQUIRED,
                   .choices = health_states, .doc = "The same in a word."),
            PART(struct resilience_health, details, &health_details_schema, "What makes it so."),
            {.name = NULL}},
};

static const struct schema metrics_summary_schema = {
    .name = "ResilienceSummary",
    .size = sizeof(struct metrics_summary),
    .fields =
        (const struct field[]){
            COUNT(struct metrics_summary, total_operations, "Operations that are known."),
            COUNT(struct metrics_summary, total_circuit_breakers, "One for each model."),
            COUNT(struct metrics_summary, healthy_circuit_breakers, "Those that are closed."),
            TEXT(struct metrics_summary, timestamp, "When this was said, RFC 3339."),
            {.name = NULL}},
};

const struct schema all_metrics_schema = {
    .name = "ResilienceMetrics",
    .size = sizeof(struct all_metrics),
    .fields =
        (const struct field[]){
            OBJECT_MAP(struct all_metrics, operations, &metrics_view_schema,
                       .flags = FIELD_REQUIRED, .doc = "By the operation's name."),
            OBJECT_MAP(struct all_metrics, circuit_breakers, &breaker_answer_schema,
                       .flags = FIELD_REQUIRED, .doc = "By the model's name."),
            PART(struct all_metrics, summary, &metrics_summary_schema, "How many of each."),
            {.name = NULL}},
};

const struct schema operation_metrics_schema = {
    .name = "OperationMetrics",
    .size = sizeof(struct operation_metrics),
    .fields = (const struct field[]){TEXT(struct operation_metrics, operation, "Its name."),
                                     PART(struct operation_metrics, metrics, &metrics_view_schema,
                                          "What was counted."),
                                     {.name = NULL}},
};

const struct schema metrics_reset_query_schema = {
    .name = "MetricsResetQuery",
    .size = sizeof(struct metrics_reset_query),
    .fields = (const struct field[]){STRING(struct metrics_reset_query, operation_name, .min = 1,
                                            .max = 100,
                                            .doc = "Only this operation's; without it, those of "
                                                   "all operations and breakers."),
                                     {.name = NULL}},
};

struct reset_answer {
    const char *message;
};

const struct schema metrics_reset_schema = {
    .name = "MetricsReset",
    .size = sizeof(struct reset_answer),
    .fields = (const struct field[]){TEXT(struct reset_answer, message, "What was done."),
                                     {.name = NULL}},
};

const struct schema breaker_reset_schema = {
    .name = "BreakerReset",
    .size = sizeof(struct breaker_reset_answer),
    .fields = (const struct field[]){TEXT(struct breaker_reset_answer, message, "What was done."),
                                     TEXT(struct breaker_reset_answer, name, "The model's."),
                                     TEXT(struct breaker_reset_answer, new_state, "closed."),
                                     {.name = NULL}},
};

static const struct schema dashboard_health_schema = {
    .name = "DashboardHealth",
    .size = sizeof(struct dashboard_health),
    .fields =
        (const struct field[]){
            FLAG(struct dashboard_health, overall_healthy, "Whether no model's breaker is open."),
            COUNT(struct dashboard_health, open_circuit_breakers, "How many."),
            COUNT(struct dashboard_health, half_open_circuit_breakers, "How many."),
            COUNT(struct dashboard_health, total_circuit_breakers, "How many."),
            {.name = NULL}},
};

static const struct schema dashboard_performance_schema = {
    .name = "DashboardPerformance",
    .size = sizeof(struct dashboard_performance),
    .fields =
        (const struct field[]){
            COUNT(struct dashboard_performance, total_calls, "Of all operations."),
            COUNT(struct dashboard_performance, successful_calls, "Of all operations."),
            COUNT(struct dashboard_performance, failed_calls, "Of all operations."),
            COUNT(struct dashboard_performance, retry_attempts, "Of all operations."),
            RATE(struct dashboard_performance, success_rate,
                 "Percent; 100 where there were no calls."),
            {.name = NULL}},
};

static const struct schema dashboard_budget_schema = {
    .name = "DashboardRetryBudget",
    .size = sizeof(struct dashboard_budget),
    .fields =
        (const struct field[]){
            COUNT(struct dashboard_budget, calls, "First attempts in the window."),
            COUNT(struct dashboard_budget, retries, "Retries in the window."),
            COUNT(struct dashboard_budget, allowed, "How many retries the window may have."),
            COUNT(struct dashboard_budget, refused_total, "Retries that were not made, ever."),
            COUNT(struct dashboard_budget, window_seconds, "How long the window is."),
            {.name = NULL}},
};

static const struct schema dashboard_errors_schema = {
    .name = "DashboardErrors",
    .size = sizeof(struct dashboard_errors),
    .fields =
        (const struct field[]){
            COUNT(struct dashboard_errors, answers, "Requests answered, but for health probes."),
            COUNT(struct dashboard_errors, errors, "Of them, failures of ours (5xx)."),
            {.name = NULL}},
};

const struct schema dashboard_schema = {
    .name = "ResilienceDashboard",
    .size = sizeof(struct dashboard),
    .fields =
        (const struct field[]){
            TEXT(struct dashboard, timestamp, "When this was said, RFC 3339."),
            PART(struct dashboard, health, &dashboard_health_schema, "The breakers."),
            PART(struct dashboard, performance, &dashboard_performance_schema, "The calls."),
            TEXTS(struct dashboard, operations, "Their names."),
            TEXTS(struct dashboard, alerts, "What needs attention now; none when all is well."),
            PART(struct dashboard, retry_budget, &dashboard_budget_schema,
                 "What retries may still cost."),
            PART(struct dashboard, last_minute, &dashboard_errors_schema,
                 "Answers of the last 60 seconds."),
            PART(struct dashboard, summary, &metrics_summary_schema, "How many of each."),
            {.name = NULL}},
};
