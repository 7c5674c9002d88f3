/* The table of presets. */
#include "ai/preset.h"

#include <stddef.h>
#include <string.h>

enum { BUDGET_PER_ATTEMPT_S = 20, BUDGET_MOST_S = 120 };

const char *const steered_operations[STEERED_OPERATIONS + 1] = {
    "summarize", "sentiment", "key_points", "questions", "qa", NULL};

const struct preset presets[PRESET_COUNT] = {
    {
        .name = "simple",
        .description = "For most: three attempts and waits of two to ten seconds.",
        .strategy = STRATEGY_BALANCED,
        .attempts = 3,
        .threshold = 5,
        .recovery_s = 60,
        .multiplier = 1.0,
        .wait_min_s = 2,
        .wait_max_s = 10,
        .jitter_s = 2,
        .environments =
            (const char *const[]){"development", "testing", "staging", "production", NULL},
    },
    {
        .name = "development",
        .description = "For work on an application: failures show soon.",
        .strategy = STRATEGY_AGGRESSIVE,
        .overrides = {{"sentiment", STRATEGY_AGGRESSIVE}, {"qa", STRATEGY_BALANCED}},
        .attempts = 2,
        .threshold = 3,
        .recovery_s = 30,
        .multiplier = 0.5,
        .wait_min_s = 1,
        .wait_max_s = 5,
        .jitter_s = 2,
        .environments = (const char *const[]){"development", "testing", NULL},
    },
    {
        .name = "production",
        .description = "For traffic that matters: an answer counts for more than the wait for it.",
        .strategy = STRATEGY_CONSERVATIVE,
        .overrides = {{"qa", STRATEGY_CRITICAL},
                      {"sentiment", STRATEGY_AGGRESSIVE},
                      {"summarize", STRATEGY_CONSERVATIVE},
                      {"key_points", STRATEGY_BALANCED},
                      {"questions", STRATEGY_BALANCED}},
        .attempts = 5,
        .threshold = 10,
        .recovery_s = 120,
        .multiplier = 1.5,
        .wait_min_s = 2,
        .wait_max_s = 30,
        .jitter_s = 2,
        .environments = (const char *const[]){"production", "staging", NULL},
    },
};

const struct preset *
preset_find(const char *name)
{
    for (size_t i = 0; i < PRESET_COUNT; i++)
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    return NULL;
}

int64_t
preset_budget_s(int64_t attempts)
{
    int64_t budget_s = BUDGET_PER_ATTEMPT_S * attempts;
    return budget_s < BUDGET_MOST_S ? budget_s : BUDGET_MOST_S;
}
