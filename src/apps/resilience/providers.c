/* Which providers and models there are, and how they stand: what a caller cannot see otherwise. */
#include <string.h>

#include "apps/resilience/seeing.h"
#include "host/metrics.h"
#include "host/permit.h"

enum { OUTCOMES_MAX = 32, OUTCOME_BYTES = 64, MICROS = 1000000 };

struct provider_view {
    const char *name, *kind, *origin; /* origin NULL: asked nowhere */
    bool has_key;
    struct list models; /* const char * */
};

struct model_view {
    const char *name, *provider, *id;
    struct list aliases, fallbacks; /* const char * */
    int64_t context_tokens, requests_per_minute, tokens_per_minute, concurrency, calls_in_flight;
    const char *delivery;
    struct map attempts; /* struct decimal, by outcome */
    const char *state;   /* of its breaker; NULL: it has none */
};

struct providers_answer {
    const char *default_model;
    struct list providers; /* struct provider_view */
    struct map models;     /* struct model_view */
};

#define NEEDED .flags = FIELD_REQUIRED
#define NULLABLE .flags = (FIELD_REQUIRED | FIELD_NULLABLE)

static const struct schema provider_schema = {
    .name = "ProviderView",
    .size = sizeof(struct provider_view),
    .fields =
        (const struct field[]){
            STRING(struct provider_view, name, NEEDED, .doc = "As in the settings."),
            STRING(struct provider_view, kind, NEEDED, .doc = "openai, gemini, anthropic, local."),
            STRING(struct provider_view, origin, NULLABLE,
                   .doc = "Scheme, host and port that are asked; null for local."),
            BOOLEAN(struct provider_view, has_key, NEEDED, .doc = "Whether a key is set."),
            STRINGS(struct provider_view, models, NEEDED, .doc = "Those asked there."),
            {.name = NULL}},
};

static const struct schema model_schema = {
    .name = "ModelView",
    .size = sizeof(struct model_view),
    .fields =
        (const struct field[]){
            STRING(struct model_view, name, NEEDED, .doc = "What callers say."),
            STRING(struct model_view, provider, NEEDED, .doc = "Where it is asked."),
            STRING(struct model_view, id, NEEDED, .doc = "What the provider calls it."),
            STRINGS(struct model_view, aliases, NEEDED, .doc = "What callers may say instead."),
            STRINGS(struct model_view, fallbacks, NEEDED, .doc = "Asked after it, in order."),
            INTEGER(struct model_view, context_tokens, NEEDED, .max = INT64_MAX,
                    .doc = "0: unknown."),
            INTEGER(struct model_view, requests_per_minute, NEEDED, .max = INT64_MAX,
                    .doc = "0: no limit known."),
            INTEGER(struct model_view, tokens_per_minute, NEEDED, .max = INT64_MAX,
                    .doc = "0: no limit known."),
            INTEGER(struct model_view, concurrency, NEEDED, .max = INT64_MAX,
                    .doc = "Calls at once over all workers of the host; 0: no limit."),
            INTEGER(struct model_view, calls_in_flight, NEEDED, .max = INT64_MAX,
                    .doc = "Now, over all workers; counted where concurrency is limited, else 0."),
            STRING(struct model_view, delivery, NEEDED,
                   .doc = "whole: a stream is held back until it is complete; else live."),
            DECIMAL_MAP(struct model_view, attempts, NEEDED,
                        .doc = "Calls since the host started, by outcome."),
            STRING(struct model_view, state, NULLABLE,
                   .doc = "Of its breaker; null for local models."),
            {.name = NULL}},
};

const struct schema providers_answer_schema = {
    .name = "Providers",
    .size = sizeof(struct providers_answer),
    .fields = (const struct field[]){STRING(struct providers_answer, default_model, NEEDED,
                                            .doc = "Asked where the caller names none."),
                                     ARRAY(struct providers_answer, providers, &provider_schema,
                                           NEEDED, .doc = "As in the settings."),
                                     OBJECT_MAP(struct providers_answer, models, &model_schema,
                                                NEEDED, .doc = "By the model's name."),
                                     {.name = NULL}},
};

/* The address without its path and without what stands before an "@", which may be a secret. */
static const char *
origin_of(const char *address, struct arena *arena)
{
    const char *host = address ? strstr(address, "://") : NULL;
    if (!host)
        return NULL;
    host += strlen("://");
    size_t length = strcspn(host, "/?#");
    const char *user = memrchr(host, '@', length);
    const char *start = user ? user + 1 : host;
    return arena_printf(arena, "%.*s%.*s", (int)(host - address), address,
                        (int)(host + length - start), start);
}

static struct provider_view
view_provider(const struct settings *settings, const struct provider_settings *provider,
              struct arena *arena)
{
    static const char *const kinds[] = {[PROVIDER_LOCAL] = "local",
                                        [PROVIDER_OPENAI] = "openai",
                                        [PROVIDER_GEMINI] = "gemini",
                                        [PROVIDER_ANTHROPIC] = "anthropic"};
    const char **models = arena_array(arena, settings->model_count + 1, sizeof(*models));
    size_t count = 0;
    for (size_t i = 0; i < settings->model_count; i++)
        if (settings->models[i].provider == provider)
            models[count++] = settings->models[i].name;
    return (struct provider_view){
        .name = provider->name,
        .kind = kinds[provider->kind],
        .origin = origin_of(provider->base_url, arena),
        .has_key = provider->key && *provider->key,
        .models = {models, count},
    };
}

struct tally {
    const char *model;
    struct arena *arena;
    const char *outcomes[OUTCOMES_MAX];
    struct decimal counts[OUTCOMES_MAX];
    size_t count;
};

static void
take_attempts(void *context, const char *labels, uint64_t value)
{
    struct tally *tally = context;
    char model[METRIC_LABELS_MAX], outcome[OUTCOME_BYTES];
    if (tally->count == OUTCOMES_MAX || !metrics_label(labels, "model", model, sizeof(model)) ||
        strcmp(model, tally->model) != 0 ||
        !metrics_label(labels, "outcome", outcome, sizeof(outcome)))
        return;
    tally->outcomes[tally->count] = arena_strdup(tally->arena, outcome);
    tally->counts[tally->count++].micros = (int64_t)value * MICROS;
}

static struct list
fallback_names(const struct model_settings *model, struct arena *arena)
{
    const char **names = arena_array(arena, MODEL_FALLBACKS_MAX + 1, sizeof(*names));
    size_t count = 0;
    for (; model->fallbacks[count]; count++)
        names[count] = model->fallbacks[count]->name;
    return (struct list){names, count};
}

static struct list
alias_names(const struct model_settings *model, struct arena *arena)
{
    size_t count = 0;
    while (model->aliases && model->aliases[count])
        count++;
    const char **names = arena_array(arena, count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++)
        names[i] = model->aliases[i];
    return (struct list){names, count};
}

static struct model_view
view_model(const struct service *service, const struct model_settings *model,
           const struct model_figures *figures, struct arena *arena)
{
    struct tally *tally = arena_alloc(arena, sizeof(*tally));
    *tally = (struct tally){.model = model->name, .arena = arena};
    metrics_each(service->host, METRIC_AI_ATTEMPTS, take_attempts, tally);
    return (struct model_view){
        .name = model->name,
        .provider = model->provider->name,
        .id = model->id,
        .aliases = alias_names(model, arena),
        .fallbacks = fallback_names(model, arena),
        .context_tokens = model->context_tokens,
        .requests_per_minute = model->requests_per_minute,
        .tokens_per_minute = model->tokens_per_minute,
        .concurrency = model->concurrency,
        .calls_in_flight = model->concurrency > 0
                               ? permit_count(service->host, model->name, model->concurrency)
                               : 0,
        .delivery = model->whole ? "whole" : "live",
        .attempts = {tally->outcomes, tally->counts, tally->count},
        .state = figures ? view_state(figures->breaker.state) : NULL,
    };
}

bool
resilience_show_providers(struct request *request, struct error *err)
{
    (void)err;
    const struct service *service = request->service;
    const struct settings *settings = service->settings;
    struct arena *arena = &request->arena;
    size_t providers = settings->provider_count, models = settings->model_count;
    struct provider_view *views = arena_array(arena, providers + 1, sizeof(*views));
    struct model_view *model_views = arena_array(arena, models + 1, sizeof(*model_views));
    const char **names = arena_array(arena, models + 1, sizeof(*names));
    struct figures_report report;
    figures_read(service, arena, &report);
    for (size_t i = 0; i < providers; i++)
        views[i] = view_provider(settings, &settings->providers[i], arena);
    for (size_t i = 0; i < models; i++) {
        const struct model_settings *model = &settings->models[i];
        names[i] = model->name;
        model_views[i] = view_model(service, model, figures_model(&report, model->name), arena);
    }
    struct providers_answer response = {
        settings->default_model->name, {views, providers}, {names, model_views, models}};
    response_json(request, 200, &providers_answer_schema, &response);
    return true;
}
