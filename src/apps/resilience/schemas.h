/* What the configuration half of the resilience routes takes and gives. */
#ifndef HEARTH_APPS_RESILIENCE_SCHEMAS_H
#define HEARTH_APPS_RESILIENCE_SCHEMAS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/schema.h"

struct resilience_endpoint {
    const char *method, *path, *summary;
};

struct resilience_index {
    const char *message, *preset;
    struct list endpoints; /* struct resilience_endpoint */
};

struct retry_view {
    int64_t max_attempts;
    double max_delay_seconds, exponential_multiplier, exponential_min, exponential_max;
    bool jitter;
    double jitter_max;
};

struct breaker_config_view {
    int64_t failure_threshold;
    double recovery_timeout;
    int64_t half_open_max_calls;
};

struct clocks_view {
    int64_t connect_timeout_ms, headers_timeout_ms, first_token_timeout_ms, gap_timeout_ms,
        total_timeout_ms;
};

struct strategy_view {
    const char *strategy;
    struct retry_view *retry_config;
    struct breaker_config_view *circuit_breaker_config;
    struct clocks_view *clocks;
    bool enable_circuit_breaker, enable_retry;
};

struct steered_view {
    const char *strategy, *source;
    struct strategy_view *configuration;
};

struct config_view {
    const char *preset_name, *preset_source;
    bool is_legacy_config;
    struct strategy_view *configuration;
    struct map operation_strategies; /* const char * */
    struct map operations;           /* struct steered_view */
    const json_t *custom_overrides;
    struct map strategies; /* struct strategy_view */
};

/* A preset as a list shows it. */
struct preset_item {
    const char *name, *key, *description;
    int64_t retry_attempts, circuit_breaker_threshold, recovery_timeout;
    const char *default_strategy;
    struct list environment_contexts; /* const char * */
};

struct preset_configuration {
    int64_t retry_attempts, circuit_breaker_threshold, recovery_timeout;
    const char *default_strategy;
    struct map operation_overrides; /* const char * */
};

struct preset_view {
    const char *name, *key, *description;
    struct preset_configuration *configuration;
    struct list environment_contexts; /* const char * */
};

struct presets_summary {
    struct preset_view *simple, *development, *production;
};

struct use_request {
    const char *preset;
};

struct use_answer {
    const char *message, *preset_name, *preset_source;
};

struct template_view {
    const char *name, *description;
    const json_t *config;
};

struct templates_answer {
    struct map templates; /* struct template_view */
};

struct template_suggestion_answer {
    const char *suggested_template; /* NULL for none */
    double confidence;
    const char *reasoning;
    struct list available_templates; /* const char * */
};

struct recommendation_answer {
    const char *environment_detected, *recommended_preset;
    double confidence;
    const char *reasoning;
    struct list available_presets; /* const char * */
    bool auto_detected;
};

struct detection_answer {
    const char *environment_detected, *recommended_preset;
    double confidence;
    const char *reasoning, *detection_method;
};

struct configuration_request {
    const json_t *configuration;
};

struct template_request {
    const char *template_name;
    const json_t *overrides;
};

struct client_query {
    const char *client_ip;
};

struct json_query {
    const char *json_config;
};

struct security_info {
    int64_t size_bytes, max_size_bytes, field_count;
    const char *validation_timestamp;
};

struct validation_answer {
    bool is_valid;
    struct list errors, warnings, suggestions; /* const char * */
    struct security_info *security_info;       /* NULL: plain validation */
};

struct field_analysis {
    bool allowed;
    const char *type; /* NULL where it is not allowed */
    const json_t *constraints, *current_value;
    const char *current_type;
};

struct whitelist_answer {
    bool is_valid;
    struct list errors, suggestions; /* const char * */
    struct map field_analysis;       /* struct field_analysis */
    struct list allowed_fields;      /* const char * */
    const char *validation_timestamp;
};

struct security_limits {
    int64_t max_config_size_bytes, max_string_length, max_array_items, max_object_properties,
        max_nesting_depth;
};

struct rate_view {
    int64_t max_validations_per_minute, max_validations_per_hour, cooldown_seconds;
};

struct filter_view {
    int64_t max_code_point, max_repeated_characters;
    struct list refused; /* const char * */
};

struct security_config_answer {
    struct security_limits *security_limits;
    const struct rate_view *rate_limiting;
    struct filter_view *content_filtering;
    struct list allowed_fields; /* const char * */
    int64_t forbidden_pattern_count;
    struct list validation_features; /* const char * */
};

struct rate_now_view {
    int64_t requests_last_minute, requests_last_hour, max_per_minute, max_per_hour,
        cooldown_remaining;
};

struct rate_status_answer {
    const char *client_identifier, *client_ip;
    struct rate_now_view *current_status;
    const struct rate_view *limits;
    const char *check_timestamp;
};

extern const struct schema resilience_index_schema, config_view_schema, strategies_view_schema,
    preset_item_schema, preset_view_schema, presets_summary_schema, use_request_schema,
    use_answer_schema;
extern const struct schema template_view_schema, templates_answer_schema,
    template_suggestion_schema, template_request_schema, recommendation_answer_schema,
    detection_answer_schema;
extern const struct schema configuration_request_schema, client_query_schema, json_query_schema,
    validation_answer_schema, whitelist_answer_schema, security_config_schema, rate_status_schema;

#endif
