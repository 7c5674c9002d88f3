/* The rows of Anthropic's messages: what is checked before any model is asked, and what is
 * answered. */
#include "apps/gateway/gateway.h"

struct request_message {
    const char *role;
    const json_t *content;
};

struct request_tool {
    const char *name;
    const json_t *description, *input_schema;
};

struct messages_request {
    const char *model;
    int64_t max_tokens;
    struct list messages; /* struct request_message */
    const json_t *system;
    bool stream;
    double temperature, top_p;
    int64_t top_k;
    struct list stop_sequences;
    struct list tools; /* struct request_tool */
    const json_t *tool_choice, *metadata, *thinking;
};

/* Only for the document: what we answer is written member by member, or is the provider's own. */
struct messages_response {
    const char *id, *type, *role, *model;
    const json_t *content;
    const char *stop_reason, *stop_sequence;
    const json_t *usage;
};

static const struct schema message_schema = {
    .name = "MessagesMessage",
    .size = sizeof(struct request_message),
    .fields =
        (const struct field[]){
            STRING(struct request_message, role, .flags = FIELD_REQUIRED, .min = 1,
                   .doc = "user or assistant."),
            JSON(struct request_message, content, .flags = FIELD_REQUIRED,
                 .doc = "A text, or a list of blocks: text, image, tool_use, tool_result."),
            {.name = NULL}},
    .doc = "One message of the conversation; other members go to the provider as they are.",
};

static const struct schema tool_schema = {
    .name = "MessagesTool",
    .size = sizeof(struct request_tool),
    .fields =
        (const struct field[]){
            STRING(struct request_tool, name, .flags = FIELD_REQUIRED, .min = 1,
                   .doc = "What the model calls it."),
            JSON(struct request_tool, description, .doc = "What it is for."),
            JSON(struct request_tool, input_schema, .doc = "JSON Schema of its input."),
            {.name = NULL}},
};

const struct schema messages_request_schema = {
    .name = "MessagesRequest",
    .size = sizeof(struct messages_request),
    .fields =
        (const struct field[]){
            STRING(struct messages_request, model, .flags = FIELD_REQUIRED, .min = 1, .max = 256,
                   .doc = "A configured model, or another name of one (GET /v1/models)."),
            INTEGER(struct messages_request, max_tokens, .flags = FIELD_REQUIRED, .min = 1,
                    .doc = "Most tokens of the answer."),
            ARRAY(struct messages_request, messages, &message_schema, .flags = FIELD_REQUIRED,
                  .min = 1, .doc = "The conversation so far."),
            JSON(struct messages_request, system,
                 .doc = "Instructions: a text, or a list of blocks of text."),
            BOOLEAN(struct messages_request, stream, .flags = FIELD_NULLABLE,
                    .doc = "Answer as server-sent events."),
            NUMBER(struct messages_request, temperature, .flags = FIELD_NULLABLE, .max = INT64_MAX,
                   .doc = "How freely words are chosen. 0 is kept in the cache."),
            NUMBER(struct messages_request, top_p, .flags = FIELD_NULLABLE, .min = 0, .max = 1,
                   .doc = "Nucleus sampling."),
            INTEGER(struct messages_request, top_k, .flags = FIELD_NULLABLE, .max = INT64_MAX,
                    .doc = "Of how many words one is chosen."),
            STRINGS(struct messages_request, stop_sequences, .flags = FIELD_NULLABLE,
                    .doc = "Texts before which the answer ends."),
            ARRAY(struct messages_request, tools, &tool_schema, .flags = FIELD_NULLABLE,
                  .doc = "What the model may call."),
            JSON(struct messages_request, tool_choice,
                 .doc = "type auto, any, none, or tool with its name."),
            JSON(struct messages_request, metadata, .doc = "user_id: whom the answer is for."),
            JSON(struct messages_request, thinking,
                 .doc = "How the model may think; only for Anthropic's own."),
            {.name = NULL}},
    .doc = "A question in the form of Anthropic's messages. Members that are not listed go to "
           "Anthropic as they are; for other providers they are refused.",
    .example = "{\"model\":\"fast\",\"max_tokens\":100,\"messages\":[{\"role\":\"user\","
               "\"content\":\"Say hello.\"}]}",
};

const struct schema messages_response_schema = {
    .name = "Message",
    .size = sizeof(struct messages_response),
    .fields =
        (const struct field[]){
            STRING(struct messages_response, id, .doc = "Of this answer."),
            STRING(struct messages_response, type, .doc = "message."),
            STRING(struct messages_response, role, .doc = "assistant."),
            STRING(struct messages_response, model, .doc = "Who answered."),
            JSON(struct messages_response, content, .flags = FIELD_REQUIRED,
                 .doc = "Blocks of the answer: text and tool_use."),
            STRING(struct messages_response, stop_reason, .flags = FIELD_NULLABLE,
                   .doc = "end_turn, max_tokens, stop_sequence, tool_use or refusal."),
            STRING(struct messages_response, stop_sequence, .flags = FIELD_NULLABLE,
                   .doc = "Which of them ended the answer, where the provider tells."),
            JSON(struct messages_response, usage,
                 .doc = "input_tokens, output_tokens and what of the input the provider had in its "
                        "cache; 0 where it reported none."),
            {.name = NULL}},
    .doc = "An answer in the form of Anthropic's messages: the provider's own where it is "
           "Anthropic, with all its members.",
};
