/* Streamed chat completions. */
#include <string.h>

#include "ai/openai.h"

/* Some servers give every call the same index, and some none: a new id tells calls apart. */
static struct stream_call *
find_call(const struct stream_reader *reader, int64_t choice, int64_t source, const char *id)
{
    struct stream_call *call = stream_call(reader, choice, source);
    bool is_other = call && id && id[0] && strcmp(call->id, id) != 0;
    return is_other ? NULL : call;
}

static void
read_call(const struct stream_reader *reader, int64_t choice, const json_t *document)
{
    const json_t *function = json_object_get(document, "function");
    const json_t *arguments = json_object_get(function, "arguments");
    const char *name = provider_text(function, "name"), *id = provider_text(document, "id");
    int64_t source = provider_count(document, "index");
    struct stream_call *call = find_call(reader, choice, source, id);
    if (!call && name && name[0])
        call = stream_begin_call(reader, choice, source, id, name);
    if (json_is_object(arguments))
        stream_arguments(reader, call, provider_json(arguments, reader->scratch));
    else
        stream_arguments(reader, call, json_string_value(arguments));
}

static void
read_content(const struct stream_reader *reader, int64_t index, const json_t *content)
{
    for (size_t i = 0; i < json_array_size(content); i++)
        read_content(reader, index, json_object_get(json_array_get(content, i), "text"));
    const char *text = json_string_value(content);
    struct stream_choice *choice = text ? stream_choice(reader, index) : NULL;
    if (!choice)
        return;
    stream_made(reader, text);
    size_t made_bytes = reader->step->made_bytes;
    stream_text(reader, index, thoughts_filter(&choice->thoughts, text, reader->stream->arena));
    reader->step->made_bytes = made_bytes; /* the same text, without thoughts */
}

static void
read_delta(const struct stream_reader *reader, int64_t index, const json_t *delta)
{
    const json_t *calls = json_object_get(delta, "tool_calls");
    const char *thought = provider_text(delta, "reasoning_content");
    stream_made(reader, thought ? thought : provider_text(delta, "reasoning"));
    read_content(reader, index, json_object_get(delta, "content"));
    stream_refusal(reader, index, provider_text(delta, "refusal"));
    for (size_t i = 0; i < json_array_size(calls); i++)
        read_call(reader, index, json_array_get(calls, i));
}

static void
read_choice(const struct stream_reader *reader, const json_t *document)
{
    int64_t index = provider_count(document, "index");
    const char *reason = provider_text(document, "finish_reason");
    index = index < 0 ? 0 : index;
    struct stream_choice *choice = stream_choice(reader, index);
    if (!choice)
        return;
    read_delta(reader, index, json_object_get(document, "delta"));
    if (!reason || reason[0] == '\0' || choice->ended)
        return;
    stream_text(reader, index, thoughts_flush(&choice->thoughts));
    stream_end(reader, index, openai_finish(reason), reason);
}

bool
openai_parse_event(const struct stream_reader *reader, const json_t *document,
                   struct provider_fault *fault)
{
    const char *type = provider_text(document, "type");
    const json_t *choices = json_object_get(document, "choices");
    if (type && strncmp(type, "response.", 9) == 0)
        return openai_parse_response_event(reader, document, fault);
    if (!reader->stream->id || !reader->stream->model)
        stream_note(reader->stream, provider_text(document, "id"),
                    provider_text(document, "model"));
    openai_read_usage(json_object_get(document, "usage"), &reader->stream->usage);
    for (size_t i = 0; i < json_array_size(choices); i++)
        read_choice(reader, json_array_get(choices, i));
    return true;
}
