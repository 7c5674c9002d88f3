/* Strategies: how hard a call is tried before it is given up, and when a model rests. */
#ifndef HEARTH_AI_STRATEGY_H
#define HEARTH_AI_STRATEGY_H

#include <stdint.h>

#include "ai/operation.h"
#include "ai/upstream.h"
#include "base/settings.h"
#include "host/breaker.h"

struct strategy_policy {
    const char *name;
    int64_t attempts;  /* on one model, the first call included */
    int64_t budget_ms; /* for one model: its attempts and the waits between them */
    double multiplier; /* of 2^(attempts made - 1) seconds */
    int64_t wait_min_ms, wait_max_ms;
    int64_t jitter_ms; /* at most so much is added to a wait */
    struct breaker_policy breaker;
    struct upstream_clocks clocks; /* for models that do not set their own */
};

enum { STRATEGY_COUNT = STRATEGY_GATEWAY + 1 };

const struct strategy_policy *strategy_policy(enum strategy strategy);

/* The operation's policy: the settings' choice for it, or its own. */
const struct strategy_policy *strategy_of(const struct settings *settings,
                                          const struct operation *operation);

/* How long to wait before the next attempt. random is any number: it picks the jitter. */
int64_t strategy_wait_ms(const struct strategy_policy *policy, int64_t attempts_made,
                         uint32_t random);

#endif
