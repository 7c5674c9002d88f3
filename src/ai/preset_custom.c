/* The fields of a custom configuration and the rules over them. */
#include "ai/preset_custom.h"

#include <inttypes.h>
#include <string.h>

static const char *const strategies[] = {"aggressive", "balanced", "conservative", "critical",
                                         NULL};

#define OVERRIDE(operation)                                                                        \
    STRING(struct preset_custom_overrides, operation, .flags = FIELD_OMITTED,                      \
           .choices = strategies, .doc = "Strategy of " #operation ".")

static const struct schema overrides_schema = {
    .name = "ResilienceOverrides",
    .size = sizeof(struct preset_custom_overrides),
    .closed = true,
    .doc = "Strategies by operation.",
    .fields = (const struct field[]){OVERRIDE(summarize),
                                     OVERRIDE(sentiment),
                                     OVERRIDE(key_points),
                                     OVERRIDE(questions),
                                     OVERRIDE(qa),
                                     {.name = NULL}},
};

static bool
is_empty(const struct preset_custom *custom)
{
    return !custom->has_retry_attempts && !custom->has_circuit_breaker_threshold &&
           !custom->has_recovery_timeout && !custom->default_strategy &&
           !custom->operation_overrides && !custom->has_exponential_multiplier &&
           !custom->has_exponential_min && !custom->has_exponential_max &&
           !custom->has_jitter_enabled && !custom->has_jitter_max && !custom->has_max_delay_seconds;
}

static void
check(const void *value, struct schema_errors *errors)
{
    const struct preset_custom *custom = value;
    if (is_empty(custom))
        schema_complain(errors, "", "must have at least one field");
    if (custom->has_exponential_min && custom->has_exponential_max &&
        custom->exponential_min >= custom->exponential_max)
        schema_complain(errors, "exponential_min", "must be less than exponential_max");
}

#define CUSTOM struct preset_custom
#define HAS(m) .flags = FIELD_OMITTED, PRESENT(CUSTOM, has_##m)

const struct schema preset_custom_schema = {
    .name = "ResilienceConfiguration",
    .size = sizeof(CUSTOM),
    .closed = true,
    .check = check,
    .doc = "Overrides parts of a preset. At least one field, no others.",
    .example = "{\"retry_attempts\": 4, \"operation_overrides\": {\"qa\": \"critical\"}}",
    .fields =
        (const struct field[]){
            INTEGER(CUSTOM, retry_attempts, HAS(retry_attempts), .min = 1, .max = 10,
                    .doc = "Attempts at one model, the first call included."),
            INTEGER(CUSTOM, circuit_breaker_threshold, HAS(circuit_breaker_threshold), .min = 1,
                    .max = 20, .doc = "Failures in a row that open a breaker."),
            INTEGER(CUSTOM, recovery_timeout, HAS(recovery_timeout), .min = 10, .max = 300,
                    .doc = "Seconds that an open breaker rests."),
            STRING(CUSTOM, default_strategy, .flags = FIELD_OMITTED, .choices = strategies,
                   .doc = "Strategy of operations that have no other."),
            OBJECT(CUSTOM, operation_overrides, &overrides_schema, .flags = FIELD_OMITTED,
                   .doc = "Strategies by operation."),
            NUMBER(CUSTOM, exponential_multiplier, HAS(exponential_multiplier), .number_min = 0.1,
                   .number_max = 5, .doc = "Seconds that the first wait is made of."),
            NUMBER(CUSTOM, exponential_min, HAS(exponential_min), .number_min = 0.5,
                   .number_max = 10, .doc = "Least seconds of a wait."),
            NUMBER(CUSTOM, exponential_max, HAS(exponential_max), .number_min = 5,
                   .number_max = 120, .doc = "Most seconds of a wait, without its jitter."),
            BOOLEAN(CUSTOM, jitter_enabled, HAS(jitter_enabled),
                    .doc = "Whether waits are made longer at random."),
            NUMBER(CUSTOM, jitter_max, HAS(jitter_max), .number_min = 0.1, .number_max = 10,
                   .doc = "Most seconds that are added so."),
            INTEGER(CUSTOM, max_delay_seconds, HAS(max_delay_seconds), .min = 5, .max = 600,
                    .doc = "Seconds for all attempts at one model and the waits between them."),
            {.name = NULL}},
};

const char *
preset_custom_override(const struct preset_custom *custom, const char *operation)
{
    if (!custom || !custom->operation_overrides)
        return NULL;
    const struct preset_custom_overrides *overrides = custom->operation_overrides;
    const char *const values[STEERED_OPERATIONS] = {overrides->summarize, overrides->sentiment,
                                                    overrides->key_points, overrides->questions,
                                                    overrides->qa};
    for (size_t i = 0; i < STEERED_OPERATIONS; i++)
        if (strcmp(steered_operations[i], operation) == 0)
            return values[i];
    return NULL;
}

const struct preset_custom *
preset_custom_parse(const char *text, struct arena *arena, struct error *err)
{
    struct error found = {0};
    const json_t *document = schema_parse(text, strlen(text), arena, &found);
    const struct preset_custom *custom =
        document ? schema_decode(&preset_custom_schema, document, "", arena, &found) : NULL;
    if (custom)
        return custom;
    error_set(err, found.code, "RESILIENCE_CUSTOM_CONFIG: %s", found.detail);
    err->fields = found.fields;
    return NULL;
}

static int64_t
attempts_of(const struct preset_custom *custom, const struct preset *preset)
{
    return custom->has_retry_attempts ? custom->retry_attempts : preset->attempts;
}

size_t
preset_custom_warnings(const struct preset_custom *custom, const struct preset *preset,
                       struct arena *arena, const char *warnings[PRESET_CUSTOM_WARNINGS_MAX])
{
    size_t count = 0;
    int64_t attempts = attempts_of(custom, preset);
    double wait_min_s = custom->has_exponential_min ? custom->exponential_min : preset->wait_min_s;
    double wait_max_s = custom->has_exponential_max ? custom->exponential_max : preset->wait_max_s;
    if (custom->has_max_delay_seconds && custom->max_delay_seconds < 2 * attempts)
        warnings[count++] = arena_printf(
            arena, "max_delay_seconds (%" PRId64 ") may be too short for %" PRId64 " attempts",
            custom->max_delay_seconds, attempts);
    if (custom->has_circuit_breaker_threshold && custom->circuit_breaker_threshold < 3)
        warnings[count++] = "circuit_breaker_threshold below 3 may open breakers for little";
    if (custom->has_retry_attempts && attempts > 7)
        warnings[count++] = "retry_attempts above 7 may keep callers waiting for long";
    if (wait_min_s >= wait_max_s)
        warnings[count++] =
            arena_printf(arena, "with preset %s all waits are %g s long", preset->name, wait_max_s);
    if (custom->has_jitter_enabled && !custom->jitter_enabled && custom->has_jitter_max)
        warnings[count++] = "jitter_max has no effect while jitter_enabled is false";
    return count;
}
