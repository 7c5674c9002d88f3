/* All applications. */
#include "apps/app.h"

#include <pthread.h>
#include <stddef.h>

const struct app *const apps[] = {
    &accounts_app,
    &text_app,
    &budget_app,
    &gateway_app,
    &internal_app,
    &resilience_app,
    &resilience_seeing_app,
    &health_app,
    &docs_app,
    &sessions_app,
    &keys_app,
    &audit_app,
    &usage_app,
    &google_app,
    &wallet_app,
    &session_tokens_app,
    NULL,
};

enum { OPERATIONS_MAX = 64 };

/* The rows of other files are no constants for the compiler, so these are put together once. */
static const struct route *routes[sizeof(apps) / sizeof(apps[0])];
static const char *operation_names[OPERATIONS_MAX + 1];
static pthread_once_t collected = PTHREAD_ONCE_INIT;

static void
collect(void)
{
    size_t names = 0;
    for (size_t i = 0; apps[i]; i++) {
        routes[i] = apps[i]->routes;
        const struct operation *const *operation = apps[i]->operations;
        for (; operation && *operation && names < OPERATIONS_MAX; operation++)
            operation_names[names++] = (*operation)->name;
    }
}

const struct route *const *
apps_routes(void)
{
    pthread_once(&collected, collect);
    return routes;
}

const char *const *
apps_operation_names(void)
{
    pthread_once(&collected, collect);
    return operation_names;
}
