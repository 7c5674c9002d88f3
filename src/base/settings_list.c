/* The settings for people: what holds here, and the manual's table. */
#include "base/settings_row.h"

#include <inttypes.h>
#include <string.h>

static void
value_add(const struct setting *row, const void *base, struct strbuf *out)
{
    const void *member = (const char *)base + row->offset;
    const struct rate *rate = member;
    switch (row->type) {
    case SETTING_BOOLEAN:
        strbuf_add_text(out, *(const bool *)member ? "true" : "false");
        break;
    case SETTING_INTEGER:
    case SETTING_BYTES:
        strbuf_add_integer(out, *(const int64_t *)member);
        break;
    case SETTING_NUMBER:
        strbuf_printf(out, "%g", *(const double *)member);
        break;
    case SETTING_MICROS:
        strbuf_printf(out, "%g", (double)*(const int64_t *)member / 1e6);
        break;
    case SETTING_RATE:
        strbuf_printf(out, "%" PRId64 "/%" PRId64, rate->count, rate->seconds);
        break;
    default: {
        const char *text = *(const char *const *)member;
        if (!text || !*text)
            strbuf_add_text(out, "-");
        else
            strbuf_add_text(out, row->secret ? "********" : text);
    }
    }
}

static void
models_add(const struct settings *settings, struct strbuf *out)
{
    strbuf_add_text(out, "\nModels, the default one marked with *\n");
    for (size_t i = 0; i < settings->model_count; i++) {
        const struct model_settings *model = &settings->models[i];
        strbuf_printf(out, "%c %-30s %s", model == settings->default_model ? '*' : ' ', model->name,
                      model->provider->name);
        if (model->provider->base_url)
            strbuf_printf(out, " at %s%s", model->provider->base_url,
                          model->provider->key ? ", with a key" : ", without a key");
        for (size_t j = 0; model->aliases[j]; j++)
            strbuf_printf(out, "%s%s", j == 0 ? ", also called " : ", ", model->aliases[j]);
        for (size_t j = 0; model->fallbacks[j]; j++)
            strbuf_printf(out, "%s%s", j == 0 ? ", then " : ", ", model->fallbacks[j]->name);
        strbuf_add_char(out, '\n');
    }
}

static const char *
value_text(const struct setting *row, const struct settings *settings, struct arena *arena)
{
    struct strbuf value;
    strbuf_init(&value, arena, 64);
    value_add(row, settings, &value);
    return value.data;
}

static int
widest_value(const struct settings *settings, struct arena *arena)
{
    size_t widest = strlen("VALUE");
    for (const struct setting *row = settings_rows; row->name; row++) {
        size_t length = strlen(value_text(row, settings, arena));
        if (length > widest && length <= 80)
            widest = length;
    }
    return (int)widest;
}

void
settings_list(const struct settings *settings, struct strbuf *out)
{
    int width = widest_value(settings, out->arena);
    strbuf_printf(out, "%-30s  %-*s  %-22s  %-22s  %s\n", "NAME", width, "VALUE", "FROM", "DEFAULT",
                  "MEANING");
    for (size_t i = 0; settings_rows[i].name; i++) {
        const struct setting *row = &settings_rows[i];
        const char *value = value_text(row, settings, out->arena);
        const char *initial = *row->initial ? row->initial : "-";
        strbuf_printf(out, "%-30s  %-*s  %-22s  %-22s  %s\n", row->name, width, value,
                      settings->origins[i], strcmp(value, initial) == 0 ? "same" : initial,
                      row->doc);
    }
    models_add(settings, out);
    if (*settings->warnings)
        strbuf_printf(out, "\nWarnings\n%s", settings->warnings);
}

static void
markdown_rows(const struct setting *rows, struct strbuf *out)
{
    strbuf_add_text(out, "| name | default | allowed | meaning |\n|---|---|---|---|\n");
    for (const struct setting *row = rows; row->name; row++) {
        strbuf_printf(out, "| `%s`", row->name);
        if (row->alias)
            strbuf_printf(out, ", `%s`", row->alias);
        if (row->initial && *row->initial)
            strbuf_printf(out, " | `%s` | ", row->initial);
        else
            strbuf_add_text(out, " | | ");
        setting_allowed(row, out);
        strbuf_printf(out, " | %s%s |\n", row->doc, row->secret ? " Secret." : "");
    }
}

void
settings_markdown(struct strbuf *out)
{
    strbuf_add_text(
        out,
        "# Settings\n\n"
        "Made by `hearth settings --markdown`. A test compares.\n\n"
        "A setting comes from the environment, else from the configuration file\n"
        "(`/etc/hearth/hearth.conf`, or `--config`), else it has its default. An empty variable\n"
        "counts as not set. What does not hold stops the start, with all complaints at once.\n\n"
        "A secret comes from, in this order: the variable `NAME`; the file that the variable\n"
        "`NAME_FILE` names; the file `NAME` in `$CREDENTIALS_DIRECTORY` (systemd credentials);\n"
        "`NAME`, then `NAME_FILE`, in the configuration file.\n\n");
    markdown_rows(settings_rows, out);
    strbuf_add_text(
        out,
        "\n## Providers: `[provider \"name\"]`\n\n"
        "With a key set for Gemini, OpenAI or Anthropic, or with `OPENAI_BASE_URL` set, the\n"
        "provider of that name exists without a section. The provider `local` always exists.\n\n");
    markdown_rows(provider_rows, out);
    strbuf_add_text(
        out,
        "\n## Models: `[model \"name\"]`\n\n"
        "Without any such section each provider gets one model: `gemini-2.5-flash`, `gpt-4o-mini`\n"
        "or `claude-3-5-haiku-latest`, or the one that `AI_MODEL` names. The model `local` always\n"
        "exists and is the last fallback of every other one.\n\n");
    markdown_rows(model_rows, out);
    strbuf_add_text(
        out,
        "\n## Strategies: `[strategy \"name\"]`\n\n"
        "The clocks of a call by its strategy: `aggressive`, `balanced`, `conservative`, `critical`\n"
        "or `gateway`. A model's own come first. What a strategy tries otherwise is told in\n"
        "`resilience.md`.\n\n");
    markdown_rows(strategy_rows, out);
}
