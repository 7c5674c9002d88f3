/* The routes that show how resilience fares; resilience.c has those that steer it. */
#include "apps/resilience/seeing.h"

#include "apps/app.h"
#include "apps/resilience/history_schemas.h"
#include "apps/resilience/performance_schemas.h"
#include "http/problem.h"
#include "http/route.h"

#define BASE "/internal/resilience"
#define FLAGS (ROUTE_INTERNAL | ROUTE_UNVERSIONED)

/* A map of schema breaker_answer by model. */
static const struct schema breakers_schema = {
    .name = "ModelBreakers",
    .doc = "A member for each model, by its name: what /circuit-breakers/{name} answers.",
    .fields = (const struct field[]){{.name = NULL}},
};

#define SEEING(path, handler, access, ...)                                                         \
    {                                                                                              \
        .method = METHOD_GET, .pattern = BASE path, .handle = (handler),                           \
        .flags = FLAGS | (access), .tag = "Resilience", __VA_ARGS__                                \
    }

static const struct route_answer reset_answers[] = {PROBLEM(404, "There is no such operation."),
                                                    {0}};

static const struct route routes[] = {
    SEEING("/health", resilience_show_health, 0, .limit = LIMIT_HEALTH,
           .response = &resilience_health_schema, .summary = "Whether models can be asked",
           .doc = "From the breakers that all workers share; asks nobody.",
           .operation_id = "resilience_health"),
    SEEING("/metrics", resilience_show_metrics, ROUTE_KEY, .response = &all_metrics_schema,
           .summary = "Figures of all operations and breakers",
           .doc = "Counted over all workers of the host, so any of them says the same.",
           .operation_id = "resilience_metrics"),
    SEEING("/metrics/{operation}", resilience_show_operation, ROUTE_KEY,
           .response = &operation_metrics_schema, .summary = "Figures of one operation",
           .doc = "404 names the operations that are known.",
           .operation_id = "resilience_operation_metrics"),
    {
        .method = METHOD_POST,
        .pattern = BASE "/metrics/reset",
        .handle = resilience_reset_metrics,
        .flags = FLAGS | ROUTE_KEY,
        .query = &metrics_reset_query_schema,
        .response = &metrics_reset_schema,
        .answers = reset_answers,
        .tag = "Resilience",
        .summary = "Let figures begin anew",
        .doc = "On all workers at once. The counters of /metrics for Prometheus go on.",
        .operation_id = "resilience_metrics_reset",
    },
    SEEING("/dashboard", resilience_show_dashboard, ROUTE_KEY_OPTIONAL,
           .response = &dashboard_schema, .summary = "All of it at a glance",
           .doc = "Breakers, calls, the retry budget, the last minute, and what needs attention.",
           .operation_id = "resilience_dashboard"),
    SEEING("/circuit-breakers", resilience_list_breakers, ROUTE_KEY, .response = &breakers_schema,
           .summary = "The models' breakers",
           .doc = "One for each model of the settings, used or not, by the model's name.",
           .operation_id = "resilience_breakers"),
    SEEING("/circuit-breakers/{name}", resilience_show_breaker, ROUTE_KEY,
           .response = &breaker_answer_schema, .summary = "One model's breaker",
           .doc = "404 names the models that have one.", .operation_id = "resilience_breaker"),
    {
        .method = METHOD_POST,
        .pattern = BASE "/circuit-breakers/{name}/reset",
        .handle = resilience_reset_breaker,
        .flags = FLAGS | ROUTE_KEY,
        .response = &breaker_reset_schema,
        .tag = "Resilience",
        .summary = "Close a breaker",
        .doc = "On all workers at once; a rest that the provider asked for ends too.",
        .operation_id = "resilience_breaker_reset",
    },
    SEEING("/providers", resilience_show_providers, ROUTE_KEY, .response = &providers_answer_schema,
           .summary = "Providers and models",
           .doc = "Where each model is asked, within which limits, what is asked after it, and how "
                  "its calls ended. Keys are never told.",
           .operation_id = "resilience_providers"),
    SEEING("/monitoring/usage-statistics", resilience_show_usage, ROUTE_KEY,
           .query = &window_query_schema, .response = &usage_answer_schema,
           .summary = "Which presets were in use",
           .doc = "Workers load the configuration when they start and when another preset is "
                  "taken into use.",
           .operation_id = "resilience_usage"),
    SEEING("/monitoring/preset-trends/{preset}", resilience_show_trends, ROUTE_KEY,
           .query = &hours_query_schema, .response = &trend_answer_schema,
           .summary = "Use of one preset by the hour",
           .doc = "404 names the presets that are known.", .operation_id = "resilience_trends"),
    SEEING("/monitoring/performance-metrics", resilience_show_load_times, ROUTE_KEY,
           .query = &hours_query_schema, .response = &load_times_schema,
           .summary = "How long loading the configuration took",
           .doc = "Zeros where nothing was loaded in that time.",
           .operation_id = "resilience_load_times"),
    SEEING("/monitoring/alerts", resilience_show_alerts, ROUTE_KEY, .query = &alerts_query_schema,
           .response = &alerts_answer_schema, .summary = "What operators were told",
           .doc = "Alerts of the last 24 hours: breakers that opened or closed, a spent retry "
                  "budget, too many errors, another preset.",
           .operation_id = "resilience_alerts"),
    SEEING("/monitoring/session/{session}", resilience_show_session, ROUTE_KEY,
           .response = &session_answer_schema, .summary = "Rows of one session",
           .doc = "A session is a worker (process-<number>) or whoever made a change; none at all "
                  "for one that is not known.",
           .operation_id = "resilience_session"),
    SEEING("/monitoring/export", resilience_export_history, ROUTE_KEY,
           .query = &export_query_schema, .response = &export_answer_schema,
           .summary = "All rows, to take away",
           .doc = "The host keeps the last 8192 rows in memory, until it is started anew.",
           .operation_id = "resilience_export"),
    {
        .method = METHOD_POST,
        .pattern = BASE "/monitoring/cleanup",
        .handle = resilience_clean_history,
        .flags = FLAGS | ROUTE_KEY,
        .query = &cleanup_query_schema,
        .response = &cleanup_answer_schema,
        .tag = "Resilience",
        .summary = "Remove old rows",
        .doc = "From what all of these routes show, on all workers at once.",
        .operation_id = "resilience_cleanup",
    },
    SEEING("/performance/benchmark", resilience_run_benchmarks, ROUTE_KEY | ROUTE_WAITS,
           .query = &benchmark_query_schema, .response = &suite_answer_schema,
           .summary = "Measure loading and deciding",
           .doc = "Runs now, for two seconds a benchmark at most, and keeps the results.",
           .operation_id = "resilience_benchmark"),
    {
        .method = METHOD_POST,
        .pattern = BASE "/performance/benchmark",
        .handle = resilience_run_chosen_benchmarks,
        .flags = FLAGS | ROUTE_KEY | ROUTE_WAITS | ROUTE_BODY_OPTIONAL,
        .request = &benchmark_request_schema,
        .response = &chosen_answer_schema,
        .tag = "Resilience",
        .summary = "Measure some of it",
        .doc = "400 for a benchmark that is not known names those that are.",
        .operation_id = "resilience_benchmark_chosen",
    },
    SEEING("/performance/thresholds", resilience_show_thresholds, ROUTE_KEY_OPTIONAL,
           .response = &thresholds_answer_schema, .summary = "What benchmarks are held to",
           .doc = "In milliseconds, for averages.", .operation_id = "resilience_thresholds"),
    SEEING("/performance/report", resilience_show_report, ROUTE_KEY | ROUTE_WAITS,
           .query = &report_query_schema, .response = &report_answer_schema,
           .summary = "Measure and judge", .doc = "All benchmarks but the slow one, run now.",
           .operation_id = "resilience_report"),
    SEEING("/performance/history", resilience_show_benchmark_history, ROUTE_KEY,
           .query = &benchmark_history_query_schema, .response = &benchmark_history_schema,
           .summary = "Earlier results", .doc = "Of benchmarks that any worker of the host ran.",
           .operation_id = "resilience_benchmark_history"),
    {.pattern = NULL},
};

const struct app resilience_seeing_app = {"resilience_seeing", routes, NULL};
