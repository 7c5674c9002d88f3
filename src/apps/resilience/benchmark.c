/* Benchmarks are rows: what one round does, how often, and how long it may take. */
#include "apps/resilience/benchmark.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ai/strategy.h"
#include "host/host.h"
#include "host/journal.h"

enum { PATH_BYTES = 512 };
#define BREAKER_NAME "benchmark"
#define PATIENCE_MS 2000.0
#define NS_PER_MS 1e6
#define US_PER_MS 1e3

/* What the rounds of one run have. */
struct bench {
    const struct service *service;
    struct arena *arena; /* emptied after each round */
    struct host *host;   /* of its own, where the benchmark needs one */
    char directory[PATH_BYTES];
    struct settings settings; /* the service's, without what would reach others */
};

static const char custom_config[] =
    "{\"retry_attempts\":4,\"circuit_breaker_threshold\":6,\"recovery_timeout\":45,"
    "\"default_strategy\":\"balanced\",\"operation_overrides\":{\"qa\":\"critical\","
    "\"sentiment\":\"aggressive\"},\"exponential_multiplier\":1.5,\"exponential_min\":1,"
    "\"exponential_max\":20,\"jitter_enabled\":true,\"jitter_max\":1,\"max_delay_seconds\":60}";
static const char bad_config[] = "{\"retry_attempts\":99,\"default_strategy\":\"bold\",\"more\":1}";

static bool
load_presets(struct bench *bench)
{
    struct strategy_table *table = arena_alloc(bench->arena, sizeof(*table));
    for (size_t i = 0; i < PRESET_COUNT; i++) {
        const struct preset *preset = preset_find(presets[i].name);
        if (!preset)
            return false;
        strategy_table_fill(table, preset, bench->service->settings, NULL);
    }
    return true;
}

static bool
load_settings(struct bench *bench)
{
    struct settings settings;
    struct strbuf complaints;
    strbuf_init(&complaints, bench->arena, 256);
    return settings_parse(&settings, NULL, "", environ, bench->arena, &complaints);
}

static bool
load_strategies(struct bench *bench)
{
    struct error err = {0};
    struct strategies *strategies = strategies_open(bench->service->settings, NULL, &err);
    bool good = strategies && strategies_now(strategies);
    strategies_close(strategies);
    return good;
}

static bool
load_custom(struct bench *bench)
{
    struct error err = {0};
    struct strategy_table *table = arena_alloc(bench->arena, sizeof(*table));
    const struct preset_custom *custom = preset_custom_parse(custom_config, bench->arena, &err);
    if (!custom)
        return false;
    strategy_table_fill(table, &presets[0], bench->service->settings, custom);
    return table->usual.attempts == custom->retry_attempts;
}

static bool
validate(struct bench *bench)
{
    struct error good = {0}, bad = {0};
    return preset_custom_parse(custom_config, bench->arena, &good) &&
           !preset_custom_parse(bad_config, bench->arena, &bad);
}

static bool
start_service(struct bench *bench)
{
    struct service service;
    struct error err = {0};
    if (!service_open(&service, &bench->settings, &err))
        return false;
    service_close(&service);
    host_remove(bench->directory, 0);
    return true;
}

static bool
decide(struct bench *bench)
{
    static const struct breaker_policy policy = {.threshold = 5, .recovery_ms = 60000};
    struct breaker *breaker = breaker_find(bench->host, BREAKER_NAME);
    int64_t retry_after_ms;
    if (!breaker_allow(breaker, &policy, 1, &retry_after_ms))
        return false;
    breaker_success(breaker, 1);
    return true;
}

const struct benchmark benchmarks[BENCHMARK_COUNT] = {
    {"preset_loading", "Making the strategies of every preset.", 100, 10, false},
    {"settings_initialization", "Reading and checking all settings from the environment.", 50, 100,
     false},
    {"resilience_config_loading", "Loading the configuration as a worker does when it starts.", 50,
     100, false},
    {"service_initialization", "Opening all parts of a worker, over a shared file of its own.", 25,
     200, true},
    {"custom_config_loading", "Reading a custom configuration and applying it.", 25, 100, false},
    {"validation_performance", "Checking a good and a bad custom configuration.", 50, 50, false},
    {"breaker_decision", "Asking a circuit breaker and telling it the outcome.", 1000, 1, false},
};

enum need { NEEDS_NOTHING, NEEDS_DIRECTORY, NEEDS_HOST };

/* What each does, in the same order. */
static const struct work {
    bool (*round)(struct bench *bench); /* false: it failed */
    enum need need;
} works[BENCHMARK_COUNT] = {
    {load_presets, NEEDS_NOTHING},
    {load_settings, NEEDS_NOTHING},
    {load_strategies, NEEDS_NOTHING},
    {start_service, NEEDS_DIRECTORY},
    {load_custom, NEEDS_NOTHING},
    {validate, NEEDS_NOTHING},
    {decide, NEEDS_HOST},
};

const struct benchmark *
benchmark_find(const char *name)
{
    for (size_t i = 0; i < BENCHMARK_COUNT; i++)
        if (strcmp(benchmarks[i].name, name) == 0)
            return &benchmarks[i];
    return NULL;
}

static double
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000.0 + (double)now.tv_nsec / NS_PER_MS;
}

/* Makes a directory in which a shared file can lie that nobody else maps. */
static bool
set_up(struct bench *bench, enum need need, struct error *err)
{
    const char *parent = bench->service->settings->runtime_directory;
    if (need == NEEDS_NOTHING)
        return true;
    int length =
        snprintf(bench->directory, sizeof(bench->directory), "%s/benchmark-XXXXXX", parent);
    if (length < 0 || (size_t)length >= sizeof(bench->directory) || !mkdtemp(bench->directory)) {
        bench->directory[0] = '\0';
        return error_set(err, ERROR_UNAVAILABLE, "a benchmark's directory cannot be made");
    }
    bench->settings = *bench->service->settings;
    bench->settings.runtime_directory = bench->directory;
    bench->settings.alert_webhook_url = "";
    bench->settings.cache_l1_bytes = 0;
    if (need == NEEDS_DIRECTORY)
        return true;
    bench->host = host_open(bench->directory, 0, err);
    if (bench->host)
        breaker_find(bench->host, BREAKER_NAME);
    return bench->host != NULL;
}

static void
tear_down(struct bench *bench)
{
    host_close(bench->host);
    if (bench->directory[0] == '\0')
        return;
    host_remove(bench->directory, 0);
    rmdir(bench->directory);
}

static void
measure(struct bench *bench, const struct benchmark *benchmark, int64_t rounds,
        struct benchmark_result *result)
{
    double started_ms = now_ms(), squares = 0;
    *result = (struct benchmark_result){.benchmark = benchmark, .least_ms = INFINITY};
    while (result->rounds < rounds && now_ms() - started_ms < PATIENCE_MS) {
        double before_ms = now_ms();
        bool good = works[benchmark - benchmarks].round(bench);
        double spent_ms = now_ms() - before_ms;
        result->rounds++;
        result->failures += !good;
        result->total_ms += spent_ms;
        squares += spent_ms * spent_ms;
        result->least_ms = fmin(result->least_ms, spent_ms);
        result->most_ms = fmax(result->most_ms, spent_ms);
        if ((int64_t)bench->arena->used_bytes > result->memory_bytes)
            result->memory_bytes = (int64_t)bench->arena->used_bytes;
        arena_reset(bench->arena);
    }
    double count = (double)result->rounds;
    result->average_ms = result->total_ms / count;
    result->deviation_ms = sqrt(fmax(squares / count - result->average_ms * result->average_ms, 0));
}

static void
note(struct host *host, const struct benchmark_result *result)
{
    struct journal_row row = {.kind = JOURNAL_PERFORMANCE,
                              .level = benchmark_passed(result) ? JOURNAL_INFO : JOURNAL_WARNING,
                              .value = (int64_t)(result->average_ms * NS_PER_MS + 0.5)};
    journal_text(row.subject, sizeof(row.subject), result->benchmark->name);
    snprintf(row.text, sizeof(row.text),
             "%" PRId64 " rounds, %" PRId64 " failed; %.2f us on average, %.2f to %.2f us",
             result->rounds, result->failures, result->average_ms * US_PER_MS,
             result->least_ms * US_PER_MS, result->most_ms * US_PER_MS);
    journal_add(host, &row);
}

bool
benchmark_run(const struct benchmark *benchmark, const struct service *service, int64_t rounds,
              struct benchmark_result *result, struct error *err)
{
    struct arena arena = {0};
    struct bench bench = {.service = service, .arena = &arena};
    bool ready = set_up(&bench, works[benchmark - benchmarks].need, err);
    if (ready) {
        measure(&bench, benchmark, rounds, result);
        note(service->host, result);
    }
    tear_down(&bench);
    arena_release(&arena);
    return ready;
}

bool
benchmark_passed(const struct benchmark_result *result)
{
    return result->failures == 0 && result->average_ms < result->benchmark->threshold_ms;
}
