/* What metrics.c and metrics_text.c both know; private to src/host. */
#ifndef HEARTH_HOST_METRICS_TABLE_H
#define HEARTH_HOST_METRICS_TABLE_H

#include "host/metrics.h"
#include "host/shared.h"

enum metric_type { METRIC_TYPE_COUNTER, METRIC_TYPE_GAUGE, METRIC_TYPE_HISTOGRAM };

/* The upper bounds of all buckets but the last, as numbers and as Prometheus writes them. */
struct histogram_bound {
    int64_t microseconds;
    const char *seconds;
};
extern const struct histogram_bound histogram_bounds[HISTOGRAM_BUCKETS - 1];

struct name_table metrics_series_table(struct host *host);
struct name_table metrics_histogram_table(struct host *host);

#endif
