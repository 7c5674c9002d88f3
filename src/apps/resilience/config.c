/* The routes of the configuration that holds, and of presets. */
#include <string.h>

#include "access/caller.h"
#include "apps/resilience/config_view.h"
#include "apps/resilience/resilience.h"
#include "apps/service.h"
#include "http/route.h"

enum { SESSION_BYTES_MAX = 39 };

const char *
resilience_session(const struct request *request)
{
    const char *said = request_header(request, "X_SESSION_ID");
    size_t length = said ? strlen(said) : 0;
    bool good = length > 0 && length <= SESSION_BYTES_MAX;
    for (size_t i = 0; good && i < length; i++)
        good = said[i] >= 0x20 && said[i] < 0x7f;
    if (good)
        return said;
    return request->caller ? request->caller->tenant : "";
}

static bool
is_below(const struct route *route)
{
    return strncmp(route->pattern, RESILIENCE_BASE, strlen(RESILIENCE_BASE)) == 0;
}

/* The rows of all applications below the base: those that show how things went are another one's.
 */
static struct list
endpoints_of(const struct route *const *tables, struct arena *arena)
{
    size_t most = 0, count = 0;
    for (size_t i = 0; tables[i]; i++)
        for (const struct route *route = tables[i]; route->pattern; route++)
            most += is_below(route);
    struct resilience_endpoint *endpoints = arena_array(arena, most + 1, sizeof(*endpoints));
    for (size_t i = 0; tables[i]; i++)
        for (const struct route *route = tables[i]; route->pattern; route++)
            if (is_below(route))
                endpoints[count++] = (struct resilience_endpoint){
                    route->method == METHOD_POST ? "POST" : "GET", route->pattern, route->summary};
    return (struct list){endpoints, count};
}

bool
resilience_show_index(struct request *request, struct error *err)
{
    (void)err;
    const struct service *service = request->service;
    struct resilience_index response = {
        .message = "How calls of models are tried, and how they went",
        .preset = strategies_now(ai_strategies(service->ai))->preset->name,
        .endpoints = endpoints_of(service->routes, &request->arena),
    };
    response_json(request, 200, &resilience_index_schema, &response);
    return true;
}

bool
resilience_show_config(struct request *request, struct error *err)
{
    (void)err;
    struct strategies *strategies = ai_strategies(request->service->ai);
    response_json(request, 200, &config_view_schema, config_view(strategies, &request->arena));
    return true;
}

bool
resilience_show_strategies(struct request *request, struct error *err)
{
    (void)err;
    struct strategies *strategies = ai_strategies(request->service->ai);
    response_json(request, 200, &strategies_view_schema, config_view(strategies, &request->arena));
    return true;
}

bool
resilience_list_presets(struct request *request, struct error *err)
{
    (void)err;
    struct strbuf body;
    strbuf_init(&body, &request->arena, 2048);
    preset_items_encode(&body);
    response_bytes(request, 200, "application/json", body.data, body.length);
    return true;
}

bool
resilience_show_preset(struct request *request, struct error *err)
{
    const char *name = request->path_parameters[0];
    const struct preset *preset = preset_find(name);
    if (!preset)
        return error_set(err, ERROR_NOT_FOUND,
                         "no preset is called \"%.60s\"; there are simple, development and "
                         "production",
                         name);
    response_json(request, 200, &preset_view_schema, preset_view(preset, &request->arena));
    return true;
}

bool
resilience_show_summary(struct request *request, struct error *err)
{
    (void)err;
    struct arena *arena = &request->arena;
    struct presets_summary response = {
        .simple = preset_view(preset_find("simple"), arena),
        .development = preset_view(preset_find("development"), arena),
        .production = preset_view(preset_find("production"), arena),
    };
    response_json(request, 200, &presets_summary_schema, &response);
    return true;
}

bool
resilience_use_preset(struct request *request, struct error *err)
{
    const struct use_request *input = request->input;
    struct strategies *strategies = ai_strategies(request->service->ai);
    if (!strategies_choose(strategies, input->preset, resilience_session(request), err))
        return false;
    const char *name = strategies_now(strategies)->preset->name;
    bool chosen = strategies_chosen(strategies) != NULL;
    struct use_answer response = {
        .message = arena_printf(&request->arena, "preset %s holds on all workers of this host%s",
                                name, chosen ? "" : ", as the settings say"),
        .preset_name = name,
        .preset_source = chosen ? "operator" : "settings",
    };
    response_json(request, 200, &use_answer_schema, &response);
    return true;
}
