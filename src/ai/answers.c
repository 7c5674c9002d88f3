/* Cached answers and calls in flight: an answer is stored as the model's name, a line feed, the
 * guard's flags in four hexadecimal digits, and the output as JSON. */
#include <stdlib.h>
#include <string.h>

#include "ai/guard.h"
#include "ai/run.h"
#include "base/clock.h"
#include "base/integer.h"

enum { LEASE_RENEW_MS = 1000, WAIT_SLICE_MS = 250, FLAG_DIGITS = 4 };

_Static_assert(GUARD_CATEGORY_COUNT <= 16, "flags fit their digits");

static void
count_cache_time(struct run *run, int64_t started_us)
{
    int64_t spent_us = clock_monotonic_us() - started_us;
    run->receipt->cache_us += spent_us;
    __atomic_fetch_add(&run->request->timing.cache_us, spent_us, __ATOMIC_RELAXED);
}

void
answers_prepare(struct run *run)
{
    const struct operation *operation = run->operation;
    const struct model_settings *model = run->model;
    run->ttl_s = run->ai->settings->ai_cache && !run->call->no_store
                     ? cache_ttl_s(run->ai->cache, operation->name, operation->ttl_s)
                     : 0;
    run->receipt->cache = run->ttl_s > 0 ? CACHE_STATE_MISS : CACHE_STATE_BYPASS;
    if (run->ttl_s <= 0)
        return;
    struct strbuf input;
    strbuf_init(&input, run->arena, 1024);
    schema_encode(operation->input, run->call->input, &input);
    char version[INTEGER_TEXT_BYTES + 1] = {0};
    integer_format(version, (int64_t)operation->version << 16 | GUARD_VERSION);
    const char *const parts[] = {
        run->call->tenant ? run->call->tenant : "",
        operation->name,
        version,
        model->name,
        model->provider->name,
        model->id ? model->id : "",
        run->ai->temperature,
        input.data,
        NULL,
    };
    cache_key_make(run->ai->cache, &run->key, operation->name, parts);
}

/* NULL when the bytes are of another version of the output. */
static const void *
decode(struct run *run, const struct cache_entry *entry)
{
    const char *end = entry->data + entry->length;
    const char *line_end = memchr(entry->data, '\n', entry->length);
    if (!line_end || end - line_end <= FLAG_DIGITS)
        return NULL;
    size_t name_length = (size_t)(line_end - entry->data);
    const char *json = line_end + 1 + FLAG_DIGITS;
    struct error ignored = {0};
    const json_t *document = schema_parse(json, (size_t)(end - json), run->arena, &ignored);
    if (!document)
        return NULL;
    const void *output = schema_decode(run->operation->output, document, "", run->arena, &ignored);
    if (!output)
        return NULL;
    run->receipt->model = arena_strndup(run->arena, entry->data, name_length);
    char digits[FLAG_DIGITS + 1] = {0};
    memcpy(digits, line_end + 1, FLAG_DIGITS);
    run->guard_flags = (unsigned)strtoul(digits, NULL, 16);
    int64_t age_us = clock_realtime_us() - entry->stored_us;
    run->receipt->age_s = age_us > 0 ? age_us / 1000000 : 0;
    return output;
}

const void *
answers_find(struct run *run, bool may_wait, enum cache_state state)
{
    if (run->ttl_s <= 0 || run->call->no_cache)
        return NULL;
    int64_t started_us = clock_monotonic_us();
    struct cache_entry entry = {0};
    bool found = cache_get(run->ai->cache, &run->key, may_wait, run->arena, &entry);
    if (found && entry.stale)
        run->stale = entry;
    const void *output = found && !entry.stale ? decode(run, &entry) : NULL;
    if (output)
        run->receipt->cache = state;
    count_cache_time(run, started_us);
    return output;
}

const void *
answers_stale(struct run *run)
{
    const void *output = run->stale.data ? decode(run, &run->stale) : NULL;
    if (output)
        run->receipt->cache = CACHE_STATE_STALE;
    return output;
}

void
answers_store(struct run *run, const void *output)
{
    if (run->ttl_s <= 0 || run->receipt->degraded)
        return;
    int64_t started_us = clock_monotonic_us();
    struct strbuf bytes;
    strbuf_init(&bytes, run->arena, 1024);
    strbuf_add_text(&bytes, run->receipt->model);
    strbuf_printf(&bytes, "\n%0*x", FLAG_DIGITS, run->guard_flags);
    schema_encode(run->operation->output, output, &bytes);
    cache_put(run->ai->cache, &run->key, bytes.data, bytes.length, run->ttl_s);
    count_cache_time(run, started_us);
}

/* false: the client left. *ended tells whether the leader did. */
static bool
wait_for_leader(struct run *run, int64_t deadline_ms, bool *ended)
{
    *ended = false;
    while (!*ended && clock_monotonic_ms() < deadline_ms) {
        *ended = cache_lease_wait(run->ai->cache, &run->key, WAIT_SLICE_MS);
        if (!*ended && request_client_gone(run->request))
            return false;
    }
    return true;
}

bool
answers_join(struct run *run, const void **output, struct error *err)
{
    *output = NULL;
    if (run->ttl_s <= 0 || run->call->no_cache)
        return true;
    /* A leader that is never done must not hold up its followers for ever: then each goes alone. */
    int64_t deadline_ms = clock_monotonic_ms() + run->policy->budget_ms;
    enum cache_state state = CACHE_STATE_HIT;
    for (;;) {
        run->leads = cache_lease_take(run->ai->cache, &run->key, &run->lease);
        run->renewed_ms = clock_monotonic_ms();
        *output = answers_find(run, true, state);
        if (*output || run->leads)
            break;
        bool ended;
        if (!wait_for_leader(run, deadline_ms, &ended))
            return error_set(err, ERROR_CLIENT_CLOSED, "the client left");
        if (!ended)
            break;
        state = CACHE_STATE_COALESCED;
    }
    if (*output)
        answers_leave(run);
    return true;
}

void
answers_leave(struct run *run)
{
    if (run->leads)
        cache_lease_release(run->ai->cache, &run->key, &run->lease);
    run->leads = false;
}

bool
run_goes_on(void *context)
{
    struct run *run = context;
    int64_t now_ms = clock_monotonic_ms();
    if (run->leads && now_ms - run->renewed_ms >= LEASE_RENEW_MS) {
        cache_lease_renew(run->ai->cache, &run->key, &run->lease);
        run->renewed_ms = now_ms;
    }
    return !request_client_gone(run->request);
}
