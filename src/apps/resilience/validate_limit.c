/* How often and how large secure validation may be: the limit counts who calls, whatever address he
 * says he has. */
#include "access/caller.h"
#include "apps/resilience/resilience.h"
#include "apps/resilience/validate.h"
#include "apps/service.h"
#include "base/clock.h"
#include "host/limit.h"

enum { COOLDOWN_S = 1, PER_MINUTE = 60, PER_HOUR = 1000 };

enum window { WINDOW_COOLDOWN, WINDOW_MINUTE, WINDOW_HOUR, WINDOW_COUNT };

static const struct {
    const char *name;
    struct rate rate;
} windows[WINDOW_COUNT] = {
    [WINDOW_COOLDOWN] = {"a second", {1, COOLDOWN_S}},
    [WINDOW_MINUTE] = {"a minute", {PER_MINUTE, 60}},
    [WINDOW_HOUR] = {"an hour", {PER_HOUR, 3600}},
};

/* Without keys everybody is the same tenant, and his address tells him apart. */
static const char *
client_of(struct request *request)
{
    const struct service *service = request->service;
    bool known = request->caller && request->caller->kind != CALLER_DEVELOPMENT;
    return known ? request->caller->tenant : caller_address(service->settings, request);
}

static bool
take(struct request *request, enum window window, int64_t cost, struct limit_state *state)
{
    const char *key =
        arena_printf(&request->arena, "validate %s:%s", windows[window].name, client_of(request));
    return limit_take_many(request->service->host, key, windows[window].rate, cost,
                           clock_monotonic_us(), state);
}

bool
resilience_may_validate(struct request *request, const char **reason)
{
    for (enum window window = WINDOW_COOLDOWN; window < WINDOW_COUNT; window++) {
        struct limit_state state;
        if (take(request, window, 1, &state))
            continue;
        *reason = arena_printf(&request->arena,
                               "Rate limit exceeded: at most %lld in %s, ask again in %lld seconds",
                               (long long)windows[window].rate.count, windows[window].name,
                               (long long)state.retry_after_s);
        response_header(request, "Retry-After",
                        arena_printf(&request->arena, "%lld", (long long)state.retry_after_s));
        return false;
    }
    return true;
}

static const struct rate_view limits = {PER_MINUTE, PER_HOUR, COOLDOWN_S};

bool
resilience_show_rate(struct request *request, struct error *err)
{
    (void)err;
    const struct client_query *query = request->filter;
    struct limit_state states[WINDOW_COUNT];
    /* Taking nothing is looking. */
    for (enum window window = WINDOW_COOLDOWN; window < WINDOW_COUNT; window++)
        if (!take(request, window, 0, &states[window]))
            states[window].remaining = 0;
    struct rate_now_view now = {
        .requests_last_minute = PER_MINUTE - states[WINDOW_MINUTE].remaining,
        .requests_last_hour = PER_HOUR - states[WINDOW_HOUR].remaining,
        .max_per_minute = PER_MINUTE,
        .max_per_hour = PER_HOUR,
        .cooldown_remaining = states[WINDOW_COOLDOWN].remaining > 0 ? 0 : COOLDOWN_S,
    };
    struct rate_status_answer response = {
        .client_identifier = client_of(request),
        .client_ip = query->client_ip,
        .current_status = &now,
        .limits = &limits,
        .check_timestamp = clock_text(&request->arena, clock_realtime_us()),
    };
    response_json(request, 200, &rate_status_schema, &response);
    return true;
}

bool
resilience_show_security(struct request *request, struct error *err)
{
    (void)err;
    static const char *const kinds[] = {"control", "format", "private use"};
    static const char *const features[] = {"size of the whole",
                                           "lengths, counts and depth",
                                           "characters",
                                           "texts that look like code or markup",
                                           "names and types of fields",
                                           "ranges and rules over fields",
                                           "how often a caller asks"};
    struct security_limits sizes = {VALIDATE_BYTES_MAX, VALIDATE_STRING_MAX, VALIDATE_ARRAY_MAX,
                                    VALIDATE_OBJECT_MAX, VALIDATE_DEPTH_MAX};
    struct filter_view filter = {VALIDATE_CODE_POINT_MAX,
                                 VALIDATE_REPEATS_MAX,
                                 {(void *)kinds, sizeof(kinds) / sizeof(kinds[0])}};
    struct security_config_answer response = {
        .security_limits = &sizes,
        .rate_limiting = &limits,
        .content_filtering = &filter,
        .allowed_fields = validate_allowed_fields(&request->arena),
        .forbidden_pattern_count = (int64_t)validate_pattern_count(),
        .validation_features = {(void *)features, sizeof(features) / sizeof(features[0])},
    };
    response_json(request, 200, &security_config_schema, &response);
    return true;
}
