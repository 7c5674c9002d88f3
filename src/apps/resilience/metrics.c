/* Health of the models' breakers, and what was counted of operations. */
#include "apps/resilience/seeing.h"
#include "base/clock.h"
#include "base/log.h"

static struct list
models_in_state(const struct figures_report *report, enum breaker_state state, struct arena *arena)
{
    const char **names = arena_array(arena, report->model_count + 1, sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < report->model_count; i++)
        if (report->models[i].breaker.state == state)
            names[count++] = report->models[i].figures.name;
    return (struct list){names, count};
}

bool
resilience_show_health(struct request *request, struct error *err)
{
    (void)err;
    struct arena *arena = &request->arena;
    struct figures_report report;
    figures_read(request->service, arena, &report);
    struct health_details details = {
        .open_circuit_breakers = models_in_state(&report, BREAKER_OPEN, arena),
        .half_open_circuit_breakers = models_in_state(&report, BREAKER_HALF_OPEN, arena),
        .total_circuit_breakers = (int64_t)report.model_count,
        .total_operations = (int64_t)report.operation_count,
        .timestamp = clock_text(arena, clock_realtime_us()),
    };
    details.healthy = details.open_circuit_breakers.count == 0;
    struct resilience_health response = {details.healthy, details.healthy ? "healthy" : "degraded",
                                         &details};
    response_json(request, 200, &resilience_health_schema, &response);
    return true;
}

static struct map
view_operations(const struct figures_report *report, struct arena *arena)
{
    size_t count = report->operation_count;
    struct metrics_view *views = arena_array(arena, count + 1, sizeof(*views));
    const char **names = arena_array(arena, count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[i] = report->operations[i].name;
        views[i] = *view_metrics(&report->operations[i], arena);
    }
    return (struct map){names, views, count};
}

bool
resilience_show_metrics(struct request *request, struct error *err)
{
    (void)err;
    struct figures_report report;
    figures_read(request->service, &request->arena, &report);
    struct all_metrics response = {view_operations(&report, &request->arena),
                                   view_breakers(&report, &request->arena),
                                   view_summary(&report, &request->arena)};
    response_json(request, 200, &all_metrics_schema, &response);
    return true;
}

static bool
refuse_operation(const struct figures_report *report, const char *name, struct arena *arena,
                 struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "there is no operation '%.60s'; known are: %s", name,
                     figures_operation_names(report, arena));
}

bool
resilience_show_operation(struct request *request, struct error *err)
{
    struct figures_report report;
    figures_read(request->service, &request->arena, &report);
    const struct figures *figures = figures_operation(&report, request->path_parameters[0]);
    if (!figures)
        return refuse_operation(&report, request->path_parameters[0], &request->arena, err);
    struct operation_metrics response = {figures->name, view_metrics(figures, &request->arena)};
    response_json(request, 200, &operation_metrics_schema, &response);
    return true;
}

bool
resilience_reset_metrics(struct request *request, struct error *err)
{
    const struct metrics_reset_query *query = request->filter;
    const char *name = query->operation_name;
    struct figures_report report;
    figures_read(request->service, &request->arena, &report);
    const struct figures *figures = name ? figures_operation(&report, name) : NULL;
    if (name && !figures)
        return refuse_operation(&report, name, &request->arena, err);
    name = figures ? figures->name : NULL;
    figures_reset(request->service, &request->arena, name);
    log_line(LOG_LEVEL_INFO, "resilience figures reset", LOG_TEXT("operation", name),
             LOG_TEXT("request_id", request->id));
    struct {
        const char *message;
    } response = {name ? arena_printf(&request->arena, "The figures of '%s' begin anew", name)
                       : "The figures of all operations and breakers begin anew"};
    response_json(request, 200, &metrics_reset_schema, &response);
    return true;
}
