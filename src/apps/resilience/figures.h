/* What is known of operations and models: calls, failures, retries and how their breakers changed,
 * over all workers of the host, since the figures were last reset. */
#ifndef HEARTH_APPS_RESILIENCE_FIGURES_H
#define HEARTH_APPS_RESILIENCE_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/service.h"
#include "base/arena.h"
#include "host/breaker.h"

/* Calls that no model was needed for (cached answers) and calls that the caller is to blame for
 * are in none of them. */
struct figures {
    const char *name; /* of the operation or model */
    int64_t total_calls, successful_calls, failed_calls;
    int64_t retry_attempts;
    int64_t breaker_opens, breaker_half_opens, breaker_closes;
    int64_t last_failure_us, last_success_us; /* time of day; 0: never since the reset */
};

/* A model that has a breaker: any but the local ones. */
struct model_figures {
    struct figures figures;
    struct breaker_view breaker; /* its policy filled in where it was never used */
};

struct figures_report {
    struct figures *operations; /* those of the applications, and every other that was called */
    size_t operation_count;
    struct model_figures *models; /* in the order of the settings */
    size_t model_count;
};

void figures_read(const struct service *service, struct arena *arena,
                  struct figures_report *report);

/* NULL where there is none of this name. */
const struct figures *figures_operation(const struct figures_report *report, const char *name);
const struct model_figures *figures_model(const struct figures_report *report, const char *name);

/* All names, "a, b, c", for people who asked for another. */
const char *figures_operation_names(const struct figures_report *report, struct arena *arena);
const char *figures_model_names(const struct figures_report *report, struct arena *arena);

/* Lets the figures of an operation begin anew, or all of them, those of models too, for NULL. The
 * counters that /metrics shows go on. */
void figures_reset(const struct service *service, struct arena *arena, const char *operation);

#endif
