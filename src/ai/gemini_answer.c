/* Answers of generateContent. */
#include <string.h>

#include "ai/gemini.h"
#include "ai/usage_report.h"

void
gemini_read_usage(const json_t *document, struct chat_usage *counts)
{
    const json_t *usage = json_object_get(document, "usageMetadata");
    if (!json_is_object(usage))
        return;
    /* What its own tools looked up is billed as input, and told apart from the prompt. */
    counts->input = provider_sum(provider_tokens(usage, "promptTokenCount"),
                                 provider_tokens(usage, "toolUsePromptTokenCount"));
    counts->cached = provider_tokens(usage, "cachedContentTokenCount");
    counts->thought = provider_tokens(usage, "thoughtsTokenCount");
    /* Here, unlike elsewhere, thoughts are billed beside the answer and not within it. */
    counts->output = provider_sum(provider_tokens(usage, "candidatesTokenCount"), counts->thought);
    /* To a blocked prompt nothing was made, and what is zero is left out. */
    if (counts->output < 0 && counts->input >= 0 && gemini_is_blocked(document))
        counts->output = 0;
    usage_report(counts, usage);
}

enum chat_finish
gemini_finish(const char *reason, bool has_calls)
{
    static const struct provider_finish rows[] = {
        {"STOP", CHAT_FINISH_STOP},
        {"MAX_TOKENS", CHAT_FINISH_LENGTH},
        {"SAFETY", CHAT_FINISH_REFUSED},
        {"RECITATION", CHAT_FINISH_REFUSED},
        {"BLOCKLIST", CHAT_FINISH_REFUSED},
        {"PROHIBITED_CONTENT", CHAT_FINISH_REFUSED},
        {"SPII", CHAT_FINISH_REFUSED},
        {"MODEL_ARMOR", CHAT_FINISH_REFUSED},
        {"IMAGE_SAFETY", CHAT_FINISH_REFUSED},
        {"IMAGE_PROHIBITED_CONTENT", CHAT_FINISH_REFUSED},
        {"IMAGE_RECITATION", CHAT_FINISH_REFUSED},
        {"LANGUAGE", CHAT_FINISH_FAILED},
        {"OTHER", CHAT_FINISH_FAILED},
        {"MALFORMED_FUNCTION_CALL", CHAT_FINISH_FAILED},
        {"MALFORMED_RESPONSE", CHAT_FINISH_FAILED},
        {"UNEXPECTED_TOOL_CALL", CHAT_FINISH_FAILED},
        {"TOO_MANY_TOOL_CALLS", CHAT_FINISH_FAILED},
        {"MISSING_THOUGHT_SIGNATURE", CHAT_FINISH_FAILED},
        {"IMAGE_OTHER", CHAT_FINISH_FAILED},
        {"NO_IMAGE", CHAT_FINISH_FAILED},
        {0},
    };
    enum chat_finish finish = provider_finish(rows, reason);
    return finish == CHAT_FINISH_STOP && has_calls ? CHAT_FINISH_TOOL_CALLS : finish;
}

const char *
gemini_reason(const json_t *candidate)
{
    const char *reason = provider_text(candidate, "finishReason");
    bool is_said = reason && reason[0] && strcmp(reason, "FINISH_REASON_UNSPECIFIED") != 0;
    return is_said ? reason : NULL;
}

bool
gemini_is_blocked(const json_t *document)
{
    return provider_text(json_object_get(document, "promptFeedback"), "blockReason");
}

const char *
gemini_arguments(const json_t *call, struct arena *arena)
{
    const json_t *arguments = json_object_get(call, "args");
    return json_is_object(arguments) ? provider_json(arguments, arena) : "{}";
}

static void
add_call(struct list *list, const json_t *call, struct arena *arena)
{
    const char *name = provider_text(call, "name"), *id = provider_text(call, "id");
    if (!name)
        return;
    ((struct chat_tool_call *)list->items)[list->count++] = (struct chat_tool_call){
        .id = id && id[0] ? id : provider_call_id(arena),
        .name = name,
        .arguments = gemini_arguments(call, arena),
    };
}

static void
read_candidate(const json_t *candidate, struct arena *arena, struct chat_choice *choice)
{
    const json_t *parts = json_object_get(json_object_get(candidate, "content"), "parts");
    struct list calls = {arena_array(arena, json_array_size(parts), sizeof(struct chat_tool_call)),
                         0};
    const char *reason = gemini_reason(candidate);
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        const char *piece = provider_text(part, "text");
        if (piece && !json_is_true(json_object_get(part, "thought")))
            strbuf_add_text(&text, piece);
        add_call(&calls, json_object_get(part, "functionCall"), arena);
    }
    *choice = (struct chat_choice){
        .text = text.data,
        .tool_calls = calls,
        .finish = gemini_finish(reason, calls.count > 0),
        .reason = reason,
    };
}

bool
gemini_parse_answer(const json_t *document, struct arena *arena, struct chat_answer *answer,
                    struct error *err)
{
    const json_t *candidates = json_object_get(document, "candidates");
    size_t count = json_array_size(candidates);
    bool is_blocked = gemini_is_blocked(document);
    struct chat_choice *choices = arena_array(arena, count + 1, sizeof(*choices));
    answer->id = provider_text(document, "responseId");
    answer->model = provider_text(document, "modelVersion");
    gemini_read_usage(document, &answer->usage);
    for (size_t i = 0; i < count; i++) {
        read_candidate(json_array_get(candidates, i), arena, &choices[i]);
        if (is_blocked)
            choices[i].finish = CHAT_FINISH_REFUSED;
    }
    if (count == 0 && is_blocked)
        choices[count++] = (struct chat_choice){.text = "", .finish = CHAT_FINISH_REFUSED};
    answer->choices = (struct list){choices, count};
    if (count == 0)
        return error_set(err, ERROR_UPSTREAM_INVALID, "the provider's answer holds no candidate");
    return true;
}
