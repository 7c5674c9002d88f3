/* Classes of limits and their headers. */
#include "access/limits.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "access/access.h"
#include "access/caller.h"
#include "base/clock.h"
#include "base/strbuf.h"

static const struct {
    const char *name;
    size_t rate_offset;
} classes[] = {
    [LIMIT_DEFAULT] = {"default", offsetof(struct settings, rate_limit_default)},
    [LIMIT_PROCESS] = {"process", offsetof(struct settings, rate_limit_process)},
    [LIMIT_AUTH] = {"auth", offsetof(struct settings, rate_limit_auth)},
    [LIMIT_SIGN_IN] = {"sign_in", offsetof(struct settings, rate_limit_sign_in)},
    [LIMIT_HEALTH] = {"health", offsetof(struct settings, rate_limit_health)},
};

enum { KEY_BYTES = 192 };

/* Credentials that turned out to be none: of an address, of all that have made up so many, of all,
 * and those beyond that of newcomers. docs/access.md has the numbers. */
static const struct rate unknown_of_address = {30, 60}, unknown_of_guessers = {5, 1},
                         unknown_of_all = {80, 1}, unknown_of_newcomers = {20, 1};
#define UNKNOWN_OF_ALL "unknown"
#define UNKNOWN_OF_GUESSERS "unknown-guessers"
#define UNKNOWN_OF_NEWCOMERS "unknown-newcomers"

/* As one client has: a /64 in IPv6. Or what its provider has: a /32, and a /24 in IPv4. */
enum width { WIDTH_CLIENT, WIDTH_NETWORK };
static const size_t ipv6_bytes[] = {[WIDTH_CLIENT] = 8, [WIDTH_NETWORK] = 4};

/* What an unknown credential leaves; who finds none of these used up is a newcomer. They are short
 * enough that those of a flood are few beside the buckets of a host. */
static const struct {
    const char *name;
    enum width width;
    struct rate rate;
} traces[] = {{"unknown-trace", WIDTH_CLIENT, {1, 30}},
              {"unknown-network", WIDTH_NETWORK, {10, 30}}};
enum { TRACES = sizeof(traces) / sizeof(traces[0]) };

/* "class:client" */
static void
make_wide_key(char *key, const char *class_name, const char *client, enum width width)
{
    char *at = stpcpy(key, class_name);
    *at++ = ':';
    char ipv4[INET_ADDRSTRLEN];
    struct in6_addr address;
    if (strchr(client, ':') && inet_pton(AF_INET6, client, &address) == 1) {
        if (!IN6_IS_ADDR_V4MAPPED(&address)) {
            memset(address.s6_addr + ipv6_bytes[width], 0, 16 - ipv6_bytes[width]);
            inet_ntop(AF_INET6, &address, at, INET6_ADDRSTRLEN);
            return;
        }
        /* How a socket for both families shows an IPv4 client: one host, not a network of them. */
        client = inet_ntop(AF_INET, address.s6_addr + 12, ipv4, sizeof(ipv4));
    }
    const char *last = width == WIDTH_NETWORK ? strrchr(client, '.') : NULL;
    size_t most = KEY_BYTES - 1 - (size_t)(at - key);
    size_t length =
        strnlen(client, last && (size_t)(last - client) < most ? (size_t)(last - client) : most);
    memcpy(at, client, length);
    at[length] = '\0';
}

static void
make_key(char *key, const char *class_name, const char *client)
{
    make_wide_key(key, class_name, client, WIDTH_CLIENT);
}

/* From the bucket that all hosts share; where nothing is known of it, from this host's. */
static bool
take_one(struct request *request, const char *key, struct limit_verdict *verdict, struct error *err)
{
    const struct access *access = request->access;
    enum cache_limit shared = CACHE_LIMIT_UNKNOWN;
    if (strcmp(access->settings->rate_limit_scope, "shared") == 0) {
        if (!request->may_wait)
            return error_set(err, ERROR_WOULD_WAIT, "hosts share their limits");
        shared = cache_limit_take(access->cache, key, verdict->rate, clock_realtime_us(),
                                  &verdict->state);
    }
    if (shared != CACHE_LIMIT_UNKNOWN)
        return shared == CACHE_LIMIT_GRANTED;
    return limit_take(access->host, key, verdict->rate, request->timing.started_us,
                      &verdict->state);
}

static bool
take(struct request *request, const char *client, struct limit_verdict *verdict, struct error *err)
{
    char key[KEY_BYTES];
    make_key(key, verdict->name, client);
    if (take_one(request, key, verdict, err))
        return true;
    if (err->code != ERROR_NONE)
        return false;
    struct rate rate = verdict->rate;
    int64_t retry_s = verdict->state.retry_after_s > 0 ? verdict->state.retry_after_s : 1;
    err->limit = rate.count;
    err->limit_s = rate.seconds;
    return error_set_retry(err, ERROR_RATE_LIMITED, (int)retry_s,
                           "more than %lld requests in %lld seconds; try again in %lld",
                           (long long)rate.count, (long long)rate.seconds, (long long)retry_s);
}

const char *
limits_client(struct request *request)
{
    const struct caller *caller = request->caller;
    if (caller && caller->kind != CALLER_DEVELOPMENT)
        return caller->tenant;
    return caller_address(request->access->settings, request);
}

bool
limits_take(struct request *request, struct limit_verdict *verdict, struct error *err)
{
    const struct settings *settings = request->access->settings;
    enum route_limit limit = request->route->limit;
    *verdict = (struct limit_verdict){0};
    if (!settings->rate_limiting || limit == LIMIT_NONE)
        return true;
    const struct caller *caller = request->caller;
    if (caller && caller->rate.count > 0) {
        verdict->name = "key";
        verdict->rate = caller->rate;
        return take(request, caller->key_id ? caller->key_id : caller->tenant, verdict, err);
    }
    verdict->name = classes[limit].name;
    memcpy(&verdict->rate, (const char *)settings + classes[limit].rate_offset,
           sizeof(verdict->rate));
    return take(request, limits_client(request), verdict, err);
}

bool
limits_take_failure(struct request *request, struct limit_verdict *verdict, struct error *err)
{
    const struct settings *settings = request->access->settings;
    *verdict = (struct limit_verdict){0};
    if (!settings->rate_limiting)
        return true;
    verdict->name = "failures";
    verdict->rate = settings->rate_limit_auth;
    return take(request, caller_address(settings, request), verdict, err);
}

/* Whose address has sent nothing unknown lately, nor those around it much. */
static bool
is_newcomer(struct request *request, const char *address)
{
    struct limit_state state;
    char key[KEY_BYTES];
    for (size_t i = 0; i < TRACES; i++) {
        make_wide_key(key, traces[i].name, address, traces[i].width);
        if (!limit_has(request->access->host, key, traces[i].rate, request->timing.started_us,
                       &state))
            return false;
    }
    return true;
}

static void
leave_traces(struct request *request, const char *address)
{
    struct limit_state state;
    char key[KEY_BYTES];
    for (size_t i = 0; i < TRACES; i++) {
        make_wide_key(key, traces[i].name, address, traces[i].width);
        (void)!limit_take(request->access->host, key, traces[i].rate, request->timing.started_us,
                          &state);
    }
}

bool
limits_may_look_up(struct request *request, struct error *err)
{
    const struct settings *settings = request->access->settings;
    struct host *host = request->access->host;
    int64_t now_us = request->timing.started_us;
    struct limit_state state, newcomers;
    char key[KEY_BYTES];
    const char *address = caller_address(settings, request);
    make_key(key, UNKNOWN_OF_ALL, address);
    if (settings->rate_limiting && !limit_has(host, key, unknown_of_address, now_us, &state)) {
        /* Who shares the address with a guesser is let in as well, only not as fast. */
        if (limit_take(host, UNKNOWN_OF_GUESSERS, unknown_of_guessers, now_us, &state))
            return true;
        return error_set_retry(err, ERROR_RATE_LIMITED, (int)state.retry_after_s,
                               "too many wrong credentials come from this address");
    }
    return limit_has(host, UNKNOWN_OF_ALL, unknown_of_all, now_us, &state) ||
           (is_newcomer(request, address) &&
            limit_has(host, UNKNOWN_OF_NEWCOMERS, unknown_of_newcomers, now_us, &newcomers)) ||
           error_set_retry(err, ERROR_AUTH_UNAVAILABLE, (int)state.retry_after_s,
                           "too many ask with credentials that nobody knows; try again later");
}

void
limits_note_unknown(struct request *request)
{
    const struct settings *settings = request->access->settings;
    struct host *host = request->access->host;
    int64_t now_us = request->timing.started_us;
    struct limit_state state;
    char key[KEY_BYTES];
    const char *address = caller_address(settings, request);
    make_key(key, UNKNOWN_OF_ALL, address);
    (void)!limit_take(host, key, unknown_of_address, now_us, &state);
    if (!limit_take(host, UNKNOWN_OF_ALL, unknown_of_all, now_us, &state) &&
        is_newcomer(request, address))
        (void)!limit_take(host, UNKNOWN_OF_NEWCOMERS, unknown_of_newcomers, now_us, &state);
    leave_traces(request, address);
}

void
limits_headers(struct request *request, const struct limit_verdict *verdict)
{
    if (!verdict->name)
        return;
    struct strbuf text;
    strbuf_init(&text, &request->arena, 128);
    strbuf_add_char(&text, '"');
    strbuf_add_text(&text, verdict->name);
    strbuf_add_text(&text, "\";q=");
    strbuf_add_integer(&text, verdict->rate.count);
    strbuf_add_text(&text, ";w=");
    strbuf_add_integer(&text, verdict->rate.seconds);
    response_header(request, "RateLimit-Policy", text.data);

    const struct limit_state *state = &verdict->state;
    strbuf_init(&text, &request->arena, 128);
    strbuf_add_char(&text, '"');
    strbuf_add_text(&text, verdict->name);
    strbuf_add_text(&text, "\";r=");
    strbuf_add_integer(&text, state->remaining);
    strbuf_add_text(&text, ";t=");
    /* t and Retry-After should agree where both are sent (section 4.3 of the draft). */
    int64_t reset_s = state->retry_after_s > 0 ? state->retry_after_s : state->reset_s;
    strbuf_add_integer(&text, reset_s);
    response_header(request, "RateLimit", text.data);

    const struct {
        const char *name;
        int64_t value;
    } older[] = {{"X-RateLimit-Limit", state->limit},
                 {"X-RateLimit-Remaining", state->remaining},
                 {"X-RateLimit-Window", verdict->rate.seconds},
                 {"X-RateLimit-Reset", reset_s}};
    for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++) {
        strbuf_init(&text, &request->arena, 24);
        strbuf_add_integer(&text, older[i].value);
        response_header(request, older[i].name, text.data);
    }
    response_header(request, "X-RateLimit-Rule", verdict->name);
}
