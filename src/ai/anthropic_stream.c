/* Streamed answers of Anthropic's messages: blocks that begin, grow and end. */
#include <string.h>

#include "ai/anthropic.h"
#include "ai/stream.h"

static void
begin_message(const struct stream_reader *reader, const json_t *event)
{
    const json_t *message = json_object_get(event, "message");
    stream_note(reader->stream, provider_text(message, "id"), provider_text(message, "model"));
    anthropic_read_usage(json_object_get(message, "usage"), &reader->stream->usage);
    stream_choice(reader, 0);
}

static void
begin_block(const struct stream_reader *reader, const json_t *event)
{
    const json_t *block = json_object_get(event, "content_block");
    const json_t *input = json_object_get(block, "input");
    const char *type = provider_text(block, "type"), *name = provider_text(block, "name");
    int64_t index = provider_count(event, "index");
    if (type && strcmp(type, "text") == 0)
        stream_text(reader, 0, provider_text(block, "text"));
    if (!type || strcmp(type, "tool_use") != 0 || !name)
        return;
    if (strcmp(name, ANTHROPIC_ANSWER_TOOL) == 0)
        stream_begin_answer(reader, 0, index);
    else
        stream_begin_call(reader, 0, index, provider_text(block, "id"), name);
    if (json_object_size(input) > 0)
        stream_arguments(reader, stream_call(reader, 0, index),
                         provider_json(input, reader->scratch));
}

static void
grow_block(const struct stream_reader *reader, const json_t *event)
{
    const json_t *delta = json_object_get(event, "delta");
    const char *type = provider_text(delta, "type");
    if (!type)
        return;
    if (strcmp(type, "text_delta") == 0)
        stream_text(reader, 0, provider_text(delta, "text"));
    else if (strcmp(type, "input_json_delta") == 0)
        stream_arguments(reader, stream_call(reader, 0, provider_count(event, "index")),
                         provider_text(delta, "partial_json"));
    else if (strcmp(type, "thinking_delta") == 0)
        stream_made(reader, provider_text(delta, "thinking"));
}

static void
end_block(const struct stream_reader *reader, const json_t *event)
{
    struct stream_call *call = stream_call(reader, 0, provider_count(event, "index"));
    if (call && !call->has_arguments)
        stream_arguments(reader, call, "{}");
}

static void
change_message(const struct stream_reader *reader, const json_t *event)
{
    const char *reason = provider_text(json_object_get(event, "delta"), "stop_reason");
    anthropic_read_usage(json_object_get(event, "usage"), &reader->stream->usage);
    if (!reason)
        return;
    enum chat_finish finish = anthropic_finish(reason);
    /* A structured answer is asked for as a call, but is none. */
    if (finish == CHAT_FINISH_TOOL_CALLS && !stream_has_calls(reader, 0))
        finish = CHAT_FINISH_STOP;
    stream_end(reader, 0, finish, reason);
}

static void
end_message(const struct stream_reader *reader, const json_t *event)
{
    (void)event;
    reader->stream->ended = true;
}

static const struct row {
    const char *type;
    void (*read)(const struct stream_reader *reader, const json_t *event);
} rows[] = {
    {"message_start", begin_message},    {"content_block_start", begin_block},
    {"content_block_delta", grow_block}, {"content_block_stop", end_block},
    {"message_delta", change_message},   {"message_stop", end_message},
};

bool
anthropic_parse_event(const struct stream_reader *reader, const json_t *document,
                      struct provider_fault *fault)
{
    (void)fault;
    const char *type = provider_text(document, "type");
    for (size_t i = 0; type && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(type, rows[i].type) == 0)
            rows[i].read(reader, document);
    return true;
}
