/* What RESILIENCE_CUSTOM_CONFIG overrides of a preset: the fields of its JSON object, as rows. */
#ifndef HEARTH_AI_PRESET_CUSTOM_H
#define HEARTH_AI_PRESET_CUSTOM_H

#include <stdbool.h>
#include <stdint.h>

#include "ai/preset.h"
#include "http/schema.h"

struct preset_custom_overrides {
    const char *summarize, *sentiment, *key_points, *questions, *qa; /* NULL: not said */
};

struct preset_custom {
    int64_t retry_attempts, circuit_breaker_threshold, recovery_timeout;
    bool has_retry_attempts, has_circuit_breaker_threshold, has_recovery_timeout;
    const char *default_strategy;                        /* NULL: not said */
    struct preset_custom_overrides *operation_overrides; /* NULL: not said */
    double exponential_multiplier, exponential_min, exponential_max;
    bool has_exponential_multiplier, has_exponential_min, has_exponential_max;
    bool jitter_enabled, has_jitter_enabled;
    double jitter_max;
    bool has_jitter_max;
    int64_t max_delay_seconds;
    bool has_max_delay_seconds;
};

/* Closed: an unknown field is an error, as is none at all. */
extern const struct schema preset_custom_schema;

/* The strategy that overrides say for a steered operation, or NULL. custom may be NULL. */
const char *preset_custom_override(const struct preset_custom *custom, const char *operation);

/* Parses and checks the setting's text. NULL with err naming the setting and its first bad field;
 * err->fields has all of them. */
const struct preset_custom *preset_custom_parse(const char *text, struct arena *arena,
                                                struct error *err)
    __attribute__((warn_unused_result));

/* What is allowed but seldom meant, for a preset: fills up to max texts and returns how many. */
enum { PRESET_CUSTOM_WARNINGS_MAX = 5 };
size_t preset_custom_warnings(const struct preset_custom *custom, const struct preset *preset,
                              struct arena *arena,
                              const char *warnings[PRESET_CUSTOM_WARNINGS_MAX]);

#endif
