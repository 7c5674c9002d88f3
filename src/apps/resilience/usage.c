/* Which presets were in use and how long loading took, as the journal tells. */
#include <stdlib.h>
#include <string.h>

#include "ai/preset.h"
#include "apps/resilience/history_schemas.h"
#include "apps/resilience/seeing.h"
#include "base/clock.h"
#include "host/journal.h"

enum { NAMES_MAX = 64, MICROS = 1000000 };
#define HOUR_US (INT64_C(3600) * 1000000)
#define LOAD_GOOD_MS 100.0
#define LOAD_P95_MS 200.0
#define ERRORS_GOOD 0.05

/* What a name (of a preset) comes to. */
struct tally {
    char name[sizeof((struct journal_row){0}.subject)];
    int64_t uses, loads, load_us, shortest_us, longest_us;
};

struct usage {
    int64_t from_us;
    int64_t loads, load_us, custom_loads, errors;
    struct tally tallies[NAMES_MAX];
    size_t tally_count;
    int64_t *times_us; /* of the loads; JOURNAL_ROWS of them fit */
};

static struct tally *
tally_of(struct usage *usage, const char *name)
{
    for (size_t i = 0; i < usage->tally_count; i++)
        if (strcmp(usage->tallies[i].name, name) == 0)
            return &usage->tallies[i];
    if (usage->tally_count == NAMES_MAX)
        return NULL;
    struct tally *tally = &usage->tallies[usage->tally_count++];
    *tally = (struct tally){.shortest_us = INT64_MAX};
    memcpy(tally->name, name, sizeof(tally->name));
    return tally;
}

static void
take_load(struct usage *usage, const struct journal_row *row)
{
    struct tally *tally = tally_of(usage, row->subject);
    usage->times_us[usage->loads++] = row->value;
    usage->load_us += row->value;
    usage->custom_loads += strcmp(row->text, "custom") == 0;
    if (!tally)
        return;
    tally->loads++;
    tally->load_us += row->value;
    if (row->value < tally->shortest_us)
        tally->shortest_us = row->value;
    if (row->value > tally->longest_us)
        tally->longest_us = row->value;
}

static bool
take_row(void *context, const struct journal_row *row)
{
    struct usage *usage = context;
    struct tally *tally;
    if (row->time_us < usage->from_us)
        return true;
    if (row->kind == JOURNAL_CONFIG_LOAD)
        take_load(usage, row);
    else if (row->kind == JOURNAL_CONFIG_ERROR)
        usage->errors++;
    else if (row->kind == JOURNAL_PRESET_USAGE && (tally = tally_of(usage, row->subject)))
        tally->uses++;
    return true;
}

static struct usage *
read_usage(struct request *request, int64_t hours)
{
    struct usage *usage = arena_alloc(&request->arena, sizeof(*usage));
    usage->from_us = clock_realtime_us() - hours * HOUR_US;
    usage->times_us = arena_array(&request->arena, JOURNAL_ROWS, sizeof(*usage->times_us));
    journal_read(request->service->host, take_row, usage);
    return usage;
}

static double
milliseconds(int64_t microseconds)
{
    return (double)microseconds / 1000.0;
}

static double
average_ms(int64_t sum_us, int64_t count)
{
    return count > 0 ? milliseconds(sum_us) / (double)count : 0.0;
}

static double
share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0.0;
}

static void
fill_usage(const struct usage *usage, struct arena *arena, struct usage_statistics *statistics)
{
    const char **names = arena_array(arena, NAMES_MAX, sizeof(*names));
    struct decimal *counts = arena_array(arena, NAMES_MAX, sizeof(*counts));
    const struct tally *most = NULL, *least = NULL;
    size_t used = 0;
    for (size_t i = 0; i < usage->tally_count; i++) {
        const struct tally *tally = &usage->tallies[i];
        if (tally->uses == 0)
            continue;
        names[used] = tally->name;
        counts[used++].micros = tally->uses * MICROS;
        if (!most || tally->uses > most->uses)
            most = tally;
        if (!least || tally->uses < least->uses)
            least = tally;
    }
    *statistics = (struct usage_statistics){
        .total_loads = usage->loads,
        .preset_usage_count = {names, counts, used},
        .error_rate = share(usage->errors, usage->loads + usage->errors),
        .avg_load_time_ms = average_ms(usage->load_us, usage->loads),
        .most_used_preset = most ? most->name : "none",
        .least_used_preset = least ? least->name : "none",
        .custom_config_usage_rate = share(usage->custom_loads, usage->loads),
    };
}

bool
resilience_show_usage(struct request *request, struct error *err)
{
    (void)err;
    const struct window_query *query = request->filter;
    const struct usage *usage = read_usage(request, query->time_window_hours);
    struct usage_statistics statistics;
    fill_usage(usage, &request->arena, &statistics);
    struct usage_summary summary = {
        .healthy = statistics.error_rate < ERRORS_GOOD,
        .performance_good = statistics.avg_load_time_ms < LOAD_GOOD_MS,
        .preset_adoption = 1.0 - statistics.legacy_config_usage_rate,
    };
    struct usage_answer response = {query->time_window_hours, &statistics, &summary};
    response_json(request, 200, &usage_answer_schema, &response);
    return true;
}

struct trend {
    const char *preset;
    int64_t first_us; /* beginning of the first hour */
    int64_t hours;
    struct trend_point *points;
};

static bool
take_use(void *context, const struct journal_row *row)
{
    struct trend *trend = context;
    int64_t hour = (row->time_us - trend->first_us) / HOUR_US;
    if (row->kind == JOURNAL_PRESET_USAGE && row->time_us >= trend->first_us &&
        hour < trend->hours && strcmp(row->subject, trend->preset) == 0)
        trend->points[hour].usage_count++;
    return true;
}

static const char *
preset_names(struct arena *arena)
{
    struct strbuf names;
    strbuf_init(&names, arena, 64);
    for (size_t i = 0; i < PRESET_COUNT; i++)
        strbuf_printf(&names, "%s%s", i > 0 ? ", " : "", presets[i].name);
    return names.data;
}

bool
resilience_show_trends(struct request *request, struct error *err)
{
    const struct hours_query *query = request->filter;
    const char *name = request->path_parameters[0];
    struct arena *arena = &request->arena;
    if (!preset_find(name))
        return error_set(err, ERROR_NOT_FOUND, "there is no preset '%.60s'; known are: %s", name,
                         preset_names(arena));
    struct trend trend = {.preset = name, .hours = query->hours};
    trend.points = arena_array(arena, (size_t)query->hours, sizeof(*trend.points));
    trend.first_us = (clock_realtime_us() / HOUR_US - query->hours + 1) * HOUR_US;
    for (int64_t i = 0; i < query->hours; i++)
        trend.points[i] = (struct trend_point){clock_text(arena, trend.first_us + i * HOUR_US), 0};
    journal_read(request->service->host, take_use, &trend);
    struct trend_summary summary = {0};
    for (int64_t i = 0; i < query->hours; i++) {
        int64_t count = trend.points[i].usage_count;
        summary.total_usage += count;
        if (count > summary.peak_usage)
            summary.peak_usage = count;
    }
    summary.avg_hourly_usage = (double)summary.total_usage / (double)query->hours;
    struct trend_answer response = {
        name, query->hours, {trend.points, (size_t)query->hours}, &summary};
    response_json(request, 200, &trend_answer_schema, &response);
    return true;
}

static int
compare_times(const void *first, const void *second)
{
    int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
    return (a > b) - (a < b);
}

static struct map
times_by_preset(const struct usage *usage, struct arena *arena)
{
    const char **names = arena_array(arena, NAMES_MAX, sizeof(*names));
    struct preset_times *times = arena_array(arena, NAMES_MAX, sizeof(*times));
    size_t count = 0;
    for (size_t i = 0; i < usage->tally_count; i++) {
        const struct tally *tally = &usage->tallies[i];
        if (tally->loads == 0)
            continue;
        names[count] = tally->name;
        times[count++] = (struct preset_times){average_ms(tally->load_us, tally->loads),
                                               milliseconds(tally->shortest_us),
                                               milliseconds(tally->longest_us), tally->loads};
    }
    return (struct map){names, times, count};
}

bool
resilience_show_load_times(struct request *request, struct error *err)
{
    (void)err;
    const struct hours_query *query = request->filter;
    const struct usage *usage = read_usage(request, query->hours);
    struct load_times times = {
        .error_count = usage->errors,
        .total_samples = usage->loads,
        .avg_load_time_ms = average_ms(usage->load_us, usage->loads),
        .preset_performance = times_by_preset(usage, &request->arena),
    };
    if (usage->loads > 0) {
        qsort(usage->times_us, (size_t)usage->loads, sizeof(*usage->times_us), compare_times);
        times.min_load_time_ms = milliseconds(usage->times_us[0]);
        times.max_load_time_ms = milliseconds(usage->times_us[usage->loads - 1]);
        times.p95_load_time_ms = milliseconds(usage->times_us[(usage->loads * 95 + 99) / 100 - 1]);
    }
    struct load_health health = {
        .performance_good = times.avg_load_time_ms < LOAD_GOOD_MS,
        .error_rate_acceptable = share(usage->errors, usage->loads + usage->errors) < ERRORS_GOOD,
        .p95_within_threshold = times.p95_load_time_ms < LOAD_P95_MS,
    };
    struct load_times_answer response = {query->hours, &times, &health};
    response_json(request, 200, &load_times_schema, &response);
    return true;
}
