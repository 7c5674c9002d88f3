/* What the routes about health, figures and breakers give and take. */
#ifndef HEARTH_APPS_RESILIENCE_FIGURES_SCHEMAS_H
#define HEARTH_APPS_RESILIENCE_FIGURES_SCHEMAS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/schema.h"

struct metrics_view {
    int64_t total_calls, successful_calls, failed_calls, retry_attempts;
    int64_t circuit_breaker_opens, circuit_breaker_half_opens, circuit_breaker_closes;
    double success_rate, failure_rate;
    const char *last_failure, *last_success; /* NULL: never */
};

struct breaker_answer {
    const char *name, *state;
    int64_t failure_count, failure_threshold, recovery_timeout, retry_after_ms, rest_ms;
    const char *last_failure_time; /* NULL: never */
    struct metrics_view *metrics;
};

struct health_details {
    bool healthy;
    struct list open_circuit_breakers, half_open_circuit_breakers; /* const char * */
    int64_t total_circuit_breakers, total_operations;
    const char *timestamp;
};

struct resilience_health {
    bool healthy;
    const char *status;
    struct health_details *details;
};

struct metrics_summary {
    int64_t total_operations, total_circuit_breakers, healthy_circuit_breakers;
    const char *timestamp;
};

struct all_metrics {
    struct map operations;       /* struct metrics_view */
    struct map circuit_breakers; /* struct breaker_answer */
    struct metrics_summary *summary;
};

struct operation_metrics {
    const char *operation;
    struct metrics_view *metrics;
};

struct metrics_reset_query {
    const char *operation_name; /* NULL: all */
};

struct breakers_answer {
    struct map circuit_breakers;
};

struct breaker_reset_answer {
    const char *message, *name, *new_state;
};

struct dashboard_health {
    bool overall_healthy;
    int64_t open_circuit_breakers, half_open_circuit_breakers, total_circuit_breakers;
};

struct dashboard_performance {
    int64_t total_calls, successful_calls, failed_calls, retry_attempts;
    double success_rate;
};

struct dashboard_budget {
    int64_t calls, retries, allowed, refused_total, window_seconds;
};

struct dashboard_errors {
    int64_t answers, errors;
};

struct dashboard {
    const char *timestamp;
    struct dashboard_health *health;
    struct dashboard_performance *performance;
    struct list operations, alerts; /* const char * */
    struct dashboard_budget *retry_budget;
    struct dashboard_errors *last_minute;
    struct metrics_summary *summary;
};

extern const struct schema breaker_answer_schema, resilience_health_schema, all_metrics_schema,
    operation_metrics_schema, metrics_reset_query_schema, metrics_reset_schema,
    breaker_reset_schema, dashboard_schema;

#endif
