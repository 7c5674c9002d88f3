/* OpenAI's chat completions, and all that speak them: Ollama, vLLM, llama.cpp, OpenRouter. */
#include <string.h>

#include "ai/answer_schema.h"
#include "ai/provider.h"

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
add_response_format(struct strbuf *body, const struct schema *schema)
{
    bool strict = answer_schema_is_plain(schema);
    strbuf_printf(body,
                  ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"%s\","
                  "\"strict\":%s,\"schema\":",
                  schema->name, strict ? "true" : "false");
    answer_schema_write(body, schema, strict ? ANSWER_DIALECT_STRICT : ANSWER_DIALECT_JSON);
    strbuf_add_text(body, "}}");
}

static void
build_request(const struct provider_question *question, struct arena *arena,
              struct provider_request *request)
{
    const struct model_settings *model = question->model;
    const struct provider_settings *place = model->provider;
    request->url = provider_url(arena, place->base_url, "/v1", "/chat/completions");
    if (place->key && place->key[0])
        provider_add_header(request, "Authorization", arena_printf(arena, "Bearer %s", place->key));

    struct strbuf *body = &request->body;
    strbuf_add_char(body, '{');
    provider_add_member(body, "model", model->id);
    strbuf_add_text(body, ",\"messages\":[{\"role\":\"system\",");
    provider_add_member(body, "content", question->system);
    strbuf_add_text(body, "},{\"role\":\"user\",");
    provider_add_member(body, "content", question->user);
    strbuf_add_text(body, "}]");
    if (question->max_tokens > 0) {
        /* OpenAI's newer models refuse max_tokens; some compatible servers know only it. */
        strbuf_printf(body, ",\"%s\":",
                      is_openai_itself(place->base_url) ? "max_completion_tokens" : "max_tokens");
        strbuf_add_integer(body, question->max_tokens);
    }
    if (question->temperature >= 0 && takes_temperature(model->id)) {
        strbuf_add_text(body, ",\"temperature\":");
        provider_add_number(body, question->temperature);
    }
    if (question->answer)
        add_response_format(body, question->answer);
    strbuf_add_char(body, '}');
}

/* Open models served without a reasoning parser write their thoughts ahead of the answer. */
static const char *
skip_thoughts(const char *text)
{
    const char *start = text + strspn(text, " \t\r\n");
    if (strncmp(start, "<think>", 7) != 0)
        return text;
    const char *end = strstr(start, "</think>");
    return end ? end + 8 : "";
}

static const char *
message_text(const json_t *message, struct arena *arena)
{
    const json_t *content = json_object_get(message, "content");
    if (json_is_string(content))
        return skip_thoughts(json_string_value(content));
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    for (size_t i = 0; i < json_array_size(content); i++) {
        const char *part = provider_text(json_array_get(content, i), "text");
        if (part)
            strbuf_add_text(&text, part);
    }
    return text.data;
}

static bool
parse_answer(const json_t *document, struct arena *arena, struct provider_answer *answer,
             struct error *err)
{
    const json_t *usage = json_object_get(document, "usage");
    answer->tokens_input = provider_count(usage, "prompt_tokens");
    answer->tokens_output = provider_count(usage, "completion_tokens");
    const json_t *choice = json_array_get(json_object_get(document, "choices"), 0);
    const json_t *message = json_object_get(choice, "message");
    if (!json_is_object(message))
        return error_set(err, ERROR_UPSTREAM_INVALID, "the provider's answer holds no message");
    const char *finish = provider_text(choice, "finish_reason");
    const char *refusal = provider_text(message, "refusal");
    if ((finish && strcmp(finish, "content_filter") == 0) || (refusal && refusal[0]))
        return error_set(err, ERROR_CONTENT_REFUSED, "the model refused this content");
    answer->truncated = finish && strcmp(finish, "length") == 0;
    if (!answer->truncated && (!finish || strcmp(finish, "stop") != 0))
        return error_set(err, ERROR_UPSTREAM_INVALID,
                         "the model's answer did not end in the ordinary way");
    answer->text = message_text(message, arena);
    return true;
}

static void
read_fault(const json_t *document, struct provider_fault *fault)
{
    const json_t *error = json_object_get(document, "error");
    if (!json_is_object(error))
        error = document;
    fault->message = provider_text(error, "message");
    fault->code = provider_text(error, "code");
    if (!fault->code)
        fault->code = provider_text(error, "type");
    fault->quota_spent = fault->code && strcmp(fault->code, "insufficient_quota") == 0;
}

const struct provider provider_openai = {
    .name = "openai",
    .build_request = build_request,
    .parse_answer = parse_answer,
    .read_fault = read_fault,
};
