/* An application is a table: routes and operations over the platform. */
#ifndef HEARTH_APPS_APP_H
#define HEARTH_APPS_APP_H

#include "ai/operation.h"
#include "http/route.h"

/* Of the interface that all of them make up. */
#define API_VERSION "1.0.0"

struct app {
    const char *name;
    const struct route *routes;                /* ended by a row without a pattern */
    const struct operation *const *operations; /* NULL-terminated, or NULL */
};

extern const struct app accounts_app, text_app, budget_app, gateway_app, internal_app,
    resilience_app, resilience_seeing_app, health_app, docs_app, sessions_app, keys_app, audit_app,
    usage_app, google_app, wallet_app, session_tokens_app;

/* All of them, NULL-terminated. */
extern const struct app *const apps[];

/* The route tables of all apps, NULL-terminated, as route_index_new() wants them. */
const struct route *const *apps_routes(void);

/* Where clients of the gateway's dialects ask, ended by one without a path. */
extern const struct route_area gateway_areas[];

/* The names of all operations, NULL-terminated. */
const char *const *apps_operation_names(void);

#endif
