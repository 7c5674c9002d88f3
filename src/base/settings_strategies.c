/* The clocks that sections give to strategies. */
#include "base/settings_row.h"

#include <string.h>

static bool
is_strategy(const char *name)
{
    for (const char *const *known = settings_strategy_names; *known; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

static void
complain_of_name(struct settings_reading *reading, const struct settings_section *section)
{
    struct strbuf names;
    strbuf_init(&names, reading->arena, 64);
    for (const char *const *known = settings_strategy_names; *known; known++)
        strbuf_printf(&names, "%s%s", known == settings_strategy_names ? "" : ", ", *known);
    settings_complain(reading, settings_place(reading, section->line),
                      "no strategy is called \"%s\", allowed are %s", section->name, names.data);
}

void
settings_strategies(struct settings_reading *reading)
{
    struct strategy_settings *strategies =
        arena_array(reading->arena, reading->file.section_count, sizeof(*strategies));
    size_t count = 0;
    for (size_t i = 1; i < reading->file.section_count; i++) {
        const struct settings_section *section = &reading->file.sections[i];
        if (section->kind != SECTION_STRATEGY)
            continue;
        if (!is_strategy(section->name))
            complain_of_name(reading, section);
        strategies[count].name = section->name;
        settings_section_read(reading, i, strategy_rows, &strategies[count++]);
    }
    reading->settings->strategies = strategies;
    reading->settings->strategy_count = count;
}
