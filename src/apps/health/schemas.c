/* The rows of the health answers. */
#include "apps/health/schemas.h"

static const char *const states[] = {"healthy", "degraded", NULL};
static const char *const availabilities[] = {"available", "unavailable", NULL};

static const struct schema endpoints_schema = {
    .name = "RootEndpoints",
    .size = sizeof(struct root_endpoints),
    .fields =
        (const struct field[]){
            STRING(struct root_endpoints, health, .flags = FIELD_REQUIRED, .doc = "Health."),
            STRING(struct root_endpoints, auth, .flags = FIELD_REQUIRED, .doc = "Check of a key."),
            STRING(struct root_endpoints, text_processing, .flags = FIELD_REQUIRED,
                   .doc = "The text application."),
            STRING(struct root_endpoints, ai, .flags = FIELD_REQUIRED,
                   .doc = "The budget application."),
            {.name = NULL}},
};

const struct schema root_schema = {
    .name = "Root",
    .size = sizeof(struct root_response),
    .fields =
        (const struct field[]){
            STRING(struct root_response, message, .flags = FIELD_REQUIRED, .doc = "For people."),
            STRING(struct root_response, version, .flags = FIELD_REQUIRED,
                   .doc = "Of the interface."),
            STRING(struct root_response, docs, .flags = FIELD_REQUIRED, .doc = "Its manual."),
            STRING(struct root_response, internal_docs, .flags = FIELD_REQUIRED,
                   .doc = "The manual of the internal routes."),
            STRING(struct root_response, api_version, .flags = FIELD_REQUIRED,
                   .doc = "The first segment of paths."),
            OBJECT(struct root_response, endpoints, &endpoints_schema, .flags = FIELD_REQUIRED,
                   .doc = "Where things are."),
            {.name = NULL}},
};

static const struct schema component_states_schema = {
    .name = "ComponentStates",
    .size = sizeof(struct component_states),
    .fields =
        (const struct field[]){
            STRING(struct component_states, ai, .flags = FIELD_REQUIRED, .choices = states,
                   .doc = "Degraded while the model rests after failures."),
            STRING(struct component_states, cache, .flags = FIELD_REQUIRED, .choices = states,
                   .doc = "Degraded while memcached is down; answers then come without it."),
            STRING(struct component_states, resilience, .flags = FIELD_REQUIRED, .choices = states,
                   .doc = "Degraded while any model's breaker is open."),
            STRING(struct component_states, database, .flags = FIELD_OMITTED, .choices = states,
                   .doc = "Degraded while PostgreSQL does not answer; left out where there is "
                          "none."),
            {.name = NULL}},
};

const struct schema health_schema = {
    .name = "Health",
    .size = sizeof(struct health_response),
    .fields =
        (const struct field[]){
            STRING(struct health_response, status, .flags = FIELD_REQUIRED, .doc = "ok."),
            OBJECT(struct health_response, components, &component_states_schema,
                   .flags = FIELD_REQUIRED, .doc = "As last seen; nobody was asked."),
            {.name = NULL}},
};

const struct schema probe_schema = {
    .name = "Probe",
    .size = sizeof(struct probe_response),
    .fields = (const struct field[]){STRING(struct probe_response, status, .flags = FIELD_REQUIRED,
                                            .doc = "ok."),
                                     {.name = NULL}},
};

const struct schema ai_health_schema = {
    .name = "AiHealth",
    .size = sizeof(struct ai_health),
    .fields = (const struct field[]){STRING(struct ai_health, ai, .flags = FIELD_REQUIRED,
                                            .choices = availabilities,
                                            .doc = "Whether the model may be asked now."),
                                     STRING(struct ai_health, model, .flags = FIELD_REQUIRED,
                                            .doc = "Its name; local: no model is configured."),
                                     {.name = NULL}},
};

const struct schema versioned_health_schema = {
    .name = "HealthResponse",
    .size = sizeof(struct versioned_health),
    .fields =
        (const struct field[]){
            STRING(struct versioned_health, status, .flags = FIELD_REQUIRED, .choices = states,
                   .doc = "Degraded when one of the parts is."),
            STRING(struct versioned_health, timestamp, .flags = FIELD_REQUIRED,
                   .doc = "When this was said, RFC 3339."),
            STRING(struct versioned_health, version, .flags = FIELD_REQUIRED,
                   .doc = "Of the interface."),
            BOOLEAN(struct versioned_health, ai_model_available, .flags = FIELD_REQUIRED,
                    .doc = "Whether the model may be asked now."),
            BOOLEAN(struct versioned_health, resilience_healthy, .flags = FIELD_REQUIRED,
                    .doc = "No model's breaker is open."),
            BOOLEAN(struct versioned_health, cache_healthy, .flags = FIELD_REQUIRED,
                    .doc = "memcached is not known to be down."),
            BOOLEAN(struct versioned_health, database_healthy, .flags = FIELD_OMITTED,
                    PRESENT(struct versioned_health, has_database_healthy),
                    .doc = "PostgreSQL is not known to be down; left out where there is none."),
            {.name = NULL}},
};

const struct schema components_health_schema = {
    .name = "ComponentsHealth",
    .size = sizeof(struct components_health),
    .fields =
        (const struct field[]){
            STRING(struct components_health, status, .flags = FIELD_REQUIRED, .choices = states,
                   .doc = "Degraded when one of the parts is."),
            STRING(struct components_health, timestamp, .flags = FIELD_REQUIRED,
                   .doc = "When this was said, RFC 3339."),
            STRING(struct components_health, model, .flags = FIELD_REQUIRED,
                   .doc = "The default model."),
            OBJECT(struct components_health, components, &component_states_schema,
                   .flags = FIELD_REQUIRED, .doc = "Each part."),
            {.name = NULL}},
};
