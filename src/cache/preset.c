/* The table of presets, and what overrides them. */
#include "cache/preset.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

struct preset {
    const char *name;
    int64_t threshold_bytes;
    const struct cache_rule *rules; /* ended by an empty name; NULL: operations have their own */
    int level;
    bool disabled;
};

static const struct cache_rule ai_development_rules[] = {{"summarize", 1800},  {"sentiment", 900},
                                                         {"key_points", 1200}, {"questions", 1500},
                                                         {"qa", 900},          {"", 0}};
static const struct cache_rule ai_production_rules[] = {{"summarize", 14400},  {"sentiment", 7200},
                                                        {"key_points", 10800}, {"questions", 9600},
                                                        {"qa", 7200},          {"", 0}};

/* Levels are zstd's; they keep the order of the old presets. */
static const struct preset presets[] = {
    {"development", 2000, NULL, 1, false},
    {"disabled", 10000, NULL, 1, true},
    {"minimal", 5000, NULL, 1, false},
    {"simple", 1000, NULL, 3, false},
    {"production", 500, NULL, 5, false},
    {"ai-development", 1000, ai_development_rules, 3, false},
    {"ai-production", 300, ai_production_rules, 5, false},
};

static const struct preset *
find(const char *name)
{
    for (size_t i = 0; name && i < sizeof(presets) / sizeof(presets[0]); i++)
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    return &presets[0];
}

static void
set_rule(struct cache_policy *policy, const char *operation, int64_t ttl_s)
{
    struct cache_rule *rule = NULL;
    for (size_t i = 0; i < policy->rule_count && !rule; i++)
        if (strcmp(policy->rules[i].operation, operation) == 0)
            rule = &policy->rules[i];
    if (!rule && policy->rule_count < CACHE_RULES_MAX)
        rule = &policy->rules[policy->rule_count++];
    if (!rule)
        return;
    snprintf(rule->operation, sizeof(rule->operation), "%s", operation);
    rule->ttl_s = ttl_s;
}

/* The number at name where it lies in the range, else otherwise. */
static int64_t
custom_number(const json_t *custom, const char *name, int64_t least, int64_t most,
              int64_t otherwise)
{
    const json_t *value = json_object_get(custom, name);
    if (!json_is_integer(value))
        return otherwise;
    int64_t number = json_integer_value(value);
    return number >= least && number <= most ? number : otherwise;
}

static void
apply_custom(struct cache_policy *policy, const char *text)
{
    json_error_t problem;
    json_auto_t *custom = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(custom)) {
        log_line(LOG_LEVEL_WARNING, "CACHE_CUSTOM_CONFIG is not a JSON object and is left out");
        return;
    }
    enum { WEEK_S = 7 * 24 * 3600 };
    policy->default_ttl_s = custom_number(custom, "default_ttl", 1, WEEK_S, policy->default_ttl_s);
    policy->compression.threshold_bytes =
        (size_t)custom_number(custom, "compression_threshold", 0, RECORD_DATA_MAX,
                              (int64_t)policy->compression.threshold_bytes);
    policy->compression.level =
        (int)custom_number(custom, "compression_level", 1, 9, policy->compression.level);
    const char *operation;
    json_t *ttl;
    json_object_foreach(json_object_get(custom, "operation_ttls"), operation, ttl)
    {
        if (json_is_integer(ttl) && json_integer_value(ttl) >= 0)
            set_rule(policy, operation, json_integer_value(ttl));
    }
}

void
cache_policy_make(struct cache_policy *policy, const struct settings *settings)
{
    const struct preset *preset = find(settings->cache_preset);
    *policy = (struct cache_policy){
        .preset = preset->name,
        .enabled = settings->ai_cache && !preset->disabled,
        .compression = {(size_t)preset->threshold_bytes, preset->level},
    };
    for (const struct cache_rule *rule = preset->rules; rule && rule->operation[0]; rule++)
        set_rule(policy, rule->operation, rule->ttl_s);
    if (settings->cache_custom_config && settings->cache_custom_config[0] != '\0')
        apply_custom(policy, settings->cache_custom_config);
    if (settings->cache_default_ttl_s > 0)
        policy->default_ttl_s = settings->cache_default_ttl_s;
    if (settings->cache_compression_threshold_bytes >= 0)
        policy->compression.threshold_bytes = (size_t)settings->cache_compression_threshold_bytes;
}

int64_t
cache_policy_ttl_s(const struct cache_policy *policy, const char *operation, int64_t own_ttl_s)
{
    if (!policy->enabled || own_ttl_s <= 0)
        return 0;
    for (size_t i = 0; i < policy->rule_count; i++)
        if (strcmp(policy->rules[i].operation, operation) == 0)
            return policy->rules[i].ttl_s;
    return policy->default_ttl_s > 0 ? policy->default_ttl_s : own_ttl_s;
}
