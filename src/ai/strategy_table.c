/* What holds for each operation under a preset: settings, custom configuration and preset put
 * together. */
#include <string.h>

#include "ai/strategy.h"

const char *
strategy_source_name(enum strategy_source source)
{
    static const char *const names[] = {
        [STRATEGY_FROM_SETTING] = "setting",
        [STRATEGY_FROM_CUSTOM_OVERRIDE] = "custom_override",
        [STRATEGY_FROM_PRESET_OVERRIDE] = "preset_override",
        [STRATEGY_FROM_CUSTOM_DEFAULT] = "custom_default",
        [STRATEGY_FROM_PRESET_DEFAULT] = "preset_default",
        [STRATEGY_FROM_OPERATION] = "operation",
    };
    return names[source];
}

static void
set_clock(int64_t *clock, int64_t value)
{
    if (value > 0)
        *clock = value;
}

static void
fill_strategies(const struct settings *settings, struct strategy_table *table)
{
    for (size_t i = 0; i < STRATEGY_COUNT; i++)
        table->strategies[i] = *strategy_policy((enum strategy)i);
    for (size_t i = 0; i < settings->strategy_count; i++) {
        const struct strategy_settings *section = &settings->strategies[i];
        enum strategy strategy;
        if (!strategy_find(section->name, &strategy))
            continue;
        struct upstream_clocks *clocks = &table->strategies[strategy].clocks;
        set_clock(&clocks->connect_ms, section->connect_timeout_ms);
        set_clock(&clocks->headers_ms, section->headers_timeout_ms);
        set_clock(&clocks->first_token_ms, section->first_token_timeout_ms);
        set_clock(&clocks->gap_ms, section->gap_timeout_ms);
        set_clock(&clocks->total_ms, section->total_timeout_ms);
    }
}

static int64_t
milliseconds(double seconds)
{
    return (int64_t)(seconds * 1000.0 + 0.5);
}

static void
add_custom(const struct preset_custom *custom, struct strategy_policy *policy)
{
    if (custom->has_retry_attempts) {
        policy->attempts = custom->retry_attempts;
        policy->budget_ms = preset_budget_s(policy->attempts) * 1000;
    }
    if (custom->has_circuit_breaker_threshold)
        policy->breaker.threshold = custom->circuit_breaker_threshold;
    if (custom->has_recovery_timeout)
        policy->breaker.recovery_ms = custom->recovery_timeout * 1000;
    if (custom->has_exponential_multiplier)
        policy->multiplier = custom->exponential_multiplier;
    if (custom->has_exponential_min)
        policy->wait_min_ms = milliseconds(custom->exponential_min);
    if (custom->has_exponential_max)
        policy->wait_max_ms = milliseconds(custom->exponential_max);
    if (custom->has_jitter_max)
        policy->jitter_ms = milliseconds(custom->jitter_max);
    if (custom->has_jitter_enabled && !custom->jitter_enabled)
        policy->jitter_ms = 0;
    if (custom->has_max_delay_seconds)
        policy->budget_ms = custom->max_delay_seconds * 1000;
}

/* The default strategy with the preset's numbers, and the custom ones on top. */
static void
fill_usual(const struct preset_custom *custom, struct strategy_table *table)
{
    const struct preset *preset = table->preset;
    enum strategy strategy = preset->strategy;
    if (custom && custom->default_strategy && !strategy_find(custom->default_strategy, &strategy))
        strategy = preset->strategy;
    table->usual = (struct strategy_policy){
        .name = table->strategies[strategy].name,
        .attempts = preset->attempts,
        .budget_ms = preset_budget_s(preset->attempts) * 1000,
        .multiplier = preset->multiplier,
        .wait_min_ms = milliseconds(preset->wait_min_s),
        .wait_max_ms = milliseconds(preset->wait_max_s),
        .jitter_ms = milliseconds(preset->jitter_s),
        .breaker = {.threshold = preset->threshold, .recovery_ms = preset->recovery_s * 1000},
        .clocks = table->strategies[strategy].clocks,
    };
    if (custom)
        add_custom(custom, &table->usual);
}

/* What the settings say for the steered operation of this index; "" or NULL: nothing. */
static const char *
said_by_setting(const struct settings *settings, size_t operation)
{
    const char *const said[STEERED_OPERATIONS] = {
        settings->strategy_summarize, settings->strategy_sentiment, settings->strategy_key_points,
        settings->strategy_questions, settings->strategy_qa};
    return said[operation];
}

static const struct preset_override *
preset_override_find(const struct preset *preset, const char *operation)
{
    for (const struct preset_override *row = preset->overrides; row->operation; row++)
        if (strcmp(row->operation, operation) == 0)
            return row;
    return NULL;
}

static void
steer(const struct settings *settings, const struct preset_custom *custom,
      struct strategy_table *table, size_t index)
{
    struct strategy_row *row = &table->steered[index];
    row->operation = steered_operations[index];
    const char *setting = said_by_setting(settings, index);
    const char *said = preset_custom_override(custom, row->operation);
    const struct preset_override *override = preset_override_find(table->preset, row->operation);
    enum strategy strategy;
    if (setting && strategy_find(setting, &strategy)) {
        row->source = STRATEGY_FROM_SETTING;
    } else if (said && strategy_find(said, &strategy)) {
        row->source = STRATEGY_FROM_CUSTOM_OVERRIDE;
    } else if (override) {
        row->source = STRATEGY_FROM_PRESET_OVERRIDE;
        strategy = override->strategy;
    } else {
        row->source = custom && custom->default_strategy ? STRATEGY_FROM_CUSTOM_DEFAULT
                                                         : STRATEGY_FROM_PRESET_DEFAULT;
        row->policy = &table->usual;
        return;
    }
    row->policy = &table->strategies[strategy];
}

void
strategy_table_fill(struct strategy_table *table, const struct preset *preset,
                    const struct settings *settings, const struct preset_custom *custom)
{
    table->preset = preset;
    fill_strategies(settings, table);
    fill_usual(custom, table);
    for (size_t i = 0; i < STEERED_OPERATIONS; i++)
        steer(settings, custom, table, i);
    enum strategy gateway = STRATEGY_GATEWAY;
    const char *said = settings->strategy_gateway;
    bool chosen = said && strategy_find(said, &gateway);
    table->gateway =
        (struct strategy_row){"gateway", &table->strategies[gateway],
                              chosen ? STRATEGY_FROM_SETTING : STRATEGY_FROM_OPERATION};
}
