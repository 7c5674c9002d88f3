/* The routes of the gateway. */
#include "ai/operation.h"
#include "apps/app.h"
#include "apps/gateway/gateway.h"
#include "http/problem.h"
#include "http/route.h"

#define ANSWERS(failure_schema)                                                                    \
    (const struct route_answer[])                                                                  \
    {                                                                                              \
        {.status = 200,                                                                            \
         .content_type = "text/event-stream",                                                      \
         .doc = "With stream: the same answer while it is made."},                                 \
            {.status = 404,                                                                        \
             .schema = (failure_schema),                                                           \
             .doc = "No model of this name is configured."},                                       \
        {                                                                                          \
            .status = 0                                                                            \
        }                                                                                          \
    }

#define DELIVERY                                                                                   \
    "Requests with temperature 0 are answered from the cache where an equal one was answered "     \
    "before; X-Hearth-Cache: on asks for that at any temperature, off for none of it. "            \
    "X-Hearth-Delivery: whole holds a stream back until it is complete, so that another model "    \
    "can still take over. A stream that breaks off ends with an error and without its mark of "    \
    "completeness."

enum { BODY_MAX_BYTES = 20 << 20 };

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .pattern = "/v1/chat/completions",
        .handle = gateway_chat,
        .flags = ROUTE_KEY | ROUTE_UNVERSIONED | ROUTE_IDEMPOTENT,
        .scope = SCOPE_GATEWAY,
        .limit = LIMIT_PROCESS,
        .errors = ERRORS_OPENAI,
        .request = &chat_request_schema,
        .response = &chat_response_schema,
        .answers = ANSWERS(&openai_failure_schema),
        .body_max_bytes = BODY_MAX_BYTES,
        .tag = "Gateway",
        .summary = "Answer a chat, as OpenAI does",
        .doc = "OpenAI's chat completions for every configured model. " DELIVERY,
        .operation_id = "gateway_chat",
    },
    {
        .method = METHOD_POST,
        .pattern = "/v1/messages",
        .handle = gateway_messages,
        .flags = ROUTE_KEY | ROUTE_UNVERSIONED | ROUTE_IDEMPOTENT,
        .scope = SCOPE_GATEWAY,
        .limit = LIMIT_PROCESS,
        .errors = ERRORS_ANTHROPIC,
        .request = &messages_request_schema,
        .response = &messages_response_schema,
        .answers = ANSWERS(&anthropic_failure_schema),
        .body_max_bytes = BODY_MAX_BYTES,
        .tag = "Gateway",
        .summary = "Answer a chat, as Anthropic does",
        .doc = "Anthropic's messages for every configured model. " DELIVERY,
        .operation_id = "gateway_messages",
    },
    {
        .method = METHOD_POST,
        .pattern = "/v1/responses",
        .handle = gateway_responses,
        .flags = ROUTE_KEY | ROUTE_UNVERSIONED | ROUTE_IDEMPOTENT,
        .scope = SCOPE_GATEWAY,
        .limit = LIMIT_PROCESS,
        .errors = ERRORS_OPENAI,
        .request = &responses_request_schema,
        .response = &responses_response_schema,
        .answers = ANSWERS(&openai_failure_schema),
        .body_max_bytes = BODY_MAX_BYTES,
        .tag = "Gateway",
        .summary = "Answer an input, as OpenAI's responses do",
        .doc = "OpenAI's responses: passed on to providers that have them, said in other words to "
               "all others. Nothing is stored here. " DELIVERY,
        .operation_id = "gateway_responses",
    },
    {
        .method = METHOD_POST,
        .pattern = "/v1/embeddings",
        .handle = gateway_embeddings,
        .flags = ROUTE_KEY | ROUTE_UNVERSIONED | ROUTE_IDEMPOTENT,
        .scope = SCOPE_GATEWAY,
        .limit = LIMIT_PROCESS,
        .errors = ERRORS_OPENAI,
        .request = &embeddings_request_schema,
        .response = &embeddings_response_schema,
        .answers = (const struct route_answer[]){{.status = 404,
                                                  .schema = &openai_failure_schema,
                                                  .doc = "No model of this name is configured."},
                                                 {.status = 0}},
        .body_max_bytes = BODY_MAX_BYTES,
        .tag = "Gateway",
        .summary = "Make vectors of texts",
        .doc = "OpenAI's embeddings for configured models, and local-hash-256, which needs none. "
               "Equal questions are answered from the cache.",
        .operation_id = "gateway_embeddings",
    },
    {
        .method = METHOD_GET,
        .pattern = "/v1/models",
        .handle = gateway_models,
        .flags = ROUTE_KEY | ROUTE_UNVERSIONED,
        .scope = SCOPE_GATEWAY,
        .errors = ERRORS_EITHER,
        .response = &model_list_schema,
        .tag = "Gateway",
        .summary = "List the models",
        .doc = "What requests may say as model, other names too: in Anthropic's shape with the "
               "header anthropic-version, else in OpenAI's.",
        .operation_id = "gateway_models",
    },
    {
        .method = METHOD_GET,
        .pattern = "/v1/models/{id}",
        .handle = gateway_model,
        .flags = ROUTE_KEY | ROUTE_UNVERSIONED,
        .scope = SCOPE_GATEWAY,
        .errors = ERRORS_EITHER,
        .response = &model_schema,
        .tag = "Gateway",
        .summary = "Show a model",
        .doc = "One entry of the list.",
        .operation_id = "gateway_model",
    },
    {.pattern = NULL},
};

/* Where the official clients of both houses ask, for what is not here too. */
const struct route_area gateway_areas[] = {
    {"/v1/messages", ERRORS_ANTHROPIC},   {"/v1/complete", ERRORS_ANTHROPIC},
    {"/v1/chat", ERRORS_EITHER},          {"/v1/responses", ERRORS_EITHER},
    {"/v1/embeddings", ERRORS_EITHER},    {"/v1/models", ERRORS_EITHER},
    {"/v1/completions", ERRORS_EITHER},   {"/v1/conversations", ERRORS_EITHER},
    {"/v1/moderations", ERRORS_EITHER},   {"/v1/images", ERRORS_EITHER},
    {"/v1/audio", ERRORS_EITHER},         {"/v1/videos", ERRORS_EITHER},
    {"/v1/realtime", ERRORS_EITHER},      {"/v1/files", ERRORS_EITHER},
    {"/v1/uploads", ERRORS_EITHER},       {"/v1/batches", ERRORS_EITHER},
    {"/v1/vector_stores", ERRORS_EITHER}, {"/v1/containers", ERRORS_EITHER},
    {"/v1/skills", ERRORS_EITHER},        {"/v1/fine_tuning", ERRORS_EITHER},
    {"/v1/evals", ERRORS_EITHER},         {"/v1/assistants", ERRORS_EITHER},
    {"/v1/threads", ERRORS_EITHER},       {"/v1/organization", ERRORS_EITHER},
    {"/v1/organizations", ERRORS_EITHER}, {NULL, ERRORS_PROBLEM},
};

/* What the cache calls its answers. They have no prompts of their own. */
static const struct operation chat = {.name = "gateway_chat", .strategy = STRATEGY_GATEWAY};
static const struct operation messages = {.name = "gateway_messages", .strategy = STRATEGY_GATEWAY};
static const struct operation responses = {.name = "gateway_responses",
                                           .strategy = STRATEGY_GATEWAY};
static const struct operation embeddings = {.name = "gateway_embeddings",
                                            .strategy = STRATEGY_GATEWAY};
static const struct operation *const operations[] = {&chat, &messages, &responses, &embeddings,
                                                     NULL};

const struct app gateway_app = {"gateway", routes, operations};
