/* Opens the pipeline and says what it could ask. */
#include "ai/ai.h"

#include <stdio.h>
#include <stdlib.h>

#include "ai/attempt.h"
#include "ai/run.h"
#include "base/clock.h"
#include "host/breaker.h"

struct ai *
ai_open(const struct settings *settings, struct host *host, struct cache *cache, struct error *err)
{
    struct strategies *strategies = strategies_open(settings, host, err);
    if (!strategies)
        return NULL;
    struct upstream *upstream = upstream_open(err);
    if (!upstream) {
        strategies_close(strategies);
        return NULL;
    }
    strategies_announce(strategies);
    struct ai *ai = xmalloc(sizeof(*ai));
    *ai = (struct ai){.settings = settings,
                      .host = host,
                      .cache = cache,
                      .upstream = upstream,
                      .strategies = strategies,
                      .pause = attempt_pause};
    snprintf(ai->temperature, sizeof(ai->temperature), "%.6f", settings->ai_temperature);
    return ai;
}

void
ai_close(struct ai *ai)
{
    if (!ai)
        return;
    upstream_close(ai->upstream);
    strategies_close(ai->strategies);
    free(ai);
}

struct strategies *
ai_strategies(const struct ai *ai)
{
    return ai->strategies;
}

bool
ai_configured(const struct ai *ai)
{
    return ai->settings->default_model->provider->kind != PROVIDER_LOCAL;
}

static bool
model_available(const struct ai *ai, const struct model_settings *model)
{
    if (model->provider->kind == PROVIDER_LOCAL)
        return false;
    struct breaker_view view;
    breaker_view(breaker_find(ai->host, model->name), clock_monotonic_us(), &view);
    return view.state != BREAKER_OPEN;
}

bool
ai_available(const struct ai *ai)
{
    const struct model_settings *model = ai->settings->default_model;
    if (model_available(ai, model))
        return true;
    for (size_t i = 0; model->fallbacks[i]; i++)
        if (model_available(ai, model->fallbacks[i]))
            return true;
    return false;
}
