/* What the routes about the journal give and take. */
#ifndef HEARTH_APPS_RESILIENCE_HISTORY_SCHEMAS_H
#define HEARTH_APPS_RESILIENCE_HISTORY_SCHEMAS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/schema.h"

struct window_query {
    int64_t time_window_hours;
};

struct hours_query {
    int64_t hours;
};

struct usage_statistics {
    int64_t total_loads;
    struct map preset_usage_count; /* struct decimal */
    double error_rate, avg_load_time_ms;
    const char *most_used_preset, *least_used_preset;
    double custom_config_usage_rate, legacy_config_usage_rate;
};

struct usage_summary {
    bool healthy, performance_good;
    double preset_adoption;
};

struct usage_answer {
    int64_t time_window_hours;
    struct usage_statistics *statistics;
    struct usage_summary *summary;
};

struct trend_point {
    const char *timestamp;
    int64_t usage_count;
};

struct trend_summary {
    int64_t total_usage, peak_usage;
    double avg_hourly_usage;
};

struct trend_answer {
    const char *preset_name;
    int64_t time_window_hours;
    struct list trend_data; /* struct trend_point */
    struct trend_summary *summary;
};

struct preset_times {
    double avg_load_time_ms, min_load_time_ms, max_load_time_ms;
    int64_t sample_count;
};

struct load_times {
    double avg_load_time_ms, min_load_time_ms, max_load_time_ms, p95_load_time_ms;
    int64_t error_count, total_samples;
    struct map preset_performance; /* struct preset_times */
};

struct load_health {
    bool performance_good, error_rate_acceptable, p95_within_threshold;
};

struct load_times_answer {
    int64_t time_window_hours;
    struct load_times *performance_metrics;
    struct load_health *health_check;
};

struct alerts_query {
    int64_t max_alerts;
    const char *level; /* NULL: all */
};

struct alert_metadata {
    const char *subject;
};

struct alert_row {
    const char *timestamp, *level, *title, *description, *metric_type, *kind;
    double threshold_value, actual_value;
    bool is_measured; /* else there is neither */
    struct alert_metadata *metadata;
};

struct alert_counts {
    int64_t info, warning, error, critical;
};

struct alerts_summary {
    int64_t total_alerts;
    struct alert_counts *alert_counts;
    bool has_critical, has_errors;
};

struct alerts_answer {
    struct list alerts; /* struct alert_row */
    struct alerts_summary *summary;
};

struct metric_metadata {
    const char *detail, *level, *subject, *kind; /* detail, kind: NULL for none */
};

struct metric_row {
    const char *timestamp, *metric_type, *preset_name, *operation;
    double value;
    struct metric_metadata *metadata;
    const char *session_id, *user_context; /* NULL: none */
};

struct session_summary {
    int64_t total_operations;
    struct map preset_usage; /* struct decimal */
    int64_t error_count;
    double error_rate, avg_load_time_ms;
};

struct session_answer {
    const char *session_id;
    struct list metrics; /* struct metric_row */
    struct session_summary *summary;
};

struct export_query {
    const char *format;
    int64_t time_window_hours;
    bool has_time_window_hours;
};

struct export_answer {
    const char *format;
    int64_t time_window_hours;
    bool has_time_window_hours;
    const char *data, *export_timestamp;
};

struct cleanup_answer {
    int64_t cleanup_threshold_hours, metrics_removed, alerts_removed, metrics_remaining,
        alerts_remaining;
    const char *cleanup_timestamp;
};

extern const struct schema window_query_schema, hours_query_schema, cleanup_query_schema,
    usage_answer_schema, trend_answer_schema, load_times_schema, alerts_query_schema,
    alerts_answer_schema, metric_row_schema, session_answer_schema, export_query_schema,
    export_answer_schema, cleanup_answer_schema;

#endif
