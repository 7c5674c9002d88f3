/* Presets of resilience: attempts, waits, breakers and the operations' strategies, as a set. */
#ifndef HEARTH_AI_PRESET_H
#define HEARTH_AI_PRESET_H

#include <stdint.h>

#include "ai/operation.h"

/* The operations whose strategy presets and settings choose by name. */
enum { STEERED_OPERATIONS = 5 };
extern const char *const steered_operations[STEERED_OPERATIONS + 1]; /* NULL-terminated */

struct preset_override {
    const char *operation; /* NULL ends them */
    enum strategy strategy;
};

struct preset {
    const char *name, *description;
    enum strategy strategy; /* of all operations that have no other */
    struct preset_override overrides[STEERED_OPERATIONS + 1];
    /* What the default strategy does instead of its own numbers. */
    int64_t attempts, threshold, recovery_s;
    double multiplier, wait_min_s, wait_max_s, jitter_s;
    const char *const *environments; /* where it fits; NULL-terminated */
};

enum { PRESET_COUNT = 3 };
extern const struct preset presets[PRESET_COUNT];

/* The preset of this name, or NULL. */
const struct preset *preset_find(const char *name);

/* The seconds that a preset grants one model for so many attempts and the waits between them. */
int64_t preset_budget_s(int64_t attempts);

#endif
