/* hearth resilience breakers and reset. */
#include "fcgi/hearth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apps/resilience/reset.h"
#include "base/clock.h"
#include "host/breaker.h"

enum { BREAKERS_SHOWN = 512 };

static const char *const breaker_states[] = {"closed", "half_open", "open"};

/* A breaker for JSON. */
struct breaker_item {
    const char *name, *state;
    int64_t failure_count, failure_threshold, retry_after_ms, rest_ms, successes_total,
        failures_total, opens_total;
};

#define FIGURE(member)                                                                             \
    INTEGER(struct breaker_item, member, .flags = FIELD_REQUIRED, .max = INT64_MAX)

static const struct schema breaker_item_schema = {
    .name = "BreakerLine",
    .size = sizeof(struct breaker_item),
    .fields = (const struct field[]){STRING(struct breaker_item, name),
                                     STRING(struct breaker_item, state),
                                     FIGURE(failure_count),
                                     FIGURE(failure_threshold),
                                     FIGURE(retry_after_ms),
                                     FIGURE(rest_ms),
                                     FIGURE(successes_total),
                                     FIGURE(failures_total),
                                     FIGURE(opens_total),
                                     {.name = NULL}},
};

static int
print_breaker(struct command *command, const struct breaker_view *view)
{
    struct breaker_item item = {.name = view->name,
                                .state = breaker_states[view->state],
                                .failure_count = view->failures,
                                .failure_threshold = view->policy.threshold,
                                .retry_after_ms = view->retry_after_ms,
                                .rest_ms = view->rest_ms,
                                .successes_total = (int64_t)view->successes_total,
                                .failures_total = (int64_t)view->failures_total,
                                .opens_total = (int64_t)view->opens_total};
    if (command->json)
        return command_json(command, &breaker_item_schema, &item);
    printf("%-30s %-9s %" PRId64 " of %" PRId64 " failures, opened %" PRIu64 " times", view->name,
           breaker_states[view->state], view->failures, view->policy.threshold, view->opens_total);
    if (view->retry_after_ms > 0)
        printf(", asked again in %.1f s", (double)view->retry_after_ms / 1000);
    putchar('\n');
    return 0;
}

static size_t
list(struct command *command, struct host *host, struct breaker_view **views)
{
    *views = arena_array(&command->arena, BREAKERS_SHOWN, sizeof(**views));
    size_t count = breaker_list(host, clock_monotonic_us(), *views, BREAKERS_SHOWN);
    return count < BREAKERS_SHOWN ? count : BREAKERS_SHOWN;
}

int
hearth_breakers(struct command *command, struct host *host)
{
    struct breaker_view *views;
    size_t count = list(command, host, &views);
    bool any_open = false;
    for (size_t i = 0; i < count; i++) {
        print_breaker(command, &views[i]);
        any_open = any_open || views[i].state == BREAKER_OPEN;
    }
    if (count == 0 && !command->json)
        puts("no breaker is in use yet: no model was asked");
    return any_open ? 1 : 0;
}

int
hearth_breaker_reset(struct command *command, struct host *host)
{
    struct breaker_view *views;
    size_t count = list(command, host, &views);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(views[i].name, command->second) != 0)
            continue;
        bool closed = breaker_reset_by_hand(host, views[i].name, "hearth");
        const char *otherwise = views[i].rest_ms > 0 ? "rests no longer" : "was closed already";
        printf("%s %s\n", views[i].name, closed ? "is closed now" : otherwise);
        return 0;
    }
    fprintf(stderr, "hearth: no breaker is called \"%s\"; hearth resilience breakers lists them\n",
            command->second);
    return 1;
}
