/* Finding and moving the cells of series. */
#include "host/metrics.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "host/metrics_table.h"

const struct histogram_bound histogram_bounds[HISTOGRAM_BUCKETS - 1] = {
    {50, "5e-05"},      {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},  {1000, "0.001"},
    {2500, "0.0025"},   {5000, "0.005"},  {10000, "0.01"},  {25000, "0.025"}, {50000, "0.05"},
    {100000, "0.1"},    {250000, "0.25"}, {500000, "0.5"},  {1000000, "1"},   {2500000, "2.5"},
    {5000000, "5"},     {10000000, "10"}, {30000000, "30"}, {60000000, "60"}, {120000000, "120"},
    {300000000, "300"},
};

struct name_table
metrics_series_table(struct host *host)
{
    return (struct name_table){host->shared->series_hashes, host->shared->series,
                               sizeof(struct series), SERIES_MAX};
}

struct name_table
metrics_histogram_table(struct host *host)
{
    return (struct name_table){host->shared->histogram_hashes, host->shared->histograms,
                               sizeof(struct histogram), HISTOGRAMS_MAX};
}

/* Appends the text, or what of it there is room for, and returns where the next one goes. */
static char *
add(char *at, const char *end, const char *text)
{
    return mempcpy(at, text, strnlen(text, (size_t)(end - at)));
}

static char *
add_pair(char *at, const char *end, const char *name, const char *value)
{
    at = add(at, end, name);
    at = add(at, end, "=\"");
    at = add(at, end, value);
    return add(at, end, "\"");
}

/* By hand: printf() made a twentieth of a call through the gateway of it. */
void
metrics_labels(char labels[static METRIC_LABELS_MAX], const char *name, const char *value,
               const char *second_name, const char *second_value)
{
    const char *end = labels + METRIC_LABELS_MAX - 1;
    char *at = add_pair(labels, end, name, value);
    if (second_name)
        at = add_pair(add(at, end, ","), end, second_name, second_value);
    *at = '\0';
}

static size_t
label_name_length(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return *text && strchr(letters, *text) ? strspn(text, more) : 0;
}

/* The end of a quoted value, or NULL where it is not one. */
static const char *
skip_value(const char *text)
{
    if (*text++ != '"')
        return NULL;
    for (; *text != '"'; text++) {
        if (*text == '\\' && *++text != '\\' && *text != '"' && *text != 'n')
            return NULL;
        if (*text == '\0' || *text == '\n')
            return NULL;
    }
    return text + 1;
}

/* A text that Prometheus cannot read would cost all series of the host, not only its own. */
static bool
labels_are_valid(const char *labels, size_t length)
{
    size_t code_points;
    if (length > METRIC_LABELS_MAX || !utf8_count(labels, length, &code_points))
        return false;
    const char *text = labels;
    while (*text) {
        size_t name = label_name_length(text);
        if (name == 0 || text[name] != '=' || !(text = skip_value(text + name + 1)))
            return false;
        if (*text == ',' && *++text == '\0')
            return false;
    }
    return true;
}

static void *
find(struct host *host, const struct name_table *table, enum metric metric, const char *labels)
{
    size_t length = strnlen(labels, METRIC_LABELS_MAX + 1);
    void *cell = NULL;
    if (length <= METRIC_LABELS_MAX)
        cell = name_find(table, metric, labels, length, false);
    if (!cell && labels_are_valid(labels, length))
        cell = name_find(table, metric, labels, length, true);
    if (!cell)
        atomic_fetch_add_explicit(&host->shared->series_dropped, 1, memory_order_relaxed);
    return cell;
}

atomic_uint_fast64_t *
metrics_cell(struct host *host, enum metric metric, const char *labels)
{
    struct name_table table = metrics_series_table(host);
    struct series *series = find(host, &table, metric, labels);
    return series ? &series->value : &host->shared->series_overflow;
}

struct histogram *
metrics_histogram(struct host *host, enum metric metric, const char *labels)
{
    struct name_table table = metrics_histogram_table(host);
    struct histogram *histogram = find(host, &table, metric, labels);
    return histogram ? histogram : &host->shared->histogram_overflow;
}

void
histogram_observe(struct histogram *histogram, int64_t microseconds)
{
    if (microseconds < 0)
        microseconds = 0;
    size_t low = 0, high = HISTOGRAM_BUCKETS - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (microseconds <= histogram_bounds[middle].microseconds)
            high = middle;
        else
            low = middle + 1;
    }
    atomic_fetch_add_explicit(&histogram->buckets[low], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)microseconds, memory_order_relaxed);
}

void
metrics_add(struct host *host, enum metric metric, const char *labels, uint64_t count)
{
    atomic_fetch_add_explicit(metrics_cell(host, metric, labels), count, memory_order_relaxed);
}

void
metrics_set(struct host *host, enum metric metric, const char *labels, int64_t value)
{
    atomic_store_explicit(metrics_cell(host, metric, labels), (uint64_t)value,
                          memory_order_relaxed);
}

static uint64_t
observations(struct histogram *histogram)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
    return sum;
}

uint64_t
metrics_sum(struct host *host, enum metric metric, const char *labels_hold)
{
    char labels[NAME_MAX_BYTES + 1];
    struct name_table table = metrics_series_table(host);
    uint64_t sum = 0;
    if (metric == METRIC_SERIES_DROPPED)
        return atomic_load(&host->shared->series_dropped);
    for (size_t i = 0; i < SERIES_MAX; i++) {
        struct series *series = name_at(&table, i, labels);
        if (series && name_kind(&series->name) == metric && strstr(labels, labels_hold))
            sum += atomic_load_explicit(&series->value, memory_order_relaxed);
    }
    table = metrics_histogram_table(host);
    for (size_t i = 0; i < HISTOGRAMS_MAX; i++) {
        struct histogram *histogram = name_at(&table, i, labels);
        if (histogram && name_kind(&histogram->name) == metric && strstr(labels, labels_hold))
            sum += observations(histogram);
    }
    return sum;
}

uint64_t
metrics_value(struct host *host, enum metric metric, const char *labels)
{
    struct name_table table = metrics_series_table(host);
    size_t length = strnlen(labels, METRIC_LABELS_MAX + 1);
    struct series *series =
        length <= METRIC_LABELS_MAX ? name_find(&table, metric, labels, length, false) : NULL;
    return series ? atomic_load_explicit(&series->value, memory_order_relaxed) : 0;
}

void
metrics_each(struct host *host, enum metric metric,
             void (*take)(void *context, const char *labels, uint64_t value), void *context)
{
    char labels[NAME_MAX_BYTES + 1];
    struct name_table table = metrics_series_table(host);
    for (size_t i = 0; i < SERIES_MAX; i++) {
        struct series *series = name_at(&table, i, labels);
        if (series && name_kind(&series->name) == metric)
            take(context, labels, atomic_load_explicit(&series->value, memory_order_relaxed));
    }
}

bool
metrics_label(const char *labels, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    for (const char *at = labels; (at = strstr(at, name)); at += length) {
        if ((at != labels && at[-1] != ',') || strncmp(at + length, "=\"", 2) != 0)
            continue;
        const char *start = at + length + 2;
        size_t count = strcspn(start, "\"\\");
        if (start[count] != '"' || count >= size)
            return false;
        memcpy(value, start, count);
        value[count] = '\0';
        return true;
    }
    return false;
}
