/* Calls to memcached, each under the breaker of its server. */
#include "cache/remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "cache/remote_private.h"
#include "host/metrics.h"

enum { SLOW_US = 40 * 1000, VALUE_BYTES_MAX = 1000 * 1000 };

/* memcached reads a greater number of seconds as a date. */
enum { RELATIVE_TTL_MAX_S = 30 * 24 * 3600 };

static const struct breaker_policy refused_policy = {
    .threshold = 3, .recovery_ms = 1000, .probe_ms = 500, .recovery_max_ms = 1000};
/* A server that hangs costs each caller the whole time limit, so once is enough. */
static const struct breaker_policy hung_policy = {
    .threshold = 1, .recovery_ms = 1000, .probe_ms = 500, .recovery_max_ms = 1000};

/* Blanks and control characters would break the protocol. */
static void
copy_prefix(char *copy, const char *prefix)
{
    size_t length = strnlen(prefix, REMOTE_PREFIX_BYTES - 1);
    for (size_t i = 0; i < length; i++)
        copy[i] = prefix[i] > ' ' && prefix[i] < 0x7f ? prefix[i] : '_';
    copy[length] = '\0';
}

struct remote *
remote_open(const char *servers, const char *prefix, struct host *host, struct error *err)
{
    struct remote *remote = xcalloc(1, sizeof(*remote));
    remote->host = host;
    copy_prefix(remote->prefix, prefix);
    bool parsed = remote_servers_parse(servers, &remote->arena, &remote->servers, err);
    clients_init(&remote->clients, &remote->servers);
    if (!parsed) {
        remote_close(remote);
        return NULL;
    }
    for (size_t i = 0; i < remote->servers.count; i++) {
        const char *server = remote->servers.items[i].name;
        const char *name = remote->servers.count == 1
                               ? "memcached"
                               : arena_printf(&remote->arena, "memcached:%.60s", server);
        remote->breakers[i] = breaker_find(host, name);
    }
    return remote;
}

void
remote_close(struct remote *remote)
{
    clients_release(&remote->clients);
    arena_release(&remote->arena);
    free(remote);
}

bool
remote_spans_hosts(const struct remote *remote)
{
    return remote_servers_span_hosts(&remote->servers);
}

static time_t
expiration(int64_t ttl_s)
{
    if (ttl_s > RELATIVE_TTL_MAX_S)
        return (time_t)(clock_realtime_us() / 1000000 + ttl_s);
    return (time_t)ttl_s;
}

static memcached_return_t
set(memcached_st *handle, const struct call *call, bool reply)
{
    memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_NOREPLY, !reply);
    memcached_return_t code = memcached_set(handle, call->key, strlen(call->key), call->value,
                                            call->value_bytes, expiration(call->ttl_s), 0);
    memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_NOREPLY, 0);
    return code;
}

static memcached_return_t
read_version(memcached_st *handle, struct call *call)
{
    const char *keys[] = {call->key};
    const size_t lengths[] = {strlen(call->key)};
    memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_SUPPORT_CAS, 1);
    memcached_return_t code = memcached_mget(handle, keys, lengths, 1);
    memcached_result_st *result =
        code == MEMCACHED_SUCCESS ? memcached_fetch_result(handle, NULL, &code) : NULL;
    memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_SUPPORT_CAS, 0);
    if (!result)
        return code == MEMCACHED_SUCCESS ? MEMCACHED_NOTFOUND : code;
    call->version = memcached_result_cas(result);
    call->found_bytes = memcached_result_length(result);
    call->found = memcached_result_take_value(result);
    memcached_result_free(result);
    /* What ends the answer is still to be read. */
    result = memcached_fetch_result(handle, NULL, &code);
    memcached_result_free(result);
    return MEMCACHED_SUCCESS;
}

static memcached_return_t
perform(memcached_st *handle, struct call *call)
{
    size_t key_length = strlen(call->key);
    memcached_return_t code = MEMCACHED_FAILURE;
    uint32_t flags;
    switch (call->kind) {
    case CALL_GET:
        call->found =
            memcached_get(handle, call->key, key_length, &call->found_bytes, &flags, &code);
        break;
    case CALL_SET:
    case CALL_STORE:
        code = set(handle, call, call->kind == CALL_SET);
        break;
    case CALL_ADD:
        code = memcached_add(handle, call->key, key_length, call->value, call->value_bytes,
                             expiration(call->ttl_s), 0);
        break;
    case CALL_DELETE:
        code = memcached_delete(handle, call->key, key_length, 0);
        break;
    case CALL_READ:
        code = read_version(handle, call);
        break;
    case CALL_SWAP:
        code = memcached_cas(handle, call->key, key_length, call->value, call->value_bytes,
                             expiration(call->ttl_s), 0, call->version);
        break;
    }
    return code;
}

static bool
is_done(memcached_return_t code)
{
    return code == MEMCACHED_SUCCESS || code == MEMCACHED_STORED || code == MEMCACHED_DELETED ||
           code == MEMCACHED_BUFFERED;
}

static bool
is_answer(memcached_return_t code)
{
    return is_done(code) || code == MEMCACHED_NOTFOUND || code == MEMCACHED_NOTSTORED ||
           code == MEMCACHED_DATA_EXISTS || code == MEMCACHED_END || code == MEMCACHED_E2BIG ||
           code == MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE;
}

static void
note_failure(struct remote *remote, struct breaker *breaker, int64_t started_us)
{
    int64_t now_us = clock_monotonic_us();
    bool hung = now_us - started_us >= SLOW_US;
    breaker_failure(breaker, hung ? &hung_policy : &refused_policy, now_us);
    metrics_add(remote->host, METRIC_CACHE_ERRORS, hung ? "kind=\"timeout\"" : "kind=\"refused\"",
                1);
}

/* *client is the one to give back when its codec was used; NULL when there was no answer. */
static enum remote_result
run(struct remote *remote, struct call *call, struct client **client)
{
    *client = clients_take(&remote->clients);
    if (!*client) {
        metrics_add(remote->host, METRIC_CACHE_ERRORS, "kind=\"busy\"", 1);
        return REMOTE_DOWN;
    }
    uint32_t server = memcached_generate_hash((*client)->handle, call->key, strlen(call->key));
    struct breaker *breaker = remote->breakers[server < remote->servers.count ? server : 0];
    int64_t started_us = clock_monotonic_us();
    int64_t retry_after_ms;
    if (!breaker_allow(breaker, &refused_policy, started_us, &retry_after_ms)) {
        clients_give(&remote->clients, *client);
        *client = NULL;
        return REMOTE_DOWN;
    }
    memcached_return_t code = perform((*client)->handle, call);
    /* A connection from before the server's restart fails at once; a new one may do. */
    if (!is_answer(code) && (*client)->used && clock_monotonic_us() - started_us < SLOW_US) {
        clients_drop(&remote->clients, *client);
        *client = clients_take(&remote->clients);
        code = *client ? perform((*client)->handle, call) : MEMCACHED_FAILURE;
    }
    if (is_answer(code)) {
        (*client)->used = true;
        breaker_success(breaker, started_us);
        return is_done(code) ? REMOTE_DONE : REMOTE_OTHER;
    }
    if (*client)
        clients_drop(&remote->clients, *client);
    *client = NULL;
    note_failure(remote, breaker, started_us);
    return REMOTE_DOWN;
}

enum remote_result
remote_run(struct remote *remote, struct call *call)
{
    struct client *client;
    enum remote_result result = run(remote, call, &client);
    if (client)
        clients_give(&remote->clients, client);
    return result;
}

static void
make_record_key(const struct remote *remote, char *name, const unsigned char *key)
{
    char hex[2 * SHA256_BYTES + 1];
    hex_format(hex, key, SHA256_BYTES);
    snprintf(name, REMOTE_KEY_BYTES, "%sanswer:%s", remote->prefix, hex);
}

enum remote_result
remote_load(struct remote *remote, const unsigned char *key, struct arena *arena,
            struct record *record)
{
    char name[REMOTE_KEY_BYTES];
    make_record_key(remote, name, key);
    struct call call = {.kind = CALL_GET, .key = name};
    struct client *client;
    enum remote_result result = run(remote, &call, &client);
    if (result == REMOTE_DONE) {
        /* libmemcached's buffer ends here, and a record that is not compressed borrows from it. */
        char *bytes = arena_alloc(arena, call.found_bytes + 1);
        if (call.found_bytes > 0)
            memcpy(bytes, call.found, call.found_bytes);
        if (!record_unpack(bytes, call.found_bytes, key, &client->codec, arena, record)) {
            metrics_add(remote->host, METRIC_CACHE_ERRORS, "kind=\"corrupt\"", 1);
            result = REMOTE_OTHER;
        }
    }
    free(call.found);
    if (client)
        clients_give(&remote->clients, client);
    return result;
}

/* NULL when no client is free to compress. The caller frees the result. */
static void *
pack(struct remote *remote, const unsigned char *key, const struct record *record,
     const struct record_compression *compression, size_t *length)
{
    struct client *client = clients_take(&remote->clients);
    if (!client)
        return NULL;
    void *bytes = record_pack(record, key, &client->codec, compression, length);
    clients_give(&remote->clients, client);
    if (record->length >= compression->threshold_bytes) {
        metrics_add(remote->host, METRIC_CACHE_COMPRESSION_IN, "", record->length);
        metrics_add(remote->host, METRIC_CACHE_COMPRESSION_OUT, "", *length);
    }
    return bytes;
}

enum remote_result
remote_store(struct remote *remote, const unsigned char *key, const struct record *record,
             const struct record_compression *compression, int64_t ttl_s)
{
    if (record->length > RECORD_DATA_MAX || !remote_is_awake(remote))
        return REMOTE_DOWN;
    struct call call = {.kind = CALL_STORE, .ttl_s = ttl_s};
    void *bytes = pack(remote, key, record, compression, &call.value_bytes);
    if (!bytes)
        return REMOTE_DOWN;
    char name[REMOTE_KEY_BYTES];
    make_record_key(remote, name, key);
    call.key = name;
    call.value = bytes;
    enum remote_result result = REMOTE_OTHER;
    if (call.value_bytes <= VALUE_BYTES_MAX)
        result = remote_run(remote, &call);
    free(bytes);
    return result;
}

bool
remote_is_awake(struct remote *remote)
{
    int64_t now_us = clock_monotonic_us();
    for (size_t i = 0; i < remote->servers.count; i++) {
        struct breaker_view view;
        breaker_view(remote->breakers[i], now_us, &view);
        if (view.state != BREAKER_OPEN)
            return true;
    }
    return false;
}

size_t
remote_server_views(struct remote *remote, struct remote_server_view *views)
{
    struct client *client = clients_take(&remote->clients);
    for (size_t i = 0; i < remote->servers.count; i++) {
        views[i] = (struct remote_server_view){.name = remote->servers.items[i].name};
        breaker_view(remote->breakers[i], clock_monotonic_us(), &views[i].breaker);
    }
    if (!client)
        return remote->servers.count;
    if (remote_is_awake(remote)) {
        memcached_return_t code;
        memcached_stat_st *stats = memcached_stat(client->handle, NULL, &code);
        for (size_t i = 0; stats && i < remote->servers.count; i++) {
            views[i].answers = stats[i].pid > 0;
            views[i].items = (int64_t)stats[i].curr_items;
            views[i].bytes = (int64_t)stats[i].bytes;
            views[i].bytes_max = (int64_t)stats[i].limit_maxbytes;
            views[i].connections = (int64_t)stats[i].curr_connections;
            views[i].evictions = (int64_t)stats[i].evictions;
        }
        memcached_stat_free(client->handle, stats);
    }
    /* A server that hung may still answer on this connection, too late. */
    clients_drop(&remote->clients, client);
    return remote->servers.count;
}
