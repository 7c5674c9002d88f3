/* Requests in Gemini's dialect. */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "ai/answer_schema.h"
#include "ai/body.h"
#include "ai/gemini.h"

const char *
gemini_resource(const char *id, struct arena *arena)
{
    struct strbuf path;
    strbuf_init(&path, arena, 96);
    if (strncmp(id, "models/", 7) != 0 && strncmp(id, "tunedModels/", 12) != 0)
        strbuf_add_text(&path, "models/");
    for (const char *byte = id; *byte; byte++) {
        if (isalnum((unsigned char)*byte) || strchr("-._~/", *byte))
            strbuf_add_char(&path, *byte);
        else
            strbuf_printf(&path, "%%%02X", (unsigned char)*byte);
    }
    return path.data;
}

void
gemini_begin(const struct model_settings *model, const char *method, struct arena *arena,
             struct provider_request *request)
{
    const struct provider_settings *place = model->provider;
    const char *path = arena_printf(arena, "/%s%s", gemini_resource(model->id, arena), method);
    request->url = provider_url(arena, place->base_url, "/v1beta", path);
    if (place->key && place->key[0])
        provider_add_header(request, "x-goog-api-key", place->key);
}

/* What is being written. */
struct writer {
    struct strbuf *body;
    const struct chat *chat;
    const struct model_settings *model;
    struct arena *arena;
};

static void
add_text_part(struct strbuf *body, const char *text)
{
    body_open(body, NULL, '{');
    body_text(body, "text", text);
    strbuf_add_char(body, '}');
}

static void
add_system(const struct writer *writer)
{
    const struct chat_message *messages = writer->chat->messages.items;
    bool first = true;
    for (size_t i = 0; i < writer->chat->messages.count; i++) {
        if (messages[i].role != CHAT_SYSTEM)
            continue;
        if (first)
            strbuf_add_text(writer->body, "\"systemInstruction\":{\"parts\":[");
        first = false;
        add_text_part(writer->body, chat_text(&messages[i], writer->arena));
    }
    if (!first)
        strbuf_add_text(writer->body, "]}");
}

/* Files of its own storage are all that it fetches for every model. */
static bool
can_fetch(const char *url)
{
    return strncmp(url, "gs://", 5) == 0 ||
           strncmp(url, "https://generativelanguage.googleapis.com/", 42) == 0;
}

static bool
add_image(const struct writer *writer, const struct chat_part *part, struct error *err)
{
    struct strbuf *body = writer->body;
    if (part->url && !can_fetch(part->url))
        return provider_refuse(err, writer->arena, "messages",
                               "cannot hold images by address for a model of the Gemini family: "
                               "send them as data URLs");
    body_open(body, NULL, '{');
    body_open(body, part->url ? "fileData" : "inlineData", '{');
    body_given_text(body, "mimeType", part->media_type);
    body_text(body, part->url ? "fileUri" : "data", part->url ? part->url : part->base64);
    strbuf_add_text(body, "}}");
    return true;
}

static bool
add_parts(const struct writer *writer, const struct chat_message *message, struct error *err)
{
    const struct chat_part *parts = message->parts.items;
    for (size_t i = 0; i < message->parts.count; i++) {
        if (parts[i].text)
            add_text_part(writer->body, parts[i].text);
        else if (!add_image(writer, &parts[i], err))
            return false;
    }
    return true;
}

/* Models from 3 on demand their own signature with the first call of a turn, which no other dialect
 * carries; this is what their documentation has for calls that they did not make. */
static void
add_signature(const struct writer *writer, size_t index)
{
    if (index == 0 && strstr(writer->model->id, "gemini-3"))
        body_text(writer->body, "thoughtSignature", "skip_thought_signature_validator");
}

static bool
add_calls(const struct writer *writer, const struct list *list, struct error *err)
{
    const struct chat_tool_call *calls = list->items;
    for (size_t i = 0; i < list->count; i++) {
        if (!provider_object(calls[i].arguments, writer->arena))
            return provider_refuse(err, writer->arena, "messages",
                                   "hold a tool call whose arguments are no JSON object");
        body_open(writer->body, NULL, '{');
        body_open(writer->body, "functionCall", '{');
        body_text(writer->body, "name", calls[i].name);
        body_raw(writer->body, "args", calls[i].arguments);
        strbuf_add_char(writer->body, '}');
        add_signature(writer, i);
        strbuf_add_char(writer->body, '}');
    }
    return true;
}

static bool
add_result(const struct writer *writer, size_t index, struct error *err)
{
    struct strbuf *body = writer->body;
    const struct chat_message *message =
        (const struct chat_message *)writer->chat->messages.items + index;
    const char *name = chat_tool_name(writer->chat, index);
    const char *text = chat_text(message, writer->arena);
    if (!name)
        return provider_refuse(err, writer->arena, "messages",
                               "hold the result of a tool call that is in no earlier message");
    if (chat_has_image(message))
        return provider_refuse(err, writer->arena, "messages",
                               "can hold images only in messages of the user for a model of the "
                               "Gemini family");
    body_open(body, NULL, '{');
    body_open(body, "functionResponse", '{');
    body_text(body, "name", name);
    if (provider_object(text, writer->arena)) {
        body_raw(body, "response", text);
    } else {
        body_open(body, "response", '{');
        body_text(body, "result", text);
        strbuf_add_char(body, '}');
    }
    strbuf_add_text(body, "}}");
    return true;
}

/* Results of calls that were made at once belong into one message. */
static bool
add_results(const struct writer *writer, size_t *index, struct error *err)
{
    const struct chat_message *messages = writer->chat->messages.items;
    for (; *index < writer->chat->messages.count && messages[*index].role == CHAT_TOOL; (*index)++)
        if (!add_result(writer, *index, err))
            return false;
    (*index)--;
    return true;
}

static bool
add_message(const struct writer *writer, size_t *index, struct error *err)
{
    const struct chat_message *message =
        (const struct chat_message *)writer->chat->messages.items + *index;
    body_open(writer->body, NULL, '{');
    body_text(writer->body, "role", message->role == CHAT_ASSISTANT ? "model" : "user");
    body_open(writer->body, "parts", '[');
    if (message->role == CHAT_TOOL
            ? !add_results(writer, index, err)
            : !add_parts(writer, message, err) || !add_calls(writer, &message->tool_calls, err))
        return false;
    strbuf_add_text(writer->body, "]}");
    return true;
}

static bool
add_contents(const struct writer *writer, struct error *err)
{
    const struct chat_message *messages = writer->chat->messages.items;
    body_open(writer->body, "contents", '[');
    for (size_t i = 0; i < writer->chat->messages.count; i++)
        if (messages[i].role != CHAT_SYSTEM && !add_message(writer, &i, err))
            return false;
    strbuf_add_char(writer->body, ']');
    return true;
}

static void
add_tools(struct strbuf *body, const struct list *list)
{
    const struct chat_tool *tools = list->items;
    if (list->count == 0)
        return;
    strbuf_add_text(body, ",\"tools\":[{\"functionDeclarations\":[");
    for (size_t i = 0; i < list->count; i++) {
        body_open(body, NULL, '{');
        body_text(body, "name", tools[i].name);
        body_given_text(body, "description", tools[i].description);
        if (tools[i].parameters)
            body_json(body, "parametersJsonSchema", tools[i].parameters);
        strbuf_add_char(body, '}');
    }
    strbuf_add_text(body, "]}]");
}

static void
add_tool_choice(struct strbuf *body, const struct chat *chat)
{
    static const char *const modes[] = {[CHAT_TOOL_AUTO] = "AUTO",
                                        [CHAT_TOOL_NONE] = "NONE",
                                        [CHAT_TOOL_REQUIRED] = "ANY",
                                        [CHAT_TOOL_NAMED] = "ANY"};
    if (chat->tool_choice == CHAT_TOOL_UNSET)
        return;
    strbuf_add_text(body, ",\"toolConfig\":{\"functionCallingConfig\":{");
    body_text(body, "mode", modes[chat->tool_choice]);
    if (chat->tool_choice == CHAT_TOOL_NAMED) {
        body_open(body, "allowedFunctionNames", '[');
        body_text(body, NULL, chat->tool_name);
        strbuf_add_char(body, ']');
    }
    strbuf_add_text(body, "}}");
}

static void
add_format(struct strbuf *body, const struct chat *chat)
{
    if (chat->format == CHAT_FORMAT_TEXT)
        return;
    body_text(body, "responseMimeType", "application/json");
    if (chat->format != CHAT_FORMAT_SCHEMA)
        return;
    if (!chat->answer) {
        body_json(body, "responseJsonSchema", chat->schema);
    } else if (answer_schema_is_plain(chat->answer)) {
        body_name(body, "responseSchema");
        answer_schema_write(body, chat->answer, ANSWER_DIALECT_GEMINI);
    }
}

static void
add_generation_config(struct strbuf *body, const struct chat *chat)
{
    body_open(body, "generationConfig", '{');
    body_integer(body, "candidateCount", chat->n > 0 ? chat->n : 1);
    body_count(body, "maxOutputTokens", chat->max_tokens);
    body_given_number(body, "temperature", chat->temperature);
    body_given_number(body, "topP", chat->top_p);
    body_count(body, "topK", chat->top_k);
    body_given_number(body, "presencePenalty", chat->presence_penalty);
    body_given_number(body, "frequencyPenalty", chat->frequency_penalty);
    if (chat->has_seed)
        body_integer(body, "seed", chat->seed);
    if (chat->stop.count > 0) {
        body_open(body, "stopSequences", '[');
        for (size_t i = 0; i < chat->stop.count; i++)
            body_text(body, NULL, ((const char *const *)chat->stop.items)[i]);
        strbuf_add_char(body, ']');
    }
    add_format(body, chat);
    strbuf_add_char(body, '}');
}

static bool
can_be_said(const struct chat *chat, struct arena *arena, struct error *err)
{
    const struct provider_limit limits[] = {
        {chat->untranslatable, chat->untranslatable},
        {chat->logprobs, "logprobs"},
        {chat->top_logprobs > 0, "top_logprobs"},
        {chat->parallel_tool_calls == 0, "parallel_tool_calls"},
        {chat->has_seed && (chat->seed < INT32_MIN || chat->seed > INT32_MAX), "seed"},
    };
    return provider_can_say(limits, sizeof(limits) / sizeof(limits[0]), "Gemini", arena, err);
}

bool
gemini_build_chat(const struct chat *chat, const struct model_settings *model, struct arena *arena,
                  struct provider_request *request, struct error *err)
{
    provider_begin(request, chat, arena);
    if (!can_be_said(chat, arena, err))
        return false;
    gemini_begin(model, chat->stream ? ":streamGenerateContent?alt=sse" : ":generateContent", arena,
                 request);
    struct strbuf *body = &request->body;
    const struct writer writer = {body, chat, model, arena};
    strbuf_add_char(body, '{');
    add_system(&writer);
    if (!add_contents(&writer, err))
        return false;
    add_tools(body, &chat->tools);
    add_tool_choice(body, chat);
    add_generation_config(body, chat);
    strbuf_add_char(body, '}');
    return true;
}
