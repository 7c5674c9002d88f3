/* Providers and models: from the file's sections, from keys alone, and from AI_MODEL. */
#include "base/settings_row.h"

#include <string.h>

/* What is known of a kind of provider without any section. */
struct kind {
    enum provider_kind kind;
    const char *name;
    size_t key, base_url; /* offsets in struct settings */
    const char *base_url_name;
    const char *model;       /* asked where nothing else is said */
    const char *families[6]; /* beginnings of its models' names */
};

static const struct kind kinds[] = {
    {PROVIDER_GEMINI,
     "gemini",
     offsetof(struct settings, gemini_api_key),
     offsetof(struct settings, gemini_base_url),
     "GEMINI_BASE_URL",
     "gemini-2.5-flash",
     {"gemini-", "models/gemini-"}},
    {PROVIDER_OPENAI,
     "openai",
     offsetof(struct settings, openai_api_key),
     offsetof(struct settings, openai_base_url),
     "OPENAI_BASE_URL",
     "gpt-4o-mini",
     {"gpt-", "chatgpt-", "o1", "o3", "o4"}},
    {PROVIDER_ANTHROPIC,
     "anthropic",
     offsetof(struct settings, anthropic_api_key),
     offsetof(struct settings, anthropic_base_url),
     "ANTHROPIC_BASE_URL",
     "claude-3-5-haiku-latest",
     {"claude-"}},
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static const char *
text_at(const struct settings *settings, size_t offset)
{
    return *(const char *const *)((const char *)settings + offset);
}

static const struct kind *
kind_named(const char *name)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* Whose model this is by its name, or NULL. */
static const struct kind *
kind_of_model(const char *model)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        for (const char *const *family = kinds[i].families; *family; family++)
            if (strncmp(model, *family, strlen(*family)) == 0)
                return &kinds[i];
    return NULL;
}

static const struct provider_settings *
provider_named(const struct settings_roster *roster, const char *name)
{
    for (size_t i = 0; i < roster->provider_count; i++)
        if (strcmp(roster->providers[i].name, name) == 0)
            return &roster->providers[i];
    return NULL;
}

void
settings_section_read(struct settings_reading *reading, size_t section, const struct setting *rows,
                      void *base)
{
    settings_defaults(reading, rows, base);
    for (size_t i = 0; i < reading->file.line_count; i++) {
        const struct settings_line *line = &reading->file.lines[i];
        if (line->section == section)
            setting_put(reading, settings_row(rows, line->name), base, line->value,
                        settings_place(reading, line->line));
    }
}

/* "local" is always there and cannot be described anew; what begins with "memcached" or
 * "postgresql" is ours. */
static bool
name_is_reserved(struct settings_reading *reading, const char *name, int line)
{
    /* These have breakers beside those of models. */
    if (strcmp(name, "local") != 0 && strncmp(name, "memcached", 9) != 0 &&
        strncmp(name, "postgresql", 10) != 0)
        return false;
    settings_complain(reading, settings_place(reading, line), "the name %s is taken", name);
    return true;
}

/* Of others that speak OpenAI's language few have the newer endpoint. */
static bool
has_responses(const struct provider_settings *provider, const char *said)
{
    static const char home[] = "https://api.openai.com";
    if (said)
        return strcmp(said, "yes") == 0;
    return provider->kind == PROVIDER_OPENAI &&
           strncmp(provider->base_url, home, strlen(home)) == 0 &&
           strchr("/:", provider->base_url[strlen(home)]);
}

/* A key of the settings goes only to where that kind of provider is by the settings: never to the
 * address that a section gives. */
static void
provider_add(struct settings_roster *roster, const struct provider_draft *draft)
{
    struct settings_reading *reading = roster->reading;
    const struct settings *settings = reading->settings;
    const struct kind *kind = kind_named(draft->kind ? draft->kind : draft->name);
    if (!kind)
        kind = kind_named("openai");
    const char *key = draft->key;
    const char *where = settings_place(reading, draft->line);
    if (draft->key && draft->key_file)
        settings_complain(reading, where, "provider \"%s\" has both key and key_file", draft->name);
    else if (draft->key_file)
        key = settings_secret(reading, draft->key_file, where);
    else if (!draft->key && !draft->base_url)
        key = text_at(settings, kind->key);
    struct provider_settings *provider = &roster->providers[roster->provider_count++];
    *provider = (struct provider_settings){
        .name = draft->name,
        .kind = kind->kind,
        .base_url = draft->base_url ? draft->base_url : text_at(settings, kind->base_url),
        .key = key && *key ? key : NULL,
    };
    provider->responses = has_responses(provider, draft->responses);
}

/* A provider that no section describes but whose key, or own address, is set. */
static void
provider_derive(struct settings_roster *roster, const struct kind *kind)
{
    const struct settings *settings = roster->reading->settings;
    const char *key = text_at(settings, kind->key);
    const struct setting *row = settings_row(settings_rows, kind->base_url_name);
    bool moved = strcmp(text_at(settings, kind->base_url), row->initial) != 0;
    bool usable = *key || (moved && kind->kind == PROVIDER_OPENAI);
    if (!usable || provider_named(roster, kind->name))
        return;
    struct provider_settings *provider = &roster->providers[roster->provider_count++];
    *provider = (struct provider_settings){.name = kind->name,
                                           .kind = kind->kind,
                                           .base_url = text_at(settings, kind->base_url),
                                           .key = *key ? key : NULL};
    provider->responses = has_responses(provider, NULL);
}

/* Prices below 0 were not set. */
static struct model_draft
model_draft(const char *name, int line)
{
    return (struct model_draft){
        .name = name,
        .line = line,
        .model = {.price_cached_input_micros = -1, .price_cache_write_micros = -1}};
}

static void
complete_prices(struct model_settings *model)
{
    if (model->price_cached_input_micros < 0)
        model->price_cached_input_micros = model->price_input_micros;
    if (model->price_cache_write_micros < 0)
        model->price_cache_write_micros = model->price_input_micros;
}

static void
model_derive(struct settings_roster *roster, const char *name,
             const struct provider_settings *provider)
{
    struct model_draft draft = model_draft(name, 0);
    settings_defaults(roster->reading, model_rows, &draft);
    complete_prices(&draft.model);
    draft.model.name = draft.model.id = name;
    draft.model.aliases = settings_no_aliases;
    draft.model.provider = provider;
    roster->models[roster->model_count++] = draft.model;
}

static void
read_sections(struct settings_roster *roster)
{
    struct settings_reading *reading = roster->reading;
    for (size_t i = 1; i < reading->file.section_count; i++) {
        const struct settings_section *section = &reading->file.sections[i];
        if (section->kind == SECTION_PROVIDER) {
            struct provider_draft draft = {.name = section->name, .line = section->line};
            settings_section_read(reading, i, provider_rows, &draft);
            if (!name_is_reserved(reading, section->name, section->line) &&
                !provider_named(roster, section->name))
                provider_add(roster, &draft);
        } else if (section->kind == SECTION_MODEL) {
            struct model_draft draft = model_draft(section->name, section->line);
            settings_section_read(reading, i, model_rows, &draft);
            complete_prices(&draft.model);
            if (name_is_reserved(reading, section->name, section->line) ||
                settings_roster_model(roster, section->name))
                continue;
            draft.model.name = section->name;
            draft.model.aliases = settings_no_aliases;
            if (!draft.model.id)
                draft.model.id = section->name;
            draft.model.whole = strcmp(draft.delivery, "whole") == 0;
            roster->drafts[roster->draft_count++] = draft;
            roster->models[roster->model_count++] = draft.model;
        }
    }
}

static void
link_providers(struct settings_roster *roster)
{
    for (size_t i = 0; i < roster->draft_count; i++) {
        const struct model_draft *draft = &roster->drafts[i];
        const char *where = settings_place(roster->reading, draft->line);
        const struct provider_settings *provider =
            draft->provider ? provider_named(roster, draft->provider) : NULL;
        if (!draft->provider)
            settings_complain(roster->reading, where, "model \"%s\" names no provider",
                              draft->name);
        else if (!provider)
            settings_complain(roster->reading, where,
                              "model \"%s\" names the provider \"%s\", which is not described",
                              draft->name, draft->provider);
        roster->models[i].provider = provider;
    }
}

/* Whether a provider of this kind is known, by section or by key; only the first is good. */
static const struct provider_settings *
provider_of_kind(const struct settings_roster *roster, const struct kind *kind)
{
    for (size_t i = 0; kind && i < roster->provider_count; i++)
        if (roster->providers[i].kind == kind->kind)
            return &roster->providers[i];
    return NULL;
}

static bool
is_at_home(const struct provider_settings *provider)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (kinds[i].kind == provider->kind)
            return strcmp(settings_row(settings_rows, kinds[i].base_url_name)->initial,
                          provider->base_url) == 0;
    return false;
}

/* AI_MODEL names a model that nothing describes: it becomes one of the provider it belongs to, or
 * of the first one. Old environment files name one also where no key is set; that must not stop a
 * start. */
static void
derive_named_model(struct settings_roster *roster)
{
    struct settings_reading *reading = roster->reading;
    const char *name = reading->settings->ai_model;
    if (!*name || strcmp(name, "local") == 0 || settings_roster_model(roster, name))
        return;
    const struct kind *kind = kind_of_model(name);
    const struct provider_settings *provider = provider_of_kind(roster, kind);
    if (!provider && roster->provider_count > 0)
        provider = &roster->providers[0];
    if (provider && (!kind || kind->kind == provider->kind || !is_at_home(provider)))
        model_derive(roster, name, provider);
    else if (kind)
        settings_warn(reading, "AI_MODEL \"%s\" is not used: the provider %s has no key", name,
                      kind->name);
    else
        settings_complain(reading, "AI_MODEL",
                          "no model is called \"%s\" and no provider is known: set a key, describe "
                          "it in a section, or use local",
                          name);
}

/* Without model sections each provider gets the model that is usual for its kind, unless AI_MODEL
 * named another one of it. */
static void
derive_usual_models(struct settings_roster *roster)
{
    for (size_t i = 0; i < roster->provider_count; i++) {
        const struct provider_settings *provider = &roster->providers[i];
        bool has_model = false;
        for (size_t j = 0; j < roster->model_count; j++)
            has_model = has_model || roster->models[j].provider == provider;
        for (size_t j = 0; j < KIND_COUNT && !has_model; j++)
            if (kinds[j].kind == provider->kind && !settings_roster_model(roster, kinds[j].model)) {
                if (!is_at_home(provider))
                    settings_warn(roster->reading, "asking \"%s\" at %s, as AI_MODEL is not set",
                                  kinds[j].model, provider->base_url);
                model_derive(roster, kinds[j].model, provider);
            }
    }
}

void
settings_models(struct settings_reading *reading)
{
    struct settings *settings = reading->settings;
    size_t most = reading->file.section_count + KIND_COUNT + 2;
    struct settings_roster roster = {
        .reading = reading,
        .providers = arena_array(reading->arena, most, sizeof(*roster.providers)),
        .models = arena_array(reading->arena, 2 * most, sizeof(*roster.models)),
        .drafts = arena_array(reading->arena, most, sizeof(*roster.drafts)),
    };
    read_sections(&roster);
    for (size_t i = 0; i < KIND_COUNT; i++)
        provider_derive(&roster, &kinds[i]);
    link_providers(&roster);
    settings_aliases(&roster);
    derive_named_model(&roster);
    if (roster.draft_count == 0)
        derive_usual_models(&roster);
    struct provider_settings *local = &roster.providers[roster.provider_count++];
    *local = (struct provider_settings){.name = "local", .kind = PROVIDER_LOCAL};
    model_derive(&roster, "local", local);
    settings_chains(&roster);

    settings->providers = roster.providers;
    settings->provider_count = roster.provider_count;
    settings->models = roster.models;
    settings->model_count = roster.model_count;
    settings->default_model = settings_model(settings, settings->ai_model);
    if (!settings->default_model)
        settings->default_model = &roster.models[0];
}
