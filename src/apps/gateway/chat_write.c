/* Answers of other houses as chat completions. */
#include <string.h>

#include "apps/gateway/chat_schemas.h"
#include "apps/gateway/chat_surface.h"

const char *
chat_finish_name(enum chat_finish finish, bool has_calls)
{
    switch (finish) {
    case CHAT_FINISH_STOP:
        return has_calls ? "tool_calls" : "stop";
    case CHAT_FINISH_LENGTH:
        return "length";
    case CHAT_FINISH_TOOL_CALLS:
        return "tool_calls";
    case CHAT_FINISH_REFUSED:
        return "content_filter";
    default:
        return NULL;
    }
}

bool
chat_write_usage(const struct chat_usage *usage, struct strbuf *out)
{
    if (usage->input < 0 || usage->output < 0)
        return false;
    struct completion_usage written = {
        .prompt_tokens = usage->input,
        .completion_tokens = usage->output,
        .total_tokens = usage->input + usage->output,
        .prompt_tokens_details =
            usage->cached < 0 ? NULL : &(struct completion_input_details){usage->cached},
        .completion_tokens_details =
            usage->thought < 0 ? NULL : &(struct completion_output_details){usage->thought},
    };
    schema_encode(&completion_usage_schema, &written, out);
    return true;
}

static struct list
write_calls(const struct list *calls, struct arena *arena)
{
    const struct chat_tool_call *items = calls->items;
    if (calls->count == 0)
        return (struct list){0};
    struct completion_call *written = arena_array(arena, calls->count, sizeof(*written));
    for (size_t i = 0; i < calls->count; i++) {
        struct completion_function *function = arena_alloc(arena, sizeof(*function));
        *function = (struct completion_function){items[i].name, items[i].arguments};
        written[i] = (struct completion_call){items[i].id, "function", function};
    }
    return (struct list){written, calls->count};
}

static struct completion_choice
write_choice(const struct chat_choice *choice, size_t index, struct arena *arena)
{
    bool has_calls = choice->tool_calls.count > 0;
    bool is_silent = choice->text[0] == '\0' && (has_calls || choice->refusal);
    struct completion_message *message = arena_alloc(arena, sizeof(*message));
    *message = (struct completion_message){
        .role = "assistant",
        .content = is_silent ? NULL : choice->text,
        .refusal = choice->refusal,
        .tool_calls = write_calls(&choice->tool_calls, arena),
    };
    return (struct completion_choice){
        .index = (int64_t)index,
        .message = message,
        .finish_reason = chat_finish_name(choice->finish, has_calls),
    };
}

void
chat_write(const struct reply *reply, const struct chat_answer *answer, struct strbuf *out)
{
    struct arena *arena = reply->arena;
    const struct chat_choice *choices = answer->choices.items;
    size_t count = answer->choices.count;
    struct completion_choice *written = arena_array(arena, count + 1, sizeof(*written));
    for (size_t i = 0; i < count; i++)
        written[i] = write_choice(&choices[i], i, arena);
    const struct chat_usage *usage = &answer->usage;
    struct completion completion = {
        .id = arena_printf(arena, "chatcmpl-%s", reply->id),
        .object = "chat.completion",
        .created = reply->created_s,
        .model = reply->model,
        .choices = {written, count},
    };
    schema_encode(&chat_response_schema, &completion, out);
    if (usage->input < 0 || usage->output < 0)
        return;
    /* The last row: its writer is shared with the streams. */
    strbuf_truncate(out, out->length - 1);
    strbuf_add_text(out, ",\"usage\":");
    (void)chat_write_usage(usage, out);
    strbuf_add_char(out, '}');
}
