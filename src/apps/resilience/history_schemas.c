/* The rows of usage, alerts and the journal's other routes. */
#include "apps/resilience/history_schemas.h"

#include <strings.h>

enum { HOURS_MAX = 720 };

#define COUNT(T, member, text)                                                                     \
    INTEGER(T, member, .flags = FIELD_REQUIRED, .max = INT64_MAX, .doc = (text))
#define RATE(T, member, text) NUMBER(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define FLAG(T, member, text) BOOLEAN(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define TEXT(T, member, text) STRING(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define MAYBE(T, member, text)                                                                     \
    STRING(T, member, .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = (text))
#define PART(T, member, schema, text)                                                              \
    OBJECT(T, member, schema, .flags = FIELD_REQUIRED, .doc = (text))
#define ROWS(T, member, schema, text)                                                              \
    ARRAY(T, member, schema, .flags = FIELD_REQUIRED, .doc = (text))
#define HOURS(T, member, low, text)                                                                \
    INTEGER(T, member, .min = (low), .max = HOURS_MAX, .default_json = "24", .doc = (text))

const struct schema window_query_schema = {
    .name = "UsageQuery",
    .size = sizeof(struct window_query),
    .initial = &(const struct window_query){24},
    .fields = (const struct field[]){HOURS(struct window_query, time_window_hours, 1,
                                           "How far back, in hours."),
                                     {.name = NULL}},
};

const struct schema hours_query_schema = {
    .name = "HoursQuery",
    .size = sizeof(struct hours_query),
    .initial = &(const struct hours_query){24},
    .fields = (const struct field[]){HOURS(struct hours_query, hours, 1, "How far back, in hours."),
                                     {.name = NULL}},
};

const struct schema cleanup_query_schema = {
    .name = "CleanupQuery",
    .size = sizeof(struct hours_query),
    .initial = &(const struct hours_query){24},
    .fields = (const struct field[]){HOURS(struct hours_query, hours, 0,
                                           "Rows older than so many hours are removed; 0: all."),
                                     {.name = NULL}},
};

static const struct schema usage_statistics_schema = {
    .name = "UsageStatistics",
    .size = sizeof(struct usage_statistics),
    .fields =
        (const struct field[]){
            COUNT(struct usage_statistics, total_loads, "Loads of the configuration."),
            DECIMAL_MAP(struct usage_statistics, preset_usage_count, .flags = FIELD_REQUIRED,
                        .doc = "How often each preset was taken into use."),
            RATE(struct usage_statistics, error_rate, "Failed loads, as a share of all: 0 to 1."),
            RATE(struct usage_statistics, avg_load_time_ms, "Of the loads."),
            TEXT(struct usage_statistics, most_used_preset, "none where none was used."),
            TEXT(struct usage_statistics, least_used_preset,
                 "Of those that were used; none where none was."),
            RATE(struct usage_statistics, custom_config_usage_rate,
                 "Loads with RESILIENCE_CUSTOM_CONFIG, as a share of all: 0 to 1."),
            RATE(struct usage_statistics, legacy_config_usage_rate,
                 "Always 0: there is no older kind of configuration."),
            {.name = NULL}},
};

static const struct schema usage_summary_schema = {
    .name = "UsageSummary",
    .size = sizeof(struct usage_summary),
    .fields =
        (const struct field[]){
            FLAG(struct usage_summary, healthy, "Whether under 5 % of the loads failed."),
            FLAG(struct usage_summary, performance_good, "Whether loads take under 100 ms."),
            RATE(struct usage_summary, preset_adoption, "Loads by preset, as a share of all."),
            {.name = NULL}},
};

const struct schema usage_answer_schema = {
    .name = "PresetUsage",
    .size = sizeof(struct usage_answer),
    .fields =
        (const struct field[]){
            COUNT(struct usage_answer, time_window_hours, "As asked for."),
            PART(struct usage_answer, statistics, &usage_statistics_schema, "Of the whole host."),
            PART(struct usage_answer, summary, &usage_summary_schema, "What they mean."),
            {.name = NULL}},
};

static const struct schema trend_point_schema = {
    .name = "PresetTrendPoint",
    .size = sizeof(struct trend_point),
    .fields = (const struct field[]){TEXT(struct trend_point, timestamp,
                                          "The hour's beginning, RFC 3339."),
                                     COUNT(struct trend_point, usage_count, "In that hour."),
                                     {.name = NULL}},
};

static const struct schema trend_summary_schema = {
    .name = "PresetTrendSummary",
    .size = sizeof(struct trend_summary),
    .fields = (const struct field[]){COUNT(struct trend_summary, total_usage, "Over all hours."),
                                     COUNT(struct trend_summary, peak_usage, "In one hour."),
                                     RATE(struct trend_summary, avg_hourly_usage, "Per hour."),
                                     {.name = NULL}},
};

const struct schema trend_answer_schema = {
    .name = "PresetTrend",
    .size = sizeof(struct trend_answer),
    .fields = (const struct field[]){TEXT(struct trend_answer, preset_name, "As asked for."),
                                     COUNT(struct trend_answer, time_window_hours, "As asked for."),
                                     ROWS(struct trend_answer, trend_data, &trend_point_schema,
                                          "An item for each hour, the present one last."),
                                     PART(struct trend_answer, summary, &trend_summary_schema,
                                          "What they come to."),
                                     {.name = NULL}},
};

static const struct schema preset_times_schema = {
    .name = "PresetLoadTimes",
    .size = sizeof(struct preset_times),
    .fields = (const struct field[]){RATE(struct preset_times, avg_load_time_ms, "Average."),
                                     RATE(struct preset_times, min_load_time_ms, "Shortest."),
                                     RATE(struct preset_times, max_load_time_ms, "Longest."),
                                     COUNT(struct preset_times, sample_count, "Loads."),
                                     {.name = NULL}},
};

static const struct schema load_times_of_schema = {
    .name = "LoadTimes",
    .size = sizeof(struct load_times),
    .fields =
        (const struct field[]){
            RATE(struct load_times, avg_load_time_ms, "0 where there were no loads."),
            RATE(struct load_times, min_load_time_ms, "Shortest."),
            RATE(struct load_times, max_load_time_ms, "Longest."),
            RATE(struct load_times, p95_load_time_ms, "95 % of the loads took no longer."),
            COUNT(struct load_times, error_count, "Loads that failed."),
            COUNT(struct load_times, total_samples, "Loads that did not."),
            OBJECT_MAP(struct load_times, preset_performance, &preset_times_schema,
                       .flags = FIELD_REQUIRED, .doc = "By the preset's name."),
            {.name = NULL}},
};

static const struct schema load_health_schema = {
    .name = "LoadHealth",
    .size = sizeof(struct load_health),
    .fields =
        (const struct field[]){
            FLAG(struct load_health, performance_good, "Whether the average is under 100 ms."),
            FLAG(struct load_health, error_rate_acceptable, "Whether under 5 % failed."),
            FLAG(struct load_health, p95_within_threshold, "Whether 95 % took under 200 ms."),
            {.name = NULL}},
};

const struct schema load_times_schema = {
    .name = "ConfigurationPerformance",
    .size = sizeof(struct load_times_answer),
    .fields =
        (const struct field[]){
            COUNT(struct load_times_answer, time_window_hours, "As asked for."),
            PART(struct load_times_answer, performance_metrics, &load_times_of_schema,
                 "Of loading the configuration."),
            PART(struct load_times_answer, health_check, &load_health_schema, "What they mean."),
            {.name = NULL}},
};

static const char *
check_level(const char *text)
{
    static const char *const levels[] = {"info", "warning", "error", "critical"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strcasecmp(text, levels[i]) == 0)
            return NULL;
    return "must be info, warning, error or critical";
}

const struct schema alerts_query_schema = {
    .name = "AlertsQuery",
    .size = sizeof(struct alerts_query),
    .initial = &(const struct alerts_query){.max_alerts = 50},
    .fields = (const struct field[]){INTEGER(struct alerts_query, max_alerts, .min = 1, .max = 1000,
                                             .default_json = "50", .doc = "The newest so many."),
                                     STRING(struct alerts_query, level, .check = check_level,
                                            .pattern_hint = "(?i)info|warning|error|critical",
                                            .doc = "Only these."),
                                     {.name = NULL}},
};

static const struct schema alert_metadata_schema = {
    .name = "AlertMetadata",
    .size = sizeof(struct alert_metadata),
    .fields = (const struct field[]){TEXT(struct alert_metadata, subject,
                                          "What it is about: a model, a preset."),
                                     {.name = NULL}},
};

static const struct schema alert_row_schema = {
    .name = "Alert",
    .size = sizeof(struct alert_row),
    .fields =
        (const struct field[]){
            TEXT(struct alert_row, timestamp, "RFC 3339."),
            TEXT(struct alert_row, level, "info, warning, error or critical."),
            TEXT(struct alert_row, title, "Kind and subject."),
            TEXT(struct alert_row, description, "What happened."),
            TEXT(struct alert_row, metric_type, "alert."),
            TEXT(struct alert_row, kind,
                 "breaker_open, breaker_closed, retry_budget_exhausted, error_rate, "
                 "preset_changed."),
            NUMBER(struct alert_row, threshold_value, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   PRESENT(struct alert_row, is_measured),
                   .doc = "What actual_value is held to; null where nothing is measured."),
            NUMBER(struct alert_row, actual_value, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   PRESENT(struct alert_row, is_measured),
                   .doc = "Of error_rate: percent of the answers; of breaker_open: failures in a "
                          "row; of retry_budget_exhausted: retries of the last 10 seconds; null of "
                          "the others."),
            PART(struct alert_row, metadata, &alert_metadata_schema, "More of it."),
            {.name = NULL}},
};

static const struct schema alert_counts_schema = {
    .name = "AlertCounts",
    .size = sizeof(struct alert_counts),
    .fields = (const struct field[]){COUNT(struct alert_counts, info, "Of this level."),
                                     COUNT(struct alert_counts, warning, "Of this level."),
                                     COUNT(struct alert_counts, error, "Of this level."),
                                     COUNT(struct alert_counts, critical, "Of this level."),
                                     {.name = NULL}},
};

static const struct schema alerts_summary_schema = {
    .name = "AlertsSummary",
    .size = sizeof(struct alerts_summary),
    .doc = "Of all alerts of 24 hours that fit the query, listed or not.",
    .fields =
        (const struct field[]){
            COUNT(struct alerts_summary, total_alerts, "How many."),
            PART(struct alerts_summary, alert_counts, &alert_counts_schema, "By level."),
            FLAG(struct alerts_summary, has_critical, "Whether one is critical."),
            FLAG(struct alerts_summary, has_errors, "Whether one is an error."),
            {.name = NULL}},
};

const struct schema alerts_answer_schema = {
    .name = "Alerts",
    .size = sizeof(struct alerts_answer),
    .fields = (const struct field[]){ROWS(struct alerts_answer, alerts, &alert_row_schema,
                                          "Of the last 24 hours, the newest first."),
                                     PART(struct alerts_answer, summary, &alerts_summary_schema,
                                          "How many there are."),
                                     {.name = NULL}},
};

static const struct schema metric_metadata_schema = {
    .name = "HistoryMetadata",
    .size = sizeof(struct metric_metadata),
    .fields =
        (const struct field[]){
            MAYBE(struct metric_metadata, detail, "For people."),
            TEXT(struct metric_metadata, level, "info, warning, error or critical."),
            TEXT(struct metric_metadata, subject,
                 "What the row is about: a preset, breaker, model, check "
                 "or benchmark."),
            MAYBE(struct metric_metadata, kind, "Of an alert: which; null of other rows."),
            {.name = NULL}},
};

const struct schema metric_row_schema = {
    .name = "HistoryRow",
    .size = sizeof(struct metric_row),
    .fields =
        (const struct field[]){
            TEXT(struct metric_row, timestamp, "RFC 3339."),
            TEXT(struct metric_row, metric_type,
                 "preset_usage, config_load, config_error, config_change, validation_event, "
                 "performance_event or alert."),
            MAYBE(struct metric_row, preset_name, "null where the row is not about one."),
            TEXT(struct metric_row, operation,
                 "load, error, change, reset, validate, benchmark, alert."),
            RATE(struct metric_row, value,
                 "Of a load or a benchmark: milliseconds. Of other kinds 1."),
            PART(struct metric_row, metadata, &metric_metadata_schema, "More of it."),
            MAYBE(struct metric_row, session_id, "Which process or who; null: nobody known."),
            MAYBE(struct metric_row, user_context, "Always null."),
            {.name = NULL}},
};

static const struct schema session_summary_schema = {
    .name = "SessionSummary",
    .size = sizeof(struct session_summary),
    .fields =
        (const struct field[]){
            COUNT(struct session_summary, total_operations, "Rows of the session."),
            DECIMAL_MAP(struct session_summary, preset_usage, .flags = FIELD_REQUIRED,
                        .doc = "How often each preset was taken into use."),
            COUNT(struct session_summary, error_count, "Failed loads."),
            RATE(struct session_summary, error_rate, "As a share of all rows: 0 to 1."),
            RATE(struct session_summary, avg_load_time_ms, "Of its loads."),
            {.name = NULL}},
};

const struct schema session_answer_schema = {
    .name = "SessionHistory",
    .size = sizeof(struct session_answer),
    .fields =
        (const struct field[]){
            TEXT(struct session_answer, session_id, "As asked for."),
            ROWS(struct session_answer, metrics, &metric_row_schema, "The newest first."),
            PART(struct session_answer, summary, &session_summary_schema, "What they come to."),
            {.name = NULL}},
};

const struct schema export_query_schema = {
    .name = "HistoryExportQuery",
    .size = sizeof(struct export_query),
    .initial = &(const struct export_query){.format = "json"},
    .fields =
        (const struct field[]){
            STRING(struct export_query, format, .default_json = "\"json\"", .doc = "json or csv."),
            INTEGER(struct export_query, time_window_hours, .min = 1, .max = HOURS_MAX,
                    PRESENT(struct export_query, has_time_window_hours),
                    .doc = "How far back, in hours; without it, all there is."),
            {.name = NULL}},
};

const struct schema export_answer_schema = {
    .name = "HistoryExport",
    .size = sizeof(struct export_answer),
    .fields =
        (const struct field[]){
            TEXT(struct export_answer, format, "json or csv."),
            INTEGER(struct export_answer, time_window_hours,
                    .flags = FIELD_REQUIRED | FIELD_NULLABLE, .max = INT64_MAX,
                    PRESENT(struct export_answer, has_time_window_hours), .doc = "As asked for."),
            TEXT(struct export_answer, data,
                 "The rows, the newest first, as a JSON array or as CSV (RFC 4180) with a head."),
            TEXT(struct export_answer, export_timestamp, "When this was made, RFC 3339."),
            {.name = NULL}},
};

const struct schema cleanup_answer_schema = {
    .name = "HistoryCleanup",
    .size = sizeof(struct cleanup_answer),
    .fields =
        (const struct field[]){
            COUNT(struct cleanup_answer, cleanup_threshold_hours, "As asked for."),
            COUNT(struct cleanup_answer, metrics_removed, "Rows but for alerts."),
            COUNT(struct cleanup_answer, alerts_removed, "Alerts."),
            COUNT(struct cleanup_answer, metrics_remaining, "Rows but for alerts."),
            COUNT(struct cleanup_answer, alerts_remaining, "Alerts."),
            TEXT(struct cleanup_answer, cleanup_timestamp, "RFC 3339."),
            {.name = NULL}},
};
