/* What the attempt owner asks of a turn: the request for each model, and what to do with what comes
 * back. */
#include "apps/gateway/turn.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/sha256.h"

enum {
    HELD_MAX_BYTES = 8 * 1024 * 1024, /* of a stream that is not shown yet */
    KEPT_MAX_BYTES = 1024 * 1024,     /* of one that is kept: what memcached takes at most */
    ID_BYTES = 16,
};

bool
turn_is_native(const struct surface *surface, const struct model_settings *model)
{
    return model->provider->kind == surface->family &&
           (!surface->is_native || surface->is_native(model));
}

/* Forgets what an earlier attempt left behind. */
static void
begin_attempt(struct turn *turn, const struct model_settings *model)
{
    unsigned char random[ID_BYTES];
    char *id = arena_alloc(&turn->request->arena, 2 * ID_BYTES + 1);
    random_bytes(random, sizeof(random));
    hex_format(id, random, sizeof(random));
    turn->native = turn_is_native(turn->surface, model);
    turn->speaks = false;
    turn->stops = true;
    turn->asked_us = clock_monotonic_us() - turn->receipt.paused_us;
    turn->reply = (struct reply){
        .surface = turn->surface,
        .document = turn->request->document,
        .arena = &turn->request->arena,
        .model = model->name,
        .id = id,
        .created_s = clock_realtime_us() / 1000000,
    };
    strbuf_truncate(&turn->pending, 0);
    strbuf_truncate(&turn->mark, 0);
    strbuf_truncate(&turn->body, 0);
}

static bool
build(struct ask *ask, const struct model_settings *model, struct provider_request *request,
      struct error *err)
{
    struct turn *turn = ask->context;
    begin_attempt(turn, model);
    struct chat chat = turn->chat;
    if (!turn->native && turn->untranslatable.code != ERROR_NONE) {
        *err = turn->untranslatable;
        err->code = ERROR_INVALID_REQUEST;
        return false;
    }
    if (!turn->native) {
        chat.native = NULL;
        if (turn->streams)
            turn->surface->begin(&turn->reply, &turn->pending);
    }
    if (!provider_of(model->provider->kind)->build_chat(&chat, model, ask->arena, request, err))
        return false;
    if (turn->native && turn->beta[0] != '\0')
        provider_add_header(request, turn->surface->beta_header, turn->beta);
    return true;
}

void
turn_headers(struct turn *turn)
{
    struct receipt shown = turn->receipt;
    /* The receipt learns of an attempt when it is over. */
    if (!shown.model && shown.cache <= CACHE_STATE_MISS) {
        shown.model = turn->reply.model;
        shown.attempts++;
        shown.upstream_us += clock_monotonic_us() - turn->asked_us - shown.paused_us;
    }
    gateway_headers(turn->request, &shown, turn->waited_us);
}

bool
turn_flush(struct turn *turn)
{
    struct strbuf *pending = &turn->pending;
    if (!event_stream_begun(&turn->events))
        turn_headers(turn);
    turn->keeps = turn->keeps && turn->body.length + pending->length <= KEPT_MAX_BYTES;
    if (turn->keeps)
        strbuf_add(&turn->body, pending->data, pending->length);
    bool sent = event_stream_send_raw(&turn->events, pending->data, pending->length);
    strbuf_truncate(pending, 0);
    return sent;
}

static bool
send_pending(struct turn *turn, struct provider_failure *failure)
{
    if (turn->pending.length == 0)
        return true;
    turn->ask.committed = true;
    return turn_flush(turn) || provider_fail(failure, ERROR_CLIENT_CLOSED, "the client left");
}

/* An answer that its provider gave up goes to nobody as one that has ended. */
static bool
notice_ends(struct turn *turn, const struct provider_step *step, struct provider_failure *failure)
{
    for (size_t i = 0; i < step->count; i++) {
        const struct chat_delta *delta = &step->deltas[i];
        if (delta->kind != CHAT_DELTA_FINISH)
            continue;
        if (!provider_check_end(delta->finish, delta->reason, turn->native, turn->ask.arena,
                                failure))
            return false;
        turn->stops = turn->stops && delta->finish == CHAT_FINISH_STOP;
    }
    return true;
}

static void
take_native(struct turn *turn, const struct event *event, const struct provider_step *step)
{
    const char *name = event->name[0] != '\0' ? event->name : NULL;
    struct strbuf *out = &turn->pending;
    switch (turn->surface->pass(&turn->reply, event, step->document)) {
    case SURFACE_DROP:
        return;
    case SURFACE_END:
        out = &turn->mark;
        break;
    case SURFACE_PASS:
        break;
    }
    turn->speaks = turn->speaks || step->has_content;
    gateway_event(out, name, event->data, event->length);
}

static void
take_deltas(struct turn *turn, const struct chat_delta *deltas, size_t count)
{
    turn->speaks = turn->speaks || count > 0;
    for (size_t i = 0; i < count; i++)
        turn->surface->delta(&turn->reply, &deltas[i], &turn->pending);
}

/* What comes before the first content is held back with it: until then another model may still
 * answer. */
static bool
step(struct ask *ask, const struct model_settings *model, const struct event *event,
     const struct provider_step *taken, struct provider_failure *failure)
{
    struct turn *turn = ask->context;
    (void)model;
    if (event->is_comment)
        return true;
    if (!notice_ends(turn, taken, failure))
        return false;
    if (turn->native)
        take_native(turn, event, taken);
    else
        take_deltas(turn, taken->deltas, taken->count);
    if (turn->pending.length + turn->reply.held_bytes > HELD_MAX_BYTES)
        return provider_fail(failure, ERROR_UPSTREAM_INVALID,
                             "the model's answer is larger than may be held back");
    return turn->whole || !turn->speaks || send_pending(turn, failure);
}

/* A stream without its end mark may have broken off between one choice and the next. */
static bool
lacks_choices(const struct turn *turn, const struct provider_stream *stream)
{
    json_int_t wanted = json_integer_value(json_object_get(turn->request->document, "n"));
    return turn->native && !stream->ended && wanted > (json_int_t)stream->choice_count;
}

static enum ask_verdict
end(struct ask *ask, const struct model_settings *model, const struct provider_stream *stream,
    struct provider_failure *failure)
{
    (void)model;
    struct turn *turn = ask->context;
    const struct surface *surface = turn->surface;
    if (lacks_choices(turn, stream)) {
        provider_fail(failure, ERROR_UPSTREAM_INCOMPLETE, "the model's answer broke off");
        failure->class = FAULT_TRANSIENT;
        return ASK_NEXT;
    }
    /* What was skipped may have been a part of the answer. */
    turn->stops = turn->stops && stream->malformed == 0;
    if (!turn->native)
        surface->finish(&turn->reply, &stream->usage, &turn->pending);
    if (turn->mark.length > 0)
        strbuf_add(&turn->pending, turn->mark.data, turn->mark.length);
    else
        surface->complete(&turn->reply, &turn->pending);
    return send_pending(turn, failure) ? ASK_TAKEN : ASK_FINAL;
}

static void
speak_choice(struct turn *turn, const struct chat_choice *choice, int64_t index)
{
    struct chat_delta delta = {.choice = index, .text = choice->text};
    if (choice->text[0] != '\0')
        take_deltas(turn, &delta, 1);
    if (choice->refusal) {
        delta.kind = CHAT_DELTA_REFUSAL;
        delta.text = choice->refusal;
        take_deltas(turn, &delta, 1);
    }
    const struct chat_tool_call *calls = choice->tool_calls.items;
    for (size_t i = 0; i < choice->tool_calls.count; i++) {
        delta = (struct chat_delta){.kind = CHAT_DELTA_TOOL,
                                    .choice = index,
                                    .tool = (int64_t)i,
                                    .id = calls[i].id,
                                    .name = calls[i].name};
        take_deltas(turn, &delta, 1);
        delta.kind = CHAT_DELTA_ARGUMENTS;
        delta.text = calls[i].arguments;
        take_deltas(turn, &delta, 1);
    }
    delta =
        (struct chat_delta){.kind = CHAT_DELTA_FINISH, .choice = index, .finish = choice->finish};
    take_deltas(turn, &delta, 1);
}

/* A provider may answer as a whole what was asked for as a stream. */
static enum ask_verdict
speak(struct turn *turn, const struct chat_answer *answer, struct provider_failure *failure)
{
    const struct chat_choice *choices = answer->choices.items;
    if (turn->native)
        turn->surface->begin(&turn->reply, &turn->pending);
    for (size_t i = 0; i < answer->choices.count; i++)
        speak_choice(turn, &choices[i], (int64_t)i);
    turn->surface->finish(&turn->reply, &answer->usage, &turn->pending);
    turn->surface->complete(&turn->reply, &turn->pending);
    return send_pending(turn, failure) ? ASK_TAKEN : ASK_FINAL;
}

static enum ask_verdict
read_answer(struct ask *ask, const struct model_settings *model, const char *bytes, size_t length,
            struct provider_failure *failure)
{
    struct turn *turn = ask->context;
    struct chat_answer answer;
    bool is_answer = provider_parse(provider_of(model->provider->kind), bytes, length, ask->arena,
                                    NULL, &answer, failure);
    if (is_answer || answer.usage.reports > 0)
        ask_count_usage(ask, model, &answer.usage, chat_answer_bytes(&answer));
    if (!is_answer)
        return ASK_NEXT;
    const struct chat_choice *choices = answer.choices.items;
    bool passes = turn->native && !turn->streams;
    for (size_t i = 0; i < answer.choices.count; i++) {
        if (!provider_check_end(choices[i].finish, choices[i].reason, passes, ask->arena, failure))
            return ASK_NEXT;
        turn->stops = turn->stops && choices[i].finish == CHAT_FINISH_STOP;
    }
    if (turn->streams)
        return speak(turn, &answer, failure);
    if (turn->native)
        /* Only read from here on. */
        turn->body = (struct strbuf){ask->arena, (char *)bytes, length, length + 1};
    else
        turn->surface->encode(&turn->reply, &answer, &turn->body);
    return ASK_TAKEN;
}

static bool
tick(struct ask *ask)
{
    struct turn *turn = ask->context;
    answers_renew(&turn->answers);
    return !turn->streams || event_stream_tick(&turn->events);
}

const struct ask_question turn_question = {
    .build = build,
    .read = read_answer,
    .step = step,
    .end = end,
    .tick = tick,
};
