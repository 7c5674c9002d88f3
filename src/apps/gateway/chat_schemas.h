/* The bodies of OpenAI's chat completions as rows. Private to the gateway and its tests. */
#ifndef HEARTH_APPS_GATEWAY_CHAT_SCHEMAS_H
#define HEARTH_APPS_GATEWAY_CHAT_SCHEMAS_H

#include "http/schema.h"

struct completion_function {
    const char *name, *arguments;
};

struct completion_call {
    const char *id, *type;
    struct completion_function *function;
};

struct completion_message {
    const char *role, *content, *refusal;
    struct list tool_calls; /* struct completion_call */
};

struct completion_choice {
    int64_t index;
    struct completion_message *message;
    const json_t *logprobs;
    const char *finish_reason;
};

struct completion_input_details {
    int64_t cached_tokens;
};

struct completion_output_details {
    int64_t reasoning_tokens;
};

struct completion_usage {
    int64_t prompt_tokens, completion_tokens, total_tokens;
    struct completion_input_details *prompt_tokens_details;
    struct completion_output_details *completion_tokens_details;
};

struct completion {
    const char *id, *object;
    int64_t created;
    const char *model;
    struct list choices; /* struct completion_choice */
    struct completion_usage *usage;
};

extern const struct schema completion_usage_schema;

#endif
