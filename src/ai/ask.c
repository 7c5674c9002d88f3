/* The chain: which model is asked next, and which failure is told in the end. */
#include "ai/ask.h"

#include <string.h>

#include "ai/attempt.h"
#include "ai/run.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/limit.h"
#include "host/metrics.h"

enum { RETRY_AFTER_S = 5, KEY_LOG_S = 60 };

bool
ask_goes_on(struct ask *ask)
{
    if (ask->question->tick && !ask->question->tick(ask))
        return false;
    return !request_client_gone(ask->request);
}

static void
count_tokens(const struct ask *ask, const struct model_settings *model, const char *direction,
             int64_t tokens, int64_t *sum)
{
    if (tokens < 0)
        return;
    *sum = (*sum > 0 ? *sum : 0) + tokens;
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "model", model->name, "direction", direction);
    metrics_add(ask->ai->host, METRIC_AI_TOKENS, labels, (uint64_t)tokens);
}

void
ask_count_tokens(struct ask *ask, const struct model_settings *model,
                 const struct chat_usage *usage)
{
    count_tokens(ask, model, "input", usage->input, &ask->receipt->tokens_input);
    count_tokens(ask, model, "output", usage->output, &ask->receipt->tokens_output);
}

void
ask_count_usage(struct ask *ask, const struct model_settings *model, const struct chat_usage *usage,
                size_t made_bytes)
{
    ask_count_tokens(ask, model, usage);
    bill_add(ask, model, &(struct bill_item){usage, made_bytes, .whole = true});
}

/* How much a failure tells a person of what to do: the one that tells most is told. */
static int
weight(const struct provider_failure *failure)
{
    static const int weights[] = {
        [FAULT_NONE] = 0,    [FAULT_REQUEST] = 1,   [FAULT_TOO_LONG] = 2, [FAULT_PERMANENT] = 4,
        [FAULT_SILENT] = 5,  [FAULT_TRANSIENT] = 5, [FAULT_UNUSABLE] = 5, [FAULT_LIMITED] = 6,
        [FAULT_REFUSED] = 7, [FAULT_CALLER] = 7,
    };
    return failure->error.code == ERROR_CIRCUIT_OPEN ? 3 : weights[failure->class];
}

/* The next model of the chain from position *at on; one with more room where that is what failed.
 */
static const struct model_settings *
next_model(const struct ask *ask, size_t *at, const struct model_settings *last,
           const struct provider_failure *failure)
{
    while (ask->model->fallbacks[*at]) {
        const struct model_settings *model = ask->model->fallbacks[(*at)++];
        if (model->provider->kind == PROVIDER_LOCAL)
            continue;
        if (!failure || failure->class != FAULT_TOO_LONG ||
            model->context_tokens > last->context_tokens)
            return model;
    }
    return NULL;
}

static void
log_failure(const struct ask *ask, const struct model_settings *model,
            const struct provider_failure *failure)
{
    const struct error *err = &failure->error;
    const char *detail = failure->loggable ? failure->loggable : err->detail;
    log_line(LOG_LEVEL_WARNING, "model failed", LOG_TEXT("request_id", ask->request->id),
             LOG_TEXT("operation", ask->operation), LOG_TEXT("model", model->name),
             LOG_TEXT("code", error_info(err->code)->name), LOG_TEXT("detail", detail));
}

/* A refused key fails every call until somebody mends it: said once a minute, it is not lost among
 * the lines of those calls. */
static void
log_refused_key(const struct ask *ask, const struct model_settings *model)
{
    struct limit_state ignored;
    const char *bucket = arena_printf(ask->arena, "key refused:%s", model->name);
    if (limit_take(ask->ai->host, bucket, (struct rate){1, KEY_LOG_S}, clock_monotonic_us(),
                   &ignored))
        log_line(LOG_LEVEL_WARNING, "the provider refused our key", LOG_TEXT("model", model->name),
                 LOG_TEXT("provider", model->provider->name),
                 LOG_TEXT("request_id", ask->request->id));
}

static bool
is_limited(const struct provider_failure *failure)
{
    return failure->class == FAULT_LIMITED || failure->error.code == ERROR_CIRCUIT_OPEN;
}

static void
note_limit(struct ask *ask, const struct provider_failure *failure)
{
    if (!is_limited(failure) || failure->lasting)
        return;
    int wait_s = failure->error.retry_after_s > 0 ? failure->error.retry_after_s : RETRY_AFTER_S;
    if (ask->soonest_s == 0 || wait_s < ask->soonest_s)
        ask->soonest_s = wait_s;
}

static void
explain(struct ask *ask, struct provider_failure *failure)
{
    struct error *err = &failure->error;
    err->lasting = ask->all_lasting;
    if (is_limited(failure) && ask->soonest_s > 0)
        err->retry_after_s = ask->soonest_s;
    if (error_info(err->code)->retryable && !err->lasting && err->retry_after_s == 0)
        err->retry_after_s = RETRY_AFTER_S;
    err->retried = ask->receipt->attempts > 1;
    if (ask->noted_count == 0)
        return;
    struct error_attempt *attempts = arena_array(ask->arena, ask->noted_count, sizeof(*attempts));
    memcpy(attempts, ask->noted, ask->noted_count * sizeof(*attempts));
    err->attempts = attempts;
    err->attempt_count = ask->noted_count;
}

static bool
ask_chain(struct ask *ask, struct provider_failure *failure)
{
    const struct model_settings *model = ask->model;
    size_t at = 0;
    while (model) {
        struct provider_failure latest = {.retry_after_ms = -1};
        size_t after = at;
        bool others = next_model(ask, &after, model, NULL);
        enum ask_verdict verdict = attempt_model(ask, model, others, &latest);
        if (verdict == ASK_TAKEN) {
            ask->receipt->model = model->name;
            return true;
        }
        bool final =
            verdict == ASK_FINAL || latest.class == FAULT_REFUSED || latest.class == FAULT_CALLER;
        if (latest.key_refused)
            log_refused_key(ask, model);
        else if (latest.class != FAULT_CALLER)
            log_failure(ask, model, &latest);
        ask->all_lasting = ask->all_lasting && latest.lasting;
        note_limit(ask, &latest);
        if (final || weight(&latest) >= weight(failure))
            *failure = latest;
        if (final)
            return false;
        model = next_model(ask, &at, model, &latest);
    }
    return false;
}

bool
ask_models(struct ask *ask, struct provider_failure *failure)
{
    *failure = (struct provider_failure){.retry_after_ms = -1};
    ask->all_lasting = true;
    ask->soonest_s = 0;
    bool taken = ask_chain(ask, failure);
    arena_release(&ask->scratch);
    bill_close(ask, taken ? NULL : &failure->error);
    if (!taken)
        explain(ask, failure);
    return taken;
}
