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
        {chat->logprobs, "logprobs"},
        {chat->top_logprobs > 0, "top_logprobs"},
        {chat->parallel_tool_calls == 0, "parallel_tool_calls"},
        {chat->has_seed && (chat->seed < INT32_MIN || chat->seed > INT32_MAX), "seed"},
        {0},
    };
    return provider_can_say(chat, limits, "Gemini", arena, err);
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
    const struct gemini_writer writer = {body, chat, model, arena};
    strbuf_add_char(body, '{');
    gemini_add_system(&writer);
    if (!gemini_add_contents(&writer, err))
        return false;
    add_tools(body, &chat->tools);
    add_tool_choice(body, chat);
    add_generation_config(body, chat);
    strbuf_add_char(body, '}');
    return true;
}
