/* The rows of templates, recommendations and validation. */
#include "apps/resilience/schemas.h"

#define NEEDED .flags = FIELD_REQUIRED
#define COUNT NEEDED, .max = INT64_MAX

const struct schema template_view_schema = {
    .name = "ConfigTemplate",
    .size = sizeof(struct template_view),
    .fields =
        (const struct field[]){
            STRING(struct template_view, name, NEEDED, .doc = "Its name for people."),
            STRING(struct template_view, description, NEEDED, .doc = "What it is for."),
            JSON(struct template_view, config, NEEDED,
                 .doc = "A custom configuration, as RESILIENCE_CUSTOM_CONFIG takes it."),
            {.name = NULL}},
};

const struct schema templates_answer_schema = {
    .name = "ConfigTemplates",
    .size = sizeof(struct templates_answer),
    .fields = (const struct field[]){OBJECT_MAP(struct templates_answer, templates,
                                                &template_view_schema, NEEDED, .doc = "By name."),
                                     {.name = NULL}},
};

const struct schema template_suggestion_schema = {
    .name = "TemplateSuggestion",
    .size = sizeof(struct template_suggestion_answer),
    .fields =
        (const struct field[]){
            STRING(struct template_suggestion_answer, suggested_template,
                   .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "The nearest; null: none is."),
            NUMBER(struct template_suggestion_answer, confidence, NEEDED,
                   .doc = "Share of the fields given that are equal, 0 to 1."),
            STRING(struct template_suggestion_answer, reasoning, NEEDED, .doc = "Why."),
            STRINGS(struct template_suggestion_answer, available_templates, NEEDED,
                    .doc = "All there are."),
            {.name = NULL}},
};

const struct schema template_request_schema = {
    .name = "TemplateRequest",
    .size = sizeof(struct template_request),
    .closed = true,
    .example = "{\"template_name\": \"low_latency\", \"overrides\": {\"retry_attempts\": 2}}",
    .fields =
        (const struct field[]){
            STRING(struct template_request, template_name, NEEDED, .min = 1, .max = 60,
                   .doc = "Which template."),
            JSON(struct template_request, overrides,
                 .doc = "An object whose members take the place of the template's."),
            {.name = NULL}},
};

#define RECOMMENDATION(T)                                                                          \
    STRING(T, environment_detected, NEEDED, .doc = "What it was taken for."),                      \
        STRING(T, recommended_preset, NEEDED, .doc = "simple, development or production."),        \
        NUMBER(T, confidence, NEEDED, .doc = "0 to 1."),                                           \
        STRING(T, reasoning, NEEDED, .doc = "Why.")

const struct schema recommendation_answer_schema = {
    .name = "PresetRecommendation",
    .size = sizeof(struct recommendation_answer),
    .fields = (const struct field[]){RECOMMENDATION(struct recommendation_answer),
                                     STRINGS(struct recommendation_answer, available_presets,
                                             NEEDED, .doc = "All there are."),
                                     BOOLEAN(struct recommendation_answer, auto_detected, NEEDED,
                                             .doc = "false: the environment was named."),
                                     {.name = NULL}},
};

const struct schema detection_answer_schema = {
    .name = "PresetDetection",
    .size = sizeof(struct detection_answer),
    .fields = (const struct field[]){RECOMMENDATION(struct detection_answer),
                                     STRING(struct detection_answer, detection_method, NEEDED,
                                            .doc = "What was looked at."),
                                     {.name = NULL}},
};

const struct schema configuration_request_schema = {
    .name = "ConfigurationRequest",
    .size = sizeof(struct configuration_request),
    .closed = true,
    .example = "{\"configuration\": {\"retry_attempts\": 4, \"default_strategy\": \"balanced\"}}",
    .fields = (const struct field[]){JSON(struct configuration_request, configuration, NEEDED,
                                          .doc = "An object, as RESILIENCE_CUSTOM_CONFIG takes."),
                                     {.name = NULL}},
};

static const struct client_query default_client = {"unknown"};

const struct schema client_query_schema = {
    .name = "ClientQuery",
    .size = sizeof(struct client_query),
    .initial = &default_client,
    .fields = (const struct field[]){STRING(struct client_query, client_ip, .max = 60,
                                            .default_json = "\"unknown\"",
                                            .doc = "A label for the record. The limit counts who "
                                                   "calls, whatever it says."),
                                     {.name = NULL}},
};

const struct schema json_query_schema = {
    .name = "JsonConfigQuery",
    .size = sizeof(struct json_query),
    .fields = (const struct field[]){STRING(struct json_query, json_config, NEEDED, .max = 8000,
                                            .doc = "The configuration as JSON text."),
                                     {.name = NULL}},
};

static const struct schema security_info_schema = {
    .name = "SecurityInfo",
    .size = sizeof(struct security_info),
    .fields =
        (const struct field[]){
            INTEGER(struct security_info, size_bytes, COUNT,
                    .doc = "Of the configuration as compact JSON."),
            INTEGER(struct security_info, max_size_bytes, COUNT, .doc = "What it may have."),
            INTEGER(struct security_info, field_count, COUNT, .doc = "Members at its top."),
            STRING(struct security_info, validation_timestamp, NEEDED,
                   .doc = "When this was said, RFC 3339."),
            {.name = NULL}},
};

const struct schema validation_answer_schema = {
    .name = "ValidationAnswer",
    .size = sizeof(struct validation_answer),
    .fields =
        (const struct field[]){
            BOOLEAN(struct validation_answer, is_valid, NEEDED,
                    .doc = "Whether there is no error."),
            STRINGS(struct validation_answer, errors, NEEDED, .doc = "What does not hold."),
            STRINGS(struct validation_answer, warnings, NEEDED,
                    .doc = "What is allowed but seldom meant."),
            STRINGS(struct validation_answer, suggestions, NEEDED, .doc = "What to do."),
            OBJECT(struct validation_answer, security_info, &security_info_schema,
                   .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "null in plain validation."),
            {.name = NULL}},
};

static const struct schema field_analysis_schema = {
    .name = "FieldAnalysis",
    .size = sizeof(struct field_analysis),
    .fields =
        (const struct field[]){
            BOOLEAN(struct field_analysis, allowed, NEEDED,
                    .doc = "Whether there is such a field."),
            STRING(struct field_analysis, type, .flags = FIELD_OMITTED, .doc = "What it takes."),
            JSON(struct field_analysis, constraints, .flags = FIELD_OMITTED,
                 .doc = "min, max, allowed_values."),
            JSON(struct field_analysis, current_value, NEEDED, .doc = "What was given."),
            STRING(struct field_analysis, current_type, NEEDED,
                   .doc = "int, float, bool, str, list, dict or null."),
            {.name = NULL}},
};

const struct schema whitelist_answer_schema = {
    .name = "WhitelistAnswer",
    .size = sizeof(struct whitelist_answer),
    .fields =
        (const struct field[]){
            BOOLEAN(struct whitelist_answer, is_valid, NEEDED, .doc = "Whether there is no error."),
            STRINGS(struct whitelist_answer, errors, NEEDED, .doc = "What does not hold."),
            STRINGS(struct whitelist_answer, suggestions, NEEDED, .doc = "What to do."),
            OBJECT_MAP(struct whitelist_answer, field_analysis, &field_analysis_schema, NEEDED,
                       .doc = "Each field that was given."),
            STRINGS(struct whitelist_answer, allowed_fields, NEEDED, .doc = "All there are."),
            STRING(struct whitelist_answer, validation_timestamp, NEEDED,
                   .doc = "When this was said, RFC 3339."),
            {.name = NULL}},
};

#define LIMIT(T, member, text) INTEGER(T, member, COUNT, .doc = (text))

static const struct schema security_limits_schema = {
    .name = "SecurityLimits",
    .size = sizeof(struct security_limits),
    .fields =
        (const struct field[]){
            LIMIT(struct security_limits, max_config_size_bytes,
                  "Bytes of a configuration as compact JSON."),
            LIMIT(struct security_limits, max_string_length, "Code points of a text."),
            LIMIT(struct security_limits, max_array_items, "Items of an array."),
            LIMIT(struct security_limits, max_object_properties, "Members of an object."),
            LIMIT(struct security_limits, max_nesting_depth, "Objects and arrays in one another."),
            {.name = NULL}},
};

static const struct schema rate_view_schema = {
    .name = "ValidationRate",
    .size = sizeof(struct rate_view),
    .fields =
        (const struct field[]){
            LIMIT(struct rate_view, max_validations_per_minute,
                  "Secure validations of one caller in a minute."),
            LIMIT(struct rate_view, max_validations_per_hour, "The same in an hour."),
            LIMIT(struct rate_view, cooldown_seconds, "Seconds between two of them."),
            {.name = NULL}},
};

static const struct schema filter_view_schema = {
    .name = "ContentFilter",
    .size = sizeof(struct filter_view),
    .fields = (const struct field[]){LIMIT(struct filter_view, max_code_point,
                                           "The last code point that a text may hold."),
                                     LIMIT(struct filter_view, max_repeated_characters,
                                           "More repeats of one character are warned of."),
                                     STRINGS(struct filter_view, refused, NEEDED,
                                             .doc = "Kinds of characters that are refused."),
                                     {.name = NULL}},
};

const struct schema security_config_schema = {
    .name = "ValidationSecurity",
    .size = sizeof(struct security_config_answer),
    .fields = (const struct field[]){OBJECT(struct security_config_answer, security_limits,
                                            &security_limits_schema, NEEDED, .doc = "Sizes."),
                                     OBJECT(struct security_config_answer, rate_limiting,
                                            &rate_view_schema, NEEDED, .doc = "How often."),
                                     OBJECT(struct security_config_answer, content_filtering,
                                            &filter_view_schema, NEEDED, .doc = "Characters."),
                                     STRINGS(struct security_config_answer, allowed_fields, NEEDED,
                                             .doc = "All there are."),
                                     LIMIT(struct security_config_answer, forbidden_pattern_count,
                                           "Beginnings of code and markup that no text may hold."),
                                     STRINGS(struct security_config_answer, validation_features,
                                             NEEDED, .doc = "What is checked."),
                                     {.name = NULL}},
};

static const struct schema rate_now_schema = {
    .name = "ValidationRateNow",
    .size = sizeof(struct rate_now_view),
    .fields = (const struct field[]){LIMIT(struct rate_now_view, requests_last_minute,
                                           "Validations that count against the minute's limit."),
                                     LIMIT(struct rate_now_view, requests_last_hour,
                                           "Those that count against the hour's."),
                                     LIMIT(struct rate_now_view, max_per_minute, "The limit."),
                                     LIMIT(struct rate_now_view, max_per_hour, "The limit."),
                                     LIMIT(struct rate_now_view, cooldown_remaining,
                                           "Seconds until the next one may be asked for."),
                                     {.name = NULL}},
};

const struct schema rate_status_schema = {
    .name = "ValidationRateStatus",
    .size = sizeof(struct rate_status_answer),
    .fields =
        (const struct field[]){
            STRING(struct rate_status_answer, client_identifier, NEEDED,
                   .doc = "Who is counted: the caller."),
            STRING(struct rate_status_answer, client_ip, NEEDED, .doc = "The label given."),
            OBJECT(struct rate_status_answer, current_status, &rate_now_schema, NEEDED,
                   .doc = "What was asked for lately."),
            OBJECT(struct rate_status_answer, limits, &rate_view_schema, NEEDED,
                   .doc = "What is allowed."),
            STRING(struct rate_status_answer, check_timestamp, NEEDED,
                   .doc = "When this was said, RFC 3339."),
            {.name = NULL}},
};
