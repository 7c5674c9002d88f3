/* The routes that say what is configured of resilience, check it and steer it; seeing.c has those
 * that show how it fares. A part for each file of handlers, in the order in which resilience.h
 * declares them. */
#include "apps/app.h"
#include "apps/resilience/resilience.h"
#include "apps/resilience/schemas.h"
#include "http/problem.h"

#define TAG "Resilience"

/* Answered by GET, for callers with a key. */
#define READ(path, handler, schema, id, title, text, ...)                                          \
    {                                                                                              \
        .method = METHOD_GET, .pattern = RESILIENCE_BASE path, .handle = (handler),                \
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY, .response = (schema), .tag = TAG, \
        .summary = (title), .doc = (text), .operation_id = "resilience_" id, __VA_ARGS__           \
    }
/* Answered by POST, for callers with a key; the body by .request. */
#define POST(path, handler, schema, id, title, text, ...)                                          \
    {                                                                                              \
        .method = METHOD_POST, .pattern = RESILIENCE_BASE path, .handle = (handler),               \
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY, .response = (schema), .tag = TAG, \
        .summary = (title), .doc = (text), .operation_id = "resilience_" id, __VA_ARGS__           \
    }
#define ALSO_404                                                                                   \
    .answers = (const struct route_answer[])                                                       \
    {                                                                                              \
        PROBLEM(404, "No such name; the detail tells those there are."),                           \
        {                                                                                          \
            .status = 0                                                                            \
        }                                                                                          \
    }

static const struct route routes[] = {
    /* config.c */
    READ("", resilience_show_index, &resilience_index_schema, "index", "What there is",
         "All routes below this one, and the preset that holds."),
    READ("/config", resilience_show_config, &config_view_schema, "config", "What holds",
         "The preset, the strategy of each operation with where it comes from, and all numbers."),
    READ("/config/strategies", resilience_show_strategies, &strategies_view_schema, "strategies",
         "All strategies", "With their numbers, and which operation has which."),
    READ("/config/presets", resilience_list_presets, &preset_item_schema, "presets", "All presets",
         "Their numbers and where they fit.", .response_is_list = true),
    READ("/config/presets/{name}", resilience_show_preset, &preset_view_schema, "preset",
         "One preset", "By its name in lower case.", ALSO_404),
    READ("/config/presets-summary", resilience_show_summary, &presets_summary_schema,
         "presets_summary", "All presets by name", "The same as each by itself."),
    POST("/config/use", resilience_use_preset, &use_answer_schema, "use_preset",
         "Switch the preset",
         "Holds on all running workers of this host at once, and for those that start later, until "
         "the runtime directory goes.",
         .request = &use_request_schema, ALSO_404),

    /* config_advice.c */
    READ("/config/recommend-preset/{environment}", resilience_recommend_preset,
         &recommendation_answer_schema, "recommend_preset", "A preset for an environment",
         "By the environment's name."),
    READ("/config/recommend-preset-auto", resilience_detect_preset, &detection_answer_schema,
         "detect_preset", "A preset for this host",
         "By ENVIRONMENT, the variables of frameworks, DEBUG and the name of the host."),
    READ("/config/templates", resilience_list_templates, &templates_answer_schema, "templates",
         "All templates", "Custom configurations to begin with."),
    READ("/config/templates/{name}", resilience_show_template, &template_view_schema, "template",
         "One template", "By its name.", ALSO_404),
    POST("/config/recommend-template", resilience_recommend_template, &template_suggestion_schema,
         "recommend_template", "The nearest template",
         "Attempts, threshold and strategy are compared.",
         .request = &configuration_request_schema),

    /* validate_routes.c */
    POST("/config/validate", resilience_validate, &validation_answer_schema, "validate",
         "Check a configuration", "Fields, ranges, and the rules over them.",
         .request = &configuration_request_schema),
    POST("/config/validate-template", resilience_validate_template, &validation_answer_schema,
         "validate_template", "Check a template with overrides",
         "The overrides take the place of the template's members.",
         .request = &template_request_schema, ALSO_404),
    POST("/config/validate-secure", resilience_validate_secure, &validation_answer_schema,
         "validate_secure", "Check a configuration from outside",
         "Sizes, characters and what looks like code, then the fields. One in a second, 60 in a "
         "minute and 1000 in an hour for a caller: beyond that the answer is an error in a 200.",
         .request = &configuration_request_schema, .query = &client_query_schema),
    POST("/config/validate-json", resilience_validate_json, &validation_answer_schema,
         "validate_json", "Check a configuration as text", "The text may be no JSON at all.",
         .query = &json_query_schema),
    POST("/config/validate/field-whitelist", resilience_validate_whitelist,
         &whitelist_answer_schema, "validate_whitelist", "Check fields one by one",
         "What is allowed of each, beside what was given.",
         .request = &configuration_request_schema),

    /* validate_limit.c */
    READ("/config/validate/security-config", resilience_show_security, &security_config_schema,
         "security_config", "What secure validation checks", "Sizes, rates and characters."),
    READ("/config/validate/rate-limit-status", resilience_show_rate, &rate_status_schema,
         "rate_limit_status", "How often you validated",
         "Counts the caller, whatever client_ip says.", .query = &client_query_schema),
    {.pattern = NULL},
};

const struct app resilience_app = {"resilience", routes, NULL};
