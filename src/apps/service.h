/* The process-wide parts that handlers use, made in main and const for its life. */
#ifndef HEARTH_APPS_SERVICE_H
#define HEARTH_APPS_SERVICE_H

#include <stdint.h>

#include "access/access.h"
#include "access/caller.h"
#include "ai/ai.h"
#include "base/settings.h"
#include "cache/cache.h"
#include "host/host.h"
#include "store/store.h"

struct meters;
struct route;
struct route_area;
struct route_index;
struct documents;
struct webhook;

/* What the process edge knows of itself, for /readyz. obstacle() returns why no request that waits
 * can be taken ("the worker is stopping"), or NULL when it can; any thread may call it. */
struct readiness {
    const char *(*obstacle)(const void *edge);
    const void *edge;
};

struct service {
    const struct settings *settings;
    struct host *host;
    struct cache *cache;
    struct store *store; /* NULL: there is no database */
    struct ai *ai;
    struct webhook *webhook; /* NULL: alerts are posted nowhere */
    struct access *access;
    struct meters *meters;
    const struct route *const *routes; /* apps_routes() */
    struct route_index *route_index;   /* of them: what the dispatcher matches */
    const struct route_area *areas;    /* how paths without a row are told of; NULL: as problems */
    int64_t started_us;                /* time of day */
    struct documents *documents;       /* the OpenAPI documents and pages */
    const struct readiness *readiness; /* set by the edge before its first request; NULL: none */
};

/* Opens all parts in order; false with err filled, and nothing left open, when one cannot be, or
 * when production has no API key. */
bool service_open(struct service *service, const struct settings *settings, struct error *err)
    __attribute__((warn_unused_result));
void service_close(struct service *service);

#endif
