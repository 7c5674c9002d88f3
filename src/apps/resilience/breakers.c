/* The models' breakers: all, one, and closing one by hand. */
#include "apps/resilience/reset.h"
#include "apps/resilience/resilience.h"
#include "apps/resilience/seeing.h"
#include "base/log.h"

/* A map by itself: its members are the models. */
bool
resilience_list_breakers(struct request *request, struct error *err)
{
    (void)err;
    struct figures_report report;
    struct strbuf body;
    figures_read(request->service, &request->arena, &report);
    strbuf_init(&body, &request->arena, 1024);
    strbuf_add_char(&body, '{');
    struct map breakers = view_breakers(&report, &request->arena);
    for (size_t i = 0; i < breakers.count; i++) {
        if (i > 0)
            strbuf_add_char(&body, ',');
        schema_encode_string(&body, breakers.keys[i], strlen(breakers.keys[i]));
        strbuf_add_char(&body, ':');
        schema_encode(&breaker_answer_schema, &((struct breaker_answer *)breakers.values)[i],
                      &body);
    }
    strbuf_add_char(&body, '}');
    response_bytes(request, 200, "application/json", body.data, body.length);
    return true;
}

static const struct model_figures *
find(struct request *request, struct error *err)
{
    const char *name = request->path_parameters[0];
    struct figures_report report;
    figures_read(request->service, &request->arena, &report);
    const struct model_figures *model = figures_model(&report, name);
    if (!model)
        error_set(err, ERROR_NOT_FOUND, "there is no circuit breaker '%.60s'; known are: %s", name,
                  figures_model_names(&report, &request->arena));
    return model;
}

bool
resilience_show_breaker(struct request *request, struct error *err)
{
    const struct model_figures *model = find(request, err);
    if (!model)
        return false;
    struct breaker_answer response;
    view_breaker(model, &request->arena, &response);
    response_json(request, 200, &breaker_answer_schema, &response);
    return true;
}

bool
resilience_reset_breaker(struct request *request, struct error *err)
{
    const struct model_figures *model = find(request, err);
    if (!model)
        return false;
    const char *name = model->figures.name;
    breaker_reset_by_hand(request->service->host, name, resilience_session(request));
    log_line(LOG_LEVEL_INFO, "breaker reset", LOG_TEXT("breaker", name),
             LOG_TEXT("request_id", request->id));
    struct breaker_reset_answer response = {
        arena_printf(&request->arena, "The circuit breaker of '%s' is closed", name), name,
        "closed"};
    response_json(request, 200, &breaker_reset_schema, &response);
    return true;
}
