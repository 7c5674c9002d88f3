/* ai_run(): the order in which a call is answered. */
#include "ai/ai.h"

#include "ai/run.h"
#include "base/clock.h"
#include "host/metrics.h"

static const char *
outcome(const struct receipt *receipt, const struct error *err)
{
    static const char *const states[] = {
        [CACHE_STATE_HIT] = "hit",
        [CACHE_STATE_COALESCED] = "coalesced",
        [CACHE_STATE_STALE] = "stale",
    };
    if (err)
        return error_info(err->code)->name;
    if (receipt->cache > CACHE_STATE_MISS)
        return states[receipt->cache];
    return receipt->degraded ? "degraded" : "answered";
}

static void
count_call(const struct run *run, int64_t started_us, const struct error *err)
{
    char labels[METRIC_LABELS_MAX];
    snprintf(labels, sizeof(labels), "operation=\"%s\",outcome=\"%s\"", run->operation->name,
             outcome(run->receipt, err));
    metrics_add(run->ai->host, METRIC_AI_CALLS, labels, 1);
    if (run->receipt->cache == CACHE_STATE_HIT)
        return;
    snprintf(labels, sizeof(labels), "operation=\"%s\"", run->operation->name);
    histogram_observe(metrics_histogram(run->ai->host, METRIC_AI_DURATION, labels),
                      clock_monotonic_us() - started_us);
}

static const void *
make_answer(struct run *run, struct error *err)
{
    const void *output = NULL;
    if (!answers_join(run, &output, err) || output)
        return output;
    output = chain_answer(run, err);
    if (output && run->receipt->cache != CACHE_STATE_STALE)
        answers_store(run, output);
    answers_leave(run);
    return output;
}

/* A cached answer brings the guard's flags of its input, so a hit is not screened again, only
 * judged. NULL with ERROR_WOULD_WAIT on the front lane leaves no trace: the call comes again. */
static const void *
answer(struct run *run, struct error *err)
{
    answers_prepare(run);
    if (run->request->may_wait)
        return screen_input(run, err) && screen_verdict(run, err) ? make_answer(run, err) : NULL;
    const void *output = answers_find(run, false, CACHE_STATE_HIT);
    if (!output) {
        error_set(err, ERROR_WOULD_WAIT, "the answer is not at hand");
        return NULL;
    }
    return screen_verdict(run, err) ? output : NULL;
}

const void *
ai_run(struct ai *ai, struct request *request, struct arena *arena, const struct ai_call *call,
       struct receipt *receipt, struct error *err)
{
    int64_t started_us = clock_monotonic_us();
    *receipt = (struct receipt){.tokens_input = -1, .tokens_output = -1};
    struct run run = {
        .ai = ai,
        .request = request,
        .arena = arena,
        .call = call,
        .operation = call->operation,
        .model =
            call->model ? settings_model(ai->settings, call->model) : ai->settings->default_model,
        .policy = strategy_of(ai->strategies, call->operation),
        .receipt = receipt,
    };
    if (!run.model) {
        error_set(err, ERROR_INVALID_REQUEST, "no model \"%s\" is configured", call->model);
        return NULL;
    }
    const void *output = answer(&run, err);
    if (output || err->code != ERROR_WOULD_WAIT)
        count_call(&run, started_us, output ? NULL : err);
    return output;
}
