/* How the parts of the house are, as far as is known without asking anybody: what health routes of
 * all applications tell. Cheap and never waiting. */
#ifndef HEARTH_APPS_COMPONENTS_H
#define HEARTH_APPS_COMPONENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "apps/service.h"
#include "base/arena.h"
#include "host/breaker.h"
#include "http/schema.h"

struct components {
    const char *model;  /* name of the default model; "local": none is configured */
    bool ai_configured; /* a model beside local */
    bool ai_available;  /* it may be asked now, or local is all there is */
    bool resilience;    /* no model's breaker is open */
    bool cache;         /* memcached is not known to be down, or not configured */
    bool has_database;
    bool database;    /* it is not known to be down, or there is none */
    struct list open; /* names of open breakers, const char * */
    struct list half_open;
    int64_t breakers;
    enum breaker_state worst; /* of the models' breakers */
    int64_t worst_failures;   /* in a row, of that breaker */
    int64_t last_failure_us;  /* of all of them; 0: never */
};

/* "healthy" or "degraded". */
const char *components_state(bool well);

void components_read(const struct service *service, struct arena *arena,
                     struct components *components);

#endif
