/* The chain of an answer: the model asked for, its fallbacks, an old answer, the local way. */
#include <string.h>

#include "ai/run.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "host/limit.h"
#include "host/metrics.h"

enum { SHOWN_ANSWER_CHARACTERS = 2000, RETRY_AFTER_S = 5 };

/* The same question with what was wrong with the answer to it. */
static void
build_repair(struct run *run, struct prompt *prompt, const struct chat_choice *choice,
             const char *complaint)
{
    char labels[METRIC_LABELS_MAX];
    snprintf(labels, sizeof(labels), "operation=\"%s\"", run->operation->name);
    metrics_add(run->ai->host, METRIC_AI_REPAIRS, labels, 1);
    if (choice->finish == CHAT_FINISH_LENGTH) {
        /* Models that think first spend the tokens of a short answer on their thoughts. */
        prompt->max_tokens = 0;
        return;
    }
    /* An answer that repeats the marker could close the block it would be shown in. */
    if (!strstr(choice->text, prompt->marker)) {
        size_t shown = utf8_prefix(choice->text, strlen(choice->text), SHOWN_ANSWER_CHARACTERS);
        prompt_data(prompt, "earlier answer", arena_strndup(run->arena, choice->text, shown));
    }
    prompt_task(prompt,
                "The earlier answer could not be used: %s. Answer the task again, completely and "
                "in the form asked for.",
                complaint);
}

/* One model's answer, asked for once more where it cannot be used. */
static const void *
ask_model(struct run *run, const struct model_settings *model, struct provider_failure *failure)
{
    struct prompt prompt;
    prompt_init(&prompt, run->arena);
    run->operation->build(run->call->input, &prompt, run->arena);
    int64_t deadline_ms = clock_monotonic_ms() + run->policy->budget_ms;
    for (int repairs = run->operation->repairable ? 1 : 0;; repairs--) {
        struct chat_answer answer;
        if (!attempt_model(run, model, &prompt, deadline_ms, &answer, failure))
            return NULL;
        const struct chat_choice *choice = answer.choices.items;
        *failure = (struct provider_failure){.class = FAULT_PERMANENT, .retry_after_ms = -1};
        const void *output = judge_answer(run, &prompt, choice, &failure->error);
        if (output) {
            run->receipt->model = model->name;
            return output;
        }
        if (failure->error.code == ERROR_CONTENT_REFUSED)
            failure->class = FAULT_REFUSED;
        if (failure->error.code != ERROR_UPSTREAM_INVALID || repairs == 0)
            return NULL;
        build_repair(run, &prompt, choice, failure->error.detail);
    }
}

static void
log_failure(const struct run *run, const struct model_settings *model, const struct error *err)
{
    log_line(LOG_LEVEL_WARNING, "model failed", LOG_TEXT("request_id", run->request->id),
             LOG_TEXT("operation", run->operation->name), LOG_TEXT("model", model->name),
             LOG_TEXT("code", error_info(err->code)->name), LOG_TEXT("detail", err->detail));
}

/* A refused key fails every call until somebody mends it: said once a minute, it is not lost among
 * the lines of those calls. */
static void
log_refused_key(const struct run *run, const struct model_settings *model)
{
    struct limit_state ignored;
    const char *bucket = arena_printf(run->arena, "key refused:%s", model->name);
    if (limit_take(run->ai->host, bucket, (struct rate){1, 60}, clock_monotonic_us(), &ignored))
        log_line(LOG_LEVEL_WARNING, "the provider refused our key", LOG_TEXT("model", model->name),
                 LOG_TEXT("provider", model->provider->name),
                 LOG_TEXT("request_id", run->request->id));
}

/* Whether no other model may be asked. */
static bool
is_final(const struct provider_failure *failure)
{
    return failure->class == FAULT_REFUSED || failure->class == FAULT_TOO_LONG ||
           failure->class == FAULT_CALLER;
}

/* Asks the models in turn. failure is left as what a person can act on: the last one that was not
 * merely a breaker's. */
static const void *
ask_models(struct run *run, struct provider_failure *failure)
{
    const struct model_settings *model = run->model;
    for (size_t i = 0; model; model = run->model->fallbacks[i++]) {
        if (model->provider->kind == PROVIDER_LOCAL)
            continue;
        struct provider_failure latest = {.retry_after_ms = -1};
        const void *output = ask_model(run, model, &latest);
        if (output)
            return output;
        bool ends = is_final(&latest);
        if (latest.key_refused)
            log_refused_key(run, model);
        else if (!ends)
            log_failure(run, model, &latest.error);
        if (ends || failure->error.code == ERROR_NONE || latest.error.code != ERROR_CIRCUIT_OPEN)
            *failure = latest;
        if (ends)
            return NULL;
    }
    return NULL;
}

static const void *
answer_locally(struct run *run, struct error *err)
{
    const void *output = run->operation->local(run->call->input, run->arena, err);
    if (output)
        run->receipt->model = "local";
    return output;
}

/* What the caller is told when nothing answered. */
static void
explain(const struct run *run, const struct error *failure, struct error *err)
{
    *err = *failure;
    if (error_info(err->code)->retryable && err->retry_after_s == 0)
        err->retry_after_s = RETRY_AFTER_S;
    if (run->receipt->attempts < 2)
        return;
    size_t length = strlen(err->detail);
    snprintf(err->detail + length, sizeof(err->detail) - length, " (after %lld attempts)",
             (long long)run->receipt->attempts);
}

const void *
chain_answer(struct run *run, struct error *err)
{
    bool is_local = run->model->provider->kind == PROVIDER_LOCAL;
    if (is_local && !run->operation->local) {
        error_set(err, ERROR_UNAVAILABLE, "no model is configured, and this needs one");
        return NULL;
    }
    if (is_local)
        return answer_locally(run, err);
    struct provider_failure failure = {.retry_after_ms = -1};
    const void *output = ask_models(run, &failure);
    if (output)
        return output;
    if (is_final(&failure)) {
        *err = failure.error;
        return NULL;
    }
    output = answers_stale(run);
    if (!output && run->operation->local) {
        output = answer_locally(run, err);
        run->receipt->degraded = output;
    }
    /* That the models failed says more than why the local way did. */
    if (!output)
        explain(run, &failure.error, err);
    return output;
}
