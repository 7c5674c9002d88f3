/* What the health routes answer. */
#ifndef HEARTH_APPS_HEALTH_SCHEMAS_H
#define HEARTH_APPS_HEALTH_SCHEMAS_H

#include <stdbool.h>

#include "http/schema.h"

struct root_endpoints {
    const char *health, *auth, *text_processing, *ai;
};

struct root_response {
    const char *message, *version, *docs, *internal_docs, *api_version;
    struct root_endpoints *endpoints;
};

struct component_states {
    const char *ai, *cache, *resilience, *database;
};

struct health_response {
    const char *status;
    struct component_states *components;
};

struct probe_response {
    const char *status;
};

struct ai_health {
    const char *ai, *model;
};

struct versioned_health {
    const char *status, *timestamp, *version;
    bool ai_model_available, resilience_healthy, cache_healthy, database_healthy;
    bool has_database_healthy;
};

struct components_health {
    const char *status, *timestamp, *model;
    struct component_states *components;
};

extern const struct schema root_schema, health_schema, probe_schema, ai_health_schema,
    versioned_health_schema, components_health_schema;

#endif
