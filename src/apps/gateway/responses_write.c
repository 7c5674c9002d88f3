/* Answers of other dialects as OpenAI's responses. */
#include <string.h>

#include "ai/body.h"
#include "apps/gateway/responses_surface.h"

struct output_item *
output_add(struct output *output, const struct reply *reply, bool is_call)
{
    struct arena *arena = reply->arena;
    if (output->count == output->capacity) {
        size_t capacity = output->capacity * 2 + 4;
        struct output_item *items = arena_array(arena, capacity, sizeof(*items));
        if (output->count > 0)
            memcpy(items, output->items, output->count * sizeof(*items));
        output->items = items;
        output->capacity = capacity;
    }
    struct output_item *item = &output->items[output->count];
    *item = (struct output_item){
        .is_call = is_call,
        .id = arena_printf(arena, "%s_%s%02zx", is_call ? "fc" : "msg", reply->id, output->count),
    };
    strbuf_init(&item->text, arena, 64);
    strbuf_init(&item->refusal, arena, 1);
    output->count++;
    return item;
}

const char *
output_status(const struct output *output)
{
    bool is_cut = output->finish == CHAT_FINISH_LENGTH || output->finish == CHAT_FINISH_REFUSED;
    return is_cut ? "incomplete" : "completed";
}

void
output_write_text(struct strbuf *out, const char *name, const char *text)
{
    body_open(out, name, '{');
    body_text(out, "type", "output_text");
    body_text(out, "text", text);
    body_raw(out, "annotations", "[]");
    body_raw(out, "logprobs", "[]");
    strbuf_add_char(out, '}');
}

void
output_write_refusal(struct strbuf *out, const char *name, const char *text)
{
    body_open(out, name, '{');
    body_text(out, "type", "refusal");
    body_text(out, "refusal", text);
    strbuf_add_char(out, '}');
}

void
output_write_item(struct strbuf *out, const char *name, const struct output_item *item,
                  const char *status)
{
    body_open(out, name, '{');
    body_text(out, "type", item->is_call ? "function_call" : "message");
    body_text(out, "id", item->id);
    body_text(out, "status", status);
    if (item->is_call) {
        body_text(out, "call_id", item->call_id);
        body_text(out, "name", item->name);
        body_text(out, "arguments", item->text.data);
    } else {
        body_text(out, "role", "assistant");
        body_open(out, "content", '[');
        if (item->has_text)
            output_write_text(out, NULL, item->text.data);
        if (item->has_refusal)
            output_write_refusal(out, NULL, item->refusal.data);
        strbuf_add_char(out, ']');
    }
    strbuf_add_char(out, '}');
}

static void
write_usage(struct strbuf *out, const struct chat_usage *usage)
{
    if (usage->input < 0 || usage->output < 0) {
        body_raw(out, "usage", "null");
        return;
    }
    body_open(out, "usage", '{');
    body_integer(out, "input_tokens", usage->input);
    body_open(out, "input_tokens_details", '{');
    body_integer(out, "cached_tokens", usage->cached < 0 ? 0 : usage->cached);
    strbuf_add_char(out, '}');
    body_integer(out, "output_tokens", usage->output);
    body_open(out, "output_tokens_details", '{');
    body_integer(out, "reasoning_tokens", usage->thought < 0 ? 0 : usage->thought);
    strbuf_add_char(out, '}');
    body_integer(out, "total_tokens", usage->input + usage->output);
    strbuf_add_char(out, '}');
}

/* What the answer repeats of the question, with what holds where it was not said. Nothing is kept
 * anywhere, so store is false whatever was not said. */
static void
write_question(struct strbuf *out, const json_t *document)
{
    static const struct {
        const char *name, *otherwise;
    } rows[] = {
        {"instructions", "null"},
        {"max_output_tokens", "null"},
        {"metadata", "{}"},
        {"parallel_tool_calls", "true"},
        {"temperature", "null"},
        {"text", "{\"format\":{\"type\":\"text\"}}"},
        {"tool_choice", "\"auto\""},
        {"tools", "[]"},
        {"top_p", "null"},
        {"truncation", "\"disabled\""},
        {"user", "null"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const json_t *value = json_object_get(document, rows[i].name);
        if (value && !json_is_null(value))
            body_json(out, rows[i].name, value);
        else
            body_raw(out, rows[i].name, rows[i].otherwise);
    }
    body_raw(out, "previous_response_id", "null");
    body_raw(out, "store", "false");
}

static void
write_end(struct strbuf *out, const struct output *output, const json_t *failure)
{
    if (failure) {
        body_open(out, "error", '{');
        const char *code = json_string_value(json_object_get(failure, "code"));
        const char *message = json_string_value(json_object_get(failure, "message"));
        body_text(out, "code", code ? code : "server_error");
        body_text(out, "message", message ? message : "");
        strbuf_add_char(out, '}');
    } else {
        body_raw(out, "error", "null");
    }
    if (failure || (output->finish != CHAT_FINISH_LENGTH && output->finish != CHAT_FINISH_REFUSED))
        body_raw(out, "incomplete_details", "null");
    else
        body_raw(out, "incomplete_details",
                 output->finish == CHAT_FINISH_LENGTH ? "{\"reason\":\"max_output_tokens\"}"
                                                      : "{\"reason\":\"content_filter\"}");
}

void
output_write_response(struct strbuf *out, const char *name, const struct reply *reply,
                      const struct output *output, const char *status, const json_t *failure)
{
    bool is_under_way = strcmp(status, "in_progress") == 0;
    /* A bare body begins anew: what stands before it is not JSON. */
    if (name)
        body_name(out, name);
    strbuf_add_char(out, '{');
    body_text(out, "id", arena_printf(reply->arena, "resp_%s", reply->id));
    body_text(out, "object", "response");
    body_integer(out, "created_at", reply->created_s);
    body_text(out, "status", status);
    body_text(out, "model", reply->model);
    body_open(out, "output", '[');
    for (size_t i = 0; i < output->count; i++)
        output_write_item(out, NULL, &output->items[i],
                          output->items[i].is_closed ? "completed" : "incomplete");
    strbuf_add_char(out, ']');
    write_end(out, output, failure);
    write_question(out, reply->document);
    if (is_under_way)
        body_raw(out, "usage", "null");
    else
        write_usage(out, &output->usage);
    strbuf_add_char(out, '}');
}

static void
add_message(struct output *output, const struct reply *reply, const struct chat_choice *choice)
{
    struct output_item *item = output_add(output, reply, false);
    item->has_refusal = choice->refusal != NULL;
    item->has_text = choice->text[0] != '\0' || !item->has_refusal;
    strbuf_add_text(&item->text, choice->text);
    if (choice->refusal)
        strbuf_add_text(&item->refusal, choice->refusal);
    item->is_closed = choice->finish != CHAT_FINISH_LENGTH;
}

void
responses_write(const struct reply *reply, const struct chat_answer *answer, struct strbuf *out)
{
    const struct chat_choice *choice = answer->choices.items;
    const struct chat_tool_call *calls = choice->tool_calls.items;
    struct output output = {.usage = answer->usage, .finish = choice->finish};
    /* A refusal that says why is an answer of its own kind. */
    if (choice->refusal && choice->finish == CHAT_FINISH_REFUSED)
        output.finish = CHAT_FINISH_STOP;
    if (choice->text[0] != '\0' || choice->refusal || choice->tool_calls.count == 0)
        add_message(&output, reply, choice);
    for (size_t i = 0; i < choice->tool_calls.count; i++) {
        struct output_item *item = output_add(&output, reply, true);
        item->call_id = calls[i].id;
        item->name = calls[i].name;
        item->is_closed = true;
        strbuf_add_text(&item->text, calls[i].arguments);
    }
    output_write_response(out, NULL, reply, &output, output_status(&output), NULL);
}
