/* Fills the shapes that answers have from the tables of presets and strategies. */
#include "apps/resilience/config_view.h"

#include <string.h>

static struct strategy_view *
strategy_view(const struct strategy_policy *policy, struct arena *arena)
{
    struct strategy_view *view = arena_alloc(arena, sizeof(*view));
    view->retry_config = arena_alloc(arena, sizeof(*view->retry_config));
    view->circuit_breaker_config = arena_alloc(arena, sizeof(*view->circuit_breaker_config));
    view->clocks = arena_alloc(arena, sizeof(*view->clocks));
    view->strategy = policy->name;
    view->enable_circuit_breaker = true;
    view->enable_retry = policy->attempts > 1;
    *view->retry_config = (struct retry_view){
        .max_attempts = policy->attempts,
        .max_delay_seconds = (double)policy->budget_ms / 1000,
        .exponential_multiplier = policy->multiplier,
        .exponential_min = (double)policy->wait_min_ms / 1000,
        .exponential_max = (double)policy->wait_max_ms / 1000,
        .jitter = policy->jitter_ms > 0,
        .jitter_max = (double)policy->jitter_ms / 1000,
    };
    *view->circuit_breaker_config = (struct breaker_config_view){
        .failure_threshold = policy->breaker.threshold,
        .recovery_timeout = (double)policy->breaker.recovery_ms / 1000,
        .half_open_max_calls = 1,
    };
    *view->clocks = (struct clocks_view){
        .connect_timeout_ms = policy->clocks.connect_ms,
        .headers_timeout_ms = policy->clocks.headers_ms,
        .first_token_timeout_ms = policy->clocks.first_token_ms,
        .gap_timeout_ms = policy->clocks.gap_ms,
        .total_timeout_ms = policy->clocks.total_ms,
    };
    return view;
}

static void
fill_operations(struct config_view *view, const struct strategy_table *table, struct arena *arena)
{
    enum { ROWS = STEERED_OPERATIONS + 1 };
    const char **names = arena_array(arena, ROWS, sizeof(*names));
    const char **strategies = arena_array(arena, ROWS, sizeof(*strategies));
    struct steered_view *views = arena_array(arena, ROWS, sizeof(*views));
    for (size_t i = 0; i < ROWS; i++) {
        const struct strategy_row *row =
            i < STEERED_OPERATIONS ? &table->steered[i] : &table->gateway;
        names[i] = row->operation;
        strategies[i] = row->policy->name;
        views[i] = (struct steered_view){row->policy->name, strategy_source_name(row->source),
                                         strategy_view(row->policy, arena)};
    }
    view->operation_strategies = (struct map){names, strategies, ROWS};
    view->operations = (struct map){names, views, ROWS};
}

static struct map
strategies_map(const struct strategy_table *table, struct arena *arena)
{
    const char **names = arena_array(arena, STRATEGY_COUNT, sizeof(*names));
    struct strategy_view *views = arena_array(arena, STRATEGY_COUNT, sizeof(*views));
    for (size_t i = 0; i < STRATEGY_COUNT; i++) {
        names[i] = table->strategies[i].name;
        views[i] = *strategy_view(&table->strategies[i], arena);
    }
    return (struct map){names, views, STRATEGY_COUNT};
}

static json_t *
custom_document(const struct preset_custom *custom, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    if (custom)
        schema_encode(&preset_custom_schema, custom, &text);
    else
        strbuf_add_text(&text, "{}");
    return schema_keep(json_loadb(text.data, text.length, 0, NULL), arena);
}

struct config_view *
config_view(struct strategies *strategies, struct arena *arena)
{
    const struct strategy_table *table = strategies_now(strategies);
    struct config_view *view = arena_alloc(arena, sizeof(*view));
    view->preset_name = table->preset->name;
    view->preset_source = strategies_chosen(strategies) ? "operator" : "settings";
    view->configuration = strategy_view(&table->usual, arena);
    view->custom_overrides = custom_document(strategies_custom(strategies), arena);
    view->strategies = strategies_map(table, arena);
    fill_operations(view, table, arena);
    return view;
}

/* "Simple" */
static const char *
title(const struct preset *preset, struct arena *arena)
{
    char *name = arena_strdup(arena, preset->name);
    name[0] = (char)(name[0] - 'a' + 'A');
    return name;
}

static struct list
environments(const struct preset *preset)
{
    size_t count = 0;
    while (preset->environments[count])
        count++;
    return (struct list){(void *)preset->environments, count};
}

struct preset_item
preset_item(const struct preset *preset, struct arena *arena)
{
    return (struct preset_item){
        .name = title(preset, arena),
        .key = preset->name,
        .description = preset->description,
        .retry_attempts = preset->attempts,
        .circuit_breaker_threshold = preset->threshold,
        .recovery_timeout = preset->recovery_s,
        .default_strategy = strategy_policy(preset->strategy)->name,
        .environment_contexts = environments(preset),
    };
}

static struct map
overrides_map(const struct preset *preset, struct arena *arena)
{
    const char **names = arena_array(arena, STEERED_OPERATIONS, sizeof(*names));
    const char **values = arena_array(arena, STEERED_OPERATIONS, sizeof(*values));
    size_t count = 0;
    for (const struct preset_override *row = preset->overrides; row->operation; row++) {
        names[count] = row->operation;
        values[count++] = strategy_policy(row->strategy)->name;
    }
    return (struct map){names, values, count};
}

struct preset_view *
preset_view(const struct preset *preset, struct arena *arena)
{
    struct preset_view *view = arena_alloc(arena, sizeof(*view));
    view->configuration = arena_alloc(arena, sizeof(*view->configuration));
    view->name = title(preset, arena);
    view->key = preset->name;
    view->description = preset->description;
    view->environment_contexts = environments(preset);
    *view->configuration = (struct preset_configuration){
        .retry_attempts = preset->attempts,
        .circuit_breaker_threshold = preset->threshold,
        .recovery_timeout = preset->recovery_s,
        .default_strategy = strategy_policy(preset->strategy)->name,
        .operation_overrides = overrides_map(preset, arena),
    };
    return view;
}

void
preset_items_encode(struct strbuf *out)
{
    for (size_t i = 0; i < PRESET_COUNT; i++) {
        struct preset_item item = preset_item(&presets[i], out->arena);
        strbuf_add_char(out, i == 0 ? '[' : ',');
        schema_encode(&preset_item_schema, &item, out);
    }
    strbuf_add_char(out, ']');
}

struct list
preset_names(struct arena *arena)
{
    const char **names = arena_array(arena, PRESET_COUNT, sizeof(*names));
    for (size_t i = 0; i < PRESET_COUNT; i++)
        names[i] = presets[i].name;
    return (struct list){names, PRESET_COUNT};
}
