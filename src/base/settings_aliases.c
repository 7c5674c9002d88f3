/* The names under which models are found: their own and their aliases. */
#include "base/settings_row.h"

#include <string.h>

enum { ALIAS_BYTES_MAX = 128 };

const char *const settings_no_aliases[] = {NULL};

static bool
is_called(const struct model_settings *model, const char *name)
{
    if (strcmp(model->name, name) == 0)
        return true;
    for (const char *const *alias = model->aliases; *alias; alias++)
        if (strcmp(*alias, name) == 0)
            return true;
    return false;
}

struct model_settings *
settings_roster_model(const struct settings_roster *roster, const char *name)
{
    for (size_t i = 0; i < roster->model_count; i++)
        if (is_called(&roster->models[i], name))
            return &roster->models[i];
    return NULL;
}

/* Whether the alias may be had; complains where not. */
static bool
alias_is_free(struct settings_roster *roster, const struct model_draft *draft, const char *alias)
{
    const char *where = settings_place(roster->reading, draft->line);
    const struct model_settings *taken = settings_roster_model(roster, alias);
    if (strlen(alias) > ALIAS_BYTES_MAX)
        settings_complain(roster->reading, where,
                          "an alias of model \"%s\" is longer than %d bytes", draft->name,
                          ALIAS_BYTES_MAX);
    else if (taken || strcmp(alias, "local") == 0)
        settings_complain(roster->reading, where,
                          "model \"%s\" has the alias \"%s\", which is what the model \"%s\" is "
                          "called already",
                          draft->name, alias, taken ? taken->name : "local");
    else
        return true;
    return false;
}

static void
add_aliases(struct settings_roster *roster, size_t index)
{
    const struct model_draft *draft = &roster->drafts[index];
    size_t most = 2;
    for (const char *at = draft->aliases; *at; at++)
        most += *at == ',';
    const char **aliases = arena_array(roster->reading->arena, most, sizeof(*aliases));
    roster->models[index].aliases = aliases;
    size_t count = 0;
    for (const char *at = draft->aliases; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        const char *alias = arena_strndup(roster->reading->arena, at, length);
        if (alias_is_free(roster, draft, alias))
            aliases[count++] = alias;
        at += length;
    }
}

void
settings_aliases(struct settings_roster *roster)
{
    for (size_t i = 0; i < roster->draft_count; i++)
        add_aliases(roster, i);
}
