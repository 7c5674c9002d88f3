/* The routes of recommendations and templates. */
#include <unistd.h>

#include "apps/resilience/config_view.h"
#include "apps/resilience/recommend.h"
#include "apps/resilience/resilience.h"
#include "apps/resilience/template.h"
#include "apps/service.h"

extern char **environ;

bool
resilience_recommend_preset(struct request *request, struct error *err)
{
    (void)err;
    struct recommendation found;
    recommend_named(request->path_parameters[0], &request->arena, &found);
    struct recommendation_answer response = {
        .environment_detected = found.environment,
        .recommended_preset = found.preset,
        .confidence = found.confidence,
        .reasoning = found.reasoning,
        .available_presets = preset_names(&request->arena),
    };
    response_json(request, 200, &recommendation_answer_schema, &response);
    return true;
}

bool
resilience_detect_preset(struct request *request, struct error *err)
{
    (void)err;
    char host[256] = "";
    if (gethostname(host, sizeof(host) - 1) != 0)
        host[0] = '\0';
    struct recommendation found;
    recommend_detected(request->service->settings, environ, host, &request->arena, &found);
    struct detection_answer response = {
        .environment_detected = found.environment,
        .recommended_preset = found.preset,
        .confidence = found.confidence,
        .reasoning = found.reasoning,
        .detection_method = RECOMMEND_METHOD,
    };
    response_json(request, 200, &detection_answer_schema, &response);
    return true;
}

static struct template_view
view_of(const struct config_template *template, struct arena *arena)
{
    return (struct template_view){template->title, template->description,
                                  template_document(template, arena)};
}

bool
resilience_list_templates(struct request *request, struct error *err)
{
    (void)err;
    struct template_view views[TEMPLATE_COUNT];
    for (size_t i = 0; i < TEMPLATE_COUNT; i++)
        views[i] = view_of(&config_templates[i], &request->arena);
    struct templates_answer response = {{(const char **)template_names, views, TEMPLATE_COUNT}};
    response_json(request, 200, &templates_answer_schema, &response);
    return true;
}

bool
resilience_show_template(struct request *request, struct error *err)
{
    const struct config_template *template = template_find(request->path_parameters[0]);
    if (!template)
        return template_unknown(request->path_parameters[0], err);
    struct template_view response = view_of(template, &request->arena);
    response_json(request, 200, &template_view_schema, &response);
    return true;
}

bool
resilience_recommend_template(struct request *request, struct error *err)
{
    const struct configuration_request *input = request->input;
    if (!json_is_object(input->configuration))
        return error_set_field(err, &request->arena, "body.configuration", "must be an object");
    struct template_suggestion found;
    template_suggest(input->configuration, &request->arena, &found);
    struct template_suggestion_answer response = {
        .suggested_template = found.template ? found.template->name : NULL,
        .confidence = found.confidence,
        .reasoning = found.reasoning,
        .available_templates = {(void *)template_names, TEMPLATE_COUNT},
    };
    response_json(request, 200, &template_suggestion_schema, &response);
    return true;
}
