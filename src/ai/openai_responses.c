/* Answers of OpenAI's /responses, which are asked only in the caller's own words. */
#include <string.h>

#include "ai/openai.h"

/* What the items of an answer add up to. */
struct sum {
    struct arena *arena;
    struct strbuf text, refusal;
    struct chat_tool_call *calls;
    size_t call_count;
};

static void
add_message(struct sum *sum, const json_t *content)
{
    for (size_t i = 0; i < json_array_size(content); i++) {
        const json_t *part = json_array_get(content, i);
        const char *text = provider_text(part, "text"), *refusal = provider_text(part, "refusal");
        if (text)
            strbuf_add_text(&sum->text, text);
        if (refusal)
            strbuf_add_text(&sum->refusal, refusal);
    }
}

static void
add_item(struct sum *sum, const json_t *item)
{
    const char *type = provider_text(item, "type"), *name = provider_text(item, "name");
    const char *id = provider_text(item, "call_id"), *arguments = provider_text(item, "arguments");
    if (type && strcmp(type, "message") == 0)
        add_message(sum, json_object_get(item, "content"));
    if (type && strcmp(type, "function_call") == 0 && name)
        sum->calls[sum->call_count++] = (struct chat_tool_call){
            .id = id ? id : provider_call_id(sum->arena),
            .name = name,
            .arguments = arguments && arguments[0] ? arguments : "{}",
        };
}

enum chat_finish
openai_response_finish(const json_t *response, bool has_calls)
{
    const char *status = provider_text(response, "status");
    const char *reason = provider_text(json_object_get(response, "incomplete_details"), "reason");
    if (status && strcmp(status, "completed") == 0)
        return has_calls ? CHAT_FINISH_TOOL_CALLS : CHAT_FINISH_STOP;
    if (status && strcmp(status, "failed") == 0)
        return CHAT_FINISH_FAILED;
    if (!reason)
        return CHAT_FINISH_NONE; /* "queued": it is made while nobody waits */
    return strcmp(reason, "content_filter") == 0 ? CHAT_FINISH_REFUSED : CHAT_FINISH_LENGTH;
}

const char *
openai_response_reason(const json_t *response)
{
    const char *reason = provider_text(json_object_get(response, "incomplete_details"), "reason");
    return reason ? reason : provider_text(response, "status");
}

bool
openai_parse_response(const json_t *document, struct arena *arena, struct chat_answer *answer,
                      struct error *err)
{
    const json_t *output = json_object_get(document, "output");
    size_t count = json_array_size(output);
    struct sum sum = {.arena = arena, .calls = arena_array(arena, count, sizeof(*sum.calls))};
    if (json_is_object(json_object_get(document, "error")))
        return error_set(err, ERROR_UPSTREAM_INVALID, "the provider's answer failed");
    strbuf_init(&sum.text, arena, 256);
    strbuf_init(&sum.refusal, arena, 16);
    for (size_t i = 0; i < count; i++)
        add_item(&sum, json_array_get(output, i));
    struct chat_choice *choice = arena_alloc(arena, sizeof(*choice));
    *choice = (struct chat_choice){
        .text = sum.text.data,
        .refusal = sum.refusal.length > 0 ? sum.refusal.data : NULL,
        .tool_calls = {sum.calls, sum.call_count},
        .finish = openai_response_finish(document, sum.call_count > 0),
        .reason = openai_response_reason(document),
    };
    if (choice->refusal)
        choice->finish = CHAT_FINISH_REFUSED;
    answer->id = provider_text(document, "id");
    answer->model = provider_text(document, "model");
    answer->choices = (struct list){choice, 1};
    openai_read_usage(json_object_get(document, "usage"), &answer->usage);
    return true;
}
