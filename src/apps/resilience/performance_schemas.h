/* What the benchmark routes give and take. */
#ifndef HEARTH_APPS_RESILIENCE_PERFORMANCE_SCHEMAS_H
#define HEARTH_APPS_RESILIENCE_PERFORMANCE_SCHEMAS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/schema.h"

struct benchmark_query {
    int64_t iterations;
    bool has_iterations, include_slow;
};

struct benchmark_request {
    int64_t iterations;
    bool has_iterations, include_slow;
    struct list operations; /* const char *; no items: all */
};

struct benchmark_metadata {
    const char *description;
    double threshold_ms, avg_duration_us;
    bool passed;
};

struct benchmark_view {
    const char *operation;
    double duration_ms, avg_duration_ms, min_duration_ms, max_duration_ms, std_dev_ms;
    double memory_peak_mb, success_rate;
    int64_t iterations;
    struct benchmark_metadata *metadata;
};

struct environment_info {
    const char *version, *system, *machine;
    int64_t processors;
};

struct suite_view {
    const char *name;
    struct list results; /* struct benchmark_view */
    double total_duration_ms, pass_rate;
    struct list failed_benchmarks; /* const char * */
    const char *timestamp;
    struct environment_info *environment_info;
};

struct suite_summary {
    int64_t total_benchmarks;
    double pass_rate, total_duration_ms;
    struct list failed_benchmarks; /* const char * */
    bool performance_target_met;
};

struct suite_answer {
    struct suite_view *benchmark_suite;
    struct suite_summary *summary;
};

struct chosen_summary {
    int64_t total_benchmarks;
    double total_duration_ms, avg_duration_ms, overall_success_rate;
    bool performance_target_met;
};

struct chosen_answer {
    struct list results; /* struct benchmark_view */
    struct chosen_summary *summary;
};

struct thresholds_view {
    double config_loading_ms, preset_access_ms, validation_ms, service_initialization_ms,
        breaker_decision_ms;
};

struct targets_view {
    const char *primary_target;
    struct list secondary_targets; /* const char * */
};

struct measurement_info {
    int64_t default_iterations;
    const char *memory_tracking, *timing_precision;
};

struct thresholds_answer {
    struct thresholds_view *thresholds;
    struct targets_view *targets;
    struct measurement_info *measurement_info;
};

struct report_query {
    const char *format;
};

struct report_numbers {
    double avg_config_loading_ms, avg_preset_loading_ms;
    bool target_met;
};

struct report_analysis {
    struct report_numbers *performance_summary;
    struct list recommendations; /* const char * */
};

struct report_answer {
    const char *format;
    struct suite_view *suite;         /* of json */
    struct report_analysis *analysis; /* of json */
    const char *report, *timestamp;   /* of text */
};

struct benchmark_history_query {
    int64_t limit;
};

struct benchmark_past {
    const char *operation, *timestamp, *detail;
    double avg_duration_ms;
    bool passed;
};

struct benchmark_history {
    const char *message;
    struct list history;         /* struct benchmark_past, the newest first */
    struct list current_results; /* struct benchmark_past: the newest of each operation */
    struct list trends;          /* struct benchmark_trend */
};

struct benchmark_trend {
    const char *operation;
    int64_t runs;
    double first_avg_ms, last_avg_ms, best_avg_ms, worst_avg_ms;
};

extern const struct schema benchmark_query_schema, benchmark_request_schema, suite_answer_schema,
    chosen_answer_schema, thresholds_answer_schema, report_query_schema, report_answer_schema,
    benchmark_history_query_schema, benchmark_history_schema;

#endif
