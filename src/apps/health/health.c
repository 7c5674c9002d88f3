/* The house's own routes: what it is, how it is, and its metrics. None of them waits for anything,
 * so that they answer when everything else is busy or broken. */
#include "apps/app.h"
#include "apps/components.h"
#include "apps/health/schemas.h"
#include "apps/service.h"
#include "base/clock.h"
#include "host/metrics.h"

static bool
show_root(struct request *request, struct error *err)
{
    (void)err;
    struct root_response response = {
        .message = "Hearth is running",
        .version = API_VERSION,
        .docs = "/docs",
        .internal_docs = "/internal/docs",
        .api_version = "v1",
        .endpoints = &(struct root_endpoints){"/v1/health", "/v1/auth/status",
                                              "/v1/text_processing", "/v1/ai"},
    };
    response_json(request, 200, &root_schema, &response);
    return true;
}

static struct component_states *
component_states(struct request *request, struct components *components)
{
    struct component_states *states = arena_alloc(&request->arena, sizeof(*states));
    components_read(request->service, &request->arena, components);
    *states = (struct component_states){
        components_state(components->ai_available), components_state(components->cache),
        components_state(components->resilience),
        components->has_database ? components_state(components->database) : NULL};
    return states;
}

static bool
show_health(struct request *request, struct error *err)
{
    (void)err;
    struct components components;
    struct health_response response = {
        .status = "ok",
        .components = component_states(request, &components),
    };
    response_json(request, 200, &health_schema, &response);
    return true;
}

static bool
show_alive(struct request *request, struct error *err)
{
    (void)err;
    struct probe_response response = {"ok"};
    response_json(request, 200, &probe_schema, &response);
    return true;
}

static bool
show_ready(struct request *request, struct error *err)
{
    const struct readiness *readiness = request->service->readiness;
    const char *reason = readiness ? readiness->obstacle(readiness->edge) : NULL;
    if (reason)
        return error_set_retry(err, ERROR_UNAVAILABLE, 1, "%s", reason);
    return show_alive(request, err);
}

static bool
show_ai(struct request *request, struct error *err)
{
    (void)err;
    struct components components;
    components_read(request->service, &request->arena, &components);
    struct ai_health response = {components.ai_available ? "available" : "unavailable",
                                 components.model};
    response_json(request, 200, &ai_health_schema, &response);
    return true;
}

static bool
show_versioned(struct request *request, struct error *err)
{
    (void)err;
    struct components components;
    components_read(request->service, &request->arena, &components);
    bool well =
        components.ai_available && components.resilience && components.cache && components.database;
    struct versioned_health response = {
        .status = components_state(well),
        .timestamp = clock_text(&request->arena, clock_realtime_us()),
        .version = API_VERSION,
        .ai_model_available = components.ai_available,
        .resilience_healthy = components.resilience,
        .cache_healthy = components.cache,
        .database_healthy = components.database,
        .has_database_healthy = components.has_database,
    };
    response_json(request, 200, &versioned_health_schema, &response);
    return true;
}

static bool
show_components(struct request *request, struct error *err)
{
    (void)err;
    struct components components;
    struct component_states *states = component_states(request, &components);
    struct components_health response = {
        .status = components_state(components.ai_available && components.resilience &&
                                   components.cache && components.database),
        .timestamp = clock_text(&request->arena, clock_realtime_us()),
        .model = components.model,
        .components = states,
    };
    response_json(request, 200, &components_health_schema, &response);
    return true;
}

static bool
show_metrics(struct request *request, struct error *err)
{
    (void)err;
    struct strbuf text;
    strbuf_init(&text, &request->arena, 32 * 1024);
    metrics_write(request->service->host, &text);
    response_bytes(request, 200, "text/plain; version=0.0.4; charset=utf-8", text.data,
                   text.length);
    return true;
}

static const struct route_answer metrics_answers[] = {
    {200, NULL, "text/plain", "All series in the text format of Prometheus."},
    {.status = 0},
};

#define HEALTH_ROUTE(path, handler, schema, id, title, text)                                       \
    {                                                                                              \
        .method = METHOD_GET, .pattern = (path), .handle = (handler), .flags = ROUTE_UNVERSIONED,  \
        .limit = LIMIT_HEALTH, .response = (schema), .tag = "Health", .summary = (title),          \
        .doc = (text), .operation_id = (id),                                                       \
    }

#define METRICS_ROUTE(path, id)                                                                    \
    {                                                                                              \
        .method = METHOD_GET, .pattern = (path), .handle = show_metrics,                           \
        .flags = ROUTE_UNVERSIONED | ROUTE_INTERNAL, .limit = LIMIT_HEALTH,                        \
        .answers = metrics_answers, .tag = "Metrics", .summary = "Metrics for Prometheus",         \
        .doc = "Counters, gauges and histograms over all workers of the host.",                    \
        .operation_id = (id),                                                                      \
    }

static const struct route routes[] = {
    HEALTH_ROUTE("/", show_root, &root_schema, "root", "What this is",
                 "The product, its version, and where its parts are."),
    HEALTH_ROUTE("/health", show_health, &health_schema, "health", "Whether the house stands",
                 "Always ok while a worker can answer; the parts say how they are."),
    HEALTH_ROUTE("/livez", show_alive, &probe_schema, "livez", "Whether the process lives",
                 "Touches nothing: for supervisors that restart what does not answer."),
    HEALTH_ROUTE("/readyz", show_ready, &probe_schema, "readyz", "Whether requests are welcome",
                 "503 while a worker stops, or when it could take no request that waits."),
    HEALTH_ROUTE("/health/ai", show_ai, &ai_health_schema, "health_ai",
                 "Whether the model may be asked",
                 "Asks nobody: unavailable means that the model rests after failures."),
    HEALTH_ROUTE("/v1/health", show_versioned, &versioned_health_schema, "health_v1",
                 "Health for monitors", "The state of the model, the cache and the breakers."),
    HEALTH_ROUTE("/api/health", show_components, &components_health_schema, "health_components",
                 "Health by component", "Each part with its own state."),
    METRICS_ROUTE("/metrics", "metrics"),
    METRICS_ROUTE("/internal/metrics", "internal_metrics"),
    {.pattern = NULL},
};

const struct app health_app = {"health", routes, NULL};
