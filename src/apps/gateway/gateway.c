/* gateway_answer(): the order in which a request of any surface is answered. */
#include "apps/gateway/gateway.h"

#include <string.h>

#include "access/caller.h"
#include "apps/gateway/turn.h"
#include "apps/service.h"
#include "base/clock.h"
#include "http/problem.h"

enum {
    OWN_TTL_S = 3600,
    EVENT_BYTES = 2048,
    BYTES_PER_TOKEN = 4,  /* of English, as estimates go */
    ANSWER_TOKENS = 500,  /* where the request sets no limit */
    TOKENS_MAX = 1000000, /* foreseen of one call */
    FRONT_BYTES_MAX = 256 * 1024,
    OUTPUT_MAX = 100000000, /* tokens reserved for an answer */
    CHOICES_MAX = 128,
};

static int64_t
least(int64_t first, int64_t second)
{
    return first < second ? first : second;
}

static const char *
text_member(const struct request *request, const char *name)
{
    return json_string_value(json_object_get(request->document, name));
}

static const struct model_settings *
find_model(struct request *request, struct error *err)
{
    const char *name = text_member(request, "model");
    const struct model_settings *model =
        settings_model(request->service->settings, name ? name : "");
    if (!model)
        error_set(err, ERROR_MODEL_NOT_FOUND, "no model \"%s\" is configured", name ? name : "");
    else if (model->provider->kind == PROVIDER_LOCAL)
        error_set(err, ERROR_MODEL_NOT_FOUND, "the model \"%s\" does not chat", name);
    else if (caller_narrow(request->caller, &model, &request->arena, err))
        return model;
    return NULL;
}

static bool
header_says(const struct request *request, const char *cgi_name, const char *value)
{
    const char *given = request_header(request, cgi_name);
    return given && strcmp(given, value) == 0;
}

/* "" where it is not sent, or is more than printable text: it goes into a request of ours. */
static const char *
beta_features(const struct request *request, const struct surface *surface)
{
    const char *value =
        surface->beta_cgi_name ? request_header(request, surface->beta_cgi_name) : NULL;
    for (const char *byte = value; byte && *byte != '\0'; byte++)
        if (*byte < 0x20 || *byte > 0x7e)
            return "";
    return value ? value : "";
}

/* Only what would be said again in the same words is worth keeping, unless the client wants it. */
static bool
may_store(const struct request *request)
{
    const json_t *temperature = json_object_get(request->document, "temperature");
    bool is_zero = json_is_number(temperature) && json_number_value(temperature) == 0;
    if (!is_zero && !header_says(request, "X_HEARTH_CACHE", "on"))
        return false;
    if (header_says(request, "X_HEARTH_CACHE", "off") || request_cache_control(request, "no-store"))
        return false;
    /* What the provider keeps grows with each call, even with an equal one. */
    return !json_is_true(json_object_get(request->document, "store")) &&
           !json_object_get(request->document, "conversation") &&
           !json_object_get(request->document, "container");
}

static bool
beat(void *context)
{
    struct turn *turn = context;
    return !turn->streams || event_stream_tick(&turn->events);
}

static void
prepare_cache(struct turn *turn)
{
    struct request *request = turn->request;
    bool stores = may_store(request);
    turn->answers = (struct answers){
        .ai = request->service->ai,
        .request = request,
        .arena = &request->arena,
        .receipt = &turn->receipt,
        .model = turn->model,
        .no_cache = stores && request_wants_fresh(request),
        .tick = beat,
        .context = turn,
    };
    const char *const parts[] = {
        request->caller ? request->caller->tenant : "",
        turn->surface->name,
        turn->streams ? "stream" : "plain",
        turn->beta,
        stores ? gateway_canonical(request) : "",
        NULL,
    };
    answers_init(&turn->answers, turn->surface->operation, OWN_TTL_S, stores, parts);
    turn->keeps = turn->answers.ttl_s > 0 && turn->streams;
}

/* The limit that the request sets for an answer; 0 for none. */
static int64_t
asked_output(const struct request *request)
{
    static const char *const names[] = {"max_completion_tokens", "max_tokens", "max_output_tokens"};
    int64_t answer = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && answer <= 0; i++)
        answer = json_integer_value(json_object_get(request->document, names[i]));
    return answer > 0 ? answer : 0;
}

static int64_t
estimate_tokens(const struct request *request)
{
    int64_t answer = asked_output(request);
    if (answer > TOKENS_MAX)
        answer = TOKENS_MAX;
    int64_t sum =
        (int64_t)request->body_length / BYTES_PER_TOKEN + (answer > 0 ? answer : ANSWER_TOKENS);
    return sum < TOKENS_MAX ? sum : TOKENS_MAX;
}

static bool
prepare(struct turn *turn, struct error *err)
{
    struct request *request = turn->request;
    struct arena *arena = &request->arena;
    turn->beta = beta_features(request, turn->surface);
    turn->streams = json_is_true(json_object_get(request->document, "stream"));
    if (turn->streams && !event_stream_delivery(request, &turn->whole, err))
        return false;
    turn->whole = turn->streams && (turn->whole || turn->model->whole);
    turn->reply = (struct reply){.surface = turn->surface,
                                 .document = request->document,
                                 .arena = arena,
                                 .model = turn->model->name,
                                 .id = ""};
    turn->receipt.tokens_input = turn->receipt.tokens_output = -1;
    if (turn->streams)
        event_stream_init(&turn->events, request);
    turn->ask = (struct ask){
        .ai = request->service->ai,
        .request = request,
        .arena = arena,
        .receipt = &turn->receipt,
        .question = &turn_question,
        .context = turn,
        .operation = turn->surface->operation,
        .model = turn->model,
        .policy = strategy_of_gateway(ai_strategies(request->service->ai)),
        .streams = turn->streams,
        .is_callers = true,
        .tokens = estimate_tokens(request),
        .whole = turn->whole,
    };
    prepare_cache(turn);
    return true;
}

/* What budgets reserve for: asked once, just before a provider is. */
static void
foresee(struct turn *turn)
{
    const struct request *request = turn->request;
    json_int_t choices = json_integer_value(json_object_get(request->document, "n"));
    int64_t output = asked_output(request);
    turn->ask.input_tokens = price_document_at_most(request->document);
    if (output == 0 && choices > 1)
        output = turn->model->output_tokens > 0 ? turn->model->output_tokens
                                                : request->service->settings->reserved_output;
    if (output > OUTPUT_MAX)
        output = OUTPUT_MAX;
    turn->ask.output_tokens = choices > 1 ? output * least(choices, CHOICES_MAX) : output;
}

/* Whether the models that may be asked speak the surface's dialect: all of them, or any. */
static void
look_at_chain(const struct turn *turn, bool *all, bool *any)
{
    *all = *any = turn_is_native(turn->surface, turn->model);
    for (size_t i = 0; turn->model->fallbacks[i]; i++) {
        const struct model_settings *model = turn->model->fallbacks[i];
        bool is_native = turn_is_native(turn->surface, model);
        *all = *all && (is_native || model->provider->kind == PROVIDER_LOCAL);
        *any = *any || is_native;
    }
}

/* Reads the body for models that do not speak its dialect, if there are any. */
static bool
translate(struct turn *turn, struct error *err)
{
    struct request *request = turn->request;
    const struct surface *surface = turn->surface;
    struct chat *chat = &turn->chat;
    bool all_native, any_native;
    look_at_chain(turn, &all_native, &any_native);
    chat_init(chat);
    chat->native = chat->body = request->document;
    chat->native_kind = surface->family;
    chat->native_path = surface->native_path;
    chat->stream = turn->streams;
    if (all_native ||
        surface->decode(request->document, &request->arena, chat, &turn->untranslatable))
        return true;
    if (!any_native) {
        *err = turn->untranslatable;
        return false;
    }
    const struct field_error *field = turn->untranslatable.fields;
    chat->untranslatable = field ? field->path : "";
    return true;
}

/* A kept stream is at hand as a whole: it needs no head of its own unless heartbeats went. */
static bool
replay(struct turn *turn, const struct answer_kept *kept, struct error *err)
{
    struct request *request = turn->request;
    if (request->response.begun)
        return event_stream_send_raw(&turn->events, kept->data, kept->length) ||
               error_set(err, ERROR_CLIENT_CLOSED, "the client left");
    turn_headers(turn);
    if (turn->streams)
        response_header(request, "Cache-Control", "no-cache, no-transform");
    response_bytes(request, 200, turn->streams ? "text/event-stream" : "application/json",
                   kept->data, kept->length);
    return true;
}

static bool
answer_fresh(struct turn *turn, struct error *err)
{
    struct provider_failure failure;
    struct answer_kept kept;
    turn->ask.one_try = turn->answers.stale.data != NULL;
    foresee(turn);
    if (!ask_models(&turn->ask, &failure)) {
        bool may_be_stale = !turn->ask.committed && failure.class != FAULT_CALLER &&
                            failure.class != FAULT_REQUEST && failure.class != FAULT_REFUSED;
        if (may_be_stale && answers_stale(&turn->answers, &kept))
            return replay(turn, &kept, err);
        *err = failure.error;
        return false;
    }
    kept = (struct answer_kept){
        .model = turn->receipt.model, .data = turn->body.data, .length = turn->body.length};
    if (turn->stops && (turn->keeps || !turn->streams))
        answers_store(&turn->answers, &kept);
    if (turn->streams)
        return true;
    turn_headers(turn);
    response_bytes(turn->request, 200, "application/json", turn->body.data, turn->body.length);
    return true;
}

static bool
answer_waiting(struct turn *turn, struct error *err)
{
    struct arena *arena = &turn->request->arena;
    strbuf_init(&turn->pending, arena, turn->streams ? EVENT_BYTES : 1);
    strbuf_init(&turn->mark, arena, 1);
    strbuf_init(&turn->body, arena, turn->keeps || !turn->streams ? EVENT_BYTES : 1);
    if (!translate(turn, err))
        return false;
    bool found;
    struct answer_kept kept;
    int64_t started_us = clock_monotonic_us();
    bool joined =
        answers_join(&turn->answers, turn->ask.policy->clocks.total_ms, &found, &kept, err);
    turn->waited_us = clock_monotonic_us() - started_us;
    if (!joined)
        return false;
    if (found)
        return replay(turn, &kept, err);
    bool answered = answer_fresh(turn, err);
    answers_leave(&turn->answers, answered ? NULL : err);
    return answered;
}

static bool
answer(struct turn *turn, struct error *err)
{
    if (turn->request->may_wait)
        return answer_waiting(turn, err);
    struct answer_kept kept;
    if (turn->answers.ttl_s > 0 && answers_find(&turn->answers, false, &kept))
        return replay(turn, &kept, err);
    return error_set(err, ERROR_WOULD_WAIT, "the answer is not at hand");
}

/* A stream that has begun has no other place for it; nothing may follow that looks like an end. */
static void
tell_in_stream(struct turn *turn, const struct error *err)
{
    struct request *request = turn->request;
    struct strbuf body, event;
    strbuf_init(&body, &request->arena, 512);
    strbuf_init(&event, &request->arena, 512);
    problem_body(request, err, problem_style(request), &body);
    turn->reply.is_shown = turn->ask.committed;
    turn->surface->fail(&turn->reply, body.data, body.length, &event);
    (void)event_stream_send_raw(&turn->events, event.data, event.length);
}

bool
gateway_answer(struct request *request, const struct surface *surface, struct error *err)
{
    struct turn turn = {.request = request, .surface = surface};
    if (request->body_length > FRONT_BYTES_MAX && !request->may_wait)
        return error_set(err, ERROR_WOULD_WAIT, "that long a body takes its time");
    turn.model = find_model(request, err);
    if (!turn.model || !prepare(&turn, err))
        return false;
    bool answered = answer(&turn, err);
    if (!answered && err->code == ERROR_WOULD_WAIT && !request->may_wait)
        return false;
    if (!answered && request->response.begun)
        tell_in_stream(&turn, err);
    gateway_count(request, surface->operation, &turn.receipt, turn.waited_us,
                  answered ? NULL : err);
    return answered;
}
