/* All series as Prometheus text, version 0.0.4. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "host/breaker.h"
#include "host/metrics.h"
#include "host/metrics_table.h"

static const struct family {
    const char *name, *help;
    enum metric_type type;
} families[METRIC_COUNT] = {
#define X(metric, kind, text, about) [METRIC_##metric] = {text, about, METRIC_TYPE_##kind},
    METRICS(X)
#undef X
};

static const char *const type_names[] = {
    [METRIC_TYPE_COUNTER] = "counter",
    [METRIC_TYPE_GAUGE] = "gauge",
    [METRIC_TYPE_HISTOGRAM] = "histogram",
};

struct line {
    enum metric metric;
    const char *labels; /* in the arena */
    void *cell;
};

static int
compare_lines(const void *first, const void *second)
{
    const struct line *a = first, *b = second;
    if (a->metric != b->metric)
        return a->metric < b->metric ? -1 : 1;
    return strcmp(a->labels, b->labels);
}

/* Adds the table's whole names that belong to a family of the right type. */
static size_t
collect(const struct name_table *table, bool histograms, struct arena *arena, struct line *lines)
{
    char labels[NAME_MAX_BYTES + 1];
    size_t count = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        struct name *name = name_at(table, i, labels);
        if (!name || name_kind(name) >= METRIC_COUNT)
            continue;
        enum metric metric = (enum metric)name_kind(name);
        if ((families[metric].type == METRIC_TYPE_HISTOGRAM) == histograms)
            lines[count++] = (struct line){metric, arena_strdup(arena, labels), name};
    }
    return count;
}

static void
write_family(enum metric metric, struct strbuf *out)
{
    const struct family *family = &families[metric];
    strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
                  type_names[family->type]);
}

static void
write_histogram(const char *name, const char *labels, struct histogram *histogram,
                struct strbuf *out)
{
    const char *comma = *labels ? "," : "";
    uint64_t count = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        const char *bound = i < HISTOGRAM_BUCKETS - 1 ? histogram_bounds[i].seconds : "+Inf";
        count += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        strbuf_printf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma, bound,
                      count);
    }
    uint64_t sum_us = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    strbuf_printf(out, "%s_sum%s%s%s %" PRIu64 ".%06" PRIu64 "\n", name, open, labels, close,
                  sum_us / 1000000, sum_us % 1000000);
    strbuf_printf(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, count);
}

static void
write_value(const char *name, const char *labels, int64_t value, bool is_signed, struct strbuf *out)
{
    strbuf_printf(out, "%s%s%s%s ", name, *labels ? "{" : "", labels, *labels ? "}" : "");
    if (is_signed)
        strbuf_printf(out, "%" PRId64 "\n", value);
    else
        strbuf_printf(out, "%" PRIu64 "\n", (uint64_t)value);
}

static void
write_line(const struct line *line, struct strbuf *out)
{
    const struct family *family = &families[line->metric];
    if (family->type == METRIC_TYPE_HISTOGRAM) {
        write_histogram(family->name, line->labels, line->cell, out);
        return;
    }
    struct series *series = line->cell;
    write_value(family->name, line->labels,
                (int64_t)atomic_load_explicit(&series->value, memory_order_relaxed),
                family->type == METRIC_TYPE_GAUGE, out);
}

/* Breakers keep their own figures; their series are filled when somebody looks. */
static void
note_breakers(struct host *host, struct arena *arena)
{
    struct breaker_view *views = arena_array(arena, BREAKERS_MAX, sizeof *views);
    size_t count = breaker_list(host, clock_monotonic_us(), views, BREAKERS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct breaker_view *view = &views[i];
        const char *label = arena_printf(arena, "breaker=\"%s\"", view->name);
        metrics_set(host, METRIC_BREAKER_STATE, label, view->state);
        const struct {
            const char *state;
            uint64_t total;
        } changes[] = {{"open", view->opens_total},
                       {"half_open", view->half_opens_total},
                       {"closed", view->closes_total}};
        for (size_t j = 0; j < sizeof changes / sizeof changes[0]; j++)
            metrics_set(host, METRIC_BREAKER_CHANGES,
                        arena_printf(arena, "%s,state=\"%s\"", label, changes[j].state),
                        (int64_t)changes[j].total);
    }
}

void
metrics_write(struct host *host, struct strbuf *out)
{
    note_breakers(host, out->arena);
    struct name_table series = metrics_series_table(host);
    struct name_table histograms = metrics_histogram_table(host);
    struct line *lines = arena_array(out->arena, SERIES_MAX + HISTOGRAMS_MAX, sizeof *lines);
    size_t count = collect(&series, false, out->arena, lines);
    count += collect(&histograms, true, out->arena, lines + count);
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || lines[i].metric != lines[i - 1].metric)
            write_family(lines[i].metric, out);
        write_line(&lines[i], out);
    }
    write_family(METRIC_SERIES_DROPPED, out);
    write_value(families[METRIC_SERIES_DROPPED].name, "",
                (int64_t)atomic_load(&host->shared->series_dropped), false, out);
}
