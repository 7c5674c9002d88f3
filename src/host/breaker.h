/* Circuit breakers shared by all workers: closed, open after failures, half open for one probe. */
#ifndef HEARTH_HOST_BREAKER_H
#define HEARTH_HOST_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_HALF_OPEN, BREAKER_OPEN };

struct breaker_policy {
    int64_t threshold;   /* failures in a row that open it */
    int64_t recovery_ms; /* from opening to the first probe; doubled after each probe that fails */
    int64_t probe_ms;    /* a probe that has not reported by then is given up: another may go */
    int64_t recovery_max_ms; /* how far doubling goes; 0: to a minute, or recovery_ms if longer */
};

struct breaker_view {
    char name[96];
    enum breaker_state state;
    int64_t failures;                         /* in a row */
    int64_t retry_after_ms;                   /* until a call may go, rests included; 0: now */
    int64_t rest_ms;                          /* what is left of a rest; 0: none */
    int64_t last_failure_us, last_success_us; /* time of day; 0: never */
    uint64_t successes_total, failures_total, opens_total, half_opens_total, closes_total;
    struct breaker_policy policy; /* as last used */
};

/* A breaker's cell by name, made on first use; lives as long as the host. */
struct breaker *breaker_find(struct host *host, const char *name);

enum breaker_verdict {
    BREAKER_REFUSES,
    BREAKER_ALLOWS,
    BREAKER_PROBES, /* allows, and made it half open of open just now */
};

/* Whether a call may go now. In half open exactly one caller of the host is told yes. During a rest
 * nobody is. */
enum breaker_verdict breaker_allow(struct breaker *breaker, const struct breaker_policy *policy,
                                   int64_t monotonic_us, int64_t *retry_after_ms)
    __attribute__((warn_unused_result));

/* true: this closed it just now. */
bool breaker_success(struct breaker *breaker, int64_t monotonic_us);

/* The other side answered, but not what was asked: it is well, and the call counts neither as a
 * success nor as a failure. true: this closed it just now. */
bool breaker_alive(struct breaker *breaker);

/* true: this opened it just now. */
bool breaker_failure(struct breaker *breaker, const struct breaker_policy *policy,
                     int64_t monotonic_us);

/* The other side limits us (429), which is no failure: no call goes until then (monotonic). Of
 * several rests the longest counts; a success does not end it. */
void breaker_rest(struct breaker *breaker, int64_t until_us);

/* For a call that was allowed at allowed_us and ended without telling anything of the other side:
 * where it was the probe, another may go now. */
void breaker_withdraw(struct breaker *breaker, const struct breaker_policy *policy,
                      int64_t allowed_us);

/* Closes it and ends its rest. true: it was not closed before. */
bool breaker_reset(struct breaker *breaker);

void breaker_view(struct breaker *breaker, int64_t monotonic_us, struct breaker_view *view);

/* Fills up to max views and returns how many breakers there are. */
size_t breaker_list(struct host *host, int64_t monotonic_us, struct breaker_view *views,
                    size_t max);

#endif
