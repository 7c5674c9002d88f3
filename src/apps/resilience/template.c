/* The table of templates, and which one is nearest to a configuration. */
#include "apps/resilience/template.h"

#include <stdlib.h>
#include <string.h>

enum { SCORE_NEEDED = 4 };

#define CORE(attempts, threshold, recovery, strategy)                                              \
    .retry_attempts = (attempts), .has_retry_attempts = true,                                      \
    .circuit_breaker_threshold = (threshold), .has_circuit_breaker_threshold = true,               \
    .recovery_timeout = (recovery), .has_recovery_timeout = true, .default_strategy = (strategy)
#define WAITS(multiplier, least, most)                                                             \
    .exponential_multiplier = (multiplier), .has_exponential_multiplier = true,                    \
    .exponential_min = (least), .has_exponential_min = true, .exponential_max = (most),            \
    .has_exponential_max = true

const struct config_template config_templates[TEMPLATE_COUNT] = {
    {"fast_development",
     "Fast development",
     "Fails soon, for work on an application.",
     {CORE(1, 2, 15, "aggressive")}},
    {"robust_production",
     "Robust production",
     "Tries long before it gives up.",
     {CORE(6, 12, 180, "conservative")}},
    {"low_latency",
     "Low latency",
     "One attempt and the next model at once.",
     {CORE(1, 2, 10, "aggressive"), WAITS(0.5, 0.5, 5), .max_delay_seconds = 5,
      .has_max_delay_seconds = true}},
    {"high_throughput",
     "High throughput",
     "Few attempts, and breakers that open early.",
     {CORE(3, 8, 45, "balanced")}},
    {"maximum_reliability",
     "Maximum reliability",
     "Everything is tried, however long it takes.",
     {CORE(8, 15, 300, "critical"), WAITS(2, 3, 60), .jitter_enabled = true,
      .has_jitter_enabled = true, .jitter_max = 5, .has_jitter_max = true}},
};

const char *const template_names[TEMPLATE_COUNT + 1] = {"fast_development",    "robust_production",
                                                        "low_latency",         "high_throughput",
                                                        "maximum_reliability", NULL};

const struct config_template *
template_find(const char *name)
{
    for (size_t i = 0; i < TEMPLATE_COUNT; i++)
        if (strcmp(config_templates[i].name, name) == 0)
            return &config_templates[i];
    return NULL;
}

bool
template_unknown(const char *name, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND,
                     "no template is called \"%.60s\"; there are fast_development, "
                     "robust_production, low_latency, high_throughput and maximum_reliability",
                     name);
}

json_t *
template_document(const struct config_template *template, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 512);
    schema_encode(&preset_custom_schema, &template->config, &text);
    return schema_keep(json_loadb(text.data, text.length, 0, NULL), arena);
}

/* The fields that a template is told by; of a field that was not given, what is usual. */
struct sketch {
    int64_t attempts, threshold;
    const char *strategy;
    bool has_attempts, has_threshold, has_strategy;
};

static struct sketch
sketch_of(const json_t *configuration)
{
    const json_t *attempts = json_object_get(configuration, "retry_attempts");
    const json_t *threshold = json_object_get(configuration, "circuit_breaker_threshold");
    const json_t *strategy = json_object_get(configuration, "default_strategy");
    struct sketch sketch = {3,
                            5,
                            "balanced",
                            json_is_integer(attempts),
                            json_is_integer(threshold),
                            json_is_string(strategy)};
    if (sketch.has_attempts)
        sketch.attempts = json_integer_value(attempts);
    if (sketch.has_threshold)
        sketch.threshold = json_integer_value(threshold);
    if (sketch.has_strategy)
        sketch.strategy = json_string_value(strategy);
    return sketch;
}

static bool
within(int64_t value, int64_t other, int64_t distance)
{
    return value >= other - distance && value <= other + distance;
}

static int
score_of(const struct sketch *sketch, const struct preset_custom *config)
{
    int score = 0;
    if (within(sketch->attempts, config->retry_attempts, 1))
        score += 3;
    else if (within(sketch->attempts, config->retry_attempts, 2))
        score += 1;
    if (within(sketch->threshold, config->circuit_breaker_threshold, 2))
        score += 2;
    else if (within(sketch->threshold, config->circuit_breaker_threshold, 5))
        score += 1;
    if (strcmp(sketch->strategy, config->default_strategy) == 0)
        score += 3;
    return score;
}

static double
confidence_of(const struct sketch *sketch, const struct preset_custom *config)
{
    int given = sketch->has_attempts + sketch->has_threshold + sketch->has_strategy;
    int equal = (sketch->has_attempts && sketch->attempts == config->retry_attempts) +
                (sketch->has_threshold && sketch->threshold == config->circuit_breaker_threshold) +
                (sketch->has_strategy && strcmp(sketch->strategy, config->default_strategy) == 0);
    return given == 0 ? 0.5 : (double)equal / given;
}

void
template_suggest(const json_t *configuration, struct arena *arena, struct template_suggestion *out)
{
    const struct sketch sketch = sketch_of(configuration);
    int best = SCORE_NEEDED - 1;
    *out = (struct template_suggestion){
        .reasoning =
            "no template is near: attempts, threshold and strategy are unlike all of them"};
    for (size_t i = 0; i < TEMPLATE_COUNT; i++) {
        int score = score_of(&sketch, &config_templates[i].config);
        if (score <= best)
            continue;
        best = score;
        out->template = &config_templates[i];
    }
    if (!out->template)
        return;
    out->confidence = confidence_of(&sketch, &out->template->config);
    out->reasoning = arena_printf(arena,
                                  "attempts, threshold and strategy are nearest to %s "
                                  "(%d of 8 points)",
                                  out->template->name, best);
}
