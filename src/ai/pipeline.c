/* ai_run(): the order in which a call is answered. */
#include "ai/ai.h"

#include "access/caller.h"
#include "ai/guard.h"
#include "ai/run.h"
#include "base/clock.h"
#include "base/integer.h"
#include "host/metrics.h"

_Static_assert(GUARD_CATEGORY_COUNT <= 16, "flags fit their digits");

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

/* What a call tells of the models, as a label; NULL for nothing: what was cached, and what only its
 * caller can mend. */
static const char *
result(const struct receipt *receipt, const struct error *err)
{
    if (err)
        return error_info(err->code)->status >= 500 || err->code == ERROR_PROVIDER_RATE_LIMITED
                   ? "failure"
                   : NULL;
    if (receipt->cache == CACHE_STATE_HIT || receipt->cache == CACHE_STATE_COALESCED)
        return NULL;
    return receipt->degraded || receipt->cache == CACHE_STATE_STALE ? "failure" : "success";
}

void
ai_count_call(struct ai *ai, const char *operation, const struct receipt *receipt,
              int64_t started_us, const struct error *err)
{
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "operation", operation, "outcome", outcome(receipt, err));
    metrics_add(ai->host, METRIC_AI_CALLS, labels, 1);
    const char *told = result(receipt, err);
    if (told) {
        metrics_labels(labels, "operation", operation, "result", told);
        metrics_set(ai->host, METRIC_AI_LAST, labels, clock_realtime_us() / 1000000);
    }
    if (receipt->cache == CACHE_STATE_HIT)
        return;
    metrics_labels(labels, "operation", operation, NULL, NULL);
    histogram_observe(metrics_histogram(ai->host, METRIC_AI_DURATION, labels),
                      clock_monotonic_us() - started_us);
}

bool
run_tick(void *context)
{
    const struct run *run = context;
    const struct ai_sink *sink = run->call->sink;
    return !sink || !sink->tick || sink->tick(sink->context);
}

void
run_prepare(struct run *run)
{
    const struct operation *operation = run->operation;
    struct strbuf input;
    strbuf_init(&input, run->arena, 1024);
    schema_encode(operation->input, run->call->input, &input);
    char version[INTEGER_TEXT_BYTES + 1] = {0};
    integer_format(version, (int64_t)operation->version << 16 | GUARD_VERSION);
    const char *const parts[] = {
        run->call->tenant ? run->call->tenant : "",
        operation->name,
        version,
        run->ai->temperature,
        input.data,
        NULL,
    };
    run->answers = (struct answers){.ai = run->ai,
                                    .request = run->request,
                                    .arena = run->arena,
                                    .receipt = run->receipt,
                                    .model = run->model,
                                    .no_cache = run->call->no_cache,
                                    .tick = run_tick,
                                    .context = run};
    answers_init(&run->answers, operation->name, operation->ttl_s, !run->call->no_store, parts);
}

/* The output that was kept; NULL when it is of another version of it. */
static const void *
decode(struct run *run, const struct answer_kept *kept)
{
    struct error ignored = {0};
    const json_t *document = schema_parse(kept->data, kept->length, run->arena, &ignored);
    if (!document)
        return NULL;
    run->guard_flags = kept->flags;
    return schema_decode(run->operation->output, document, "", run->arena, &ignored);
}

static void
store(struct run *run)
{
    if (run->answers.ttl_s <= 0)
        return;
    struct strbuf bytes;
    strbuf_init(&bytes, run->arena, 1024);
    schema_encode(run->operation->output, run->output, &bytes);
    const struct answer_kept kept = {run->receipt->model, run->guard_flags, bytes.data,
                                     bytes.length};
    answers_store(&run->answers, &kept);
}

static bool
answer_locally(struct run *run, struct error *err)
{
    run->output = run->operation->local(run->call->input, run->arena, err);
    if (run->output)
        run->receipt->model = "local";
    return run->output;
}

/* What serves when no model answered: an old answer, the local way. Nothing does where the question
 * itself was refused, the budget is spent, the client left, or has a part of an answer already. */
static const void *
fall_back(struct run *run, const struct error *failure)
{
    if (failure->code == ERROR_CONTENT_REFUSED || failure->code == ERROR_CONTEXT_TOO_LONG ||
        failure->code == ERROR_CLIENT_CLOSED || failure->code == ERROR_BUDGET_EXHAUSTED ||
        run->ask.committed)
        return NULL;
    struct answer_kept kept;
    const void *output = NULL;
    if (answers_stale(&run->answers, &kept))
        output = decode(run, &kept);
    struct error ignored = {0};
    if (!output && run->operation->local && answer_locally(run, &ignored)) {
        output = run->output;
        run->receipt->degraded = true;
    }
    return output;
}

static const void *
ask(struct run *run, struct error *failed)
{
    const struct ai_sink *sink = run->call->sink;
    run->ask = (struct ask){
        .ai = run->ai,
        .request = run->request,
        .arena = run->arena,
        .receipt = run->receipt,
        .question = &operation_question,
        .context = run,
        .operation = run->operation->name,
        .model = run->model,
        .policy = run->policy,
        .streams = sink && run->operation->kind == ANSWER_TEXT,
        .is_bounded = !sink,                /* a stream that flows is bounded by its clocks */
        .one_try = run->answers.stale.data, /* there is an old answer at hand */
        .repairs = run->operation->repairable ? 1 : 0,
        .whole = sink && (sink->whole || run->model->whole),
    };
    strbuf_init(&run->said, run->arena, 256);
    struct provider_failure failure;
    if (ask_models(&run->ask, &failure))
        return run->output;
    *failed = failure.error;
    return NULL;
}

/* Leads the identical calls: asks, and stores what is complete. */
static const void *
lead(struct run *run, struct error *err)
{
    struct error failed = {0};
    const void *output = ask(run, &failed);
    if (output) {
        store(run);
        answers_leave(&run->answers, NULL);
        return output;
    }
    answers_leave(&run->answers, &failed);
    output = fall_back(run, &failed);
    if (!output)
        *err = failed;
    return output;
}

static const void *
make_answer(struct run *run, struct error *err)
{
    bool is_local = run->model->provider->kind == PROVIDER_LOCAL;
    if (is_local && !run->operation->local) {
        error_set(err, ERROR_UNAVAILABLE, "no model is configured, and this needs one");
        return NULL;
    }
    bool found = false;
    struct answer_kept kept;
    struct error failed = {0};
    if (!answers_join(&run->answers, run->policy->budget_ms, &found, &kept, &failed)) {
        const void *output = fall_back(run, &failed);
        if (!output)
            *err = failed;
        return output;
    }
    const void *output = found ? decode(run, &kept) : NULL;
    if (output)
        return output;
    if (!is_local)
        return lead(run, err);
    if (answer_locally(run, err))
        store(run);
    answers_leave(&run->answers, run->output ? NULL : err);
    return run->output;
}

/* A cached answer brings the guard's flags of its input, so a hit is not screened again, only
 * judged. NULL with ERROR_WOULD_WAIT on the front lane leaves no trace: the call comes again. */
static const void *
answer(struct run *run, struct error *err)
{
    run_prepare(run);
    if (run->request->may_wait)
        return screen_input(run, err) && screen_verdict(run, err) ? make_answer(run, err) : NULL;
    struct answer_kept kept;
    const void *output = answers_find(&run->answers, false, &kept) ? decode(run, &kept) : NULL;
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
        .receipt = receipt,
        .policy = strategy_of(ai->strategies, call->operation),
    };
    if (!run.model) {
        error_set(err, ERROR_MODEL_NOT_FOUND, "no model \"%s\" is configured", call->model);
        return NULL;
    }
    if (!caller_narrow(request->caller, &run.model, arena, err))
        return NULL;
    const void *output = answer(&run, err);
    if (output || err->code != ERROR_WOULD_WAIT)
        ai_count_call(ai, run.operation->name, receipt, started_us, output ? NULL : err);
    return output;
}
