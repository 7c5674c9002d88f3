/* Benchmarks on request: run, judged, reported and remembered. */
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "apps/app.h"
#include "apps/resilience/benchmark.h"
#include "apps/resilience/performance_schemas.h"
#include "apps/resilience/seeing.h"
#include "base/clock.h"
#include "host/journal.h"

enum { USUAL_ROUNDS = 50 };
#define TARGET_SHARE 0.8
#define TARGET_MS 100.0
#define BYTES_PER_MB 1048576.0
#define MEMORY_GOOD_MB 50.0

/* What is to be run, and what came of it. */
struct suite {
    const struct benchmark **chosen;
    size_t count;
    int64_t rounds; /* 0: as many as each usually has */
    struct benchmark_result *results;
};

static struct suite
suite_new(struct request *request, size_t capacity, bool has_rounds, int64_t rounds)
{
    return (struct suite){
        .chosen = arena_array(&request->arena, capacity + 1, sizeof(struct benchmark *)),
        .results = arena_array(&request->arena, capacity + 1, sizeof(struct benchmark_result)),
        .rounds = has_rounds ? rounds : 0,
    };
}

static struct suite
suite_of_all(struct request *request, bool has_rounds, int64_t rounds, bool include_slow)
{
    struct suite suite = suite_new(request, BENCHMARK_COUNT, has_rounds, rounds);
    for (size_t i = 0; i < BENCHMARK_COUNT; i++)
        if (include_slow || !benchmarks[i].is_slow)
            suite.chosen[suite.count++] = &benchmarks[i];
    return suite;
}

static bool
suite_run(struct suite *suite, struct request *request, struct error *err)
{
    for (size_t i = 0; i < suite->count; i++) {
        const struct benchmark *benchmark = suite->chosen[i];
        int64_t rounds = suite->rounds > 0 ? suite->rounds : benchmark->rounds;
        if (!benchmark_run(benchmark, request->service, rounds, &suite->results[i], err))
            return false;
    }
    return true;
}

static double
success_of(const struct benchmark_result *result)
{
    return result->rounds > 0 ? (double)(result->rounds - result->failures) / (double)result->rounds
                              : 0.0;
}

static struct list
view_results(const struct suite *suite, struct arena *arena)
{
    struct benchmark_view *views = arena_array(arena, suite->count + 1, sizeof(*views));
    for (size_t i = 0; i < suite->count; i++) {
        const struct benchmark_result *result = &suite->results[i];
        struct benchmark_metadata *metadata = arena_alloc(arena, sizeof(*metadata));
        *metadata =
            (struct benchmark_metadata){result->benchmark->doc, result->benchmark->threshold_ms,
                                        result->average_ms * 1000.0, benchmark_passed(result)};
        views[i] = (struct benchmark_view){
            .operation = result->benchmark->name,
            .duration_ms = result->total_ms,
            .avg_duration_ms = result->average_ms,
            .min_duration_ms = result->least_ms,
            .max_duration_ms = result->most_ms,
            .std_dev_ms = result->deviation_ms,
            .memory_peak_mb = (double)result->memory_bytes / BYTES_PER_MB,
            .success_rate = success_of(result),
            .iterations = result->rounds,
            .metadata = metadata,
        };
    }
    return (struct list){views, suite->count};
}

static struct environment_info *
view_environment(struct arena *arena)
{
    struct environment_info *info = arena_alloc(arena, sizeof(*info));
    struct utsname *names = arena_alloc(arena, sizeof(*names));
    *info =
        (struct environment_info){API_VERSION, "Linux", "unknown", sysconf(_SC_NPROCESSORS_ONLN)};
    if (uname(names) == 0) {
        info->system = arena_printf(arena, "%s %s", names->sysname, names->release);
        info->machine = names->machine;
    }
    return info;
}

static struct suite_view *
view_suite(const struct suite *suite, struct arena *arena)
{
    struct suite_view *view = arena_alloc(arena, sizeof(*view));
    const char **failed = arena_array(arena, suite->count + 1, sizeof(*failed));
    size_t failures = 0;
    *view = (struct suite_view){
        .name = "Resilience configuration",
        .results = view_results(suite, arena),
        .timestamp = clock_text(arena, clock_realtime_us()),
        .environment_info = view_environment(arena),
    };
    for (size_t i = 0; i < suite->count; i++) {
        view->total_duration_ms += suite->results[i].total_ms;
        if (!benchmark_passed(&suite->results[i]))
            failed[failures++] = suite->results[i].benchmark->name;
    }
    view->pass_rate =
        suite->count > 0 ? (double)(suite->count - failures) / (double)suite->count : 0.0;
    view->failed_benchmarks = (struct list){failed, failures};
    return view;
}

bool
resilience_run_benchmarks(struct request *request, struct error *err)
{
    const struct benchmark_query *query = request->filter;
    struct suite suite =
        suite_of_all(request, query->has_iterations, query->iterations, query->include_slow);
    if (!suite_run(&suite, request, err))
        return false;
    struct suite_view *view = view_suite(&suite, &request->arena);
    struct suite_summary summary = {
        .total_benchmarks = (int64_t)suite.count,
        .pass_rate = view->pass_rate,
        .total_duration_ms = view->total_duration_ms,
        .failed_benchmarks = view->failed_benchmarks,
        .performance_target_met = view->pass_rate >= TARGET_SHARE,
    };
    struct suite_answer response = {view, &summary};
    response_json(request, 200, &suite_answer_schema, &response);
    return true;
}

static const char *
benchmark_names(struct arena *arena)
{
    struct strbuf names;
    strbuf_init(&names, arena, 256);
    for (size_t i = 0; i < BENCHMARK_COUNT; i++)
        strbuf_printf(&names, "%s%s", i > 0 ? ", " : "", benchmarks[i].name);
    return names.data;
}

static bool
choose(struct suite *suite, const struct list *operations, struct arena *arena, struct error *err)
{
    const char *const *names = operations->items;
    for (size_t i = 0; i < operations->count; i++) {
        const struct benchmark *benchmark = benchmark_find(names[i]);
        if (!benchmark)
            return error_set(err, ERROR_INVALID_REQUEST,
                             "operations[%zu]: there is no benchmark '%.60s'; known are: %s", i,
                             names[i], benchmark_names(arena));
        suite->chosen[suite->count++] = benchmark;
    }
    return true;
}

bool
resilience_run_chosen_benchmarks(struct request *request, struct error *err)
{
    const struct benchmark_request *input = request->input;
    struct suite suite;
    if (input->operations.count > 0) {
        suite =
            suite_new(request, input->operations.count, input->has_iterations, input->iterations);
        if (!choose(&suite, &input->operations, &request->arena, err))
            return false;
    } else {
        suite =
            suite_of_all(request, input->has_iterations, input->iterations, input->include_slow);
    }
    if (!suite_run(&suite, request, err))
        return false;
    struct chosen_summary summary = {.total_benchmarks = (int64_t)suite.count};
    for (size_t i = 0; i < suite.count; i++) {
        summary.total_duration_ms += suite.results[i].total_ms;
        summary.avg_duration_ms += suite.results[i].average_ms / (double)suite.count;
        summary.overall_success_rate += success_of(&suite.results[i]) / (double)suite.count;
    }
    summary.performance_target_met = summary.avg_duration_ms < TARGET_MS;
    struct chosen_answer response = {view_results(&suite, &request->arena), &summary};
    response_json(request, 200, &chosen_answer_schema, &response);
    return true;
}

static double
threshold_of(const char *name)
{
    return benchmark_find(name)->threshold_ms;
}

bool
resilience_show_thresholds(struct request *request, struct error *err)
{
    (void)err;
    static const char *const more[] = {"Presets under 10 ms", "Validation under 50 ms",
                                       "Opening a worker's parts under 200 ms",
                                       "A breaker's decision under 1 ms"};
    struct thresholds_view thresholds = {
        threshold_of("resilience_config_loading"), threshold_of("preset_loading"),
        threshold_of("validation_performance"),    threshold_of("service_initialization"),
        threshold_of("breaker_decision"),
    };
    struct targets_view targets = {"Configuration loaded under 100 ms",
                                   {(void *)more, sizeof(more) / sizeof(more[0])}};
    struct measurement_info info = {USUAL_ROUNDS, "The most that a round took from its arena",
                                    "Nanoseconds of CLOCK_MONOTONIC"};
    struct thresholds_answer response = {&thresholds, &targets, &info};
    response_json(request, 200, &thresholds_answer_schema, &response);
    return true;
}

static struct list
recommend(const struct suite *suite, const struct suite_view *view, struct arena *arena)
{
    const char **texts = arena_array(arena, suite->count + 2, sizeof(*texts));
    size_t count = 0;
    int64_t memory = 0;
    for (size_t i = 0; i < suite->count; i++) {
        const struct benchmark_result *result = &suite->results[i];
        if (result->memory_bytes > memory)
            memory = result->memory_bytes;
        if (!benchmark_passed(result))
            texts[count++] = arena_printf(
                arena,
                "%s takes %.3f ms where %.0f ms are its bound: see what else "
                "the machine does",
                result->benchmark->name, result->average_ms, result->benchmark->threshold_ms);
    }
    if (view->pass_rate >= TARGET_SHARE)
        texts[count++] = "Configuration loading meets its target of 100 ms";
    texts[count++] = (double)memory / BYTES_PER_MB < MEMORY_GOOD_MB
                         ? "Memory use is small"
                         : "Memory use is over 50 MB: look at the configuration's size";
    return (struct list){texts, count};
}

static const char *
write_report(const struct suite *suite, const struct suite_view *view,
             const struct list *recommendations, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 2048);
    strbuf_printf(&text, "%s, %s\n\n%-26s %8s %12s %12s %12s %10s  %s\n", view->name,
                  view->timestamp, "benchmark", "rounds", "average us", "least us", "most us",
                  "bound ms", "");
    for (size_t i = 0; i < suite->count; i++) {
        const struct benchmark_result *result = &suite->results[i];
        strbuf_printf(&text, "%-26s %8lld %12.2f %12.2f %12.2f %10.0f  %s\n",
                      result->benchmark->name, (long long)result->rounds,
                      result->average_ms * 1000.0, result->least_ms * 1000.0,
                      result->most_ms * 1000.0, result->benchmark->threshold_ms,
                      benchmark_passed(result) ? "passed" : "FAILED");
    }
    strbuf_printf(&text, "\n%.0f %% passed\n", view->pass_rate * 100.0);
    for (size_t i = 0; i < recommendations->count; i++)
        strbuf_printf(&text, "- %s\n", ((const char **)recommendations->items)[i]);
    return text.data;
}

static double
average_of(const struct suite *suite, const char *name)
{
    for (size_t i = 0; i < suite->count; i++)
        if (strcmp(suite->results[i].benchmark->name, name) == 0)
            return suite->results[i].average_ms;
    return 0.0;
}

bool
resilience_show_report(struct request *request, struct error *err)
{
    const struct report_query *query = request->filter;
    struct arena *arena = &request->arena;
    bool text = strcasecmp(query->format, "text") == 0;
    if (!text && strcasecmp(query->format, "json") != 0)
        return error_set(err, ERROR_INVALID_REQUEST, "query.format: must be json or text");
    struct suite suite = suite_of_all(request, false, 0, false);
    if (!suite_run(&suite, request, err))
        return false;
    struct suite_view *view = view_suite(&suite, arena);
    struct list recommendations = recommend(&suite, view, arena);
    struct report_numbers numbers = {average_of(&suite, "resilience_config_loading"),
                                     average_of(&suite, "preset_loading"),
                                     view->pass_rate >= TARGET_SHARE};
    struct report_analysis analysis = {&numbers, recommendations};
    struct report_answer response = {.format = text ? "text" : "json",
                                     .timestamp = view->timestamp};
    if (text) {
        response.report = write_report(&suite, view, &recommendations, arena);
    } else {
        response.suite = view;
        response.analysis = &analysis;
    }
    response_json(request, 200, &report_answer_schema, &response);
    return true;
}

struct past {
    struct arena *arena;
    int64_t limit;
    struct benchmark_past *rows, *newest;
    size_t row_count, newest_count;
    struct benchmark_trend trends[BENCHMARK_COUNT];
    size_t trend_count;
};

static struct benchmark_trend *
trend_of(struct past *past, const struct benchmark *benchmark, const struct benchmark_past *row)
{
    for (size_t i = 0; i < past->trend_count; i++)
        if (past->trends[i].operation == benchmark->name)
            return &past->trends[i];
    struct benchmark_trend *trend = &past->trends[past->trend_count++];
    *trend = (struct benchmark_trend){.operation = benchmark->name,
                                      .last_avg_ms = row->avg_duration_ms,
                                      .best_avg_ms = row->avg_duration_ms,
                                      .worst_avg_ms = row->avg_duration_ms};
    past->newest[past->newest_count++] = *row;
    return trend;
}

static bool
take_past(void *context, const struct journal_row *row)
{
    struct past *past = context;
    const struct benchmark *benchmark =
        row->kind == JOURNAL_PERFORMANCE ? benchmark_find(row->subject) : NULL;
    if (!benchmark)
        return true;
    struct benchmark_past view = {
        .operation = benchmark->name,
        .timestamp = clock_text(past->arena, row->time_us),
        .detail = arena_strdup(past->arena, row->text),
        .avg_duration_ms = (double)row->value / 1e6,
        .passed = row->level == JOURNAL_INFO,
    };
    struct benchmark_trend *trend = trend_of(past, benchmark, &view);
    trend->runs++;
    trend->first_avg_ms = view.avg_duration_ms;
    if (view.avg_duration_ms < trend->best_avg_ms)
        trend->best_avg_ms = view.avg_duration_ms;
    if (view.avg_duration_ms > trend->worst_avg_ms)
        trend->worst_avg_ms = view.avg_duration_ms;
    if ((int64_t)past->row_count < past->limit)
        past->rows[past->row_count++] = view;
    return true;
}

bool
resilience_show_benchmark_history(struct request *request, struct error *err)
{
    (void)err;
    const struct benchmark_history_query *query = request->filter;
    struct arena *arena = &request->arena;
    struct past past = {
        .arena = arena,
        .limit = query->limit,
        .rows = arena_array(arena, (size_t)query->limit, sizeof(*past.rows)),
        .newest = arena_array(arena, BENCHMARK_COUNT, sizeof(*past.newest)),
    };
    journal_read(request->service->host, take_past, &past);
    int64_t runs = 0;
    for (size_t i = 0; i < past.trend_count; i++)
        runs += past.trends[i].runs;
    struct benchmark_history response = {
        .message = arena_printf(arena, "%lld results are remembered", (long long)runs),
        .history = {past.rows, past.row_count},
        .current_results = {past.newest, past.newest_count},
        .trends = {past.trends, past.trend_count},
    };
    response_json(request, 200, &benchmark_history_schema, &response);
    return true;
}
