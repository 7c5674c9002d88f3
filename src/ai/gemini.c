/* Google's Gemini in its native form, generateContent. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ai/answer_schema.h"
#include "ai/provider.h"

/* Model ids stand in the path. */
static const char *
path_of(const char *id, struct arena *arena)
{
    struct strbuf path;
    strbuf_init(&path, arena, 96);
    strbuf_add_text(&path, strncmp(id, "models/", 7) == 0 || strncmp(id, "tunedModels/", 12) == 0
                               ? "/"
                               : "/models/");
    for (const char *byte = id; *byte; byte++) {
        if (isalnum((unsigned char)*byte) || strchr("-._~/", *byte))
            strbuf_add_char(&path, *byte);
        else
            strbuf_printf(&path, "%%%02X", (unsigned char)*byte);
    }
    strbuf_add_text(&path, ":generateContent");
    return path.data;
}

static void
add_generation_config(struct strbuf *body, const struct provider_question *question)
{
    strbuf_add_text(body, ",\"generationConfig\":{\"candidateCount\":1");
    if (question->max_tokens > 0) {
        strbuf_add_text(body, ",\"maxOutputTokens\":");
        strbuf_add_integer(body, question->max_tokens);
    }
    if (question->temperature >= 0) {
        strbuf_add_text(body, ",\"temperature\":");
        provider_add_number(body, question->temperature);
    }
    if (question->answer) {
        strbuf_add_text(body, ",\"responseMimeType\":\"application/json\"");
        if (answer_schema_is_plain(question->answer)) {
            strbuf_add_text(body, ",\"responseSchema\":");
            answer_schema_write(body, question->answer, ANSWER_DIALECT_GEMINI);
        }
    }
    strbuf_add_char(body, '}');
}

static void
build_request(const struct provider_question *question, struct arena *arena,
              struct provider_request *request)
{
    const struct provider_settings *place = question->model->provider;
    request->url =
        provider_url(arena, place->base_url, "/v1beta", path_of(question->model->id, arena));
    if (place->key && place->key[0])
        provider_add_header(request, "x-goog-api-key", place->key);

    struct strbuf *body = &request->body;
    strbuf_add_text(body, "{\"systemInstruction\":{\"parts\":[{");
    provider_add_member(body, "text", question->system);
    strbuf_add_text(body, "}]},\"contents\":[{\"role\":\"user\",\"parts\":[{");
    provider_add_member(body, "text", question->user);
    strbuf_add_text(body, "}]}]");
    add_generation_config(body, question);
    strbuf_add_char(body, '}');
}

static bool
is_refusal(const char *reason)
{
    static const char *const reasons[] = {"SAFETY", "RECITATION",         "BLOCKLIST",
                                          "SPII",   "PROHIBITED_CONTENT", "IMAGE_SAFETY"};
    for (size_t i = 0; reason && i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}

static const char *
candidate_text(const json_t *candidate, struct arena *arena)
{
    const json_t *parts = json_object_get(json_object_get(candidate, "content"), "parts");
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        const char *piece = provider_text(part, "text");
        if (piece && !json_is_true(json_object_get(part, "thought")))
            strbuf_add_text(&text, piece);
    }
    return text.data;
}

static bool
parse_answer(const json_t *document, struct arena *arena, struct provider_answer *answer,
             struct error *err)
{
    const json_t *usage = json_object_get(document, "usageMetadata");
    answer->tokens_input = provider_count(usage, "promptTokenCount");
    answer->tokens_output = provider_count(usage, "candidatesTokenCount");
    /* Here, unlike elsewhere, thoughts are billed beside the answer and not within it. */
    int64_t thoughts = provider_count(usage, "thoughtsTokenCount");
    if (thoughts > 0)
        answer->tokens_output = (answer->tokens_output > 0 ? answer->tokens_output : 0) + thoughts;

    const json_t *candidate = json_array_get(json_object_get(document, "candidates"), 0);
    const char *finish = provider_text(candidate, "finishReason");
    if (provider_text(json_object_get(document, "promptFeedback"), "blockReason") ||
        is_refusal(finish))
        return error_set(err, ERROR_CONTENT_REFUSED, "the model refused this content");
    if (!json_is_object(candidate))
        return error_set(err, ERROR_UPSTREAM_INVALID, "the provider's answer holds no candidate");
    answer->truncated = finish && strcmp(finish, "MAX_TOKENS") == 0;
    if (!answer->truncated && (!finish || strcmp(finish, "STOP") != 0))
        return error_set(err, ERROR_UPSTREAM_INVALID,
                         "the model's answer did not end in the ordinary way");
    answer->text = candidate_text(candidate, arena);
    return true;
}

/* "37s" and "1.5s" in a RetryInfo. */
static int64_t
delay_ms(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || strcmp(end, "s") != 0 || !(seconds >= 0) || seconds > 1e6)
        return -1;
    return (int64_t)(seconds * 1000 + 0.5);
}

static void
read_fault(const json_t *document, struct provider_fault *fault)
{
    const json_t *error = json_object_get(document, "error");
    fault->message = provider_text(error, "message");
    fault->code = provider_text(error, "status");
    const json_t *details = json_object_get(error, "details");
    for (size_t i = 0; i < json_array_size(details); i++) {
        const json_t *detail = json_array_get(details, i);
        const char *reason = provider_text(detail, "reason");
        const char *delay = provider_text(detail, "retryDelay");
        if (reason && strcmp(reason, "API_KEY_INVALID") == 0)
            fault->key_refused = true;
        if (delay)
            fault->retry_after_ms = delay_ms(delay);
    }
}

const struct provider provider_gemini = {
    .name = "gemini",
    .build_request = build_request,
    .parse_answer = parse_answer,
    .read_fault = read_fault,
};
