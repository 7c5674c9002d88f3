/* Which models are asked when one fails: the chains of fallbacks. */
#include "base/settings_row.h"

#include <string.h>

static void
add_fallback(struct settings_roster *roster, size_t index, size_t *count, const char *name)
{
    const struct model_draft *draft = &roster->drafts[index];
    const char *where = settings_place(roster->reading, draft->line);
    const struct model_settings *fallback = settings_roster_model(roster, name);
    if (strcmp(name, "local") == 0)
        return;
    if (!fallback)
        settings_complain(roster->reading, where,
                          "model \"%s\" falls back to \"%s\", which is not described", draft->name,
                          name);
    else if (*count == MODEL_FALLBACKS_MAX - 1)
        settings_complain(roster->reading, where, "model \"%s\" has more than %d fallbacks",
                          draft->name, MODEL_FALLBACKS_MAX - 1);
    else
        roster->models[index].fallbacks[(*count)++] = fallback;
}

/* Every chain but local's own ends with local, the last model of the list. */
static void
link_fallbacks(struct settings_roster *roster)
{
    const struct model_settings *local = &roster->models[roster->model_count - 1];
    for (size_t i = 0; i + 1 < roster->model_count; i++) {
        size_t count = 0;
        const char *at = i < roster->draft_count ? roster->drafts[i].fallbacks : "";
        for (; *at; at += *at == ',') {
            size_t length = strcspn(at, ",");
            add_fallback(roster, i, &count, arena_strndup(roster->reading->arena, at, length));
            at += length;
        }
        roster->models[i].fallbacks[count] = local;
    }
}

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

/* Depth first; a model that is still open when met again stands in a circle. */
static bool
is_in_circle(const struct settings_roster *roster, size_t index, enum mark *marks)
{
    if (marks[index] != MARK_NEW)
        return marks[index] == MARK_OPEN;
    marks[index] = MARK_OPEN;
    bool circle = false;
    const struct model_settings *const *fallback = roster->models[index].fallbacks;
    for (; *fallback; fallback++)
        circle = is_in_circle(roster, (size_t)(*fallback - roster->models), marks) || circle;
    marks[index] = MARK_DONE;
    return circle;
}

static void
check_circles(struct settings_roster *roster)
{
    enum mark *marks = arena_array(roster->reading->arena, roster->model_count, sizeof(*marks));
    for (size_t i = 0; i < roster->draft_count; i++)
        if (is_in_circle(roster, i, marks))
            settings_complain(
                roster->reading, settings_place(roster->reading, roster->drafts[i].line),
                "the fallbacks of model \"%s\" lead in a circle", roster->drafts[i].name);
}

void
settings_chains(struct settings_roster *roster)
{
    link_fallbacks(roster);
    check_circles(roster);
}
