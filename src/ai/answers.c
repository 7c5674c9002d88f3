/* Kept answers and questions in flight. An answer is stored as the model's name, a line feed, flags
 * in four hexadecimal digits, and its bytes. */
#include "ai/answers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ai/run.h"
#include "base/clock.h"
#include "host/l1.h"

enum { LEASE_RENEW_MS = 1000, WAIT_SLICE_MS = 250, FLAG_DIGITS = 4, FAILURE_KEPT_US = 1000000 };

/* What those who wait are told when there is no answer. */
struct failure_told {
    int32_t code, retry_after_s;
    char field[128], reason_code[64]; /* "" for none */
    char detail[sizeof(((struct error *)NULL)->detail)];
};

static void
count_time(struct answers *answers, int64_t started_us)
{
    int64_t spent_us = clock_monotonic_us() - started_us;
    answers->receipt->cache_us += spent_us;
    __atomic_fetch_add(&answers->request->timing.cache_us, spent_us, __ATOMIC_RELAXED);
}

/* All that may make an answer, as a text: the model that is asked, and its fallbacks by name. */
static const char *
chain_of(const struct answers *answers)
{
    const struct model_settings *model = answers->model;
    struct strbuf chain;
    strbuf_init(&chain, answers->arena, 128);
    const char *const asked[] = {model->name, model->provider->name, model->id ? model->id : ""};
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        strbuf_add_text(&chain, asked[i]);
        strbuf_add_char(&chain, '\n');
    }
    for (size_t i = 0; model->fallbacks[i]; i++) {
        strbuf_add_text(&chain, model->fallbacks[i]->name);
        strbuf_add_char(&chain, '\n');
    }
    return chain.data;
}

static void
make_key(struct answers *answers, const char *operation, const char *const *parts)
{
    const char *all[1 + ANSWERS_PARTS_MAX + 1] = {chain_of(answers)};
    for (size_t i = 0; parts[i]; i++) {
        assert(i < ANSWERS_PARTS_MAX);
        all[i + 1] = parts[i];
    }
    cache_key_make(answers->ai->cache, &answers->key, operation, all);
}

void
answers_init(struct answers *answers, const char *operation, int64_t own_ttl_s, bool may_store,
             const char *const *parts)
{
    struct ai *ai = answers->ai;
    answers->ttl_s =
        may_store && ai->settings->ai_cache ? cache_ttl_s(ai->cache, operation, own_ttl_s) : 0;
    answers->receipt->cache = answers->ttl_s > 0 ? CACHE_STATE_MISS : CACHE_STATE_BYPASS;
    if (answers->ttl_s > 0)
        make_key(answers, operation, parts);
}

/* false when the bytes are of another version of us. */
static bool
read_kept(struct answers *answers, const struct cache_entry *entry, struct answer_kept *kept)
{
    const char *end = entry->data + entry->length;
    const char *line_end = memchr(entry->data, '\n', entry->length);
    if (!line_end || end - line_end <= FLAG_DIGITS)
        return false;
    char digits[FLAG_DIGITS + 1] = {0};
    memcpy(digits, line_end + 1, FLAG_DIGITS);
    const char *data = line_end + 1 + FLAG_DIGITS;
    *kept = (struct answer_kept){
        .model = arena_strndup(answers->arena, entry->data, (size_t)(line_end - entry->data)),
        .flags = (unsigned)strtoul(digits, NULL, 16),
        .data = data,
        .length = (size_t)(end - data),
    };
    answers->receipt->model = kept->model;
    int64_t age_us = clock_realtime_us() - entry->stored_us;
    answers->receipt->age_s = age_us > 0 ? age_us / 1000000 : 0;
    return true;
}

static bool
find(struct answers *answers, bool may_wait, enum cache_state state, struct answer_kept *kept)
{
    if (answers->ttl_s <= 0 || answers->no_cache)
        return false;
    int64_t started_us = clock_monotonic_us();
    struct cache_entry entry = {0};
    bool found = cache_get(answers->ai->cache, &answers->key, may_wait, answers->arena, &entry);
    if (found && entry.stale)
        answers->stale = entry;
    found = found && !entry.stale && read_kept(answers, &entry, kept);
    if (found)
        answers->receipt->cache = state;
    count_time(answers, started_us);
    return found;
}

bool
answers_find(struct answers *answers, bool may_wait, struct answer_kept *kept)
{
    return find(answers, may_wait, CACHE_STATE_HIT, kept);
}

bool
answers_stale(struct answers *answers, struct answer_kept *kept)
{
    if (!answers->stale.data || !read_kept(answers, &answers->stale, kept))
        return false;
    answers->receipt->cache = CACHE_STATE_STALE;
    return true;
}

void
answers_store(struct answers *answers, const struct answer_kept *kept)
{
    if (answers->ttl_s <= 0)
        return;
    int64_t started_us = clock_monotonic_us();
    struct strbuf bytes;
    strbuf_init(&bytes, answers->arena, strlen(kept->model) + FLAG_DIGITS + kept->length + 2);
    strbuf_add_text(&bytes, kept->model);
    strbuf_printf(&bytes, "\n%0*x", FLAG_DIGITS, kept->flags & 0xffff);
    strbuf_add(&bytes, kept->data, kept->length);
    cache_put(answers->ai->cache, &answers->key, bytes.data, bytes.length, answers->ttl_s);
    count_time(answers, started_us);
}

/* Beside the answer's key, where no answer can be. */
static void
failure_key(const struct answers *answers, unsigned char *key)
{
    memcpy(key, answers->key.bytes, CACHE_KEY_BYTES);
    for (size_t i = 0; i < CACHE_KEY_BYTES; i++)
        key[i] ^= 0xff;
}

static void
tell_failure(const struct answers *answers, const struct error *err)
{
    struct failure_told told = {.code = (int32_t)err->code, .retry_after_s = err->retry_after_s};
    memcpy(told.detail, err->detail, sizeof(told.detail));
    snprintf(told.field, sizeof(told.field), "%s", err->fields ? err->fields->path : "");
    snprintf(told.reason_code, sizeof(told.reason_code), "%s",
             err->reason_code ? err->reason_code : "");
    unsigned char key[CACHE_KEY_BYTES];
    failure_key(answers, key);
    l1_put(answers->ai->host, key, &told, sizeof(told), 0, clock_realtime_us() + FAILURE_KEPT_US);
}

/* The failure of a leader that was waited for: each of those who waited would only meet it again,
 * one after another. */
static bool
was_told_failure(struct answers *answers, struct error *err)
{
    unsigned char key[CACHE_KEY_BYTES];
    const void *value;
    size_t length;
    failure_key(answers, key);
    if (!l1_get(answers->ai->host, key, clock_realtime_us(), answers->arena, &value, &length) ||
        length != sizeof(struct failure_told))
        return false;
    struct failure_told told;
    memcpy(&told, value, sizeof(told));
    told.detail[sizeof(told.detail) - 1] = '\0';
    error_set_retry(err, (enum error_code)told.code, told.retry_after_s, "%s", told.detail);
    if (told.field[0] != '\0') {
        struct field_error *field = arena_alloc(answers->arena, sizeof(*field));
        *field = (struct field_error){arena_strdup(answers->arena, told.field),
                                      arena_strdup(answers->arena, told.detail), NULL};
        err->fields = field;
    }
    if (told.reason_code[0] != '\0')
        err->reason_code = arena_strdup(answers->arena, told.reason_code);
    return true;
}

/* false: the client left. *ended tells whether the leader did. */
static bool
wait_for_leader(struct answers *answers, int64_t deadline_ms, bool *ended)
{
    *ended = false;
    while (!*ended && clock_monotonic_ms() < deadline_ms) {
        *ended = cache_lease_wait(answers->ai->cache, &answers->key, WAIT_SLICE_MS);
        if (!*ended && (request_client_gone(answers->request) ||
                        (answers->tick && !answers->tick(answers->context))))
            return false;
    }
    return true;
}

bool
answers_join(struct answers *answers, int64_t wait_ms, bool *found, struct answer_kept *kept,
             struct error *err)
{
    *found = false;
    if (answers->ttl_s <= 0 || answers->no_cache)
        return true;
    /* A leader that is never done must not hold up its followers for ever: then each goes alone. */
    int64_t deadline_ms = clock_monotonic_ms() + wait_ms;
    enum cache_state state = CACHE_STATE_HIT;
    for (;;) {
        answers->leads = cache_lease_take(answers->ai->cache, &answers->key, &answers->lease);
        answers->renewed_ms = clock_monotonic_ms();
        *found = find(answers, true, state, kept);
        if (*found)
            answers_leave(answers, NULL);
        bool waited = state == CACHE_STATE_COALESCED;
        if (!*found && waited && was_told_failure(answers, err)) {
            answers_leave(answers, NULL);
            return false;
        }
        if (*found || answers->leads)
            return true;
        bool ended;
        if (!wait_for_leader(answers, deadline_ms, &ended))
            return error_set(err, ERROR_CLIENT_CLOSED, "the client left");
        if (!ended)
            return true;
        state = CACHE_STATE_COALESCED;
    }
}

void
answers_renew(struct answers *answers)
{
    int64_t now_ms = clock_monotonic_ms();
    if (!answers->leads || now_ms - answers->renewed_ms < LEASE_RENEW_MS)
        return;
    cache_lease_renew(answers->ai->cache, &answers->key, &answers->lease);
    answers->renewed_ms = now_ms;
}

void
answers_leave(struct answers *answers, const struct error *err)
{
    if (!answers->leads)
        return;
    if (err && err->code != ERROR_CLIENT_CLOSED)
        tell_failure(answers, err);
    cache_lease_release(answers->ai->cache, &answers->key, &answers->lease);
    answers->leads = false;
}
