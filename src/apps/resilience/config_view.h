/* Presets and strategies as answers and the operator's command show them. */
#ifndef HEARTH_APPS_RESILIENCE_CONFIG_VIEW_H
#define HEARTH_APPS_RESILIENCE_CONFIG_VIEW_H

#include "ai/strategy.h"
#include "apps/resilience/schemas.h"

/* All that holds now. Lives in the arena. */
struct config_view *config_view(struct strategies *strategies, struct arena *arena);

struct preset_item preset_item(const struct preset *preset, struct arena *arena);
struct preset_view *preset_view(const struct preset *preset, struct arena *arena);

/* All presets, as a JSON array of PresetItem. */
void preset_items_encode(struct strbuf *out);

/* The names of all presets. */
struct list preset_names(struct arena *arena);

#endif
