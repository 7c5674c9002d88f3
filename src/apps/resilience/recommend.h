/* Which preset suits an environment: by its name, or by what the process finds around it. */
#ifndef HEARTH_APPS_RESILIENCE_RECOMMEND_H
#define HEARTH_APPS_RESILIENCE_RECOMMEND_H

#include "base/arena.h"
#include "base/settings.h"

struct recommendation {
    const char *environment; /* what it was taken for */
    const char *preset;
    double confidence; /* 0 to 1 */
    const char *reasoning;
};

/* For an environment by its name, in any case: "prod", "staging-eu", "dev". */
void recommend_named(const char *environment, struct arena *arena, struct recommendation *out);

#define RECOMMEND_METHOD "environment variables, settings and the host's name"

/* For where this process runs: by ENVIRONMENT, the variables that frameworks use, DEBUG, and the
 * name of the host. variables is like environ(7). */
void recommend_detected(const struct settings *settings, char *const *variables, const char *host,
                        struct arena *arena, struct recommendation *out);

#endif
