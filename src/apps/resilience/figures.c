/* Figures are counters in shared memory less what they stood at when they were reset, which is in
 * shared memory too: so every worker says the same. */
#include "apps/resilience/figures.h"

#include <stdio.h>
#include <string.h>

#include "ai/strategy.h"
#include "apps/app.h"
#include "base/clock.h"
#include "host/metrics.h"

enum { OPERATIONS_MAX = 128, NAME_BYTES = 96, US_PER_SECOND = 1000000 };

/* What is counted of a subject, and under which name its state at the reset is kept. */
static const struct figure {
    const char *name;
    size_t offset;
} figure_rows[] = {
    {"total", offsetof(struct figures, total_calls)},
    {"successful", offsetof(struct figures, successful_calls)},
    {"failed", offsetof(struct figures, failed_calls)},
    {"retries", offsetof(struct figures, retry_attempts)},
    {"opens", offsetof(struct figures, breaker_opens)},
    {"half_opens", offsetof(struct figures, breaker_half_opens)},
    {"closes", offsetof(struct figures, breaker_closes)},
};

enum { FIGURE_ROWS = sizeof(figure_rows) / sizeof(figure_rows[0]) };

static int64_t *
figure_at(struct figures *figures, size_t row)
{
    return (int64_t *)(void *)((char *)figures + figure_rows[row].offset);
}

static const char *
base_labels(char *text, const char *kind, const char *name, const char *figure)
{
    snprintf(text, METRIC_LABELS_MAX + 1, "subject=\"%s:%s\",figure=\"%s\"", kind, name, figure);
    return text;
}

/* Whether an outcome of an operation tells of models: 1 well, -1 badly, 0 not at all. */
static int
judge_outcome(const char *outcome)
{
    if (strcmp(outcome, "answered") == 0)
        return 1;
    if (strcmp(outcome, "hit") == 0 || strcmp(outcome, "coalesced") == 0)
        return 0;
    for (int code = ERROR_NONE + 1; code < ERROR_WOULD_WAIT; code++) {
        const struct error_info *info = error_info((enum error_code)code);
        if (strcmp(outcome, info->name) == 0)
            return info->status >= 500 || code == ERROR_PROVIDER_RATE_LIMITED ? -1 : 0;
    }
    return -1;
}

static struct figures *
operation_named(struct figures_report *report, struct arena *arena, const char *name)
{
    for (size_t i = 0; i < report->operation_count; i++)
        if (strcmp(report->operations[i].name, name) == 0)
            return &report->operations[i];
    if (report->operation_count == OPERATIONS_MAX)
        return NULL;
    struct figures *figures = &report->operations[report->operation_count++];
    figures->name = arena_strdup(arena, name);
    return figures;
}

struct reading {
    struct figures_report *report;
    struct arena *arena;
};

static struct figures *
operation_of(struct reading *reading, const char *labels)
{
    char name[NAME_BYTES];
    return metrics_label(labels, "operation", name, sizeof(name))
               ? operation_named(reading->report, reading->arena, name)
               : NULL;
}

static void
take_calls(void *context, const char *labels, uint64_t value)
{
    char outcome[NAME_BYTES];
    struct figures *figures = operation_of(context, labels);
    if (!figures || !metrics_label(labels, "outcome", outcome, sizeof(outcome)))
        return;
    int verdict = judge_outcome(outcome);
    if (verdict > 0)
        figures->successful_calls += (int64_t)value;
    else if (verdict < 0)
        figures->failed_calls += (int64_t)value;
    if (verdict != 0)
        figures->total_calls += (int64_t)value;
}

static void
take_retries(void *context, const char *labels, uint64_t value)
{
    struct reading *reading = context;
    char model[NAME_BYTES];
    struct figures *figures = operation_of(reading, labels);
    if (figures)
        figures->retry_attempts += (int64_t)value;
    if (!metrics_label(labels, "model", model, sizeof(model)))
        return;
    for (size_t i = 0; i < reading->report->model_count; i++)
        if (strcmp(reading->report->models[i].figures.name, model) == 0)
            reading->report->models[i].figures.retry_attempts += (int64_t)value;
}

static void
take_changes(void *context, const char *labels, uint64_t value)
{
    char state[NAME_BYTES];
    struct figures *figures = operation_of(context, labels);
    if (!figures || !metrics_label(labels, "state", state, sizeof(state)))
        return;
    int64_t *changes = strcmp(state, "open") == 0        ? &figures->breaker_opens
                       : strcmp(state, "half_open") == 0 ? &figures->breaker_half_opens
                                                         : &figures->breaker_closes;
    *changes += (int64_t)value;
}

static void
take_last(void *context, const char *labels, uint64_t value)
{
    char result[NAME_BYTES];
    struct figures *figures = operation_of(context, labels);
    if (!figures || !metrics_label(labels, "result", result, sizeof(result)))
        return;
    *(strcmp(result, "success") == 0 ? &figures->last_success_us : &figures->last_failure_us) =
        (int64_t)value * US_PER_SECOND;
}

static void
read_model(const struct service *service, const struct model_settings *model,
           struct model_figures *out)
{
    struct breaker_view *view = &out->breaker;
    breaker_view(breaker_find(service->host, model->name), clock_monotonic_us(), view);
    if (view->policy.threshold == 0)
        view->policy = strategies_now(ai_strategies(service->ai))->usual.breaker;
    out->figures = (struct figures){
        .name = model->name,
        .total_calls = (int64_t)(view->successes_total + view->failures_total),
        .successful_calls = (int64_t)view->successes_total,
        .failed_calls = (int64_t)view->failures_total,
        .breaker_opens = (int64_t)view->opens_total,
        .breaker_half_opens = (int64_t)view->half_opens_total,
        .breaker_closes = (int64_t)view->closes_total,
        .last_failure_us = view->last_failure_us,
        .last_success_us = view->last_success_us,
    };
}

/* All that was ever counted. */
static void
read_counters(const struct service *service, struct arena *arena, struct figures_report *report)
{
    const struct settings *settings = service->settings;
    const char *const *names = apps_operation_names();
    *report = (struct figures_report){
        .operations = arena_array(arena, OPERATIONS_MAX, sizeof(*report->operations)),
        .models = arena_array(arena, settings->model_count + 1, sizeof(*report->models)),
    };
    struct reading reading = {report, arena};
    for (size_t i = 0; names[i]; i++)
        (void)operation_named(report, arena, names[i]);
    for (size_t i = 0; i < settings->model_count; i++)
        if (settings->models[i].provider->kind != PROVIDER_LOCAL)
            read_model(service, &settings->models[i], &report->models[report->model_count++]);
    metrics_each(service->host, METRIC_AI_CALLS, take_calls, &reading);
    metrics_each(service->host, METRIC_AI_RETRIES, take_retries, &reading);
    metrics_each(service->host, METRIC_AI_BREAKER_CHANGES, take_changes, &reading);
    metrics_each(service->host, METRIC_AI_LAST, take_last, &reading);
}

/* What a reset left behind is taken off. A counter that is smaller than that is one of a file that
 * began anew. */
static void
take_off(struct host *host, const char *kind, struct figures *figures)
{
    char labels[METRIC_LABELS_MAX + 1];
    for (size_t i = 0; i < FIGURE_ROWS; i++) {
        base_labels(labels, kind, figures->name, figure_rows[i].name);
        int64_t base = (int64_t)metrics_value(host, METRIC_FIGURES_BASE, labels);
        int64_t *figure = figure_at(figures, i);
        *figure = *figure > base ? *figure - base : 0;
    }
    if (figures->failed_calls == 0)
        figures->last_failure_us = 0;
    if (figures->successful_calls == 0)
        figures->last_success_us = 0;
}

void
figures_read(const struct service *service, struct arena *arena, struct figures_report *report)
{
    read_counters(service, arena, report);
    for (size_t i = 0; i < report->operation_count; i++)
        take_off(service->host, "operation", &report->operations[i]);
    for (size_t i = 0; i < report->model_count; i++)
        take_off(service->host, "model", &report->models[i].figures);
}

/* The names by which the operations were known inside the system that this replaces. */
static const struct {
    const char *older, *name;
} older_names[] = {
    {"summarize_text", "summarize"},
    {"analyze_sentiment", "sentiment"},
    {"extract_key_points", "key_points"},
    {"generate_questions", "questions"},
    {"answer_question", "qa"},
};

const struct figures *
figures_operation(const struct figures_report *report, const char *name)
{
    for (size_t i = 0; i < sizeof(older_names) / sizeof(older_names[0]); i++)
        if (strcmp(older_names[i].older, name) == 0)
            name = older_names[i].name;
    for (size_t i = 0; i < report->operation_count; i++)
        if (strcmp(report->operations[i].name, name) == 0)
            return &report->operations[i];
    return NULL;
}

const struct model_figures *
figures_model(const struct figures_report *report, const char *name)
{
    for (size_t i = 0; i < report->model_count; i++)
        if (strcmp(report->models[i].figures.name, name) == 0)
            return &report->models[i];
    return NULL;
}

const char *
figures_operation_names(const struct figures_report *report, struct arena *arena)
{
    struct strbuf names;
    strbuf_init(&names, arena, 256);
    for (size_t i = 0; i < report->operation_count; i++)
        strbuf_printf(&names, "%s%s", i > 0 ? ", " : "", report->operations[i].name);
    return names.data;
}

const char *
figures_model_names(const struct figures_report *report, struct arena *arena)
{
    struct strbuf names;
    strbuf_init(&names, arena, 256);
    for (size_t i = 0; i < report->model_count; i++)
        strbuf_printf(&names, "%s%s", i > 0 ? ", " : "", report->models[i].figures.name);
    return report->model_count > 0 ? names.data : "none";
}

static void
reset_one(struct host *host, const char *kind, struct figures *figures)
{
    char labels[METRIC_LABELS_MAX + 1];
    for (size_t i = 0; i < FIGURE_ROWS; i++)
        metrics_set(host, METRIC_FIGURES_BASE,
                    base_labels(labels, kind, figures->name, figure_rows[i].name),
                    *figure_at(figures, i));
}

void
figures_reset(const struct service *service, struct arena *arena, const char *operation)
{
    struct figures_report report;
    read_counters(service, arena, &report);
    for (size_t i = 0; i < report.operation_count; i++)
        if (!operation || strcmp(report.operations[i].name, operation) == 0)
            reset_one(service->host, "operation", &report.operations[i]);
    for (size_t i = 0; !operation && i < report.model_count; i++)
        reset_one(service->host, "model", &report.models[i].figures);
}
