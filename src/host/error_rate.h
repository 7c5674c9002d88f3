/* The share of answers of the last minute, over all workers, that failed on our side (5xx). */
#ifndef HEARTH_HOST_ERROR_RATE_H
#define HEARTH_HOST_ERROR_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

struct error_rate {
    int64_t answers, errors; /* in the last minute */
};

/* Counts an answer. Where errors are more than percent of at least 20 answers, an alert
 * "error_rate" is raised, at most once a minute; percent 0: never. */
void error_rate_count(struct host *host, bool is_error, int64_t percent, int64_t monotonic_us);

struct error_rate error_rate_now(struct host *host, int64_t monotonic_us);

#endif
