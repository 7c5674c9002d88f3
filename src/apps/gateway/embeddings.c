/* POST /v1/embeddings: by hashing where no provider is to be asked, else through the attempt owner.
 * Equal questions have equal answers, so these are kept like any other answer. */
#include <string.h>

#include "access/caller.h"
#include "ai/answers.h"
#include "ai/ask.h"
#include "apps/gateway/embeddings_parts.h"
#include "apps/service.h"
#include "base/clock.h"
#include "nlp/embedding.h"

static const char operation[] = "gateway_embeddings";

enum { TTL_S = 24 * 3600, LEADER_WAIT_MS = 30000 };

/* One request on its way. */
struct embedding_call {
    struct request *request;
    const struct embeddings_request *asked;
    struct embedding_input input;
    struct answers answers;
    int64_t waited_us;  /* for an equal request's answer */
    struct strbuf body; /* the answer */
};

/* OpenAI's dialect is the client's own: its body goes as it came. */
static bool
build(struct ask *ask, const struct model_settings *model, struct provider_request *request,
      struct error *err)
{
    const struct embedding_call *call = ask->context;
    const struct provider *provider = provider_of(model->provider->kind);
    if (model->provider->kind == PROVIDER_OPENAI) {
        struct chat chat;
        chat_init(&chat);
        chat.native = call->request->document;
        chat.native_kind = PROVIDER_OPENAI;
        chat.native_path = "/embeddings";
        return provider->build_chat(&chat, model, ask->arena, request, err);
    }
    if (!provider || !provider->build_embeddings)
        return provider_refuse(err, ask->arena, "model", "names a model that makes no embeddings");
    if (call->input.texts.count == 0)
        return provider_refuse(err, ask->arena, "input",
                               "must be text: this model's provider does not take tokens");
    return provider->build_embeddings(&call->input.texts, call->asked->dimensions, model,
                                      ask->arena, request, err);
}

static enum ask_verdict
read_answer(struct ask *ask, const struct model_settings *model, const char *bytes, size_t length,
            struct provider_failure *failure)
{
    struct embedding_call *call = ask->context;
    const struct provider *provider = provider_of(model->provider->kind);
    struct embeddings embeddings;
    struct error err = {0};
    const json_t *document = schema_parse_lenient(bytes, length, NULL, ask->arena);
    if (!document) {
        provider_fail_unreadable(failure, bytes, length);
        return ASK_NEXT;
    }
    if (!provider->parse_embeddings(document, call->input.count, ask->arena, &embeddings, &err)) {
        if (embeddings.usage.reports > 0)
            ask_count_usage(ask, model, &embeddings.usage, 0);
        provider_fail(failure, ERROR_UPSTREAM_INVALID, "the provider's answer holds no embeddings");
        failure->class = FAULT_TRANSIENT;
        return ASK_NEXT;
    }
    ask_count_usage(ask, model, &embeddings.usage, 0);
    /* Clients of OpenAI's want the number: where none is told, what the model's limits counted. */
    if (embeddings.tokens < 0)
        embeddings.tokens = ask->tokens;
    const char *format = call->asked->encoding_format;
    strbuf_init(&call->body, ask->arena, length + 1);
    /* Some servers of OpenAI's kind do not know the format that was asked for. */
    if (model->provider->kind == PROVIDER_OPENAI && embeddings_has_format(document, format))
        strbuf_add(&call->body, bytes, length);
    else
        embeddings_write(&embeddings, model->name, format, &call->body);
    return ASK_TAKEN;
}

static bool
tick(struct ask *ask)
{
    struct embedding_call *call = ask->context;
    answers_renew(&call->answers);
    return true;
}

static const struct ask_question question = {.build = build, .read = read_answer, .tick = tick};

/* Vectors of different models cannot be compared: no other model may stand in. */
static const struct model_settings *
without_fallbacks(const struct model_settings *model, struct arena *arena)
{
    struct model_settings *alone = arena_alloc(arena, sizeof(*alone));
    *alone = *model;
    alone->fallbacks[0] = NULL;
    return alone;
}

static bool
ask_provider(struct embedding_call *call, const struct model_settings *model,
             struct receipt *receipt, struct error *err)
{
    struct request *request = call->request;
    struct ai *ai = request->service->ai;
    struct provider_failure failure = {0};
    struct ask ask = {
        .ai = ai,
        .request = request,
        .arena = &request->arena,
        .receipt = receipt,
        .question = &question,
        .context = call,
        .operation = operation,
        .model = model,
        .policy = strategy_of_gateway(ai_strategies(ai)),
        .is_callers = true,
        .tokens = (int64_t)(call->input.bytes / 4) + 1,
        .output_tokens = ASK_NO_OUTPUT,
    };
    bool taken = ask_models(&ask, &failure);
    if (taken)
        answers_store(&call->answers, &(struct answer_kept){.model = receipt->model,
                                                            .data = call->body.data,
                                                            .length = call->body.length});
    else
        *err = failure.error;
    answers_leave(&call->answers, taken ? NULL : err);
    return taken;
}

static bool
may_store(const struct request *request)
{
    const char *said = request_header(request, "X_HEARTH_CACHE");
    return !request_cache_control(request, "no-store") && !(said && strcmp(said, "off") == 0);
}

static void
prepare_answers(struct embedding_call *call, const struct model_settings *model,
                struct receipt *receipt)
{
    struct request *request = call->request;
    bool stores = may_store(request);
    call->answers = (struct answers){
        .ai = request->service->ai,
        .request = request,
        .arena = &request->arena,
        .receipt = receipt,
        .model = model,
        .no_cache = request_wants_fresh(request),
    };
    const char *const parts[] = {
        request->caller ? request->caller->tenant : "",
        stores ? gateway_canonical(request) : "",
        NULL,
    };
    answers_init(&call->answers, operation, TTL_S, stores, parts);
}

static bool
find_or_ask(struct embedding_call *call, const struct model_settings *model,
            struct receipt *receipt, struct error *err)
{
    struct request *request = call->request;
    struct answer_kept kept;
    prepare_answers(call, model, receipt);
    bool found = answers_find(&call->answers, request->may_wait, &kept);
    if (!found && !request->may_wait)
        return error_set(err, ERROR_WOULD_WAIT, "a provider is to be asked");
    int64_t started_us = clock_monotonic_us();
    if (!found && !answers_join(&call->answers, LEADER_WAIT_MS, &found, &kept, err))
        return false;
    call->waited_us = clock_monotonic_us() - started_us;
    if (!found)
        return ask_provider(call, model, receipt, err);
    strbuf_init(&call->body, &request->arena, kept.length + 1);
    strbuf_add(&call->body, kept.data, kept.length);
    return true;
}

bool
gateway_embeddings(struct request *request, struct error *err)
{
    struct embedding_call call = {.request = request, .asked = request->input};
    const struct service *service = request->service;
    const char *name = call.asked->model;
    if (!embeddings_read_input(call.asked->input, &request->arena, &call.input, err))
        return false;
    const struct model_settings *model = settings_model(service->settings, name);
    if (strcmp(name, EMBEDDING_MODEL) == 0 || (model && model->provider->kind == PROVIDER_LOCAL))
        return embeddings_local(request, &call.input, err);
    if (!model)
        return error_set(err, ERROR_MODEL_NOT_FOUND, "there is no model \"%s\"", name);
    if (!caller_narrow(request->caller, &model, &request->arena, err))
        return false;
    model = without_fallbacks(model, &request->arena);
    struct receipt receipt = {.tokens_input = -1, .tokens_output = -1};
    bool answered = find_or_ask(&call, model, &receipt, err);
    if (err->code == ERROR_WOULD_WAIT)
        return false;
    gateway_count(request, operation, &receipt, call.waited_us, answered ? NULL : err);
    gateway_headers(request, &receipt, call.waited_us);
    if (answered)
        response_bytes(request, 200, "application/json", call.body.data, call.body.length);
    return answered;
}
