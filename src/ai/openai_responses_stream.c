/* Streamed answers of OpenAI's /responses. */
#include <string.h>

#include "ai/openai.h"

static void
note_response(const struct stream_reader *reader, const json_t *event)
{
    const json_t *response = json_object_get(event, "response");
    stream_note(reader->stream, provider_text(response, "id"), provider_text(response, "model"));
}

static void
begin_item(const struct stream_reader *reader, const json_t *event)
{
    const json_t *item = json_object_get(event, "item");
    const char *type = provider_text(item, "type"), *name = provider_text(item, "name");
    if (type && strcmp(type, "function_call") == 0 && name)
        stream_begin_call(reader, 0, provider_count(event, "output_index"),
                          provider_text(item, "call_id"), name);
}

static void
add_text(const struct stream_reader *reader, const json_t *event)
{
    stream_text(reader, 0, provider_text(event, "delta"));
}

static void
add_refusal(const struct stream_reader *reader, const json_t *event)
{
    stream_refusal(reader, 0, provider_text(event, "delta"));
}

static void
add_thought(const struct stream_reader *reader, const json_t *event)
{
    stream_made(reader, provider_text(event, "delta"));
}

static void
add_arguments(const struct stream_reader *reader, const json_t *event)
{
    stream_arguments(reader, stream_call(reader, 0, provider_count(event, "output_index")),
                     provider_text(event, "delta"));
}

/* Says the whole again, which counts where no part was said. */
static void
end_arguments(const struct stream_reader *reader, const json_t *event)
{
    struct stream_call *call = stream_call(reader, 0, provider_count(event, "output_index"));
    if (call && !call->has_arguments)
        stream_arguments(reader, call, provider_text(event, "arguments"));
}

static void
end_response(const struct stream_reader *reader, const json_t *event)
{
    const json_t *response = json_object_get(event, "response");
    note_response(reader, event);
    openai_read_usage(json_object_get(response, "usage"), &reader->stream->usage);
    const char *reason = openai_response_reason(response);
    stream_end(reader, 0, openai_response_finish(response, stream_has_calls(reader, 0)),
               reason ? reason : provider_text(event, "type"));
    reader->stream->ended = true;
}

static const struct row {
    const char *type;
    void (*read)(const struct stream_reader *reader, const json_t *event);
} rows[] = {
    {"response.created", note_response},
    {"response.in_progress", note_response},
    {"response.output_item.added", begin_item},
    {"response.output_text.delta", add_text},
    {"response.refusal.delta", add_refusal},
    {"response.reasoning_text.delta", add_thought},
    {"response.reasoning_summary_text.delta", add_thought},
    {"response.function_call_arguments.delta", add_arguments},
    {"response.function_call_arguments.done", end_arguments},
    {"response.completed", end_response},
    {"response.incomplete", end_response},
};

bool
openai_parse_response_event(const struct stream_reader *reader, const json_t *document,
                            struct provider_fault *fault)
{
    const char *type = provider_text(document, "type");
    if (strcmp(type, "response.failed") == 0) {
        provider_openai.read_fault(json_object_get(document, "response"), fault);
        return false;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(type, rows[i].type) == 0)
            rows[i].read(reader, document);
    return true;
}
