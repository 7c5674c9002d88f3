/* What the internal routes take and give. */
#ifndef HEARTH_APPS_INTERNAL_SCHEMAS_H
#define HEARTH_APPS_INTERNAL_SCHEMAS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/schema.h"

struct internal_root {
    const char *message, *version, *description;
    struct list available_endpoints; /* const char * */
};

struct monitor_component {
    const char *status;
    int64_t total_operations_tracked;
    bool has_total_operations_tracked;
    bool has_recent_data, has_has_recent_data;
    const char *redis_monitoring, *memory_monitoring;
    bool circuit_breaker_tracked, has_circuit_breaker_tracked;
    bool retry_metrics_available, has_retry_metrics_available;
};

struct monitor_components {
    struct monitor_component *cache_performance_monitor, *cache_service_monitoring,
        *resilience_monitoring;
};

struct monitoring_health {
    const char *status, *timestamp;
    struct monitor_components *components;
    struct list available_endpoints; /* const char * */
};

/* The cache makes these documents; the rows hold them to their members. */
struct cache_status_answer {
    const json_t *redis, *memcached, *memory, *performance;
};

struct cache_metrics_answer {
    const char *timestamp;
    const json_t *retention_hours;
    double cache_hit_rate;
    int64_t total_cache_operations, hits, misses;
    const json_t *key_generation, *cache_operations, *compression, *memory_usage, *invalidation;
};

struct invalidation_stats {
    int64_t total_invalidations;
    const json_t *by_context, *by_pattern_kind;
};

struct recommendation {
    const char *severity, *issue, *message;
    struct list suggestions; /* const char * */
};

struct recommendations {
    struct list recommendations; /* struct recommendation */
};

struct invalidation_query {
    const char *pattern, *operation_context;
};

struct message_answer {
    const char *message;
};

extern const struct schema internal_root_schema, monitoring_health_schema, cache_status_schema,
    cache_metrics_schema, invalidation_stats_schema, recommendations_schema,
    invalidation_query_schema, message_schema;

#endif
