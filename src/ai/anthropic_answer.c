/* Answers of Anthropic's messages. */
#include <string.h>

#include "ai/anthropic.h"
#include "ai/usage_report.h"

enum chat_finish
anthropic_finish(const char *reason)
{
    static const struct provider_finish rows[] = {
        {"end_turn", CHAT_FINISH_STOP},
        {"stop_sequence", CHAT_FINISH_STOP},
        {"tool_use", CHAT_FINISH_TOOL_CALLS},
        {"max_tokens", CHAT_FINISH_LENGTH},
        {"model_context_window_exceeded", CHAT_FINISH_LENGTH},
        {"refusal", CHAT_FINISH_REFUSED},
        /* Nobody can go on with these but who speaks the dialect. */
        {"pause_turn", CHAT_FINISH_NONE},
        {"compaction", CHAT_FINISH_NONE},
        {0},
    };
    return provider_finish(rows, reason);
}

void
anthropic_read_usage(const json_t *usage, struct chat_usage *counts)
{
    if (!json_is_object(usage))
        return;
    int64_t input = provider_tokens(usage, "input_tokens");
    int64_t output = provider_tokens(usage, "output_tokens");
    int64_t cached = provider_tokens(usage, "cache_read_input_tokens");
    int64_t written = provider_tokens(usage, "cache_creation_input_tokens");
    /* The end of a stream may repeat the input without what came from the cache. */
    int64_t sum = provider_sum(input, provider_sum(cached, written));
    if (input >= 0 && sum > counts->input)
        counts->input = sum;
    if (cached >= 0)
        counts->cached = cached;
    if (written >= 0)
        counts->written = written;
    if (output >= 0)
        counts->output = output;
    usage_report(counts, usage);
}

/* What the blocks of an answer add up to. */
struct sum {
    struct arena *arena;
    struct strbuf text;
    const char *answer; /* of the forced tool; NULL: it was not called */
    struct list calls;
};

static void
add_block(struct sum *sum, const json_t *block)
{
    const char *type = provider_text(block, "type"), *text = provider_text(block, "text");
    const char *name = provider_text(block, "name"), *id = provider_text(block, "id");
    const json_t *input = json_object_get(block, "input");
    if (type && strcmp(type, "text") == 0 && text)
        strbuf_add_text(&sum->text, text);
    if (!type || strcmp(type, "tool_use") != 0 || !name || !json_is_object(input))
        return;
    const char *arguments = provider_json(input, sum->arena);
    if (strcmp(name, ANTHROPIC_ANSWER_TOOL) == 0)
        sum->answer = arguments;
    else
        ((struct chat_tool_call *)sum->calls.items)[sum->calls.count++] = (struct chat_tool_call){
            .id = id ? id : provider_call_id(sum->arena), .name = name, .arguments = arguments};
}

bool
anthropic_parse_answer(const json_t *document, struct arena *arena, struct chat_answer *answer,
                       struct error *err)
{
    const json_t *content = json_object_get(document, "content");
    if (!json_is_array(content))
        return error_set(err, ERROR_UPSTREAM_INVALID, "the provider's answer holds no message");
    struct sum sum = {
        .arena = arena,
        .calls.items = arena_array(arena, json_array_size(content), sizeof(struct chat_tool_call))};
    strbuf_init(&sum.text, arena, 256);
    for (size_t i = 0; i < json_array_size(content); i++)
        add_block(&sum, json_array_get(content, i));
    const char *reason = provider_text(document, "stop_reason");
    struct chat_choice *choice = arena_alloc(arena, sizeof(*choice));
    *choice = (struct chat_choice){
        .text = sum.answer ? sum.answer : sum.text.data,
        .tool_calls = sum.calls,
        .finish = anthropic_finish(reason),
        .reason = reason && reason[0] ? reason : NULL,
    };
    if (sum.answer && choice->finish == CHAT_FINISH_TOOL_CALLS)
        choice->finish = CHAT_FINISH_STOP;
    answer->id = provider_text(document, "id");
    answer->model = provider_text(document, "model");
    answer->choices = (struct list){choice, 1};
    anthropic_read_usage(json_object_get(document, "usage"), &answer->usage);
    return true;
}
