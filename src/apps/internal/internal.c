/* The internal routes: monitoring, and the cache's state and care. */
#include "apps/app.h"
#include "apps/components.h"
#include "apps/internal/schemas.h"
#include "apps/service.h"
#include "base/clock.h"
#include "host/metrics.h"

static bool
show_root(struct request *request, struct error *err)
{
    (void)err;
    static const char *const endpoints[] = {"/monitoring/*", "/cache/*", "/resilience/*",
                                            "/metrics"};
    struct internal_root response = {
        .message = "Hearth's internal interface",
        .version = API_VERSION,
        .description = "Monitoring and care of this installation; not for the open network.",
        .available_endpoints = {(void *)endpoints, sizeof(endpoints) / sizeof(endpoints[0])},
    };
    response_json(request, 200, &internal_root_schema, &response);
    return true;
}

static bool
show_monitoring(struct request *request, struct error *err)
{
    (void)err;
    static const char *const endpoints[] = {
        "GET /internal/monitoring/health", "GET /internal/cache/status",
        "GET /internal/cache/metrics", "GET /internal/cache/invalidation-stats",
        "GET /internal/metrics"};
    struct host *host = request->service->host;
    uint64_t operations =
        metrics_sum(host, METRIC_CACHE_LOOKUPS, "") + metrics_sum(host, METRIC_CACHE_STORES, "");
    struct components components;
    components_read(request->service, &request->arena, &components);
    struct monitor_component counting = {
        .status = "healthy",
        .total_operations_tracked = (int64_t)operations,
        .has_total_operations_tracked = true,
        .has_recent_data = operations > 0,
        .has_has_recent_data = true,
    };
    struct monitor_component tiers = {
        .status = components_state(components.cache),
        .redis_monitoring = request->service->settings->memcached_servers[0] == '\0'
                                ? "not_available"
                            : components.cache ? "available"
                                               : "unavailable",
        .memory_monitoring = "available",
    };
    struct monitor_component resilience = {
        .status = components_state(components.resilience),
        .circuit_breaker_tracked = components.breakers > 0,
        .has_circuit_breaker_tracked = true,
        .retry_metrics_available = true,
        .has_retry_metrics_available = true,
    };
    struct monitor_components parts = {&counting, &tiers, &resilience};
    struct monitoring_health response = {
        .status = components_state(components.cache && components.resilience),
        .timestamp = clock_text(&request->arena, clock_realtime_us()),
        .components = &parts,
        .available_endpoints = {(void *)endpoints, sizeof(endpoints) / sizeof(endpoints[0])},
    };
    response_json(request, 200, &monitoring_health_schema, &response);
    return true;
}

/* Takes the document over. Decoding it by the rows keeps what is documented and what is said the
 * same. */
static bool
respond_document_take(struct request *request, const struct schema *schema, json_t *document,
                      struct error *err)
{
    struct error unfit = {0};
    const void *value =
        schema_decode(schema, schema_keep(document, &request->arena), "", &request->arena, &unfit);
    if (!value)
        return error_set(err, ERROR_INTERNAL, "the cache's report does not fit '%s'", schema->name);
    response_json(request, 200, schema, value);
    return true;
}

static bool
show_status(struct request *request, struct error *err)
{
    return respond_document_take(request, &cache_status_schema,
                                 cache_status(request->service->cache), err);
}

static bool
show_cache_metrics(struct request *request, struct error *err)
{
    return respond_document_take(request, &cache_metrics_schema,
                                 cache_metrics(request->service->cache), err);
}

static bool
show_stats(struct request *request, struct error *err)
{
    return respond_document_take(request, &invalidation_stats_schema,
                                 cache_invalidation_stats(request->service->cache), err);
}

static bool
show_recommendations(struct request *request, struct error *err)
{
    return respond_document_take(request, &recommendations_schema,
                                 cache_invalidation_recommendations(request->service->cache), err);
}

static bool
invalidate(struct request *request, struct error *err)
{
    (void)err;
    const struct invalidation_query *query = request->filter;
    const char **matched = NULL;
    size_t count =
        cache_invalidate(request->service->cache, query->pattern, query->operation_context,
                         apps_operation_names(), &request->arena, &matched);
    struct strbuf message;
    strbuf_init(&message, &request->arena, 256);
    if (query->pattern[0] == '\0')
        strbuf_add_text(&message, "All cached answers are forgotten");
    else if (count == 0)
        strbuf_printf(&message, "No operation matches '%s'; nothing is forgotten", query->pattern);
    else
        strbuf_add_text(&message, "The cached answers are forgotten of: ");
    for (size_t i = 0; query->pattern[0] != '\0' && i < count; i++)
        strbuf_printf(&message, "%s%s", i > 0 ? ", " : "", matched[i]);
    struct message_answer response = {message.data};
    response_json(request, 200, &message_schema, &response);
    return true;
}

#define INTERNAL_ROUTE(path, handler, schema, extra_flags, id, group, title, text)                 \
    {                                                                                              \
        .method = METHOD_GET, .pattern = (path), .handle = (handler),                              \
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | (extra_flags), .response = (schema),         \
        .tag = (group), .summary = (title), .doc = (text), .operation_id = (id),                   \
    }

static const struct route routes[] = {
    INTERNAL_ROUTE("/internal", show_root, &internal_root_schema, ROUTE_KEY, "internal_root",
                   "Internal", "What this is", "The internal interface and where to look."),
    INTERNAL_ROUTE("/internal/monitoring/health", show_monitoring, &monitoring_health_schema,
                   ROUTE_KEY_OPTIONAL, "monitoring_health", "Monitoring",
                   "Whether figures are kept",
                   "The state of what watches the cache and the models."),
    INTERNAL_ROUTE("/internal/cache/status", show_status, &cache_status_schema,
                   ROUTE_KEY | ROUTE_WAITS, "cache_status", "Cache", "State of both tiers",
                   "Asks the memcached servers, each for 50 ms at most."),
    INTERNAL_ROUTE("/internal/cache/metrics", show_cache_metrics, &cache_metrics_schema, ROUTE_KEY,
                   "cache_metrics", "Cache", "Figures of the cache",
                   "Over all workers of the host."),
    INTERNAL_ROUTE("/internal/cache/invalidation-stats", show_stats, &invalidation_stats_schema,
                   ROUTE_KEY, "cache_invalidation_stats", "Cache", "What was invalidated",
                   "Counts by context and by kind of pattern."),
    INTERNAL_ROUTE("/internal/cache/invalidation-recommendations", show_recommendations,
                   &recommendations_schema, ROUTE_KEY, "cache_recommendations", "Cache",
                   "What could be better", "Drawn from the figures; none when all is well."),
    {
        .method = METHOD_POST,
        .pattern = "/internal/cache/invalidate",
        .handle = invalidate,
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY | ROUTE_WAITS,
        .query = &invalidation_query_schema,
        .response = &message_schema,
        .tag = "Cache",
        .summary = "Forget answers",
        .doc = "Forgets the cached answers of all operations that the pattern fits, on every "
               "worker at once and on other hosts within a second. A pattern selects whole "
               "operations by their names, never single answers or texts.",
        .operation_id = "cache_invalidate",
    },
    {.pattern = NULL},
};

const struct app internal_app = {"internal", routes, NULL};
