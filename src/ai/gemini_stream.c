/* Streamed answers of generateContent: each event is a piece of one. */
#include "ai/gemini.h"
#include "ai/stream.h"

/* Calls arrive whole and have no number. */
enum { NO_SOURCE = -1 };

static void
read_call(const struct stream_reader *reader, int64_t index, const json_t *document)
{
    const char *name = provider_text(document, "name");
    if (!name)
        return;
    struct stream_call *call =
        stream_begin_call(reader, index, NO_SOURCE, provider_text(document, "id"), name);
    stream_arguments(reader, call, gemini_arguments(document, reader->scratch));
}

static void
read_part(const struct stream_reader *reader, int64_t index, const json_t *part)
{
    const char *text = provider_text(part, "text");
    if (json_is_true(json_object_get(part, "thought")))
        stream_made(reader, text);
    else
        stream_text(reader, index, text);
    read_call(reader, index, json_object_get(part, "functionCall"));
}

static void
read_candidate(const struct stream_reader *reader, const json_t *candidate)
{
    const json_t *parts = json_object_get(json_object_get(candidate, "content"), "parts");
    const char *reason = gemini_reason(candidate);
    int64_t index = provider_count(candidate, "index");
    index = index < 0 ? 0 : index;
    if (!stream_choice(reader, index))
        return;
    for (size_t i = 0; i < json_array_size(parts); i++)
        read_part(reader, index, json_array_get(parts, i));
    if (reason)
        stream_end(reader, index, gemini_finish(reason, stream_has_calls(reader, index)), reason);
}

bool
gemini_parse_event(const struct stream_reader *reader, const json_t *document,
                   struct provider_fault *fault)
{
    (void)fault;
    const json_t *candidates = json_object_get(document, "candidates");
    stream_note(reader->stream, provider_text(document, "responseId"),
                provider_text(document, "modelVersion"));
    gemini_read_usage(document, &reader->stream->usage);
    if (gemini_is_blocked(document))
        stream_end(reader, 0, CHAT_FINISH_REFUSED, NULL);
    for (size_t i = 0; i < json_array_size(candidates); i++)
        read_candidate(reader, json_array_get(candidates, i));
    return true;
}
