/* The rows of the internal routes. */
#include "apps/internal/schemas.h"

const struct schema internal_root_schema = {
    .name = "InternalRoot",
    .size = sizeof(struct internal_root),
    .fields =
        (const struct field[]){
            STRING(struct internal_root, message, .flags = FIELD_REQUIRED, .doc = "For people."),
            STRING(struct internal_root, version, .flags = FIELD_REQUIRED,
                   .doc = "Of the interface."),
            STRING(struct internal_root, description, .flags = FIELD_REQUIRED,
                   .doc = "What these routes are for."),
            STRINGS(struct internal_root, available_endpoints, .flags = FIELD_REQUIRED,
                    .doc = "Where to look."),
            {.name = NULL}},
};

static const struct schema monitor_component_schema = {
    .name = "MonitorComponent",
    .size = sizeof(struct monitor_component),
    .fields =
        (const struct field[]){
            STRING(struct monitor_component, status, .flags = FIELD_REQUIRED,
                   .doc = "healthy or degraded."),
            INTEGER(struct monitor_component, total_operations_tracked, .flags = FIELD_OMITTED,
                    .max = INT64_MAX,
                    PRESENT(struct monitor_component, has_total_operations_tracked),
                    .doc = "Lookups and stores counted."),
            BOOLEAN(struct monitor_component, has_recent_data, .flags = FIELD_OMITTED,
                    PRESENT(struct monitor_component, has_has_recent_data),
                    .doc = "Whether anything was counted."),
            STRING(struct monitor_component, redis_monitoring, .flags = FIELD_OMITTED,
                   .doc = "Of memcached, under the name that older clients read."),
            STRING(struct monitor_component, memory_monitoring, .flags = FIELD_OMITTED,
                   .doc = "Of the first tier."),
            BOOLEAN(struct monitor_component, circuit_breaker_tracked, .flags = FIELD_OMITTED,
                    PRESENT(struct monitor_component, has_circuit_breaker_tracked),
                    .doc = "Whether a breaker is in use."),
            BOOLEAN(struct monitor_component, retry_metrics_available, .flags = FIELD_OMITTED,
                    PRESENT(struct monitor_component, has_retry_metrics_available),
                    .doc = "Whether attempts are counted."),
            {.name = NULL}},
};

#define COMPONENT(member, text)                                                                    \
    OBJECT(struct monitor_components, member, &monitor_component_schema, .flags = FIELD_REQUIRED,  \
           .doc = (text))

static const struct schema monitor_components_schema = {
    .name = "MonitorComponents",
    .size = sizeof(struct monitor_components),
    .fields = (const struct field[]){COMPONENT(cache_performance_monitor, "Counting of the cache."),
                                     COMPONENT(cache_service_monitoring, "The tiers of the cache."),
                                     COMPONENT(resilience_monitoring, "Breakers and attempts."),
                                     {.name = NULL}},
};

const struct schema monitoring_health_schema = {
    .name = "MonitoringHealth",
    .size = sizeof(struct monitoring_health),
    .fields =
        (const struct field[]){STRING(struct monitoring_health, status, .flags = FIELD_REQUIRED,
                                      .doc = "healthy or degraded."),
                               STRING(struct monitoring_health, timestamp, .flags = FIELD_REQUIRED,
                                      .doc = "When this was said, RFC 3339."),
                               OBJECT(struct monitoring_health, components,
                                      &monitor_components_schema, .flags = FIELD_REQUIRED,
                                      .doc = "Each part."),
                               STRINGS(struct monitoring_health, available_endpoints,
                                       .flags = FIELD_REQUIRED, .doc = "Where the figures are."),
                               {.name = NULL}},
};

const struct schema cache_status_schema = {
    .name = "CacheStatus",
    .size = sizeof(struct cache_status_answer),
    .fields =
        (const struct field[]){
            JSON(struct cache_status_answer, redis, .flags = FIELD_REQUIRED,
                 .doc = "memcached in the words that older clients read: status, keys, "
                        "memory_used, memory_used_bytes, connected_clients."),
            JSON(struct cache_status_answer, memcached, .flags = FIELD_REQUIRED,
                 .doc = "status, configured, and each of the servers."),
            JSON(struct cache_status_answer, memory, .flags = FIELD_REQUIRED,
                 .doc = "The first tier: status, entries, utilization_percent, memory_usage."),
            JSON(struct cache_status_answer, performance, .flags = FIELD_REQUIRED,
                 .doc = "status, hit_rate in percent, total_operations, hits, misses, "
                        "cache_type, preset."),
            {.name = NULL}},
};

const struct schema cache_metrics_schema = {
    .name = "CacheMetrics",
    .size = sizeof(struct cache_metrics_answer),
    .fields =
        (const struct field[]){
            STRING(struct cache_metrics_answer, timestamp, .flags = FIELD_REQUIRED,
                   .doc = "When this was said, RFC 3339."),
            JSON(struct cache_metrics_answer, retention_hours,
                 .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                 .doc = "null: figures count since the host started."),
            NUMBER(struct cache_metrics_answer, cache_hit_rate, .flags = FIELD_REQUIRED,
                   .doc = "Percent of lookups."),
            INTEGER(struct cache_metrics_answer, total_cache_operations, .flags = FIELD_REQUIRED,
                    .max = INT64_MAX, .doc = "Lookups and stores."),
            INTEGER(struct cache_metrics_answer, hits, .flags = FIELD_REQUIRED, .max = INT64_MAX,
                    .doc = "Lookups that found an answer."),
            INTEGER(struct cache_metrics_answer, misses, .flags = FIELD_REQUIRED, .max = INT64_MAX,
                    .doc = "Lookups that found none."),
            JSON(struct cache_metrics_answer, key_generation,
                 .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "Not measured: null."),
            JSON(struct cache_metrics_answer, cache_operations,
                 .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "Counts by kind."),
            JSON(struct cache_metrics_answer, compression, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                 .doc = "Bytes before and after; null when nothing was compressed."),
            JSON(struct cache_metrics_answer, memory_usage,
                 .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "Of the first tier."),
            JSON(struct cache_metrics_answer, invalidation,
                 .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "How many there were."),
            {.name = NULL}},
};

const struct schema invalidation_stats_schema = {
    .name = "CacheInvalidationStats",
    .size = sizeof(struct invalidation_stats),
    .fields =
        (const struct field[]){
            INTEGER(struct invalidation_stats, total_invalidations, .flags = FIELD_REQUIRED,
                    .max = INT64_MAX, .doc = "Since the host started."),
            JSON(struct invalidation_stats, by_context, .flags = FIELD_REQUIRED,
                 .doc = "Counts by operation_context."),
            JSON(struct invalidation_stats, by_pattern_kind, .flags = FIELD_REQUIRED,
                 .doc = "Counts by kind of pattern: all, text, glob."),
            {.name = NULL}},
};

static const struct schema recommendation_schema = {
    .name = "CacheRecommendation",
    .size = sizeof(struct recommendation),
    .fields =
        (const struct field[]){
            STRING(struct recommendation, severity, .flags = FIELD_REQUIRED,
                   .doc = "info or warning."),
            STRING(struct recommendation, issue, .flags = FIELD_REQUIRED, .doc = "Its name."),
            STRING(struct recommendation, message, .flags = FIELD_REQUIRED, .doc = "What is so."),
            STRINGS(struct recommendation, suggestions, .flags = FIELD_REQUIRED,
                    .doc = "What to do."),
            {.name = NULL}},
};

const struct schema recommendations_schema = {
    .name = "CacheRecommendations",
    .size = sizeof(struct recommendations),
    .fields = (const struct field[]){ARRAY(struct recommendations, recommendations,
                                           &recommendation_schema, .flags = FIELD_REQUIRED,
                                           .doc = "None when all is well."),
                                     {.name = NULL}},
};

static const struct invalidation_query default_query = {"", "api_endpoint"};

const struct schema invalidation_query_schema = {
    .name = "CacheInvalidationQuery",
    .size = sizeof(struct invalidation_query),
    .initial = &default_query,
    .fields =
        (const struct field[]){
            STRING(struct invalidation_query, pattern, .max = 200, .default_json = "\"\"",
                   .doc = "Answers whose label ai_cache:op:<operation> holds this text, or fits it "
                          "as a glob, are forgotten; empty: all answers."),
            STRING(struct invalidation_query, operation_context, .max = 60,
                   .default_json = "\"api_endpoint\"", .doc = "Why, for the statistics."),
            {.name = NULL}},
};

const struct schema message_schema = {
    .name = "Message",
    .size = sizeof(struct message_answer),
    .fields = (const struct field[]){STRING(struct message_answer, message, .flags = FIELD_REQUIRED,
                                            .doc = "What was done."),
                                     {.name = NULL}},
};
