/* The rows of responses: what is checked before any model is asked, and what an answer holds. */
#include "apps/gateway/gateway.h"

struct responses_request {
    const char *model;
    const json_t *input;
    const char *instructions;
    bool stream, store, parallel_tool_calls;
    int64_t max_output_tokens;
    double temperature, top_p;
    struct list tools; /* struct responses_tool */
    const json_t *tool_choice, *text, *reasoning, *metadata;
    const char *previous_response_id, *user;
};

struct responses_tool {
    const char *type, *name, *description;
    const json_t *parameters;
};

struct response_item {
    const char *type, *id, *status;
    const json_t *content;
    const char *call_id, *name, *arguments;
};

struct response_body {
    const char *id, *object;
    int64_t created_at;
    const char *status, *model;
    struct list output; /* struct response_item */
    const json_t *error, *incomplete_details, *usage;
    bool store;
};

static const struct schema tool_schema = {
    .name = "ResponsesTool",
    .size = sizeof(struct responses_tool),
    .fields =
        (const struct field[]){
            STRING(struct responses_tool, type, .flags = FIELD_REQUIRED,
                   .doc = "function; other kinds where the provider has the endpoint itself."),
            STRING(struct responses_tool, name, .flags = FIELD_NULLABLE, .doc = "Of a function."),
            STRING(struct responses_tool, description, .flags = FIELD_NULLABLE,
                   .doc = "What it is for, in words for the model."),
            JSON(struct responses_tool, parameters, .doc = "JSON Schema of its arguments."),
            {.name = NULL}},
};

const struct schema responses_request_schema = {
    .name = "ResponsesRequest",
    .size = sizeof(struct responses_request),
    .fields =
        (const struct field[]){
            STRING(struct responses_request, model, .flags = FIELD_REQUIRED, .min = 1, .max = 256,
                   .doc = "A configured model, or another name of one (GET /v1/models)."),
            JSON(struct responses_request, input, .flags = FIELD_REQUIRED,
                 .doc = "A text, or a list of items: messages, function_call and "
                        "function_call_output."),
            STRING(struct responses_request, instructions, .flags = FIELD_NULLABLE,
                   .doc = "What stands before the input as the system's message."),
            BOOLEAN(struct responses_request, stream, .flags = FIELD_NULLABLE,
                    .doc = "Answer as server-sent events."),
            INTEGER(struct responses_request, max_output_tokens, .flags = FIELD_NULLABLE, .min = 1,
                    .doc = "Most tokens of the answer."),
            NUMBER(struct responses_request, temperature, .flags = FIELD_NULLABLE, .max = INT64_MAX,
                   .doc = "How freely words are chosen. 0 is kept in the cache."),
            NUMBER(struct responses_request, top_p, .flags = FIELD_NULLABLE, .max = 1,
                   .doc = "Nucleus sampling."),
            ARRAY(struct responses_request, tools, &tool_schema, .flags = FIELD_NULLABLE,
                  .doc = "What the model may call."),
            JSON(struct responses_request, tool_choice,
                 .doc = "auto, none, required, or the one to call."),
            BOOLEAN(struct responses_request, parallel_tool_calls, .flags = FIELD_NULLABLE,
                    .doc = "Whether several calls may be made at once."),
            JSON(struct responses_request, text,
                 .doc = "The form of the answer: format of type text, json_object or json_schema."),
            JSON(struct responses_request, reasoning,
                 .doc = "Only where the provider has the endpoint itself."),
            BOOLEAN(struct responses_request, store, .flags = FIELD_NULLABLE,
                    .doc = "Nothing is kept here; true only where the provider has the endpoint "
                           "itself."),
            STRING(struct responses_request, previous_response_id, .flags = FIELD_NULLABLE,
                   .doc = "Only where the provider has the endpoint itself."),
            JSON(struct responses_request, metadata, .doc = "Repeated in the answer."),
            STRING(struct responses_request, user, .flags = FIELD_NULLABLE,
                   .doc = "Whom the answer is for, as the provider may know them."),
            {.name = NULL}},
    .doc = "A question in the form of OpenAI's responses. Members that are not listed go to "
           "providers that have the endpoint as they are; for other providers they are refused.",
    .example = "{\"model\":\"fast\",\"input\":\"Say hello.\"}",
};

static const struct schema item_schema = {
    .name = "ResponseItem",
    .size = sizeof(struct response_item),
    .fields =
        (const struct field[]){
            STRING(struct response_item, type, .flags = FIELD_REQUIRED,
                   .doc = "message or function_call; others where they are the provider's own."),
            STRING(struct response_item, id, .flags = FIELD_NULLABLE, .doc = "Of this item."),
            STRING(struct response_item, status, .flags = FIELD_NULLABLE,
                   .doc = "completed or incomplete."),
            JSON(struct response_item, content,
                 .doc = "Of a message: parts of type output_text or refusal."),
            STRING(struct response_item, call_id, .flags = FIELD_NULLABLE,
                   .doc = "Of a call: to be named by its function_call_output."),
            STRING(struct response_item, name, .flags = FIELD_NULLABLE, .doc = "What to call."),
            STRING(struct response_item, arguments, .flags = FIELD_NULLABLE,
                   .doc = "JSON, as the model wrote it."),
            {.name = NULL}},
};

const struct schema responses_response_schema = {
    .name = "Response",
    .size = sizeof(struct response_body),
    .fields =
        (const struct field[]){
            STRING(struct response_body, id, .flags = FIELD_REQUIRED, .doc = "Of this answer."),
            STRING(struct response_body, object, .flags = FIELD_REQUIRED, .doc = "response."),
            INTEGER(struct response_body, created_at, .flags = FIELD_REQUIRED, .max = INT64_MAX,
                    .doc = "When, in seconds since 1970."),
            STRING(struct response_body, status, .flags = FIELD_REQUIRED,
                   .doc = "completed or incomplete."),
            STRING(struct response_body, model, .flags = FIELD_REQUIRED, .doc = "Who answered."),
            ARRAY(struct response_body, output, &item_schema, .flags = FIELD_REQUIRED,
                  .doc = "What the model said and what it wants called."),
            JSON(struct response_body, error, .doc = "null: failures have a status of their own."),
            JSON(struct response_body, incomplete_details,
                 .doc = "With incomplete: reason, max_output_tokens or content_filter."),
            JSON(struct response_body, usage,
                 .doc = "input_tokens, output_tokens, total_tokens and their details; null where "
                        "the provider reported none."),
            BOOLEAN(struct response_body, store, .flags = FIELD_NULLABLE,
                    .doc = "false where it was made here: nothing is kept."),
            {.name = NULL}},
    .doc = "An answer in the form of OpenAI's responses: the provider's own where it has the "
           "endpoint, with all its members.",
};
