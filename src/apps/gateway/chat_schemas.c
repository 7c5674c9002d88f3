/* The rows of chat completions: what is checked before any model is asked, and what we answer where
 * the answer is not a provider's own. */
#include "apps/gateway/chat_schemas.h"

#include "apps/gateway/gateway.h"

struct request_message {
    const char *role;
    const json_t *content, *tool_calls;
    const char *tool_call_id, *name;
};

struct request_stream_options {
    bool include_usage;
};

struct request_tool {
    const char *type;
    const json_t *function;
};

struct request_format {
    const char *type;
    const json_t *json_schema;
};

struct chat_request {
    const char *model;
    struct list messages; /* struct request_message */
    bool stream;
    struct request_stream_options *stream_options;
    double temperature, top_p, presence_penalty, frequency_penalty;
    int64_t max_tokens, max_completion_tokens, n, seed, top_logprobs;
    bool logprobs;
    const json_t *stop;
    struct list tools; /* struct request_tool */
    const json_t *tool_choice;
    bool parallel_tool_calls;
    struct request_format *response_format;
    const char *user;
};

static const struct schema message_schema = {
    .name = "ChatMessage",
    .size = sizeof(struct request_message),
    .fields =
        (const struct field[]){
            STRING(struct request_message, role, .flags = FIELD_REQUIRED, .min = 1,
                   .doc = "system, developer, user, assistant or tool."),
            JSON(struct request_message, content,
                 .doc = "A text, or a list of parts: text, and pictures as image_url."),
            JSON(struct request_message, tool_calls,
                 .doc = "Of an assistant: the calls that it made."),
            STRING(struct request_message, tool_call_id, .flags = FIELD_NULLABLE,
                   .doc = "Of a tool: which call this answers."),
            STRING(struct request_message, name, .flags = FIELD_NULLABLE,
                   .doc = "Who of several speaks."),
            {.name = NULL}},
    .doc = "One message of the conversation; other members go to the provider as they are.",
};

static const struct schema stream_options_schema = {
    .name = "ChatStreamOptions",
    .size = sizeof(struct request_stream_options),
    .fields = (const struct field[]){BOOLEAN(struct request_stream_options, include_usage,
                                             .flags = FIELD_NULLABLE,
                                             .doc = "A last event tells the tokens used."),
                                     {.name = NULL}},
};

static const struct schema tool_schema = {
    .name = "ChatTool",
    .size = sizeof(struct request_tool),
    .fields = (const struct field[]){STRING(struct request_tool, type, .flags = FIELD_REQUIRED,
                                            .doc = "function."),
                                     JSON(struct request_tool, function,
                                          .doc = "name, description, parameters (JSON Schema) and "
                                                 "strict."),
                                     {.name = NULL}},
};

static const struct schema format_schema = {
    .name = "ChatFormat",
    .size = sizeof(struct request_format),
    .fields = (const struct field[]){STRING(struct request_format, type, .flags = FIELD_REQUIRED,
                                            .doc = "text, json_object or json_schema."),
                                     JSON(struct request_format, json_schema,
                                          .doc = "name, schema (JSON Schema) and strict."),
                                     {.name = NULL}},
};

#define OPTIONAL_NUMBER(member, ...)                                                               \
    NUMBER(struct chat_request, member, .flags = FIELD_NULLABLE, __VA_ARGS__)
#define OPTIONAL_INTEGER(member, ...)                                                              \
    INTEGER(struct chat_request, member, .flags = FIELD_NULLABLE, __VA_ARGS__)

const struct schema chat_request_schema = {
    .name = "ChatCompletionRequest",
    .size = sizeof(struct chat_request),
    .fields =
        (const struct field[]){
            STRING(struct chat_request, model, .flags = FIELD_REQUIRED, .min = 1, .max = 256,
                   .doc = "A configured model, or another name of one (GET /v1/models)."),
            ARRAY(struct chat_request, messages, &message_schema, .flags = FIELD_REQUIRED, .min = 1,
                  .doc = "The conversation so far."),
            BOOLEAN(struct chat_request, stream, .flags = FIELD_NULLABLE,
                    .doc = "Answer as server-sent events."),
            OBJECT(struct chat_request, stream_options, &stream_options_schema,
                   .flags = FIELD_NULLABLE, .doc = "With stream."),
            OPTIONAL_NUMBER(temperature, .max = INT64_MAX,
                            .doc = "How freely words are chosen. 0 is kept in the cache."),
            OPTIONAL_NUMBER(top_p, .min = 0, .max = 1, .doc = "Nucleus sampling."),
            OPTIONAL_NUMBER(presence_penalty, .min = -2, .max = 2,
                            .doc = "Against what was spoken of already."),
            OPTIONAL_NUMBER(frequency_penalty, .min = -2, .max = 2,
                            .doc = "Against words that were used already."),
            OPTIONAL_INTEGER(max_tokens, .min = 1, .doc = "Most tokens of the answer."),
            OPTIONAL_INTEGER(max_completion_tokens, .min = 1,
                             .doc = "The same, with those that the model thinks."),
            OPTIONAL_INTEGER(n, .min = 1, .max = 128, .doc = "How many answers."),
            OPTIONAL_INTEGER(seed, .doc = "For answers that repeat."),
            OPTIONAL_INTEGER(top_logprobs, .min = 0, .max = 20, .doc = "With logprobs."),
            BOOLEAN(struct chat_request, logprobs, .flags = FIELD_NULLABLE,
                    .doc = "Tell how likely each token was."),
            JSON(struct chat_request, stop,
                 .doc = "A text, or a list of texts, before which the answer ends."),
            ARRAY(struct chat_request, tools, &tool_schema, .flags = FIELD_NULLABLE,
                  .doc = "What the model may call."),
            JSON(struct chat_request, tool_choice,
                 .doc = "auto, none, required, or the one to call."),
            BOOLEAN(struct chat_request, parallel_tool_calls, .flags = FIELD_NULLABLE,
                    .doc = "Whether several calls may be made at once."),
            OBJECT(struct chat_request, response_format, &format_schema, .flags = FIELD_NULLABLE,
                   .doc = "The form of the answer."),
            STRING(struct chat_request, user, .flags = FIELD_NULLABLE,
                   .doc = "Whom the answer is for, as the provider may know them."),
            {.name = NULL}},
    .doc = "A question in the form of OpenAI's chat completions. Members that are not listed go "
           "to providers of that form as they are; for other providers they are refused.",
    .example = "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}",
};

static const struct schema function_schema = {
    .name = "ChatCompletionFunction",
    .size = sizeof(struct completion_function),
    .fields =
        (const struct field[]){
            STRING(struct completion_function, name, .doc = "As in the tool."),
            STRING(struct completion_function, arguments, .doc = "JSON, as the model wrote it."),
            {.name = NULL}},
};

static const struct schema call_schema = {
    .name = "ChatCompletionCall",
    .size = sizeof(struct completion_call),
    .fields = (const struct field[]){STRING(struct completion_call, id,
                                            .doc = "To be named by the tool's answer."),
                                     STRING(struct completion_call, type, .doc = "function."),
                                     OBJECT(struct completion_call, function, &function_schema,
                                            .flags = FIELD_OMITTED, .doc = "What to call."),
                                     {.name = NULL}},
};

static const struct schema answer_message_schema = {
    .name = "ChatCompletionMessage",
    .size = sizeof(struct completion_message),
    .fields =
        (const struct field[]){STRING(struct completion_message, role, .doc = "assistant."),
                               STRING(struct completion_message, content, .flags = FIELD_NULLABLE,
                                      .doc = "The text; null where there are only calls."),
                               STRING(struct completion_message, refusal, .flags = FIELD_NULLABLE,
                                      .doc = "What the model said instead of an answer."),
                               ARRAY(struct completion_message, tool_calls, &call_schema,
                                     .flags = FIELD_OMITTED | FIELD_NULLABLE,
                                     .doc = "What it wants called."),
                               {.name = NULL}},
};

static const struct schema choice_schema = {
    .name = "ChatCompletionChoice",
    .size = sizeof(struct completion_choice),
    .fields =
        (const struct field[]){
            INTEGER(struct completion_choice, index, .max = INT64_MAX, .doc = "From 0."),
            OBJECT(struct completion_choice, message, &answer_message_schema,
                   .flags = FIELD_REQUIRED, .doc = "The answer."),
            JSON(struct completion_choice, logprobs, .doc = "As the provider told them."),
            STRING(struct completion_choice, finish_reason, .flags = FIELD_NULLABLE,
                   .doc = "stop, length, tool_calls or content_filter."),
            {.name = NULL}},
};

static const struct schema input_details_schema = {
    .name = "ChatCompletionInputDetails",
    .size = sizeof(struct completion_input_details),
    .fields = (const struct field[]){INTEGER(struct completion_input_details, cached_tokens,
                                             .flags = FIELD_NULLABLE,
                                             .doc = "From the provider's own cache."),
                                     {.name = NULL}},
};

static const struct schema output_details_schema = {
    .name = "ChatCompletionOutputDetails",
    .size = sizeof(struct completion_output_details),
    .fields = (const struct field[]){INTEGER(struct completion_output_details, reasoning_tokens,
                                             .flags = FIELD_NULLABLE,
                                             .doc = "Thoughts, which are not shown."),
                                     {.name = NULL}},
};

const struct schema completion_usage_schema = {
    .name = "ChatCompletionUsage",
    .size = sizeof(struct completion_usage),
    .fields =
        (const struct field[]){
            INTEGER(struct completion_usage, prompt_tokens, .doc = "Of the question."),
            INTEGER(struct completion_usage, completion_tokens,
                    .doc = "Of the answer, with the model's thoughts."),
            INTEGER(struct completion_usage, total_tokens, .doc = "Of both."),
            OBJECT(struct completion_usage, prompt_tokens_details, &input_details_schema,
                   .flags = FIELD_OMITTED | FIELD_NULLABLE, .doc = "Parts of prompt_tokens."),
            OBJECT(struct completion_usage, completion_tokens_details, &output_details_schema,
                   .flags = FIELD_OMITTED | FIELD_NULLABLE, .doc = "Parts of completion_tokens."),
            {.name = NULL}},
};

const struct schema chat_response_schema = {
    .name = "ChatCompletion",
    .size = sizeof(struct completion),
    .fields =
        (const struct field[]){STRING(struct completion, id, .doc = "Of this answer."),
                               STRING(struct completion, object, .doc = "chat.completion."),
                               INTEGER(struct completion, created, .max = INT64_MAX,
                                       .doc = "When, in seconds since 1970."),
                               STRING(struct completion, model, .doc = "Who answered."),
                               ARRAY(struct completion, choices, &choice_schema,
                                     .flags = FIELD_REQUIRED, .doc = "The answers."),
                               OBJECT(struct completion, usage, &completion_usage_schema,
                                      .flags = FIELD_OMITTED | FIELD_NULLABLE,
                                      .doc = "Tokens; left out where the provider reported none."),
                               {.name = NULL}},
    .doc = "An answer in the form of OpenAI's chat completions: the provider's own where it speaks "
           "that form, with all its members.",
};
