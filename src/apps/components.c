/* Reads the breakers that all workers share. */
#include "apps/components.h"

#include <string.h>

#include "base/clock.h"

enum { VIEWS_MAX = 128 };

static void
add_name(struct list *list, const char *name, struct arena *arena)
{
    ((const char **)list->items)[list->count++] = arena_strdup(arena, name);
}

static void
add_view(struct components *components, const struct breaker_view *view, struct arena *arena)
{
    components->breakers++;
    if (view->state == BREAKER_OPEN)
        add_name(&components->open, view->name, arena);
    if (view->state == BREAKER_HALF_OPEN)
        add_name(&components->half_open, view->name, arena);
    if (strncmp(view->name, "postgresql", strlen("postgresql")) == 0) {
        components->database = components->database && view->state != BREAKER_OPEN;
        return;
    }
    if (strncmp(view->name, "memcached", strlen("memcached")) == 0) {
        components->cache = components->cache && view->state != BREAKER_OPEN;
        return;
    }
    components->resilience = components->resilience && view->state != BREAKER_OPEN;
    if (view->state > components->worst ||
        (view->state == components->worst && view->failures > components->worst_failures)) {
        components->worst = view->state;
        components->worst_failures = view->failures;
    }
    if (view->last_failure_us > components->last_failure_us)
        components->last_failure_us = view->last_failure_us;
}

const char *
components_state(bool well)
{
    return well ? "healthy" : "degraded";
}

void
components_read(const struct service *service, struct arena *arena, struct components *components)
{
    struct breaker_view *views = arena_array(arena, VIEWS_MAX, sizeof(*views));
    size_t count = breaker_list(service->host, clock_monotonic_us(), views, VIEWS_MAX);
    if (count > VIEWS_MAX)
        count = VIEWS_MAX;
    const struct model_settings *model = service->settings->default_model;
    bool configured = ai_configured(service->ai);
    *components = (struct components){
        .model = model ? model->name : "local",
        .ai_configured = configured,
        .ai_available = !configured || ai_available(service->ai),
        .resilience = true,
        .cache = true,
        .has_database = service->store != NULL,
        .database = true,
        .open = {arena_array(arena, count + 1, sizeof(char *)), 0},
        .half_open = {arena_array(arena, count + 1, sizeof(char *)), 0},
    };
    for (size_t i = 0; i < count; i++)
        add_view(components, &views[i], arena);
}
