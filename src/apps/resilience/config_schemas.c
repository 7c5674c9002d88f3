/* The rows of configuration and presets. */
#include "apps/resilience/schemas.h"

#define NEEDED .flags = FIELD_REQUIRED
#define COUNT NEEDED, .max = INT64_MAX

static const struct schema endpoint_schema = {
    .name = "ResilienceEndpoint",
    .size = sizeof(struct resilience_endpoint),
    .fields =
        (const struct field[]){
            STRING(struct resilience_endpoint, method, NEEDED, .doc = "GET or POST."),
            STRING(struct resilience_endpoint, path, NEEDED, .doc = "Where it is."),
            STRING(struct resilience_endpoint, summary, NEEDED, .doc = "What it is for."),
            {.name = NULL}},
};

const struct schema resilience_index_schema = {
    .name = "ResilienceIndex",
    .size = sizeof(struct resilience_index),
    .fields =
        (const struct field[]){
            STRING(struct resilience_index, message, NEEDED, .doc = "For people."),
            STRING(struct resilience_index, preset, NEEDED, .doc = "The preset that holds now."),
            ARRAY(struct resilience_index, endpoints, &endpoint_schema, NEEDED,
                  .doc = "All routes below this one."),
            {.name = NULL}},
};

static const struct schema retry_schema = {
    .name = "RetryConfig",
    .size = sizeof(struct retry_view),
    .fields =
        (const struct field[]){
            INTEGER(struct retry_view, max_attempts, COUNT,
                    .doc = "Attempts at one model, the first call included."),
            NUMBER(struct retry_view, max_delay_seconds, NEEDED,
                   .doc = "Seconds for all of them and the waits between."),
            NUMBER(struct retry_view, exponential_multiplier, NEEDED,
                   .doc = "Seconds that the first wait is made of; each further one doubles."),
            NUMBER(struct retry_view, exponential_min, NEEDED, .doc = "Least seconds of a wait."),
            NUMBER(struct retry_view, exponential_max, NEEDED,
                   .doc = "Most seconds of a wait, without its jitter."),
            BOOLEAN(struct retry_view, jitter, NEEDED,
                    .doc = "Whether waits are made longer at random."),
            NUMBER(struct retry_view, jitter_max, NEEDED, .doc = "Most seconds that are added so."),
            {.name = NULL}},
};

static const struct schema breaker_schema = {
    .name = "BreakerConfig",
    .size = sizeof(struct breaker_config_view),
    .fields = (const struct field[]){INTEGER(struct breaker_config_view, failure_threshold, COUNT,
                                             .doc = "Failures in a row that open a breaker."),
                                     NUMBER(struct breaker_config_view, recovery_timeout, NEEDED,
                                            .doc = "Seconds that it rests at first."),
                                     INTEGER(struct breaker_config_view, half_open_max_calls, COUNT,
                                             .doc = "Calls that try the model after that."),
                                     {.name = NULL}},
};

#define CLOCK(member, text)                                                                        \
    INTEGER(struct clocks_view, member, COUNT, .doc = "Milliseconds " text ".")

static const struct schema clocks_schema = {
    .name = "Clocks",
    .size = sizeof(struct clocks_view),
    .fields = (const struct field[]){CLOCK(connect_timeout_ms, "to be connected"),
                                     CLOCK(headers_timeout_ms, "from then to the headers"),
                                     CLOCK(first_token_timeout_ms,
                                           "from then to the first piece of a stream"),
                                     CLOCK(gap_timeout_ms, "between two pieces of it"),
                                     CLOCK(total_timeout_ms, "for the whole"),
                                     {.name = NULL}},
};

static const struct schema strategy_schema = {
    .name = "StrategyConfiguration",
    .size = sizeof(struct strategy_view),
    .fields =
        (const struct field[]){
            STRING(struct strategy_view, strategy, NEEDED, .doc = "Its name."),
            OBJECT(struct strategy_view, retry_config, &retry_schema, NEEDED,
                   .doc = "How often and how soon a model is asked again."),
            OBJECT(struct strategy_view, circuit_breaker_config, &breaker_schema, NEEDED,
                   .doc = "When a model rests."),
            OBJECT(struct strategy_view, clocks, &clocks_schema, NEEDED,
                   .doc = "How long a call may take, for models that do not set their own."),
            BOOLEAN(struct strategy_view, enable_circuit_breaker, NEEDED,
                    .doc = "Always true: every model has a breaker."),
            BOOLEAN(struct strategy_view, enable_retry, NEEDED,
                    .doc = "Whether there is more than one attempt."),
            {.name = NULL}},
};

static const struct schema steered_schema = {
    .name = "OperationStrategy",
    .size = sizeof(struct steered_view),
    .fields =
        (const struct field[]){
            STRING(struct steered_view, strategy, NEEDED, .doc = "Its name."),
            STRING(struct steered_view, source, NEEDED,
                   .doc = "setting, custom_override, preset_override, custom_default, "
                          "preset_default or operation."),
            OBJECT(struct steered_view, configuration, &strategy_schema, NEEDED,
                   .doc = "What the operation is tried with."),
            {.name = NULL}},
};

/* Some of the same struct. */
const struct schema strategies_view_schema = {
    .name = "Strategies",
    .size = sizeof(struct config_view),
    .fields =
        (const struct field[]){
            STRING(struct config_view, preset_name, NEEDED, .doc = "The preset that holds now."),
            OBJECT_MAP(struct config_view, strategies, &strategy_schema, NEEDED,
                       .doc = "All strategies by themselves."),
            OBJECT_MAP(struct config_view, operations, &steered_schema, NEEDED,
                       .doc = "Which one each operation and the gateway have now, and why."),
            {.name = NULL}},
};

const struct schema config_view_schema = {
    .name = "ResilienceConfig",
    .size = sizeof(struct config_view),
    .fields =
        (const struct field[]){
            STRING(struct config_view, preset_name, NEEDED, .doc = "The preset that holds now."),
            STRING(struct config_view, preset_source, NEEDED,
                   .doc = "settings, or operator where it was chosen while running."),
            BOOLEAN(struct config_view, is_legacy_config, NEEDED,
                    .doc = "Always false: there are no settings older than presets."),
            OBJECT(struct config_view, configuration, &strategy_schema, NEEDED,
                   .doc = "Of operations that have the default."),
            STRING_MAP(struct config_view, operation_strategies, NEEDED,
                       .doc = "The strategy of each operation that can be steered."),
            OBJECT_MAP(struct config_view, operations, &steered_schema, NEEDED,
                       .doc = "The same with where it comes from, and the gateway."),
            JSON(struct config_view, custom_overrides, NEEDED,
                 .doc = "RESILIENCE_CUSTOM_CONFIG; {} for none."),
            OBJECT_MAP(struct config_view, strategies, &strategy_schema, NEEDED,
                       .doc = "All strategies by themselves."),
            {.name = NULL}},
};

#define PRESET_NAMES(T)                                                                            \
    STRING(T, name, NEEDED, .doc = "Its name for people."),                                        \
        STRING(T, key, NEEDED, .doc = "Its name in paths and settings."),                          \
        STRING(T, description, NEEDED, .doc = "What it is for.")
#define PRESET_NUMBERS(T)                                                                          \
    INTEGER(T, retry_attempts, COUNT, .doc = "Attempts at one model."),                            \
        INTEGER(T, circuit_breaker_threshold, COUNT, .doc = "Failures that open a breaker."),      \
        INTEGER(T, recovery_timeout, COUNT, .doc = "Seconds that it rests."),                      \
        STRING(T, default_strategy, NEEDED, .doc = "Strategy of operations that have no other.")
#define PRESET_CONTEXTS(T) STRINGS(T, environment_contexts, NEEDED, .doc = "Where it fits.")

const struct schema preset_item_schema = {
    .name = "PresetItem",
    .size = sizeof(struct preset_item),
    .fields = (const struct field[]){PRESET_NAMES(struct preset_item),
                                     PRESET_NUMBERS(struct preset_item),
                                     PRESET_CONTEXTS(struct preset_item),
                                     {.name = NULL}},
};

static const struct schema preset_configuration_schema = {
    .name = "PresetConfiguration",
    .size = sizeof(struct preset_configuration),
    .fields = (const struct field[]){PRESET_NUMBERS(struct preset_configuration),
                                     STRING_MAP(struct preset_configuration, operation_overrides,
                                                NEEDED, .doc = "Strategies of operations."),
                                     {.name = NULL}},
};

const struct schema preset_view_schema = {
    .name = "Preset",
    .size = sizeof(struct preset_view),
    .fields =
        (const struct field[]){PRESET_NAMES(struct preset_view),
                               OBJECT(struct preset_view, configuration,
                                      &preset_configuration_schema, NEEDED, .doc = "What it sets."),
                               PRESET_CONTEXTS(struct preset_view),
                               {.name = NULL}},
};

#define SUMMARY(member)                                                                            \
    OBJECT(struct presets_summary, member, &preset_view_schema, NEEDED, .doc = "The preset.")

const struct schema presets_summary_schema = {
    .name = "PresetsSummary",
    .size = sizeof(struct presets_summary),
    .fields =
        (const struct field[]){
            SUMMARY(simple), SUMMARY(development), SUMMARY(production), {.name = NULL}},
};

const struct schema use_request_schema = {
    .name = "UsePresetRequest",
    .size = sizeof(struct use_request),
    .closed = true,
    .example = "{\"preset\": \"production\"}",
    .fields = (const struct field[]){STRING(struct use_request, preset, NEEDED, .max = 60,
                                            .doc = "simple, development or production; empty or "
                                                   "default: back to what the settings say."),
                                     {.name = NULL}},
};

const struct schema use_answer_schema = {
    .name = "UsePresetAnswer",
    .size = sizeof(struct use_answer),
    .fields =
        (const struct field[]){
            STRING(struct use_answer, message, NEEDED, .doc = "What was done."),
            STRING(struct use_answer, preset_name, NEEDED, .doc = "The preset that holds now."),
            STRING(struct use_answer, preset_source, NEEDED, .doc = "settings or operator."),
            {.name = NULL}},
};
