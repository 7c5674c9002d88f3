/* The process-wide parts that handlers use, made in main and const for its life. */
#ifndef HEARTH_APPS_SERVICE_H
#define HEARTH_APPS_SERVICE_H

#include <stdint.h>

#include "access/caller.h"
#include "ai/ai.h"
#include "base/settings.h"
#include "cache/cache.h"
#include "host/host.h"

struct service {
    const struct settings *settings;
    struct host *host;
    struct cache *cache;
    struct ai *ai;
    struct keyring *keyring;
    int64_t started_us;          /* time of day */
    struct documents *documents; /* the OpenAPI documents and pages, made once at start */
};

/* Opens all parts in order; false with err filled when one cannot be. */
bool service_open(struct service *service, const struct settings *settings, struct error *err)
    __attribute__((warn_unused_result));
void service_close(struct service *service);

#endif
