/* Attempts at one model: each is allowed by its breaker, bounded in time, and repeated only where
 * that can help. */
#include <poll.h>
#include <string.h>

#include "ai/run.h"
#include "base/clock.h"
#include "base/id.h"
#include "host/breaker.h"
#include "host/limit.h"
#include "host/metrics.h"

enum {
    DEFAULT_CONNECT_MS = 5000,
    FIRST_TOKEN_MS = 20000,
    GAP_MS = 15000,
    PAUSE_SLICE_MS = 250,
    PROBE_GRACE_MS = 5000
};

static int64_t
least(int64_t first, int64_t second)
{
    return first < second ? first : second;
}

static struct breaker_policy
breaker_policy_of(const struct run *run, const struct model_settings *model)
{
    struct breaker_policy policy = run->policy->breaker;
    int64_t total_ms =
        model->total_timeout_ms > 0 ? model->total_timeout_ms : run->policy->budget_ms;
    policy.probe_ms = least(total_ms, run->policy->budget_ms) + PROBE_GRACE_MS;
    return policy;
}

static bool
build_request(const struct run *run, const struct model_settings *model,
              const struct prompt *prompt, struct provider_request *request,
              struct provider_failure *failure)
{
    const struct operation *operation = run->operation;
    const struct schema *answer = operation->answer ? operation->answer : operation->output;
    struct chat chat;
    chat_init(&chat);
    chat_add_text(&chat, run->arena, CHAT_SYSTEM, prompt->system.data);
    chat_add_text(&chat, run->arena, CHAT_USER, prompt->user.data);
    chat.max_tokens = prompt->max_tokens;
    chat.temperature =
        prompt->temperature >= 0 ? prompt->temperature : run->ai->settings->ai_temperature;
    if (operation->kind == ANSWER_JSON) {
        chat.format = CHAT_FORMAT_SCHEMA;
        chat.answer = answer;
    }
    const struct provider *provider = provider_of(model->provider->kind);
    if (!provider->build_chat(&chat, model, run->arena, request, &failure->error)) {
        failure->class = FAULT_REQUEST;
        return false;
    }
    if (!run->request->traceparent[0])
        return true;
    char *span = arena_alloc(run->arena, TRACEPARENT_BYTES);
    traceparent_child(span, run->request->traceparent);
    provider_add_header(request, "traceparent", span);
    return true;
}

static bool
ask_once(struct run *run, const struct model_settings *model,
         const struct provider_request *request, int64_t total_ms, struct chat_answer *answer,
         struct provider_failure *failure)
{
    const struct provider *provider = provider_of(model->provider->kind);
    const struct upstream_call call = {
        .request = request,
        .clocks = {.connect_ms = model->connect_timeout_ms > 0 ? model->connect_timeout_ms
                                                               : DEFAULT_CONNECT_MS,
                   .headers_ms =
                       model->headers_timeout_ms > 0 ? model->headers_timeout_ms : total_ms,
                   .first_token_ms = FIRST_TOKEN_MS,
                   .gap_ms = GAP_MS,
                   .total_ms = total_ms},
        .goes_on = run_goes_on,
        .client_descriptor = -1,
        .context = run,
    };
    struct upstream_answer bytes;
    int64_t started_us = clock_monotonic_us();
    bool answered = upstream_send(run->ai->upstream, &call, run->arena, &bytes, failure);
    int64_t spent_us = clock_monotonic_us() - started_us;
    run->receipt->upstream_us += spent_us;
    __atomic_fetch_add(&run->request->timing.upstream_us, spent_us, __ATOMIC_RELAXED);
    if (!answered)
        return false;
    if (bytes.head.status == 200)
        return provider_parse(provider, bytes.body, bytes.length, run->arena, NULL, answer,
                              failure) &&
               judge_ending(answer, failure);
    provider_classify(provider, &bytes.head, bytes.body, bytes.length,
                      clock_realtime_us() / 1000000, run->arena, failure);
    return false;
}

static void
count_tokens(const struct run *run, const struct model_settings *model, const char *direction,
             int64_t tokens, int64_t *sum)
{
    if (tokens < 0)
        return;
    *sum = (*sum > 0 ? *sum : 0) + tokens;
    char labels[METRIC_LABELS_MAX];
    snprintf(labels, sizeof(labels), "model=\"%s\",direction=\"%s\"", model->name, direction);
    metrics_add(run->ai->host, METRIC_AI_TOKENS, labels, (uint64_t)tokens);
}

/* A model as attempts see it. */
struct target {
    const struct model_settings *model;
    struct breaker *breaker;
    struct breaker_policy policy;
    int64_t allowed_us; /* when the breaker let the present attempt go */
};

/* Tells the breaker, the metrics and the receipt how an attempt ended. */
static void
record(struct run *run, const struct target *target, const struct chat_answer *answer,
       const struct provider_failure *failure)
{
    const struct model_settings *model = target->model;
    run->receipt->attempts++;
    char labels[METRIC_LABELS_MAX];
    snprintf(labels, sizeof(labels), "model=\"%s\",outcome=\"%s\"", model->name,
             !failure               ? "ok"
             : failure->key_refused ? "key_refused"
                                    : error_info(failure->error.code)->name);
    metrics_add(run->ai->host, METRIC_AI_ATTEMPTS, labels, 1);
    count_tokens(run, model, "input", answer->usage.input, &run->receipt->tokens_input);
    count_tokens(run, model, "output", answer->usage.output, &run->receipt->tokens_output);
    /* A provider that refuses, limits or answers nonsense is there; a client that left says
     * nothing about it. */
    if (failure && (failure->class == FAULT_TRANSIENT || failure->class == FAULT_SILENT))
        breaker_failure(target->breaker, &target->policy, clock_monotonic_us());
    else if (failure && failure->error.code == ERROR_CLIENT_CLOSED)
        breaker_withdraw(target->breaker, &target->policy, target->allowed_us);
    else
        breaker_success(target->breaker, clock_monotonic_us());
}

bool
attempt_pause(struct run *run, int64_t wait_ms)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    for (int64_t left_ms = wait_ms; left_ms > 0; left_ms = until_ms - clock_monotonic_ms()) {
        /* A carrier can tell that its client left, but has no descriptor that would wake us. */
        poll(NULL, 0, (int)least(left_ms, PAUSE_SLICE_MS));
        if (!run_goes_on(run))
            return false;
    }
    return true;
}

static int64_t
wait_before_next(const struct run *run, int64_t made, const struct provider_failure *failure)
{
    if (failure->retry_after_ms >= 0)
        return failure->retry_after_ms;
    uint32_t random;
    random_bytes(&random, sizeof(random));
    return strategy_wait_ms(run->policy, made, random);
}

/* Whether the model may be asked within what its provider allows in a minute, over all workers. */
static bool
within_pace(const struct run *run, const struct model_settings *model, int64_t made,
            struct provider_failure *failure)
{
    struct rate rate = {.count = model->requests_per_minute, .seconds = 60};
    struct limit_state state;
    if (rate.count <= 0 ||
        limit_take(run->ai->host, arena_printf(run->arena, "model:%s", model->name), rate,
                   clock_monotonic_us(), &state))
        return true;
    if (made == 0) {
        *failure = (struct provider_failure){.class = FAULT_LIMITED,
                                             .retry_after_ms = state.retry_after_s * 1000};
        error_set_retry(&failure->error, ERROR_PROVIDER_RATE_LIMITED, (int)state.retry_after_s,
                        "model \"%s\" is asked as often as its provider allows", model->name);
    }
    return false;
}

static bool
allowed(struct target *target, int64_t made, struct provider_failure *failure)
{
    int64_t retry_ms = 0;
    target->allowed_us = clock_monotonic_us();
    if (breaker_allow(target->breaker, &target->policy, target->allowed_us, &retry_ms))
        return true;
    /* After attempts of our own their failure says more than the breaker they opened. */
    if (made == 0) {
        *failure = (struct provider_failure){.class = FAULT_PERMANENT, .retry_after_ms = retry_ms};
        error_set_retry(&failure->error, ERROR_CIRCUIT_OPEN, (int)((retry_ms + 999) / 1000),
                        "model \"%s\" rests after failures", target->model->name);
    }
    return false;
}

bool
attempt_model(struct run *run, const struct model_settings *model, const struct prompt *prompt,
              int64_t deadline_ms, struct chat_answer *answer, struct provider_failure *failure)
{
    struct target target = {.model = model,
                            .breaker = breaker_find(run->ai->host, model->name),
                            .policy = breaker_policy_of(run, model)};
    struct provider_request request;
    if (!build_request(run, model, prompt, &request, failure))
        return false;
    /* With an old answer at hand nobody need wait for more than one try. */
    int64_t attempts = run->stale.data ? 1 : run->policy->attempts;
    for (int64_t made = 0;;) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms < 1 && made == 0)
            return provider_fail(failure, ERROR_UPSTREAM_TIMEOUT, "no time is left to ask again");
        if (left_ms < 1 || !within_pace(run, model, made, failure) ||
            !allowed(&target, made, failure))
            return false;
        if (model->total_timeout_ms > 0)
            left_ms = least(left_ms, model->total_timeout_ms);
        *answer = (struct chat_answer){0};
        chat_usage_init(&answer->usage);
        bool answered = ask_once(run, model, &request, left_ms, answer, failure);
        record(run, &target, answer, answered ? NULL : failure);
        if (answered)
            return true;
        bool may_help = failure->class == FAULT_TRANSIENT || failure->class == FAULT_LIMITED;
        if (!may_help || ++made >= attempts)
            return false;
        int64_t wait_ms = wait_before_next(run, made, failure);
        if (clock_monotonic_ms() + wait_ms >= deadline_ms)
            return false;
        if (!run->ai->pause(run, wait_ms))
            return provider_fail(failure, ERROR_CLIENT_CLOSED, "the client left");
    }
}
