/* Requests in OpenAI's dialect. */
#include <string.h>

#include "ai/answer_schema.h"
#include "ai/body.h"
#include "ai/openai.h"

static bool
is_openai_itself(const char *base_url)
{
    return strstr(base_url, "://api.openai.com") || strstr(base_url, ".openai.azure.com");
}

/* OpenAI's reasoning models refuse a temperature. */
static bool
takes_temperature(const char *id)
{
    bool is_o_series = id[0] == 'o' && id[1] >= '0' && id[1] <= '9';
    return !is_o_series && strncmp(id, "gpt-5", 5) != 0;
}

static void
add_image(struct strbuf *body, const struct chat_part *part, struct arena *arena)
{
    const char *url =
        part->url ? part->url
                  : arena_printf(arena, "data:%s;base64,%s", part->media_type, part->base64);
    body_text(body, "type", "image_url");
    body_open(body, "image_url", '{');
    body_text(body, "url", url);
    body_given_text(body, "detail", part->detail);
    strbuf_add_char(body, '}');
}

static void
add_content(struct strbuf *body, const struct chat_message *message, struct arena *arena)
{
    const struct chat_part *parts = message->parts.items;
    if (message->parts.count == 0) {
        body_raw(body, "content", message->role == CHAT_ASSISTANT ? "null" : "\"\"");
        return;
    }
    if (message->parts.count == 1 && parts[0].text) {
        body_text(body, "content", parts[0].text);
        return;
    }
    body_open(body, "content", '[');
    for (size_t i = 0; i < message->parts.count; i++) {
        body_open(body, NULL, '{');
        if (parts[i].text) {
            body_text(body, "type", "text");
            body_text(body, "text", parts[i].text);
        } else {
            add_image(body, &parts[i], arena);
        }
        strbuf_add_char(body, '}');
    }
    strbuf_add_char(body, ']');
}

static void
add_calls(struct strbuf *body, const struct list *list)
{
    const struct chat_tool_call *calls = list->items;
    if (list->count == 0)
        return;
    body_open(body, "tool_calls", '[');
    for (size_t i = 0; i < list->count; i++) {
        body_open(body, NULL, '{');
        body_text(body, "id", calls[i].id);
        body_text(body, "type", "function");
        body_open(body, "function", '{');
        body_text(body, "name", calls[i].name);
        body_text(body, "arguments", calls[i].arguments);
        strbuf_add_text(body, "}}");
    }
    strbuf_add_char(body, ']');
}

static bool
add_messages(struct strbuf *body, const struct chat *chat, struct arena *arena, struct error *err)
{
    static const char *const roles[] = {[CHAT_SYSTEM] = "system",
                                        [CHAT_USER] = "user",
                                        [CHAT_ASSISTANT] = "assistant",
                                        [CHAT_TOOL] = "tool"};
    const struct chat_message *messages = chat->messages.items;
    body_open(body, "messages", '[');
    for (size_t i = 0; i < chat->messages.count; i++) {
        const struct chat_message *message = &messages[i];
        const struct chat_part *image = message->role != CHAT_USER ? chat_image(message) : NULL;
        if (image)
            return provider_refuse_message(
                chat, image->source,
                "can be an image only in messages of the user for a model of the OpenAI family",
                arena, err);
        body_open(body, NULL, '{');
        body_text(body, "role", roles[message->role]);
        if (message->role == CHAT_TOOL)
            body_given_text(body, "tool_call_id", message->tool_call_id);
        else
            body_given_text(body, "name", message->name);
        add_content(body, message, arena);
        add_calls(body, &message->tool_calls);
        strbuf_add_char(body, '}');
    }
    strbuf_add_char(body, ']');
    return true;
}

static void
add_tools(struct strbuf *body, const struct list *list)
{
    const struct chat_tool *tools = list->items;
    if (list->count == 0)
        return;
    body_open(body, "tools", '[');
    for (size_t i = 0; i < list->count; i++) {
        body_open(body, NULL, '{');
        body_text(body, "type", "function");
        body_open(body, "function", '{');
        body_text(body, "name", tools[i].name);
        body_given_text(body, "description", tools[i].description);
        if (tools[i].parameters)
            body_json(body, "parameters", tools[i].parameters);
        if (tools[i].strict)
            body_flag(body, "strict", true);
        strbuf_add_text(body, "}}");
    }
    strbuf_add_char(body, ']');
}

static void
add_tool_choice(struct strbuf *body, const struct chat *chat)
{
    static const char *const words[] = {
        [CHAT_TOOL_AUTO] = "auto", [CHAT_TOOL_NONE] = "none", [CHAT_TOOL_REQUIRED] = "required"};
    if (chat->tool_choice == CHAT_TOOL_NAMED) {
        body_open(body, "tool_choice", '{');
        body_text(body, "type", "function");
        body_open(body, "function", '{');
        body_text(body, "name", chat->tool_name);
        strbuf_add_text(body, "}}");
    } else if (chat->tool_choice != CHAT_TOOL_UNSET) {
        body_text(body, "tool_choice", words[chat->tool_choice]);
    }
    if (chat->parallel_tool_calls != CHAT_UNSET)
        body_flag(body, "parallel_tool_calls", chat->parallel_tool_calls != 0);
}

static void
add_schema(struct strbuf *body, const struct chat *chat)
{
    bool strict = chat->answer ? answer_schema_is_plain(chat->answer) : chat->schema_strict;
    body_text(body, "type", "json_schema");
    body_open(body, "json_schema", '{');
    body_text(body, "name",
              chat->schema_name ? chat->schema_name
              : chat->answer    ? chat->answer->name
                                : "answer");
    body_flag(body, "strict", strict);
    if (chat->answer) {
        body_name(body, "schema");
        answer_schema_write(body, chat->answer,
                            strict ? ANSWER_DIALECT_STRICT : ANSWER_DIALECT_JSON);
    } else {
        body_json(body, "schema", chat->schema);
    }
    strbuf_add_char(body, '}');
}

static void
add_format(struct strbuf *body, const struct chat *chat)
{
    if (chat->format == CHAT_FORMAT_TEXT)
        return;
    body_open(body, "response_format", '{');
    if (chat->format == CHAT_FORMAT_SCHEMA)
        add_schema(body, chat);
    else
        body_text(body, "type", "json_object");
    strbuf_add_char(body, '}');
}

static void
add_options(struct strbuf *body, const struct chat *chat, const struct model_settings *model)
{
    /* OpenAI's newer models refuse max_tokens; some compatible servers know only it. */
    body_count(body,
               is_openai_itself(model->provider->base_url) ? "max_completion_tokens" : "max_tokens",
               chat->max_tokens);
    if (takes_temperature(model->id))
        body_given_number(body, "temperature", chat->temperature);
    body_given_number(body, "top_p", chat->top_p);
    body_given_number(body, "presence_penalty", chat->presence_penalty);
    body_given_number(body, "frequency_penalty", chat->frequency_penalty);
    body_count(body, "n", chat->n);
    if (chat->has_seed)
        body_integer(body, "seed", chat->seed);
    body_count(body, "top_k", chat->top_k);
    if (chat->logprobs)
        body_flag(body, "logprobs", true);
    body_count(body, "top_logprobs", chat->top_logprobs);
    body_given_text(body, "user", chat->user);
    if (chat->stop.count == 0)
        return;
    body_open(body, "stop", '[');
    for (size_t i = 0; i < chat->stop.count; i++)
        body_text(body, NULL, ((const char *const *)chat->stop.items)[i]);
    strbuf_add_char(body, ']');
}

static bool
translate(const struct chat *chat, const struct model_settings *model, struct arena *arena,
          struct strbuf *body, struct error *err)
{
    const struct provider_limit limits[] = {
        /* Others than OpenAI take it: vLLM, llama.cpp, OpenRouter. */
        {chat->top_k > 0 && is_openai_itself(model->provider->base_url), "top_k"},
        {0},
    };
    if (!provider_can_say(chat, limits, "OpenAI", arena, err))
        return false;
    strbuf_add_char(body, '{');
    body_text(body, "model", model->id);
    if (!add_messages(body, chat, arena, err))
        return false;
    add_tools(body, &chat->tools);
    add_tool_choice(body, chat);
    add_options(body, chat, model);
    add_format(body, chat);
    if (chat->stream) {
        body_flag(body, "stream", true);
        body_raw(body, "stream_options", "{\"include_usage\":true}");
    }
    strbuf_add_char(body, '}');
    return true;
}

void
openai_begin(const struct model_settings *model, const char *path, struct arena *arena,
             struct provider_request *request)
{
    const struct provider_settings *place = model->provider;
    request->url = provider_url(arena, place->base_url, "/v1", path);
    if (place->key && place->key[0])
        provider_add_header(request, "Authorization", arena_printf(arena, "Bearer %s", place->key));
}

bool
openai_build_chat(const struct chat *chat, const struct model_settings *model, struct arena *arena,
                  struct provider_request *request, struct error *err)
{
    static const char completions[] = "/chat/completions";
    bool is_native = chat_is_native(chat, model->provider);
    const char *path = is_native ? chat->native_path : completions;
    provider_begin(request, chat, arena);
    openai_begin(model, path, arena, request);
    if (!is_native)
        return translate(chat, model, arena, &request->body, err);
    provider_add_native(&request->body, chat, model->id, strcmp(path, completions) == 0);
    return true;
}
