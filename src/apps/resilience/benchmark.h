/* How long the parts of a configuration take to load and to decide, measured here and now. */
#ifndef HEARTH_APPS_RESILIENCE_BENCHMARK_H
#define HEARTH_APPS_RESILIENCE_BENCHMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "apps/service.h"
#include "base/arena.h"
#include "base/error.h"

enum { BENCHMARK_COUNT = 7, BENCHMARK_ROUNDS_MAX = 1000 };

struct benchmark {
    const char *name, *doc;
    int64_t rounds;      /* unless others are asked for */
    double threshold_ms; /* that the average stays under */
    bool is_slow;
};

extern const struct benchmark benchmarks[BENCHMARK_COUNT];

struct benchmark_result {
    const struct benchmark *benchmark;
    int64_t rounds, failures;
    double total_ms, average_ms, least_ms, most_ms, deviation_ms;
    int64_t memory_bytes; /* of the arena, in the greediest round */
};

/* The benchmark of this name, or NULL. */
const struct benchmark *benchmark_find(const char *name);

/* Runs so many rounds, fewer where they take two seconds, and notes the result in the journal.
 * false where nothing could be set up. Takes time: for the waiting lane. */
bool benchmark_run(const struct benchmark *benchmark, const struct service *service, int64_t rounds,
                   struct benchmark_result *result, struct error *err)
    __attribute__((warn_unused_result));

/* Every round went well, and the average is under the threshold. */
bool benchmark_passed(const struct benchmark_result *result);

#endif
