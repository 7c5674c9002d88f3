/* All of it at a glance. */
#include "apps/resilience/seeing.h"
#include "base/clock.h"
#include "host/error_rate.h"
#include "host/retry_budget.h"

enum { CALLS_JUDGED = 10, SUCCESS_PERCENT = 80, ALERTS_SPARE = 4 };

static struct dashboard_performance
add_up(const struct figures_report *report)
{
    struct dashboard_performance sum = {0};
    for (size_t i = 0; i < report->operation_count; i++) {
        const struct figures *figures = &report->operations[i];
        sum.total_calls += figures->total_calls;
        sum.successful_calls += figures->successful_calls;
        sum.failed_calls += figures->failed_calls;
        sum.retry_attempts += figures->retry_attempts;
    }
    sum.success_rate = view_percent(sum.successful_calls, sum.total_calls, 100);
    return sum;
}

static void
add_alert(struct list *alerts, const char *text)
{
    ((const char **)alerts->items)[alerts->count++] = text;
}

static struct dashboard_health
count_states(const struct figures_report *report, struct list *alerts, struct arena *arena)
{
    struct dashboard_health health = {.total_circuit_breakers = (int64_t)report->model_count};
    for (size_t i = 0; i < report->model_count; i++) {
        const struct model_figures *model = &report->models[i];
        health.half_open_circuit_breakers += model->breaker.state == BREAKER_HALF_OPEN;
        if (model->breaker.state != BREAKER_OPEN)
            continue;
        health.open_circuit_breakers++;
        add_alert(alerts,
                  arena_printf(arena, "Circuit breaker of '%s' is open: %lld ms left",
                               model->figures.name, (long long)model->breaker.retry_after_ms));
    }
    health.overall_healthy = health.open_circuit_breakers == 0;
    return health;
}

static void
complain(const struct dashboard_performance *performance, const struct dashboard_budget *budget,
         struct list *alerts, struct arena *arena)
{
    if (performance->total_calls > CALLS_JUDGED && performance->success_rate < SUCCESS_PERCENT)
        add_alert(alerts,
                  arena_printf(arena, "High failure rate: %.2f %% of %lld calls did not succeed",
                               100 - performance->success_rate,
                               (long long)performance->total_calls));
    if (budget->retries >= budget->allowed)
        add_alert(alerts, arena_printf(arena, "Retry budget is spent: %lld of %lld",
                                       (long long)budget->retries, (long long)budget->allowed));
}

static struct list
operation_names(const struct figures_report *report, struct arena *arena)
{
    const char **names = arena_array(arena, report->operation_count + 1, sizeof(*names));
    for (size_t i = 0; i < report->operation_count; i++)
        names[i] = report->operations[i].name;
    return (struct list){names, report->operation_count};
}

bool
resilience_show_dashboard(struct request *request, struct error *err)
{
    (void)err;
    struct arena *arena = &request->arena;
    struct host *host = request->service->host;
    struct figures_report report;
    figures_read(request->service, arena, &report);
    struct list alerts = {
        arena_array(arena, report.model_count + ALERTS_SPARE, sizeof(const char *)), 0};
    struct dashboard_health health = count_states(&report, &alerts, arena);
    struct dashboard_performance performance = add_up(&report);
    struct retry_budget_view view;
    retry_budget_view(host, clock_monotonic_us(), &view);
    struct dashboard_budget budget = {view.calls, view.retries, view.allowed,
                                      (int64_t)view.refused_total, view.window_s};
    struct error_rate rate = error_rate_now(host, clock_monotonic_us());
    struct dashboard_errors last_minute = {rate.answers, rate.errors};
    complain(&performance, &budget, &alerts, arena);
    struct dashboard response = {
        .timestamp = clock_text(arena, clock_realtime_us()),
        .health = &health,
        .performance = &performance,
        .operations = operation_names(&report, arena),
        .alerts = alerts,
        .retry_budget = &budget,
        .last_minute = &last_minute,
        .summary = view_summary(&report, arena),
    };
    response_json(request, 200, &dashboard_schema, &response);
    return true;
}
