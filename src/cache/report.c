/* What the internal routes tell of the cache: figures over all workers of the host. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cache/cache_private.h"
#include "host/l1.h"
#include "host/metrics.h"

struct figures {
    uint64_t l1_hits, memcached_hits, stale, misses, stores, errors, invalidations;
    uint64_t hits, lookups, operations;
    double hit_rate; /* percent of lookups */
    struct l1_stats l1;
};

static uint64_t
lookups(struct cache *cache, const char *result)
{
    return metrics_sum(cache->host, METRIC_CACHE_LOOKUPS, result);
}

static double
percent(uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return 0;
    uint64_t hundredths = part * 10000 / whole;
    return (double)hundredths / 100;
}

static void
read_figures(struct cache *cache, struct figures *figures)
{
    *figures = (struct figures){
        .l1_hits = lookups(cache, "result=\"l1\""),
        .memcached_hits = lookups(cache, "result=\"memcached\""),
        .stale = lookups(cache, "result=\"stale\""),
        .misses = lookups(cache, "result=\"miss\""),
        .stores = metrics_sum(cache->host, METRIC_CACHE_STORES, "tier=\"l1\""),
        .errors = metrics_sum(cache->host, METRIC_CACHE_ERRORS, ""),
        .invalidations = metrics_sum(cache->host, METRIC_CACHE_INVALIDATIONS, ""),
    };
    figures->hits = figures->l1_hits + figures->memcached_hits + figures->stale;
    figures->lookups = figures->hits + figures->misses;
    figures->operations = figures->lookups + figures->stores;
    figures->hit_rate = percent(figures->hits, figures->lookups);
    l1_stats(cache->host, &figures->l1);
}

static void
format_bytes(char *text, size_t size, int64_t bytes)
{
    if (bytes < 1024)
        snprintf(text, size, "%lldB", (long long)bytes);
    else if (bytes < 1024 * 1024)
        snprintf(text, size, "%.1fKB", (double)bytes / 1024);
    else
        snprintf(text, size, "%.1fMB", (double)bytes / (1024 * 1024));
}

static const char *
breaker_name(enum breaker_state state)
{
    static const char *const names[] = {
        [BREAKER_CLOSED] = "closed", [BREAKER_HALF_OPEN] = "half_open", [BREAKER_OPEN] = "open"};
    return names[state];
}

static json_t *
server_json(const struct remote_server_view *view)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "name", view->name, "status",
                     view->answers ? "connected" : "disconnected", "breaker",
                     breaker_name(view->breaker.state), "items", (json_int_t)view->items, "bytes",
                     (json_int_t)view->bytes, "bytes_max", (json_int_t)view->bytes_max,
                     "connections", (json_int_t)view->connections, "evictions",
                     (json_int_t)view->evictions);
}

/* Fills the sums over the servers that answered. */
static json_t *
servers_json(struct cache *cache, struct remote_server_view *sum, bool *connected)
{
    struct remote_server_view views[REMOTE_SERVERS_MAX];
    size_t count = cache->remote ? remote_server_views(cache->remote, views) : 0;
    *connected = count > 0;
    *sum = (struct remote_server_view){0};
    json_t *servers = json_array();
    for (size_t i = 0; i < count; i++) {
        *connected = *connected && views[i].answers;
        sum->items += views[i].items;
        sum->bytes += views[i].bytes;
        sum->connections += views[i].connections;
        json_array_append_new(servers, server_json(&views[i]));
    }
    return servers;
}

/* Clients of the replaced system read "redis": it tells of memcached in the words they know. */
static void
put_remote(struct cache *cache, json_t *status)
{
    struct remote_server_view sum;
    bool connected;
    json_t *servers = servers_json(cache, &sum, &connected);
    const char *word = connected ? "connected" : "disconnected";
    char used[32];
    format_bytes(used, sizeof(used), sum.bytes);
    json_t *redis =
        json_pack("{s:s, s:I, s:s, s:I, s:I}", "status", word, "keys", (json_int_t)sum.items,
                  "memory_used", used, "memory_used_bytes", (json_int_t)sum.bytes,
                  "connected_clients", (json_int_t)sum.connections);
    if (!cache->remote)
        json_object_set_new(redis, "message", json_string("no memcached server is configured"));
    json_object_set_new(status, "redis", redis);
    json_object_set_new(status, "memcached",
                        json_pack("{s:s, s:b, s:o}", "status", word, "configured",
                                  cache->remote != NULL, "servers", servers));
}

json_t *
cache_status(struct cache *cache)
{
    struct figures figures;
    read_figures(cache, &figures);
    const struct l1_stats *l1 = &figures.l1;
    char used[32];
    format_bytes(used, sizeof(used), (int64_t)l1->bytes);
    json_t *status = json_object();
    put_remote(cache, status);
    json_object_set_new(status, "memory",
                        json_pack("{s:s, s:I, s:I, s:f, s:s, s:I}", "status",
                                  cache->policy.enabled ? "active" : "disabled", "entries",
                                  (json_int_t)l1->entries, "max_size_bytes",
                                  (json_int_t)l1->capacity_bytes, "utilization_percent",
                                  percent(l1->bytes, l1->capacity_bytes), "memory_usage", used,
                                  "memory_usage_bytes", (json_int_t)l1->bytes));
    json_object_set_new(
        status, "performance",
        json_pack("{s:s, s:f, s:I, s:I, s:I, s:s, s:s}", "status",
                  cache->policy.enabled ? "active" : "disabled", "hit_rate", figures.hit_rate,
                  "total_operations", (json_int_t)figures.operations, "hits",
                  (json_int_t)figures.hits, "misses", (json_int_t)figures.misses, "cache_type",
                  cache->remote ? "memory+memcached" : "memory", "preset", cache->policy.preset));
    return status;
}

static json_t *
compression_json(struct cache *cache)
{
    uint64_t in = metrics_sum(cache->host, METRIC_CACHE_COMPRESSION_IN, "");
    uint64_t out = metrics_sum(cache->host, METRIC_CACHE_COMPRESSION_OUT, "");
    if (in == 0)
        return json_null();
    return json_pack("{s:I, s:I, s:f}", "original_bytes", (json_int_t)in, "compressed_bytes",
                     (json_int_t)out, "saved_percent", in > out ? percent(in - out, in) : 0.0);
}

json_t *
cache_metrics(struct cache *cache)
{
    struct figures figures;
    read_figures(cache, &figures);
    char now[CLOCK_TEXT_BYTES];
    clock_format(now, clock_realtime_us());
    return json_pack(
        "{s:s, s:n, s:f, s:I, s:I, s:I, s:n, s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:o,"
        " s:{s:I, s:I, s:I, s:I}, s:{s:I}}",
        "timestamp", now, "retention_hours", "cache_hit_rate", figures.hit_rate,
        "total_cache_operations", (json_int_t)figures.operations, "hits", (json_int_t)figures.hits,
        "misses", (json_int_t)figures.misses, "key_generation", "cache_operations", "l1_hits",
        (json_int_t)figures.l1_hits, "memcached_hits", (json_int_t)figures.memcached_hits,
        "stale_hits", (json_int_t)figures.stale, "misses", (json_int_t)figures.misses, "stores",
        (json_int_t)figures.stores, "errors", (json_int_t)figures.errors, "compression",
        compression_json(cache), "memory_usage", "entries", (json_int_t)figures.l1.entries, "bytes",
        (json_int_t)figures.l1.bytes, "capacity_bytes", (json_int_t)figures.l1.capacity_bytes,
        "evictions", (json_int_t)figures.l1.evictions, "invalidation", "total_invalidations",
        (json_int_t)figures.invalidations);
}

/* {"value": count} for the values of one label that were seen. */
static json_t *
by_label(struct cache *cache, const char *label, const char *const *values)
{
    json_t *counts = json_object();
    for (; *values; values++) {
        char text[64];
        snprintf(text, sizeof(text), "%s=\"%s\"", label, *values);
        uint64_t count = metrics_sum(cache->host, METRIC_CACHE_INVALIDATIONS, text);
        if (count > 0)
            json_object_set_new(counts, *values, json_integer((json_int_t)count));
    }
    return counts;
}

json_t *
cache_invalidation_stats(struct cache *cache)
{
    static const char *const kinds[] = {"all", "glob", "text", NULL};
    uint64_t total = metrics_sum(cache->host, METRIC_CACHE_INVALIDATIONS, "");
    return json_pack("{s:I, s:o, s:o}", "total_invalidations", (json_int_t)total, "by_context",
                     by_label(cache, "context", cache_contexts), "by_pattern_kind",
                     by_label(cache, "pattern", kinds));
}

static void
recommend(json_t *list, const char *severity, const char *issue, const char *message,
          const char *suggestion)
{
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:[s]}", "severity", severity, "issue",
                                          issue, "message", message, "suggestions", suggestion));
}

json_t *
cache_invalidation_recommendations(struct cache *cache)
{
    struct figures figures;
    read_figures(cache, &figures);
    json_t *list = json_array();
    if (figures.invalidations >= 10 && figures.invalidations * 20 > figures.stores)
        recommend(list, "warning", "frequent_invalidation",
                  "There is more than one invalidation for twenty stored answers.",
                  "Invalidate single operations by pattern instead of everything.");
    if (figures.lookups >= 1000 && figures.hit_rate < 30)
        recommend(list, "warning", "low_hit_rate", "Less than 30 percent of lookups are hits.",
                  "Keep answers longer, or see whether clients send no-cache.");
    if (figures.l1.evictions > figures.l1.stores / 2 && figures.l1.stores >= 1000)
        recommend(list, "info", "memory_small",
                  "More than half of the stored answers were evicted from host memory.",
                  "Raise CACHE_L1_BYTES.");
    if (figures.errors > 0)
        recommend(list, "info", "memcached_errors", "Calls to memcached have failed.",
                  "Look at the state of the memcached servers in the cache's status.");
    return json_pack("{s:o}", "recommendations", list);
}
