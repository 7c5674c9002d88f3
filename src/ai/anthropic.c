/* Anthropic's messages in their native form; a structured answer is a forced tool call. */
#include <stdlib.h>
#include <string.h>

#include "ai/answer_schema.h"
#include "ai/provider.h"

/* The interface demands a limit. */
enum { DEFAULT_MAX_TOKENS = 4096 };

static const char TOOL[] = "give_answer";

static void
add_tool(struct strbuf *body, const struct schema *schema)
{
    strbuf_printf(body,
                  ",\"tools\":[{\"name\":\"%s\",\"description\":\"Takes the answer.\","
                  "\"input_schema\":",
                  TOOL);
    answer_schema_write(body, schema, ANSWER_DIALECT_JSON);
    strbuf_printf(body, "}],\"tool_choice\":{\"type\":\"tool\",\"name\":\"%s\"}", TOOL);
}

static void
build_request(const struct provider_question *question, struct arena *arena,
              struct provider_request *request)
{
    const struct provider_settings *place = question->model->provider;
    request->url = provider_url(arena, place->base_url, "/v1", "/messages");
    provider_add_header(request, "anthropic-version", "2023-06-01");
    if (place->key && place->key[0])
        provider_add_header(request, "x-api-key", place->key);

    struct strbuf *body = &request->body;
    strbuf_add_char(body, '{');
    provider_add_member(body, "model", question->model->id);
    strbuf_add_text(body, ",\"max_tokens\":");
    strbuf_add_integer(body, question->max_tokens > 0 ? question->max_tokens : DEFAULT_MAX_TOKENS);
    if (question->temperature >= 0) {
        strbuf_add_text(body, ",\"temperature\":");
        provider_add_number(body, question->temperature > 1 ? 1 : question->temperature);
    }
    strbuf_add_char(body, ',');
    provider_add_member(body, "system", question->system);
    strbuf_add_text(body, ",\"messages\":[{\"role\":\"user\",");
    provider_add_member(body, "content", question->user);
    strbuf_add_text(body, "}]");
    if (question->answer)
        add_tool(body, question->answer);
    strbuf_add_char(body, '}');
}

static const char *
tool_text(const json_t *input, struct arena *arena)
{
    char *dumped = json_dumps(input, JSON_COMPACT);
    const char *text = dumped ? arena_strdup(arena, dumped) : "";
    free(dumped);
    return text;
}

static const char *
content_text(const json_t *content, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    for (size_t i = 0; i < json_array_size(content); i++) {
        const json_t *block = json_array_get(content, i);
        const char *type = provider_text(block, "type");
        const char *name = provider_text(block, "name");
        const json_t *input = json_object_get(block, "input");
        if (!type)
            continue;
        if (strcmp(type, "tool_use") == 0 && name && strcmp(name, TOOL) == 0 &&
            json_is_object(input))
            return tool_text(input, arena);
        if (strcmp(type, "text") == 0 && provider_text(block, "text"))
            strbuf_add_text(&text, provider_text(block, "text"));
    }
    return text.data;
}

static bool
parse_answer(const json_t *document, struct arena *arena, struct provider_answer *answer,
             struct error *err)
{
    const json_t *usage = json_object_get(document, "usage");
    answer->tokens_input = provider_count(usage, "input_tokens");
    answer->tokens_output = provider_count(usage, "output_tokens");
    const char *stop = provider_text(document, "stop_reason");
    if (!stop)
        return error_set(err, ERROR_UPSTREAM_INVALID, "the provider's answer holds no message");
    if (strcmp(stop, "refusal") == 0)
        return error_set(err, ERROR_CONTENT_REFUSED, "the model refused this content");
    answer->truncated =
        strcmp(stop, "max_tokens") == 0 || strcmp(stop, "model_context_window_exceeded") == 0;
    if (!answer->truncated && strcmp(stop, "end_turn") != 0 && strcmp(stop, "tool_use") != 0 &&
        strcmp(stop, "stop_sequence") != 0)
        return error_set(err, ERROR_UPSTREAM_INVALID,
                         "the model's answer did not end in the ordinary way");
    answer->text = content_text(json_object_get(document, "content"), arena);
    return true;
}

static void
read_fault(const json_t *document, struct provider_fault *fault)
{
    const json_t *error = json_object_get(document, "error");
    fault->code = provider_text(error, "type");
    fault->message = provider_text(error, "message");
}

const struct provider provider_anthropic = {
    .name = "anthropic",
    .build_request = build_request,
    .parse_answer = parse_answer,
    .read_fault = read_fault,
};
