/* Strategies: how hard a call is tried before it is given up, and when a model rests. Which one an
 * operation has comes, in this order, from its own setting (SUMMARIZE_RESILIENCE_STRATEGY ...), the
 * custom configuration's operation_overrides, the preset's override for it, the custom
 * configuration's default_strategy, and the preset's default. A strategy that was chosen for the
 * operation brings its own numbers; a default one is tried with the preset's, and with what the
 * custom configuration says on top. */
#ifndef HEARTH_AI_STRATEGY_H
#define HEARTH_AI_STRATEGY_H

#include <stdint.h>

#include "ai/operation.h"
#include "ai/preset.h"
#include "ai/preset_custom.h"
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

/* A strategy by itself, with the usual clocks. */
const struct strategy_policy *strategy_policy(enum strategy strategy);

/* Whether there is a strategy of this name. */
bool strategy_find(const char *name, enum strategy *strategy);

/* Why an operation has its strategy. */
enum strategy_source {
    STRATEGY_FROM_SETTING,
    STRATEGY_FROM_CUSTOM_OVERRIDE,
    STRATEGY_FROM_PRESET_OVERRIDE,
    STRATEGY_FROM_CUSTOM_DEFAULT,
    STRATEGY_FROM_PRESET_DEFAULT,
    STRATEGY_FROM_OPERATION, /* it was written with it, and no preset speaks of it */
};

/* "setting", "custom_override", ... */
const char *strategy_source_name(enum strategy_source source);

struct strategy_row {
    const char *operation;
    const struct strategy_policy *policy;
    enum strategy_source source;
};

/* All that holds under one preset. Never changes. */
struct strategy_table {
    const struct preset *preset;
    struct strategy_policy strategies[STRATEGY_COUNT]; /* with their sections' clocks */
    struct strategy_policy usual;                      /* of operations that have the default */
    struct strategy_row steered[STEERED_OPERATIONS];   /* in the order of steered_operations */
    struct strategy_row gateway;
};

/* custom may be NULL. Nothing of both is kept. */
void strategy_table_fill(struct strategy_table *table, const struct preset *preset,
                         const struct settings *settings, const struct preset_custom *custom);

/* The strategies of a process: one table for each preset, made at start, and which one holds. */
struct strategies;

/* Complains of a custom configuration that does not hold, one line for each field, as
 * settings_load() does. */
bool strategies_check(const struct settings *settings, struct strbuf *complaints)
    __attribute__((warn_unused_result));

/* NULL when the custom configuration does not hold. host may be NULL: then only settings choose,
 * and strategies_announce() and strategies_choose() are not to be called. */
struct strategies *strategies_open(const struct settings *settings, struct host *host,
                                   struct error *err) __attribute__((warn_unused_result));
void strategies_close(struct strategies *strategies);

/* Notes in the host's journal that this process has loaded its configuration, and from now on which
 * change it follows, there and in the log. */
void strategies_announce(struct strategies *strategies);

/* The table that holds now: the host's choice, else the settings'. One atomic load; follows a
 * change of the choice at once. Lives as long as strategies. */
const struct strategy_table *strategies_now(struct strategies *strategies);

/* The table of a preset, and the custom configuration that is part of all of them, or NULL. */
const struct strategy_table *strategies_under(const struct strategies *strategies,
                                              const struct preset *preset);
const struct preset_custom *strategies_custom(const struct strategies *strategies);

/* The preset that was chosen while running, or NULL when the settings' holds. */
const struct preset *strategies_chosen(struct strategies *strategies);

/* Makes all workers of the host follow this preset from now on; "" or "default" goes back to the
 * settings'. by says who, for the journal. false with ERROR_NOT_FOUND for an unknown name. */
bool strategies_choose(struct strategies *strategies, const char *name, const char *by,
                       struct error *err) __attribute__((warn_unused_result));

/* The operation's policy now. Lives as long as strategies. */
const struct strategy_policy *strategy_of(struct strategies *strategies,
                                          const struct operation *operation);

/* The policy of calls through the gateway: GATEWAY_RESILIENCE_STRATEGY, else gateway. */
const struct strategy_policy *strategy_of_gateway(struct strategies *strategies);

/* How long to wait before the next attempt. random is any number: it picks the jitter. */
int64_t strategy_wait_ms(const struct strategy_policy *policy, int64_t attempts_made,
                         uint32_t random);

#endif
