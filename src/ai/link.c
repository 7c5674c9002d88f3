/* Passing through a model: a permit first, for that may take a while; then the breaker, whose probe
 * is one call's; then the pace, of which nothing is taken for a call that does not go. */
#include "ai/link.h"

#include "ai/attempt.h"
#include "ai/run.h"
#include "base/clock.h"
#include "host/alert.h"
#include "host/metrics.h"
#include "host/pace.h"

enum {
    PERMIT_TTL_MS = 10000,
    PERMIT_RENEW_MS = 1000,
    WAIT_SLICE_MS = 250,
    PROBE_GRACE_MS = 5000,
    REST_MAX_MS = 300000,
};

void
link_init(struct link *link, struct ask *ask, const struct model_settings *model)
{
    struct upstream_clocks clocks = attempt_clocks(ask, model);
    *link = (struct link){
        .ask = ask,
        .model = model,
        .breaker = breaker_find(ask->ai->host, model->name),
        .policy = ask->policy->breaker,
    };
    link->policy.probe_ms = clocks.total_ms + PROBE_GRACE_MS;
}

static bool
refuse(struct provider_failure *failure, enum provider_fault_class class, enum error_code code,
       int64_t retry_after_ms, const char *detail, const char *model)
{
    *failure = (struct provider_failure){.class = class, .retry_after_ms = retry_after_ms};
    return error_set_retry(&failure->error, code, (int)((retry_after_ms + 999) / 1000), detail,
                           model);
}

static bool
enter_queue(struct link *link, int64_t deadline_ms, struct provider_failure *failure)
{
    const struct model_settings *model = link->model;
    struct host *host = link->ask->ai->host;
    if (model->concurrency <= 0)
        return true;
    while (!permit_take(host, model->name, model->concurrency, PERMIT_TTL_MS, &link->permit)) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            return refuse(failure, FAULT_LIMITED, ERROR_OVERLOADED, 1000,
                          "model \"%s\" has as many calls at once as it may", model->name);
        int64_t started_us = clock_monotonic_us();
        permit_wait(host, model->name, left_ms < WAIT_SLICE_MS ? left_ms : WAIT_SLICE_MS);
        link->ask->receipt->paused_us += clock_monotonic_us() - started_us;
        if (!ask_goes_on(link->ask))
            return provider_fail(failure, ERROR_CLIENT_CLOSED, "the client left");
    }
    link->renewed_ms = clock_monotonic_ms();
    return true;
}

/* The breaker is the host's; that this ask changed it is told of its operation. */
static void
count_change(const struct link *link, const char *state)
{
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "operation", link->ask->operation, "state", state);
    metrics_add(link->ask->ai->host, METRIC_AI_BREAKER_CHANGES, labels, 1);
}

static bool
pass_breaker(struct link *link, struct provider_failure *failure)
{
    int64_t retry_ms = 0;
    link->allowed_us = clock_monotonic_us();
    enum breaker_verdict verdict =
        breaker_allow(link->breaker, &link->policy, link->allowed_us, &retry_ms);
    if (verdict == BREAKER_PROBES)
        count_change(link, "half_open");
    if (verdict != BREAKER_REFUSES)
        return true;
    struct breaker_view view;
    breaker_view(link->breaker, link->allowed_us, &view);
    if (view.rest_ms > 0)
        return refuse(failure, FAULT_LIMITED, ERROR_PROVIDER_RATE_LIMITED, retry_ms,
                      "model \"%s\" rests, as its provider asked", link->model->name);
    return refuse(failure, FAULT_PERMANENT, ERROR_CIRCUIT_OPEN, retry_ms,
                  "model \"%s\" rests after failures", link->model->name);
}

static bool
keep_pace(struct link *link, int64_t deadline_ms, struct provider_failure *failure)
{
    const struct model_settings *model = link->model;
    const struct pace_limits limits = {model->requests_per_minute, model->tokens_per_minute};
    int64_t wait_ms = 0;
    while (!pace_take(link->ask->ai->host, model->name, &limits, link->ask->tokens,
                      clock_monotonic_us(), &wait_ms)) {
        if (clock_monotonic_ms() + wait_ms > deadline_ms)
            return refuse(failure, FAULT_LIMITED, ERROR_PROVIDER_RATE_LIMITED, wait_ms,
                          "model \"%s\" is asked as often as its provider allows", model->name);
        /* In pieces, so that the permit is kept meanwhile. */
        if (!attempt_wait(link->ask, wait_ms < PERMIT_RENEW_MS ? wait_ms : PERMIT_RENEW_MS))
            return provider_fail(failure, ERROR_CLIENT_CLOSED, "the client left");
        link_renew(link);
    }
    link->paced_us = clock_monotonic_us();
    return true;
}

bool
link_enter(struct link *link, struct provider_failure *failure)
{
    int64_t deadline_ms = clock_monotonic_ms() + link->model->queue_timeout_ms;
    if (deadline_ms > link->deadline_ms)
        deadline_ms = link->deadline_ms;
    if (!enter_queue(link, deadline_ms, failure))
        return false;
    bool passed = pass_breaker(link, failure);
    if (passed && keep_pace(link, deadline_ms, failure))
        return true;
    if (passed)
        breaker_withdraw(link->breaker, &link->policy, link->allowed_us);
    permit_release(&link->permit);
    return false;
}

void
link_renew(struct link *link)
{
    int64_t now_ms = clock_monotonic_ms();
    if (link->permit.ticket == 0 || now_ms - link->renewed_ms < PERMIT_RENEW_MS)
        return;
    (void)permit_renew(&link->permit, PERMIT_TTL_MS);
    link->renewed_ms = now_ms;
}

static void
tell_of_opening(const struct link *link, const struct provider_failure *failure)
{
    const char *name = link->model->name;
    struct breaker_view view;
    breaker_view(link->breaker, clock_monotonic_us(), &view);
    count_change(link, "open");
    const struct alert alert = {.level = JOURNAL_ERROR,
                                .kind = "breaker_open",
                                .subject = name,
                                .actual_hundredths = view.failures * 100,
                                .threshold_hundredths = link->policy.threshold * 100};
    alert_raise(link->ask->ai->host, &alert, "model \"%s\" rests after failures: %s", name,
                failure->error.detail);
}

static void
learn(struct link *link, const struct provider_failure *failure)
{
    struct host *host = link->ask->ai->host;
    const char *name = link->model->name;
    enum provider_fault_class class = failure ? failure->class : FAULT_NONE;
    int64_t now_us = clock_monotonic_us();
    if (class == FAULT_CALLER) {
        breaker_withdraw(link->breaker, &link->policy, link->allowed_us);
    } else if (class == FAULT_TRANSIENT || class == FAULT_SILENT) {
        if (breaker_failure(link->breaker, &link->policy, now_us))
            tell_of_opening(link, failure);
    } else if (failure ? breaker_alive(link->breaker) : breaker_success(link->breaker, now_us)) {
        count_change(link, "closed");
        alert_raise(
            host, &(struct alert){.level = JOURNAL_INFO, .kind = "breaker_closed", .subject = name},
            "model \"%s\" answers again", name);
    }
}

void
link_leave(struct link *link, const struct provider_failure *failure, int64_t tokens)
{
    learn(link, failure);
    permit_release(&link->permit);
    if (link->model->tokens_per_minute <= 0)
        return;
    /* An attempt that tells of no tokens keeps what was foreseen, unless it got no answer. */
    int64_t foreseen = link->ask->tokens;
    int64_t taken = tokens >= 0 ? tokens : failure ? 0 : foreseen;
    pace_settle(link->ask->ai->host, link->model->name, taken - foreseen, link->paced_us,
                clock_monotonic_us());
}

void
link_rest(struct link *link, int64_t rest_ms)
{
    int64_t bounded_ms = rest_ms < REST_MAX_MS ? rest_ms : REST_MAX_MS;
    if (bounded_ms > 0)
        breaker_rest(link->breaker, clock_monotonic_us() + bounded_ms * 1000);
}
