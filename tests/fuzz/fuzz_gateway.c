/* Any body of any surface is refused with its field named, or becomes a chat that every family of
 * models can be asked in well-formed JSON, unless the family says which field it cannot; and what
 * it holds comes out of every writer as well-formed JSON. The first byte picks the surface. */
#include <stdlib.h>
#include <string.h>

#include "ai/provider.h"
#include "apps/gateway/gateway.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct surface *const surfaces[] = {&surface_chat, &surface_messages,
                                                 &surface_responses};
static const struct schema *const schemas[] = {&chat_request_schema, &messages_request_schema,
                                               &responses_request_schema};

enum { SURFACE_COUNT = sizeof(surfaces) / sizeof(surfaces[0]) };

static void
check_json(const char *text, size_t length)
{
    json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    if (!document)
        abort();
    json_decref(document);
}

static void
check_refusal(const struct error *err, enum error_code code)
{
    if (err->code != code || !err->fields || err->fields->message[0] == '\0')
        abort();
}

static void
ask_everybody(const struct chat *chat, struct arena *arena)
{
    static const enum provider_kind kinds[] = {PROVIDER_OPENAI, PROVIDER_GEMINI,
                                               PROVIDER_ANTHROPIC};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct provider_settings place = {
            .name = "place", .kind = kinds[i], .base_url = "http://127.0.0.1:1"};
        const struct model_settings model = {.name = "m", .id = "m", .provider = &place};
        struct provider_request request = {0};
        struct error err = {0};
        strbuf_init(&request.body, arena, 256);
        if (provider_of(kinds[i])->build_chat(chat, &model, arena, &request, &err))
            check_json(request.body.data, request.body.length);
        else
            check_refusal(&err, ERROR_INVALID_REQUEST);
    }
}

/* Every event's data is JSON on one line, or the mark of OpenAI's end. */
static void
check_events(const char *stream)
{
    static const char mark[] = "data: ";
    for (const char *line = stream; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n");
        bool is_data = strncmp(line, mark, sizeof(mark) - 1) == 0;
        if (!is_data && length > 0 && strncmp(line, "event: ", 7) != 0)
            abort();
        const char *data = line + sizeof(mark) - 1;
        if (is_data && strncmp(data, "[DONE]", 6) != 0)
            check_json(data, length - (sizeof(mark) - 1));
    }
}

static void
speak(struct reply *reply, const struct chat_message *message, struct strbuf *out)
{
    const struct surface *surface = reply->surface;
    const struct chat_part *parts = message->parts.items;
    const struct chat_tool_call *calls = message->tool_calls.items;
    struct chat_choice choice = {
        .text = message->parts.count > 0 && parts[0].text ? parts[0].text : "",
        .tool_calls = message->tool_calls,
        .finish = CHAT_FINISH_STOP,
    };
    struct chat_answer answer = {.choices = {&choice, 1},
                                 .usage = {.input = 7, .output = 5, .cached = 3, .thought = -1}};
    surface->encode(reply, &answer, out);
    check_json(out->data, out->length);
    strbuf_truncate(out, 0);
    surface->begin(reply, out);
    surface->delta(reply, &(struct chat_delta){.kind = CHAT_DELTA_TEXT, .text = choice.text}, out);
    for (size_t i = 0; i < message->tool_calls.count; i++) {
        struct chat_delta delta = {
            .kind = CHAT_DELTA_TOOL, .tool = (int64_t)i, .id = calls[i].id, .name = calls[i].name};
        surface->delta(reply, &delta, out);
        delta.kind = CHAT_DELTA_ARGUMENTS;
        delta.text = calls[i].arguments;
        surface->delta(reply, &delta, out);
    }
    surface->delta(
        reply, &(struct chat_delta){.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_STOP}, out);
    surface->finish(reply, &answer.usage, out);
    surface->complete(reply, out);
    check_events(out->data);
    strbuf_truncate(out, 0);
}

static void
answer_as_all(const struct chat *chat, const json_t *document, struct arena *arena)
{
    const struct chat_message *messages = chat->messages.items;
    struct strbuf out;
    strbuf_init(&out, arena, 256);
    for (size_t i = 0; i < chat->messages.count; i++)
        for (size_t j = 0; j < SURFACE_COUNT; j++) {
            struct reply reply = {
                .surface = surfaces[j],
                .document = document,
                .arena = arena,
                .model = "m",
                .id = "0123456789abcdef0123456789abcdef",
            };
            speak(&reply, &messages[i], &out);
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    struct arena arena = {0};
    struct error err = {0};
    size_t which = bytes[0] % SURFACE_COUNT;
    const json_t *document = schema_parse((const char *)bytes + 1, size - 1, &arena, &err);
    if (document && schema_decode(schemas[which], document, "", &arena, &err)) {
        struct chat chat;
        chat_init(&chat);
        if (surfaces[which]->decode(document, &arena, &chat, &err)) {
            ask_everybody(&chat, &arena);
            answer_as_all(&chat, document, &arena);
        } else {
            check_refusal(&err, ERROR_VALIDATION_FAILED);
        }
    }
    arena_release(&arena);
    return 0;
}
