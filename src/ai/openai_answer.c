/* Answers to chat completions. */
#include <string.h>

#include "ai/openai.h"
#include "ai/thoughts.h"
#include "ai/usage_report.h"

static const char *
message_text(const json_t *message, struct arena *arena)
{
    const json_t *content = json_object_get(message, "content");
    struct strbuf text;
    if (json_is_string(content)) {
        struct thoughts thoughts = {0};
        const char *answer = thoughts_filter(&thoughts, json_string_value(content), arena);
        return thoughts.state == THOUGHTS_UNKNOWN ? thoughts_flush(&thoughts) : answer;
    }
    strbuf_init(&text, arena, 256);
    for (size_t i = 0; i < json_array_size(content); i++) {
        const char *part = provider_text(json_array_get(content, i), "text");
        if (part)
            strbuf_add_text(&text, part);
    }
    return text.data;
}

enum chat_finish
openai_finish(const char *reason)
{
    static const struct provider_finish rows[] = {
        {"stop", CHAT_FINISH_STOP},
        {"length", CHAT_FINISH_LENGTH},
        {"tool_calls", CHAT_FINISH_TOOL_CALLS},
        {"function_call", CHAT_FINISH_TOOL_CALLS},
        {"content_filter", CHAT_FINISH_REFUSED},
        /* Of others that speak the dialect. */
        {"end_turn", CHAT_FINISH_STOP},
        {"eos", CHAT_FINISH_STOP},
        {"eos_token", CHAT_FINISH_STOP},
        {"stop_sequence", CHAT_FINISH_STOP},
        {"max_tokens", CHAT_FINISH_LENGTH},
        {"model_length", CHAT_FINISH_LENGTH},
        {"model_context_window_exceeded", CHAT_FINISH_LENGTH},
        {"sensitive", CHAT_FINISH_REFUSED},
        {"abort", CHAT_FINISH_FAILED},
        {"cancelled", CHAT_FINISH_FAILED},
        {"error", CHAT_FINISH_FAILED},
        {"insufficient_system_resource", CHAT_FINISH_FAILED},
        {"network_error", CHAT_FINISH_FAILED},
        {0},
    };
    return provider_finish(rows, reason);
}

void
openai_read_usage(const json_t *usage, struct chat_usage *counts)
{
    if (!json_is_object(usage))
        return;
    /* /responses counts the same under other names. */
    bool is_response = json_object_get(usage, "input_tokens");
    const json_t *input =
        json_object_get(usage, is_response ? "input_tokens_details" : "prompt_tokens_details");
    const json_t *output =
        json_object_get(usage, is_response ? "output_tokens_details" : "completion_tokens_details");
    counts->input = provider_tokens(usage, is_response ? "input_tokens" : "prompt_tokens");
    counts->output = provider_tokens(usage, is_response ? "output_tokens" : "completion_tokens");
    counts->cached = provider_tokens(input, "cached_tokens");
    counts->thought = provider_tokens(output, "reasoning_tokens");
    counts->written = provider_tokens(input, "cache_write_tokens");
    /* DeepSeek says it beside the others. */
    if (counts->cached < 0)
        counts->cached = provider_tokens(usage, "prompt_cache_hit_tokens");
    usage_report(counts, usage);
}

static void
read_calls(const json_t *array, struct arena *arena, struct list *list)
{
    size_t count = json_array_size(array);
    struct chat_tool_call *calls = arena_array(arena, count, sizeof(*calls));
    *list = (struct list){calls, 0};
    for (size_t i = 0; i < count; i++) {
        const json_t *call = json_array_get(array, i);
        const json_t *function = json_object_get(call, "function");
        const char *name = provider_text(function, "name"), *id = provider_text(call, "id");
        const char *arguments = provider_text(function, "arguments");
        if (!name)
            continue;
        calls[list->count++] = (struct chat_tool_call){
            .id = id && id[0] ? id : provider_call_id(arena),
            .name = name,
            .arguments = arguments && arguments[0] ? arguments : "{}",
        };
    }
}

static bool
read_choice(const json_t *document, struct arena *arena, struct chat_choice *choice)
{
    const json_t *message = json_object_get(document, "message");
    if (!json_is_object(message))
        return false;
    const char *refusal = provider_text(message, "refusal");
    const char *reason = provider_text(document, "finish_reason");
    *choice = (struct chat_choice){
        .text = message_text(message, arena),
        .refusal = refusal && refusal[0] ? refusal : NULL,
        .finish = openai_finish(reason),
        .reason = reason && reason[0] ? reason : NULL,
    };
    if (choice->refusal)
        choice->finish = CHAT_FINISH_REFUSED;
    read_calls(json_object_get(message, "tool_calls"), arena, &choice->tool_calls);
    return true;
}

bool
openai_parse_answer(const json_t *document, struct arena *arena, struct chat_answer *answer,
                    struct error *err)
{
    if (json_is_array(json_object_get(document, "output")))
        return openai_parse_response(document, arena, answer, err);
    const json_t *array = json_object_get(document, "choices");
    size_t count = json_array_size(array);
    struct chat_choice *choices = arena_array(arena, count, sizeof(*choices));
    answer->id = provider_text(document, "id");
    answer->model = provider_text(document, "model");
    answer->choices = (struct list){choices, count};
    openai_read_usage(json_object_get(document, "usage"), &answer->usage);
    for (size_t i = 0; i < count; i++)
        if (!read_choice(json_array_get(array, i), arena, &choices[i]))
            count = 0;
    if (count == 0)
        return error_set(err, ERROR_UPSTREAM_INVALID, "the provider's answer holds no message");
    return true;
}
