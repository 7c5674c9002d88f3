/* Figures as answers show them. */
#include "apps/resilience/seeing.h"
#include "base/clock.h"

double
view_percent(int64_t part, int64_t whole, double otherwise)
{
    if (whole <= 0)
        return otherwise;
    int64_t hundredths = (part * 10000 + whole / 2) / whole;
    return (double)hundredths / 100.0;
}

static const char *
time_or_null(struct arena *arena, int64_t realtime_us)
{
    return realtime_us > 0 ? clock_text(arena, realtime_us) : NULL;
}

struct metrics_view *
view_metrics(const struct figures *figures, struct arena *arena)
{
    struct metrics_view *view = arena_alloc(arena, sizeof(*view));
    *view = (struct metrics_view){
        .total_calls = figures->total_calls,
        .successful_calls = figures->successful_calls,
        .failed_calls = figures->failed_calls,
        .retry_attempts = figures->retry_attempts,
        .circuit_breaker_opens = figures->breaker_opens,
        .circuit_breaker_half_opens = figures->breaker_half_opens,
        .circuit_breaker_closes = figures->breaker_closes,
        .success_rate = view_percent(figures->successful_calls, figures->total_calls, 0),
        .failure_rate = view_percent(figures->failed_calls, figures->total_calls, 0),
        .last_failure = time_or_null(arena, figures->last_failure_us),
        .last_success = time_or_null(arena, figures->last_success_us),
    };
    return view;
}

const char *
view_state(enum breaker_state state)
{
    static const char *const states[] = {
        [BREAKER_CLOSED] = "closed", [BREAKER_HALF_OPEN] = "half_open", [BREAKER_OPEN] = "open"};
    return states[state];
}

void
view_breaker(const struct model_figures *model, struct arena *arena, struct breaker_answer *answer)
{
    const struct breaker_view *view = &model->breaker;
    *answer = (struct breaker_answer){
        .name = model->figures.name,
        .state = view_state(view->state),
        .failure_count = view->failures,
        .failure_threshold = view->policy.threshold,
        .recovery_timeout = view->policy.recovery_ms / 1000,
        .retry_after_ms = view->retry_after_ms,
        .rest_ms = view->rest_ms,
        .last_failure_time = time_or_null(arena, view->last_failure_us),
        .metrics = view_metrics(&model->figures, arena),
    };
}

struct map
view_breakers(const struct figures_report *report, struct arena *arena)
{
    size_t count = report->model_count;
    struct breaker_answer *answers = arena_array(arena, count + 1, sizeof(*answers));
    const char **names = arena_array(arena, count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[i] = report->models[i].figures.name;
        view_breaker(&report->models[i], arena, &answers[i]);
    }
    return (struct map){names, answers, count};
}

struct metrics_summary *
view_summary(const struct figures_report *report, struct arena *arena)
{
    struct metrics_summary *summary = arena_alloc(arena, sizeof(*summary));
    *summary = (struct metrics_summary){
        .total_operations = (int64_t)report->operation_count,
        .total_circuit_breakers = (int64_t)report->model_count,
        .timestamp = clock_text(arena, clock_realtime_us()),
    };
    for (size_t i = 0; i < report->model_count; i++)
        summary->healthy_circuit_breakers += report->models[i].breaker.state == BREAKER_CLOSED;
    return summary;
}
