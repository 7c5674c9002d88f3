/* Requests in Anthropic's dialect; a structured answer is a forced tool call. */
#include <math.h>
#include <string.h>

#include "ai/answer_schema.h"
#include "ai/anthropic.h"
#include "ai/body.h"

/* The interface demands a limit. */
enum { DEFAULT_MAX_TOKENS = 4096 };

static void
add_tools(struct strbuf *body, const struct list *list)
{
    const struct chat_tool *tools = list->items;
    if (list->count == 0)
        return;
    body_open(body, "tools", '[');
    for (size_t i = 0; i < list->count; i++) {
        body_open(body, NULL, '{');
        body_text(body, "name", tools[i].name);
        body_given_text(body, "description", tools[i].description);
        if (tools[i].parameters)
            body_json(body, "input_schema", tools[i].parameters);
        else
            body_raw(body, "input_schema", "{\"type\":\"object\",\"properties\":{}}");
        strbuf_add_char(body, '}');
    }
    strbuf_add_char(body, ']');
}

static void
add_tool_choice(struct strbuf *body, const struct chat *chat)
{
    static const char *const types[] = {[CHAT_TOOL_UNSET] = "auto",
                                        [CHAT_TOOL_AUTO] = "auto",
                                        [CHAT_TOOL_NONE] = "none",
                                        [CHAT_TOOL_REQUIRED] = "any",
                                        [CHAT_TOOL_NAMED] = "tool"};
    bool one_at_once = chat->parallel_tool_calls == 0 && chat->tools.count > 0;
    if (chat->tool_choice == CHAT_TOOL_UNSET && !one_at_once)
        return;
    body_open(body, "tool_choice", '{');
    body_text(body, "type", types[chat->tool_choice]);
    if (chat->tool_choice == CHAT_TOOL_NAMED)
        body_text(body, "name", chat->tool_name);
    if (one_at_once && chat->tool_choice != CHAT_TOOL_NONE)
        body_flag(body, "disable_parallel_tool_use", true);
    strbuf_add_char(body, '}');
}

static void
add_answer_tool(struct strbuf *body, const struct chat *chat)
{
    body_open(body, "tools", '[');
    body_open(body, NULL, '{');
    body_text(body, "name", ANTHROPIC_ANSWER_TOOL);
    body_text(body, "description", "Takes the answer.");
    body_name(body, "input_schema");
    if (chat->format == CHAT_FORMAT_OBJECT)
        strbuf_add_text(body, "{\"type\":\"object\",\"additionalProperties\":true}");
    else if (chat->answer)
        answer_schema_write(body, chat->answer, ANSWER_DIALECT_JSON);
    else
        schema_encode_json(body, chat->schema);
    strbuf_add_text(body, "}],\"tool_choice\":{\"type\":\"tool\",\"name\":\"" ANTHROPIC_ANSWER_TOOL
                          "\"}");
}

static void
add_options(struct strbuf *body, const struct chat *chat)
{
    body_integer(body, "max_tokens", chat->max_tokens > 0 ? chat->max_tokens : DEFAULT_MAX_TOKENS);
    body_given_number(body, "temperature", chat->temperature > 1 ? 1 : chat->temperature);
    body_given_number(body, "top_p", chat->top_p);
    body_count(body, "top_k", chat->top_k);
    if (chat->stop.count > 0) {
        body_open(body, "stop_sequences", '[');
        for (size_t i = 0; i < chat->stop.count; i++)
            body_text(body, NULL, ((const char *const *)chat->stop.items)[i]);
        strbuf_add_char(body, ']');
    }
    if (chat->user) {
        body_open(body, "metadata", '{');
        body_text(body, "user_id", chat->user);
        strbuf_add_char(body, '}');
    }
    if (chat->stream)
        body_flag(body, "stream", true);
}

static bool
is_given(double number)
{
    return !isnan(number) && number != 0;
}

static bool
uses_name(const struct list *list, const char *name)
{
    const struct chat_tool *tools = list->items;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(tools[i].name, name) == 0)
            return true;
    return false;
}

static bool
can_be_said(const struct chat *chat, struct arena *arena, struct error *err)
{
    const struct provider_limit limits[] = {
        {chat->n > 1, "n"},
        {chat->has_seed, "seed"},
        {chat->logprobs, "logprobs"},
        {chat->top_logprobs > 0, "top_logprobs"},
        {is_given(chat->presence_penalty), "presence_penalty"},
        {is_given(chat->frequency_penalty), "frequency_penalty"},
        {0},
    };
    if (!provider_can_say(chat, limits, "Anthropic", arena, err))
        return false;
    if (chat->format != CHAT_FORMAT_TEXT && chat->tools.count > 0)
        return provider_refuse_chat(
            chat, "response_format",
            "cannot be asked beside tools of a model of the Anthropic family", arena, err);
    if (uses_name(&chat->tools, ANTHROPIC_ANSWER_TOOL))
        return provider_refuse_chat(chat, "tools",
                                    "cannot hold one named \"" ANTHROPIC_ANSWER_TOOL
                                    "\" for a model of the Anthropic family",
                                    arena, err);
    return true;
}

static bool
translate(const struct anthropic_writer *writer, const char *id, struct error *err)
{
    if (!can_be_said(writer->chat, writer->arena, err))
        return false;
    strbuf_add_char(writer->body, '{');
    body_text(writer->body, "model", id);
    add_options(writer->body, writer->chat);
    anthropic_add_system(writer);
    if (!anthropic_add_messages(writer, err))
        return false;
    if (writer->chat->format != CHAT_FORMAT_TEXT) {
        add_answer_tool(writer->body, writer->chat);
    } else {
        add_tools(writer->body, &writer->chat->tools);
        add_tool_choice(writer->body, writer->chat);
    }
    strbuf_add_char(writer->body, '}');
    return true;
}

bool
anthropic_build_chat(const struct chat *chat, const struct model_settings *model,
                     struct arena *arena, struct provider_request *request, struct error *err)
{
    const struct provider_settings *place = model->provider;
    bool is_native = chat_is_native(chat, place);
    provider_begin(request, chat, arena);
    request->url =
        provider_url(arena, place->base_url, "/v1", is_native ? chat->native_path : "/messages");
    provider_add_header(request, "anthropic-version", "2023-06-01");
    if (place->key && place->key[0])
        provider_add_header(request, "x-api-key", place->key);
    const struct anthropic_writer writer = {&request->body, chat, arena};
    if (!is_native)
        return translate(&writer, model->id, err);
    provider_add_native(&request->body, chat, model->id, false);
    return true;
}
