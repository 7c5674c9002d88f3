/* An operation as a question to models: its prompt, the reading and judging of what they say, and
 * the pieces that go to the client while prose is made. */
#include <string.h>

#include "ai/run.h"
#include "base/utf8.h"
#include "host/metrics.h"

enum { SHOWN_ANSWER_CHARACTERS = 2000, BYTES_PER_TOKEN = 4, USUAL_ANSWER_TOKENS = 500 };

static struct run *
run_of(struct ask *ask)
{
    return ask->context;
}

/* The same question with what was wrong with the answer to it. */
static void
add_repair(struct run *run, struct prompt *prompt)
{
    if (run->rejected.truncated) {
        /* Models that think first spend the tokens of a short answer on their thoughts. */
        prompt->max_tokens = 0;
        return;
    }
    if (run->rejected.text) {
        size_t shown =
            utf8_prefix(run->rejected.text, strlen(run->rejected.text), SHOWN_ANSWER_CHARACTERS);
        prompt_data(prompt, "earlier answer", arena_strndup(run->arena, run->rejected.text, shown));
    }
    prompt_task(prompt,
                "The earlier answer could not be used: %s. Answer the task again, completely and "
                "in the form asked for.",
                run->rejected.complaint);
}

/* Tokens that a prompt and its answer may take; a token is about four bytes of prose. */
static int64_t
foresee_tokens(const struct prompt *prompt)
{
    int64_t asked = (int64_t)(prompt->system.length + prompt->user.length) / BYTES_PER_TOKEN;
    return asked + (prompt->max_tokens > 0 ? prompt->max_tokens : USUAL_ANSWER_TOKENS);
}

static void
make_chat(struct run *run, struct chat *chat)
{
    const struct operation *operation = run->operation;
    const struct prompt *prompt = &run->prompt;
    chat_init(chat);
    chat_add_text(chat, run->arena, CHAT_SYSTEM, prompt->system.data);
    chat_add_text(chat, run->arena, CHAT_USER, prompt->user.data);
    if (prompt->max_tokens > 0)
        chat->max_tokens = prompt->max_tokens;
    chat->temperature =
        prompt->temperature >= 0 ? prompt->temperature : run->ai->settings->ai_temperature;
    chat->stream = run->ask.streams;
    if (operation->kind == ANSWER_JSON) {
        chat->format = CHAT_FORMAT_SCHEMA;
        chat->answer = operation->answer ? operation->answer : operation->output;
    }
}

static bool
build(struct ask *ask, const struct model_settings *model, struct provider_request *request,
      struct error *err)
{
    struct run *run = run_of(ask);
    prompt_init(&run->prompt, run->arena);
    run->operation->build(run->call->input, &run->prompt, run->arena);
    if (model != run->asked) {
        run->asked = model;
        run->rejected = (struct rejected){0};
        run->repairs_left = run->operation->repairable ? 1 : 0;
    }
    if (run->rejected.complaint)
        add_repair(run, &run->prompt);
    ask->tokens = foresee_tokens(&run->prompt);
    strbuf_truncate(&run->said, 0);
    run->shown = 0;
    run->hidden = run->refused = false;
    struct chat chat;
    make_chat(run, &chat);
    return provider_of(model->provider->kind)->build_chat(&chat, model, run->arena, request, err);
}

static void
count_repair(const struct run *run)
{
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "operation", run->operation->name, NULL, NULL);
    metrics_add(run->ai->host, METRIC_AI_REPAIRS, labels, 1);
}

/* Judges what a model said as a whole. */
static enum ask_verdict
judge(struct run *run, const struct chat_choice *choice, struct provider_failure *failure)
{
    if (!judge_ending(choice, failure))
        return failure->class == FAULT_REFUSED ? ASK_FINAL : ASK_NEXT;
    struct error err = {0};
    run->output = judge_answer(run, choice, &err);
    if (run->output)
        return ASK_TAKEN;
    *failure =
        (struct provider_failure){.error = err, .class = FAULT_PERMANENT, .retry_after_ms = -1};
    if (err.code != ERROR_UPSTREAM_INVALID || run->repairs_left == 0 || run->ask.committed)
        return ASK_NEXT;
    run->repairs_left--;
    count_repair(run);
    /* An answer that repeats the marker could close the block it would be shown in. */
    bool showable = choice->text && !strstr(choice->text, run->prompt.marker);
    run->rejected = (struct rejected){
        .truncated = choice->finish == CHAT_FINISH_LENGTH,
        .text = showable ? choice->text : NULL,
        .complaint = arena_strdup(run->arena, err.detail),
    };
    return ASK_AGAIN;
}

static enum ask_verdict
read_answer(struct ask *ask, const struct model_settings *model, const char *bytes, size_t length,
            struct provider_failure *failure)
{
    struct run *run = run_of(ask);
    struct chat_answer answer;
    const json_t *document;
    bool is_answer = provider_parse(provider_of(model->provider->kind), bytes, length, ask->arena,
                                    &document, &answer, failure);
    if (is_answer || answer.usage.reports > 0)
        ask_count_usage(ask, model, &answer.usage, chat_answer_bytes(&answer));
    if (!is_answer)
        return ASK_NEXT;
    return judge(run, answer.choices.items, failure);
}

/* How many bytes at the end of what was said may be the beginning of the marker. */
static size_t
marker_begun(const struct run *run)
{
    const char *marker = run->prompt.marker;
    size_t most = strlen(marker) - 1;
    if (most > run->said.length)
        most = run->said.length;
    for (size_t length = most; length > 0; length--)
        if (memcmp(run->said.data + run->said.length - length, marker, length) == 0)
            return length;
    return 0;
}

/* Shows what can be shown of what was said; an answer that repeats its instructions is shown no
 * further. */
static bool
show(struct run *run, size_t until)
{
    const struct ai_sink *sink = run->call->sink;
    if (sink->whole || run->model->whole || run->shown >= until)
        return true;
    if (run->shown == 0) /* white space before an answer belongs to no answer */
        while (run->shown < until && strchr(" \t\r\n", run->said.data[run->shown]))
            run->shown++;
    if (run->shown == until)
        return true;
    run->ask.committed = true;
    size_t from = run->shown;
    run->shown = until;
    return sink->piece(sink->context, run->said.data + from, until - from);
}

static bool
step(struct ask *ask, const struct model_settings *model, const struct event *event,
     const struct provider_step *step, struct provider_failure *failure)
{
    (void)model, (void)event;
    struct run *run = run_of(ask);
    size_t overlap = strlen(run->prompt.marker);
    size_t from = run->said.length > overlap ? run->said.length - overlap : 0;
    for (size_t i = 0; i < step->count; i++) {
        const struct chat_delta *delta = &step->deltas[i];
        if (delta->choice == 0 && delta->kind == CHAT_DELTA_TEXT)
            strbuf_add_text(&run->said, delta->text);
        if (delta->kind == CHAT_DELTA_REFUSAL)
            run->refused = true;
    }
    run->hidden = run->hidden || run->refused || strstr(run->said.data + from, run->prompt.marker);
    if (run->hidden)
        return true; /* judged at the end, shown no further */
    return show(run, run->said.length - marker_begun(run)) ||
           provider_fail(failure, ERROR_CLIENT_CLOSED, "the client left");
}

static enum ask_verdict
end(struct ask *ask, const struct model_settings *model, const struct provider_stream *stream,
    struct provider_failure *failure)
{
    (void)model;
    struct run *run = run_of(ask);
    const struct chat_choice choice = {
        .text = run->said.data,
        .refusal = run->refused ? "the model refused to answer" : NULL,
        .finish = run->refused ? CHAT_FINISH_REFUSED : stream->finish,
    };
    enum ask_verdict verdict = judge(run, &choice, failure);
    if (verdict == ASK_TAKEN && !show(run, run->said.length)) {
        provider_fail(failure, ERROR_CLIENT_CLOSED, "the client left");
        return ASK_FINAL;
    }
    return verdict;
}

static bool
tick(struct ask *ask)
{
    struct run *run = run_of(ask);
    answers_renew(&run->answers);
    return run_tick(run);
}

const struct ask_question operation_question = {
    .build = build,
    .read = read_answer,
    .step = step,
    .end = end,
    .tick = tick,
};
