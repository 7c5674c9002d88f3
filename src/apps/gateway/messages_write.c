/* Answers of other houses as Anthropic's messages. */
#include <string.h>

#include "apps/gateway/messages_surface.h"

static const char *
stop_reason(enum chat_finish finish, bool has_calls)
{
    switch (finish) {
    case CHAT_FINISH_STOP:
        return has_calls ? "tool_use" : "end_turn";
    case CHAT_FINISH_LENGTH:
        return "max_tokens";
    case CHAT_FINISH_TOOL_CALLS:
        return "tool_use";
    case CHAT_FINISH_REFUSED:
        return "refusal";
    default:
        return NULL;
    }
}

void
messages_write_reason(enum chat_finish finish, bool has_calls, struct strbuf *out)
{
    const char *reason = stop_reason(finish, has_calls);
    if (reason)
        strbuf_printf(out, "\"%s\"", reason);
    else
        strbuf_add_text(out, "null");
}

/* Theirs is what was not in the provider's cache, and beside it what was. */
void
messages_write_usage(const struct chat_usage *usage, struct strbuf *out)
{
    int64_t input = usage->input > 0 ? usage->input : 0;
    int64_t cached = usage->cached > 0 && usage->cached <= input ? usage->cached : 0;
    strbuf_add_text(out, "{\"input_tokens\":");
    strbuf_add_integer(out, input - cached);
    strbuf_add_text(out, ",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":");
    strbuf_add_integer(out, cached);
    strbuf_add_text(out, ",\"output_tokens\":");
    strbuf_add_integer(out, usage->output > 0 ? usage->output : 0);
    strbuf_add_char(out, '}');
}

void
messages_write_head(const struct reply *reply, struct strbuf *out)
{
    strbuf_printf(out, "{\"id\":\"msg_%s\",\"type\":\"message\",\"role\":\"assistant\",\"model\":",
                  reply->id);
    schema_encode_string(out, reply->model, strlen(reply->model));
    strbuf_add_text(out, ",\"content\":");
}

static void
add_member(struct strbuf *out, const char *name, const char *text)
{
    strbuf_printf(out, ",\"%s\":", name);
    schema_encode_string(out, text, strlen(text));
}

/* A model may have written what is no object; Anthropic's manual wraps that so. */
static void
add_input(struct strbuf *out, const char *arguments, struct arena *arena)
{
    const json_t *input = schema_parse_lenient(arguments, strlen(arguments), NULL, arena);
    if (json_is_object(input) || arguments[0] == '\0') {
        strbuf_add_text(out, arguments[0] == '\0' ? "{}" : arguments);
        return;
    }
    strbuf_add_text(out, "{\"INVALID_JSON\":");
    schema_encode_string(out, arguments, strlen(arguments));
    strbuf_add_char(out, '}');
}

static void
write_content(const struct chat_choice *choice, struct arena *arena, struct strbuf *out)
{
    const struct chat_tool_call *calls = choice->tool_calls.items;
    const char *text = choice->text[0] == '\0' && choice->refusal ? choice->refusal : choice->text;
    const char *separator = "[";
    if (text[0] != '\0' || choice->tool_calls.count == 0) {
        strbuf_add_text(out, "[{\"type\":\"text\"");
        add_member(out, "text", text);
        strbuf_add_char(out, '}');
        separator = ",";
    }
    for (size_t i = 0; i < choice->tool_calls.count; i++, separator = ",") {
        strbuf_printf(out, "%s{\"type\":\"tool_use\"", separator);
        add_member(out, "id", calls[i].id);
        add_member(out, "name", calls[i].name);
        strbuf_add_text(out, ",\"input\":");
        add_input(out, calls[i].arguments, arena);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

void
messages_write(const struct reply *reply, const struct chat_answer *answer, struct strbuf *out)
{
    const struct chat_choice *choice = answer->choices.items;
    messages_write_head(reply, out);
    write_content(choice, reply->arena, out);
    strbuf_add_text(out, ",\"stop_reason\":");
    messages_write_reason(choice->finish, choice->tool_calls.count > 0, out);
    strbuf_add_text(out, ",\"stop_sequence\":null,\"usage\":");
    messages_write_usage(&answer->usage, out);
    strbuf_add_char(out, '}');
}
