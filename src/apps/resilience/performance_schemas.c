/* The rows of the benchmarks. */
#include "apps/resilience/performance_schemas.h"

#include "apps/resilience/benchmark.h"

enum { HISTORY_MAX = 1000 };

#define COUNT(T, member, text)                                                                     \
    INTEGER(T, member, .flags = FIELD_REQUIRED, .max = INT64_MAX, .doc = (text))
#define RATE(T, member, text) NUMBER(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define FLAG(T, member, text) BOOLEAN(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define TEXT(T, member, text) STRING(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define TEXTS(T, member, text) STRINGS(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define PART(T, member, schema, text)                                                              \
    OBJECT(T, member, schema, .flags = FIELD_REQUIRED, .doc = (text))
#define ROWS(T, member, schema, text)                                                              \
    ARRAY(T, member, schema, .flags = FIELD_REQUIRED, .doc = (text))
#define ITERATIONS(T)                                                                              \
    INTEGER(T, iterations, .min = 1, .max = BENCHMARK_ROUNDS_MAX, PRESENT(T, has_iterations),      \
            .doc = "Rounds of each benchmark, fewer where they take over two seconds; without "    \
                   "it, as many as each usually has: 25 to 1000.")
#define INCLUDE_SLOW(T)                                                                            \
    BOOLEAN(T, include_slow, .default_json = "false",                                              \
            .doc = "Whether service_initialization is among them.")

const struct schema benchmark_query_schema = {
    .name = "BenchmarkQuery",
    .size = sizeof(struct benchmark_query),
    .fields = (const struct field[]){ITERATIONS(struct benchmark_query),
                                     INCLUDE_SLOW(struct benchmark_query),
                                     {.name = NULL}},
};

const struct schema benchmark_request_schema = {
    .name = "BenchmarkRequest",
    .size = sizeof(struct benchmark_request),
    .fields = (const struct field[]){ITERATIONS(struct benchmark_request),
                                     INCLUDE_SLOW(struct benchmark_request),
                                     STRINGS(struct benchmark_request, operations,
                                             .flags = FIELD_NULLABLE, .max = 50,
                                             .doc = "Names of benchmarks, the slow one among them "
                                                    "where it is named; without it, all."),
                                     {.name = NULL}},
    .example = "{\"iterations\": 50, \"operations\": [\"preset_loading\"]}",
};

static const struct schema benchmark_metadata_schema = {
    .name = "BenchmarkMetadata",
    .size = sizeof(struct benchmark_metadata),
    .fields =
        (const struct field[]){
            TEXT(struct benchmark_metadata, description, "What a round does."),
            RATE(struct benchmark_metadata, threshold_ms, "The average has to be under it."),
            RATE(struct benchmark_metadata, avg_duration_us, "The average in microseconds."),
            FLAG(struct benchmark_metadata, passed, "Whether it is, and no round failed."),
            {.name = NULL}},
};

static const struct schema benchmark_view_schema = {
    .name = "BenchmarkResult",
    .size = sizeof(struct benchmark_view),
    .fields =
        (const struct field[]){
            TEXT(struct benchmark_view, operation, "The benchmark's name."),
            RATE(struct benchmark_view, duration_ms, "Of all rounds."),
            RATE(struct benchmark_view, avg_duration_ms, "Of a round, on average."),
            RATE(struct benchmark_view, min_duration_ms, "Of the shortest round."),
            RATE(struct benchmark_view, max_duration_ms, "Of the longest round."),
            RATE(struct benchmark_view, std_dev_ms, "Standard deviation over the rounds."),
            RATE(struct benchmark_view, memory_peak_mb,
                 "Taken from the arena in the greediest round."),
            RATE(struct benchmark_view, success_rate, "Rounds that went well: 0 to 1."),
            COUNT(struct benchmark_view, iterations, "Rounds that were run."),
            PART(struct benchmark_view, metadata, &benchmark_metadata_schema, "What it is to be."),
            {.name = NULL}},
};

static const struct schema environment_info_schema = {
    .name = "BenchmarkEnvironment",
    .size = sizeof(struct environment_info),
    .fields = (const struct field[]){TEXT(struct environment_info, version, "Of the interface."),
                                     TEXT(struct environment_info, system, "The kernel."),
                                     TEXT(struct environment_info, machine, "The architecture."),
                                     COUNT(struct environment_info, processors, "In use."),
                                     {.name = NULL}},
};

static const struct schema suite_view_schema = {
    .name = "BenchmarkSuite",
    .size = sizeof(struct suite_view),
    .fields =
        (const struct field[]){
            TEXT(struct suite_view, name, "What was measured."),
            ROWS(struct suite_view, results, &benchmark_view_schema, "An item for each."),
            RATE(struct suite_view, total_duration_ms, "Of all rounds of all benchmarks."),
            RATE(struct suite_view, pass_rate, "Benchmarks that passed: 0 to 1."),
            TEXTS(struct suite_view, failed_benchmarks, "Those that did not."),
            TEXT(struct suite_view, timestamp, "RFC 3339."),
            PART(struct suite_view, environment_info, &environment_info_schema,
                 "Where this was measured."),
            {.name = NULL}},
};

static const struct schema suite_summary_schema = {
    .name = "BenchmarkSummary",
    .size = sizeof(struct suite_summary),
    .fields =
        (const struct field[]){
            COUNT(struct suite_summary, total_benchmarks, "How many were run."),
            RATE(struct suite_summary, pass_rate, "Benchmarks that passed: 0 to 1."),
            RATE(struct suite_summary, total_duration_ms, "Of all rounds."),
            TEXTS(struct suite_summary, failed_benchmarks, "Those that did not pass."),
            FLAG(struct suite_summary, performance_target_met, "Whether 80 % passed."),
            {.name = NULL}},
};

const struct schema suite_answer_schema = {
    .name = "BenchmarkRun",
    .size = sizeof(struct suite_answer),
    .fields =
        (const struct field[]){
            PART(struct suite_answer, benchmark_suite, &suite_view_schema, "What was measured."),
            PART(struct suite_answer, summary, &suite_summary_schema, "What it comes to."),
            {.name = NULL}},
};

static const struct schema chosen_summary_schema = {
    .name = "ChosenBenchmarksSummary",
    .size = sizeof(struct chosen_summary),
    .fields =
        (const struct field[]){
            COUNT(struct chosen_summary, total_benchmarks, "How many were run."),
            RATE(struct chosen_summary, total_duration_ms, "Of all rounds."),
            RATE(struct chosen_summary, avg_duration_ms, "The mean of the averages."),
            RATE(struct chosen_summary, overall_success_rate, "Rounds that went well: 0 to 1."),
            FLAG(struct chosen_summary, performance_target_met,
                 "Whether the mean of the averages is under 100 ms."),
            {.name = NULL}},
};

const struct schema chosen_answer_schema = {
    .name = "ChosenBenchmarks",
    .size = sizeof(struct chosen_answer),
    .fields = (const struct field[]){ROWS(struct chosen_answer, results, &benchmark_view_schema,
                                          "An item for each, as asked for."),
                                     PART(struct chosen_answer, summary, &chosen_summary_schema,
                                          "What they come to."),
                                     {.name = NULL}},
};

static const struct schema thresholds_view_schema = {
    .name = "BenchmarkThresholds",
    .size = sizeof(struct thresholds_view),
    .fields =
        (const struct field[]){
            RATE(struct thresholds_view, config_loading_ms, "Of loading a configuration."),
            RATE(struct thresholds_view, preset_access_ms, "Of making the presets."),
            RATE(struct thresholds_view, validation_ms, "Of checking a configuration."),
            RATE(struct thresholds_view, service_initialization_ms, "Of opening a worker's parts."),
            RATE(struct thresholds_view, breaker_decision_ms, "Of asking a breaker."),
            {.name = NULL}},
};

static const struct schema targets_view_schema = {
    .name = "BenchmarkTargets",
    .size = sizeof(struct targets_view),
    .fields = (const struct field[]){TEXT(struct targets_view, primary_target, "For people."),
                                     TEXTS(struct targets_view, secondary_targets, "For people."),
                                     {.name = NULL}},
};

static const struct schema measurement_info_schema = {
    .name = "BenchmarkMeasurement",
    .size = sizeof(struct measurement_info),
    .fields =
        (const struct field[]){
            COUNT(struct measurement_info, default_iterations, "Of most benchmarks."),
            TEXT(struct measurement_info, memory_tracking, "What memory_peak_mb is."),
            TEXT(struct measurement_info, timing_precision, "Of all durations."),
            {.name = NULL}},
};

const struct schema thresholds_answer_schema = {
    .name = "PerformanceThresholds",
    .size = sizeof(struct thresholds_answer),
    .fields =
        (const struct field[]){
            PART(struct thresholds_answer, thresholds, &thresholds_view_schema,
                 "Milliseconds that averages stay under."),
            PART(struct thresholds_answer, targets, &targets_view_schema, "The same in words."),
            PART(struct thresholds_answer, measurement_info, &measurement_info_schema,
                 "How it is measured."),
            {.name = NULL}},
};

const struct schema report_query_schema = {
    .name = "PerformanceReportQuery",
    .size = sizeof(struct report_query),
    .initial = &(const struct report_query){"json"},
    .fields = (const struct field[]){STRING(struct report_query, format, .default_json = "\"json\"",
                                            .doc = "json or text."),
                                     {.name = NULL}},
};

static const struct schema report_numbers_schema = {
    .name = "PerformanceReportNumbers",
    .size = sizeof(struct report_numbers),
    .fields =
        (const struct field[]){
            RATE(struct report_numbers, avg_config_loading_ms, "Of resilience_config_loading."),
            RATE(struct report_numbers, avg_preset_loading_ms, "Of preset_loading."),
            FLAG(struct report_numbers, target_met, "Whether 80 % passed."),
            {.name = NULL}},
};

static const struct schema report_analysis_schema = {
    .name = "PerformanceReportAnalysis",
    .size = sizeof(struct report_analysis),
    .fields = (const struct field[]){PART(struct report_analysis, performance_summary,
                                          &report_numbers_schema, "The figures that count."),
                                     TEXTS(struct report_analysis, recommendations, "For people."),
                                     {.name = NULL}},
};

const struct schema report_answer_schema = {
    .name = "PerformanceReport",
    .size = sizeof(struct report_answer),
    .fields =
        (const struct field[]){TEXT(struct report_answer, format, "json or text."),
                               OBJECT(struct report_answer, suite, &suite_view_schema,
                                      .flags = FIELD_OMITTED,
                                      .doc = "What was measured just now; in json."),
                               OBJECT(struct report_answer, analysis, &report_analysis_schema,
                                      .flags = FIELD_OMITTED, .doc = "What it means; in json."),
                               STRING(struct report_answer, report, .flags = FIELD_OMITTED,
                                      .doc = "A table with what it means; in text."),
                               TEXT(struct report_answer, timestamp, "RFC 3339."),
                               {.name = NULL}},
};

const struct schema benchmark_history_query_schema = {
    .name = "BenchmarkHistoryQuery",
    .size = sizeof(struct benchmark_history_query),
    .initial = &(const struct benchmark_history_query){10},
    .fields = (const struct field[]){INTEGER(struct benchmark_history_query, limit, .min = 1,
                                             .max = HISTORY_MAX, .default_json = "10",
                                             .doc = "The newest so many results."),
                                     {.name = NULL}},
};

static const struct schema benchmark_past_schema = {
    .name = "BenchmarkPast",
    .size = sizeof(struct benchmark_past),
    .fields =
        (const struct field[]){TEXT(struct benchmark_past, operation, "The benchmark's name."),
                               TEXT(struct benchmark_past, timestamp, "RFC 3339."),
                               TEXT(struct benchmark_past, detail, "Rounds and range, for people."),
                               RATE(struct benchmark_past, avg_duration_ms, "On average."),
                               FLAG(struct benchmark_past, passed, "Whether it passed."),
                               {.name = NULL}},
};

static const struct schema benchmark_trend_schema = {
    .name = "BenchmarkTrend",
    .size = sizeof(struct benchmark_trend),
    .fields = (const struct field[]){TEXT(struct benchmark_trend, operation, "Its name."),
                                     COUNT(struct benchmark_trend, runs, "That are remembered."),
                                     RATE(struct benchmark_trend, first_avg_ms, "Of the oldest."),
                                     RATE(struct benchmark_trend, last_avg_ms, "Of the newest."),
                                     RATE(struct benchmark_trend, best_avg_ms, "The shortest."),
                                     RATE(struct benchmark_trend, worst_avg_ms, "The longest."),
                                     {.name = NULL}},
};

const struct schema benchmark_history_schema = {
    .name = "BenchmarkHistory",
    .size = sizeof(struct benchmark_history),
    .fields =
        (const struct field[]){
            TEXT(struct benchmark_history, message, "How many there are."),
            ROWS(struct benchmark_history, history, &benchmark_past_schema, "The newest first."),
            ROWS(struct benchmark_history, current_results, &benchmark_past_schema,
                 "The newest of each benchmark."),
            ROWS(struct benchmark_history, trends, &benchmark_trend_schema,
                 "How each benchmark changed over the runs that are remembered."),
            {.name = NULL}},
};
