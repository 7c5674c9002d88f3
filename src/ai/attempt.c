/* The loop over attempts at one model. */
#include "ai/attempt.h"

#include <poll.h>

#include "ai/link.h"
#include "ai/reading.h"
#include "ai/run.h"
#include "base/clock.h"
#include "base/id.h"
#include "host/alert.h"
#include "host/metrics.h"
#include "host/retry_budget.h"

enum {
    PAUSE_SLICE_MS = 250,
    HINT_SPREAD_MS = 250,
    /* With another model at hand nobody is kept waiting here for longer, nor is asked more often.
     */
    WAIT_BEFORE_OTHERS_MS = 1000,
    ATTEMPTS_BEFORE_OTHERS = 2,
    ALERT_REPEAT_S = 60,
};

/* One model as this ask meets it. */
struct attempt {
    struct ask *ask;
    const struct model_settings *model;
    bool others;         /* another model may serve */
    int64_t made;        /* attempts */
    int64_t deadline_ms; /* none begins later */
    struct link link;
    struct reading reading; /* of the present attempt */
};

static int64_t
least(int64_t first, int64_t second)
{
    return first < second ? first : second;
}

static int64_t
given_or(int64_t given_ms, int64_t otherwise_ms)
{
    return given_ms > 0 ? given_ms : otherwise_ms;
}

struct upstream_clocks
attempt_clocks(const struct ask *ask, const struct model_settings *model)
{
    const struct upstream_clocks *usual = &ask->policy->clocks;
    return (struct upstream_clocks){
        .connect_ms = given_or(model->connect_timeout_ms, usual->connect_ms),
        .headers_ms = given_or(model->headers_timeout_ms, usual->headers_ms),
        .first_token_ms = given_or(model->first_token_timeout_ms, usual->first_token_ms),
        .gap_ms = given_or(model->gap_timeout_ms, usual->gap_ms),
        .total_ms = given_or(model->total_timeout_ms, usual->total_ms),
    };
}

bool
attempt_pause(struct ask *ask, int64_t wait_ms)
{
    struct pollfd client = {.fd = request_client_descriptor(ask->request),
                            .events = POLLIN | POLLRDHUP};
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    for (int64_t left_ms = wait_ms; left_ms > 0; left_ms = until_ms - clock_monotonic_ms()) {
        bool woken = poll(&client, 1, (int)least(left_ms, PAUSE_SLICE_MS)) > 0;
        if (!ask_goes_on(ask))
            return false;
        if (woken) /* readable without having left would wake us without end */
            client.fd = -1;
    }
    return true;
}

bool
attempt_wait(struct ask *ask, int64_t wait_ms)
{
    int64_t started_us = clock_monotonic_us();
    bool wanted = ask->ai->pause(ask, wait_ms);
    ask->receipt->paused_us += clock_monotonic_us() - started_us;
    return wanted;
}

static bool
goes_on(void *context)
{
    struct attempt *attempt = context;
    link_renew(&attempt->link);
    return ask_goes_on(attempt->ask);
}

static enum upstream_progress
take(void *context, const char *bytes, size_t length, struct provider_failure *failure)
{
    struct attempt *attempt = context;
    return reading_take(&attempt->reading, bytes, length, failure);
}

static void
add_trace(const struct ask *ask, struct provider_request *request)
{
    if (!ask->request->traceparent[0])
        return;
    char *span = arena_alloc(ask->arena, TRACEPARENT_BYTES);
    traceparent_child(span, ask->request->traceparent);
    provider_add_header(request, "traceparent", span);
}

/* So that a line of the provider's log can be held against one of the ledger. */
static void
add_call_id(const struct ask *ask, struct provider_request *request)
{
    if (ask->bill.reservation.id[0] != '\0')
        provider_add_header(request, "X-Client-Request-Id", ask->bill.reservation.id);
}

static void
count_waiting(const struct attempt *attempt, const struct upstream_answer *answer)
{
    struct ask *ask = attempt->ask;
    ask->receipt->upstream_us += answer->waited_us;
    __atomic_fetch_add(&ask->request->timing.upstream_us, answer->waited_us, __ATOMIC_RELAXED);
    if (answer->first_token_us < 0)
        return;
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "model", attempt->model->name, NULL, NULL);
    histogram_observe(metrics_histogram(ask->ai->host, METRIC_AI_FIRST_TOKEN, labels),
                      answer->first_token_us);
}

/* Whether all of an answer had come before its connection broke or stood still: its end was told,
 * only the mark of it is missing. */
static bool
was_whole(const struct attempt *attempt, const struct upstream_answer *answer,
          const struct provider_failure *failure)
{
    bool broke = failure->class == FAULT_TRANSIENT || failure->class == FAULT_SILENT;
    return answer->streamed && broke && attempt->reading.progress != UPSTREAM_STOP &&
           attempt->reading.stream.finished;
}

/* Sends one request and has its answer read. */
static enum ask_verdict
send(struct attempt *attempt, const struct provider_request *request,
     struct provider_failure *failure)
{
    struct ask *ask = attempt->ask;
    const struct provider *provider = provider_of(attempt->model->provider->kind);
    struct upstream_call call = {
        .request = request,
        .clocks = attempt_clocks(ask, attempt->model),
        .take = ask->streams ? take : NULL,
        .goes_on = goes_on,
        .client_descriptor = request_client_descriptor(ask->request),
        .context = attempt,
    };
    int64_t left_ms = attempt->deadline_ms - clock_monotonic_ms();
    if (ask->is_bounded && left_ms < call.clocks.total_ms)
        call.clocks.total_ms = left_ms > 0 ? left_ms : 1;
    struct upstream_answer answer = {.first_token_us = -1};
    bool answered = upstream_send(ask->ai->upstream, &call, ask->arena, &answer, failure);
    count_waiting(attempt, &answer);
    if (ask->streams) {
        bool is_whole = answered ? answer.streamed : was_whole(attempt, &answer, failure);
        enum ask_verdict verdict = is_whole ? reading_end(&attempt->reading, failure) : ASK_NEXT;
        reading_count(&attempt->reading);
        if (is_whole)
            return verdict;
    }
    if (!answered)
        return ASK_NEXT;
    if (answer.head.status == 200)
        return ask->question->read(ask, attempt->model, answer.body, answer.length, failure);
    provider_classify(provider, &answer.head, answer.body, answer.length,
                      clock_realtime_us() / 1000000, ask->arena, failure);
    return ASK_NEXT;
}

static const char *
outcome_name(const struct provider_failure *failure)
{
    if (!failure)
        return "ok";
    return failure->key_refused ? "key_refused" : error_info(failure->error.code)->name;
}

/* attempts[] of the final error: what was tried, refusals of our own included. */
static void
note(struct attempt *attempt, const struct provider_failure *failure, int64_t started_ms)
{
    struct ask *ask = attempt->ask;
    if (ask->noted_count < ASK_ATTEMPTS_NOTED)
        ask->noted[ask->noted_count++] = (struct error_attempt){
            attempt->model->name, outcome_name(failure), clock_monotonic_ms() - started_ms};
}

static void
count_attempt(const struct attempt *attempt, const struct provider_failure *failure)
{
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "model", attempt->model->name, "outcome", outcome_name(failure));
    metrics_add(attempt->ask->ai->host, METRIC_AI_ATTEMPTS, labels, 1);
    attempt->ask->receipt->attempts++;
    if (attempt->made < 2)
        return;
    metrics_labels(labels, "operation", attempt->ask->operation, "model", attempt->model->name);
    metrics_add(attempt->ask->ai->host, METRIC_AI_RETRIES, labels, 1);
}

/* What the provider says of a question, in the words of the error. */
static void
quote(struct error *err, struct provider_failure *failure, struct arena *arena)
{
    failure->loggable = arena_strdup(arena, err->detail);
    if (failure->reason)
        snprintf(err->detail, sizeof(err->detail), "%s", failure->reason);
    if (err->code == ERROR_INVALID_REQUEST)
        err->reason_code = failure->reason_code;
    if (!failure->reason_param)
        return;
    struct field_error *field = arena_alloc(arena, sizeof(*field));
    *field = (struct field_error){failure->reason_param, arena_strdup(arena, err->detail), NULL};
    err->fields = field;
}

/* What an attempt's end means for the ask: after the first byte has gone to the client a failure is
 * that of his answer; a body that is his own, and at fault, is his to mend. */
static enum ask_verdict
settle(const struct ask *ask, enum ask_verdict verdict, struct provider_failure *failure)
{
    if (verdict == ASK_TAKEN)
        return verdict;
    bool is_callers = ask->is_callers && failure->class == FAULT_REQUEST;
    if (is_callers)
        failure->error.code = ERROR_INVALID_REQUEST;
    if (is_callers || failure->class == FAULT_REFUSED ||
        (ask->is_callers && failure->class == FAULT_TOO_LONG))
        quote(&failure->error, failure, ask->arena);
    if (ask->committed && (failure->class == FAULT_TRANSIENT || failure->class == FAULT_UNUSABLE))
        failure->error.code = ERROR_UPSTREAM_INCOMPLETE;
    return ask->committed || is_callers ? ASK_FINAL : verdict;
}

static enum ask_verdict
attempt_once(struct attempt *attempt, struct provider_failure *failure)
{
    struct ask *ask = attempt->ask;
    int64_t started_ms = clock_monotonic_ms();
    struct provider_request request = {0};
    strbuf_init(&request.body, ask->arena, 1); /* whoever builds it knows the size */
    *failure = (struct provider_failure){.class = FAULT_REQUEST, .retry_after_ms = -1};
    if (!ask->question->build(ask, attempt->model, &request, &failure->error)) {
        note(attempt, failure, started_ms);
        return ASK_NEXT;
    }
    if (!link_enter(&attempt->link, failure)) {
        note(attempt, failure, started_ms);
        return ASK_NEXT;
    }
    if (!bill_open(ask, &request, failure)) {
        link_leave(&attempt->link, &(struct provider_failure){.class = FAULT_CALLER}, -1);
        return ASK_FINAL;
    }
    if (attempt->made == 0)
        retry_budget_call(ask->ai->host, clock_monotonic_us());
    attempt->made++;
    add_trace(ask, &request);
    add_call_id(ask, &request);
    if (ask->streams)
        reading_init(&attempt->reading, ask, attempt->model);
    int64_t input = ask->receipt->tokens_input, output = ask->receipt->tokens_output;
    enum ask_verdict verdict = send(attempt, &request, failure);
    verdict = settle(ask, verdict, failure);
    const struct provider_failure *failed = verdict == ASK_TAKEN ? NULL : failure;
    bool told = ask->receipt->tokens_input > input || ask->receipt->tokens_output > output;
    link_leave(&attempt->link, failed,
               told ? ask->receipt->tokens_input - (input > 0 ? input : 0) +
                          ask->receipt->tokens_output - (output > 0 ? output : 0)
                    : -1);
    count_attempt(attempt, failed);
    note(attempt, failed, started_ms);
    return verdict;
}

static bool
take_from_budget(const struct attempt *attempt)
{
    struct host *host = attempt->ask->ai->host;
    if (retry_budget_take(host, clock_monotonic_us()))
        return true;
    const char *name = attempt->model->name;
    struct retry_budget_view view;
    retry_budget_view(host, clock_monotonic_us(), &view);
    const struct alert alert = {.level = JOURNAL_WARNING,
                                .kind = "retry_budget_exhausted",
                                .subject = name,
                                .actual_hundredths = view.retries * 100,
                                .threshold_hundredths = view.allowed * 100};
    alert_raise_once(host, ALERT_REPEAT_S, &alert,
                     "a fifth of the recent calls were retries already; \"%s\" is not asked again",
                     name);
    return false;
}

/* How long to wait before the same model is asked again; -1 when it is not to be. */
static int64_t
wait_before_next(const struct attempt *attempt, const struct provider_failure *failure)
{
    const struct ask *ask = attempt->ask;
    bool may_help = failure->class == FAULT_TRANSIENT || failure->class == FAULT_UNUSABLE ||
                    failure->class == FAULT_LIMITED;
    int64_t most = ask->policy->attempts;
    if (attempt->others)
        most = least(most, ATTEMPTS_BEFORE_OTHERS);
    if (!may_help || ask->one_try || attempt->made == 0 || attempt->made >= most)
        return -1;
    uint32_t random;
    random_bytes(&random, sizeof(random));
    int64_t wait_ms = strategy_wait_ms(ask->policy, attempt->made, random);
    if (failure->retry_after_ms == 0)
        wait_ms = 0;
    else if (failure->retry_after_ms > 0)
        wait_ms = failure->retry_after_ms + random % HINT_SPREAD_MS;
    bool too_long =
        attempt->others && failure->class == FAULT_LIMITED && wait_ms > WAIT_BEFORE_OTHERS_MS;
    return too_long || clock_monotonic_ms() + wait_ms >= attempt->deadline_ms ? -1 : wait_ms;
}

/* A model that limits us is left alone by everybody until it may be asked again. */
static void
rest(struct attempt *attempt, const struct provider_failure *failure)
{
    if (failure->class == FAULT_LIMITED && attempt->made > 0 && failure->retry_after_ms > 0)
        link_rest(&attempt->link, failure->retry_after_ms);
}

enum ask_verdict
attempt_model(struct ask *ask, const struct model_settings *model, bool others,
              struct provider_failure *failure)
{
    struct attempt attempt = {
        .ask = ask,
        .model = model,
        .others = others,
        .deadline_ms = clock_monotonic_ms() + ask->policy->budget_ms,
    };
    link_init(&attempt.link, ask, model);
    attempt.link.deadline_ms = attempt.deadline_ms;
    for (;;) {
        int64_t made = attempt.made;
        struct provider_failure before = *failure;
        enum ask_verdict verdict = attempt_once(&attempt, failure);
        if (verdict == ASK_AGAIN && clock_monotonic_ms() < attempt.deadline_ms)
            continue;
        if (verdict != ASK_NEXT)
            return verdict == ASK_AGAIN ? ASK_NEXT : verdict;
        if (attempt.made == made) {
            /* After attempts of our own their failure says more than the breaker they opened. */
            if (made > 0 && failure->class != FAULT_CALLER)
                *failure = before;
            return ASK_NEXT;
        }
        rest(&attempt, failure);
        int64_t wait_ms = wait_before_next(&attempt, failure);
        if (wait_ms < 0 || !take_from_budget(&attempt))
            return ASK_NEXT;
        if (!attempt_wait(ask, wait_ms)) {
            provider_fail(failure, ERROR_CLIENT_CLOSED, "the client left");
            return ASK_FINAL;
        }
    }
}
