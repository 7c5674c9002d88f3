/* The table of strategies. */
#include "ai/strategy.h"

#include <string.h>

#define CLOCKS                                                                                     \
    .clocks = {.connect_ms = 5000,                                                                 \
               .headers_ms = 30000,                                                                \
               .first_token_ms = 20000,                                                            \
               .gap_ms = 15000,                                                                    \
               .total_ms = 300000}

static const struct strategy_policy policies[STRATEGY_COUNT] = {
    [STRATEGY_AGGRESSIVE] = {.name = "aggressive",
                             .attempts = 2,
                             .budget_ms = 10000,
                             .multiplier = 0.5,
                             .wait_min_ms = 1000,
                             .wait_max_ms = 5000,
                             .jitter_ms = 2000,
                             .breaker = {.threshold = 3, .recovery_ms = 30000},
                             CLOCKS},
    [STRATEGY_BALANCED] = {.name = "balanced",
                           .attempts = 3,
                           .budget_ms = 30000,
                           .multiplier = 1.0,
                           .wait_min_ms = 2000,
                           .wait_max_ms = 10000,
                           .jitter_ms = 2000,
                           .breaker = {.threshold = 5, .recovery_ms = 60000},
                           CLOCKS},
    [STRATEGY_CONSERVATIVE] = {.name = "conservative",
                               .attempts = 5,
                               .budget_ms = 120000,
                               .multiplier = 2.0,
                               .wait_min_ms = 4000,
                               .wait_max_ms = 30000,
                               .jitter_ms = 2000,
                               .breaker = {.threshold = 8, .recovery_ms = 120000},
                               CLOCKS},
    [STRATEGY_CRITICAL] = {.name = "critical",
                           .attempts = 7,
                           .budget_ms = 300000,
                           .multiplier = 1.5,
                           .wait_min_ms = 3000,
                           .wait_max_ms = 60000,
                           .jitter_ms = 5000,
                           .breaker = {.threshold = 10, .recovery_ms = 300000},
                           CLOCKS},
    [STRATEGY_GATEWAY] = {.name = "gateway",
                          .attempts = 3,
                          .budget_ms = 30000,
                          .multiplier = 0.25,
                          .wait_min_ms = 250,
                          .wait_max_ms = 8000,
                          .jitter_ms = 250,
                          .breaker = {.threshold = 3, .recovery_ms = 5000},
                          CLOCKS},
};

const struct strategy_policy *
strategy_policy(enum strategy strategy)
{
    return &policies[strategy];
}

bool
strategy_find(const char *name, enum strategy *strategy)
{
    for (size_t i = 0; i < STRATEGY_COUNT; i++)
        if (strcmp(policies[i].name, name) == 0) {
            *strategy = (enum strategy)i;
            return true;
        }
    return false;
}

int64_t
strategy_wait_ms(const struct strategy_policy *policy, int64_t attempts_made, uint32_t random)
{
    int64_t doublings = attempts_made < 1 ? 0 : attempts_made - 1;
    if (doublings > 20)
        doublings = 20;
    int64_t wait_ms = (int64_t)(policy->multiplier * 1000.0 * (double)(1 << doublings));
    if (wait_ms < policy->wait_min_ms)
        wait_ms = policy->wait_min_ms;
    if (wait_ms > policy->wait_max_ms)
        wait_ms = policy->wait_max_ms;
    return wait_ms + (int64_t)random * policy->jitter_ms / UINT32_MAX;
}
