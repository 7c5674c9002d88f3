/* Streamed answers, event by event. */
#include "ai/stream.h"

#include <string.h>

#include "http/event_parser.h"

void
provider_stream_init(struct provider_stream *stream, struct arena *arena)
{
    *stream = (struct provider_stream){.arena = arena};
    chat_usage_init(&stream->usage);
}

/* Room for one more element in an array whose capacity is the power of two at or above count. */
static void *
make_room(struct arena *arena, void *array, size_t count, size_t size)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return array;
    return arena_grow(arena, array, count * size, (count > 0 ? 2 * count : 1) * size);
}

struct stream_choice *
stream_choice(const struct stream_reader *reader, int64_t index)
{
    struct provider_stream *stream = reader->stream;
    for (size_t i = 0; i < stream->choice_count; i++)
        if (stream->choices[i].index == index)
            return &stream->choices[i];
    if (stream->choice_count == STREAM_CHOICES_MAX) {
        stream->malformed++;
        return NULL;
    }
    stream->finished = false;
    stream->choices =
        make_room(stream->arena, stream->choices, stream->choice_count, sizeof(*stream->choices));
    struct stream_choice *choice = &stream->choices[stream->choice_count++];
    *choice = (struct stream_choice){.index = index};
    return choice;
}

struct stream_call *
stream_call(const struct stream_reader *reader, int64_t choice, int64_t source)
{
    struct provider_stream *stream = reader->stream;
    for (size_t i = stream->call_count; i-- > 0;)
        if (stream->calls[i].choice == choice && stream->calls[i].source == source)
            return &stream->calls[i];
    return NULL;
}

static struct chat_delta *
add_delta(const struct stream_reader *reader, enum chat_delta_kind kind, int64_t choice)
{
    struct provider_step *step = reader->step;
    struct chat_delta *deltas =
        make_room(reader->scratch, (void *)step->deltas, step->count, sizeof(*deltas));
    step->deltas = deltas;
    deltas[step->count] = (struct chat_delta){.kind = kind, .choice = choice};
    return &deltas[step->count++];
}

static struct stream_call *
add_call(const struct stream_reader *reader, struct stream_call call)
{
    struct provider_stream *stream = reader->stream;
    if (stream->call_count == STREAM_CALLS_MAX) {
        stream->malformed++;
        return NULL;
    }
    stream->calls =
        make_room(stream->arena, stream->calls, stream->call_count, sizeof(*stream->calls));
    stream->calls[stream->call_count] = call;
    return &stream->calls[stream->call_count++];
}

struct stream_call *
stream_begin_call(const struct stream_reader *reader, int64_t choice, int64_t source,
                  const char *id, const char *name)
{
    struct stream_choice *within = stream_choice(reader, choice);
    struct arena *arena = reader->stream->arena;
    if (!within)
        return NULL;
    struct stream_call *call =
        add_call(reader, (struct stream_call){
                             .choice = choice,
                             .source = source,
                             .tool = within->calls,
                             .id = id && id[0] ? arena_strdup(arena, id) : provider_call_id(arena),
                         });
    if (!call)
        return NULL;
    within->calls++;
    struct chat_delta *delta = add_delta(reader, CHAT_DELTA_TOOL, choice);
    delta->tool = call->tool;
    delta->id = call->id;
    delta->name = name;
    stream_made(reader, name);
    return call;
}

void
stream_begin_answer(const struct stream_reader *reader, int64_t choice, int64_t source)
{
    if (stream_choice(reader, choice))
        add_call(reader,
                 (struct stream_call){.choice = choice, .source = source, .is_answer = true});
}

void
stream_made(const struct stream_reader *reader, const char *text)
{
    if (!text || text[0] == '\0')
        return;
    reader->step->has_content = true;
    reader->step->made_bytes += strlen(text);
}

void
stream_arguments(const struct stream_reader *reader, struct stream_call *call, const char *text)
{
    if (!call || !text || text[0] == '\0')
        return;
    enum chat_delta_kind kind = call->is_answer ? CHAT_DELTA_TEXT : CHAT_DELTA_ARGUMENTS;
    struct chat_delta *delta = add_delta(reader, kind, call->choice);
    delta->tool = call->tool;
    delta->text = text;
    call->has_arguments = true;
    stream_made(reader, text);
}

void
stream_text(const struct stream_reader *reader, int64_t choice, const char *text)
{
    if (!text || text[0] == '\0' || !stream_choice(reader, choice))
        return;
    add_delta(reader, CHAT_DELTA_TEXT, choice)->text = text;
    stream_made(reader, text);
}

void
stream_refusal(const struct stream_reader *reader, int64_t choice, const char *text)
{
    struct stream_choice *within = stream_choice(reader, choice);
    if (!text || text[0] == '\0' || !within)
        return;
    within->refused = true;
    add_delta(reader, CHAT_DELTA_REFUSAL, choice)->text = text;
    stream_made(reader, text);
}

static bool
all_ended(const struct provider_stream *stream)
{
    for (size_t i = 0; i < stream->choice_count; i++)
        if (!stream->choices[i].ended)
            return false;
    return stream->choice_count > 0;
}

void
stream_end(const struct stream_reader *reader, int64_t choice, enum chat_finish finish,
           const char *reason)
{
    struct provider_stream *stream = reader->stream;
    struct stream_choice *within = stream_choice(reader, choice);
    if (!within || within->ended)
        return;
    within->ended = true;
    stream->finished = all_ended(stream);
    stream->finish = within->refused ? CHAT_FINISH_REFUSED : finish;
    for (size_t i = 0; i < stream->call_count; i++)
        if (stream->calls[i].choice == choice && !stream->calls[i].has_arguments)
            stream_arguments(reader, &stream->calls[i], "{}");
    struct chat_delta *delta = add_delta(reader, CHAT_DELTA_FINISH, choice);
    delta->finish = stream->finish;
    delta->reason = reason;
}

bool
stream_has_calls(const struct stream_reader *reader, int64_t choice)
{
    const struct stream_choice *within = stream_choice(reader, choice);
    return within && within->calls > 0;
}

void
stream_note(struct provider_stream *stream, const char *id, const char *model)
{
    if (id && !stream->id)
        stream->id = arena_strdup(stream->arena, id);
    if (model && !stream->model)
        stream->model = arena_strdup(stream->arena, model);
}

static bool
is_marker(const char *data, const char *marker)
{
    size_t length = strlen(marker);
    data += strspn(data, " \t");
    return strncmp(data, marker, length) == 0 &&
           data[length + strspn(data + length, " \t\r\n")] == '\0';
}

/* Servers tell of a failure in an event of that name, as an "error" member, or as an object that
 * calls itself one. */
static bool
tells_failure(const struct event *event, const json_t *document)
{
    const json_t *error = json_object_get(document, "error");
    const char *object = provider_text(document, "object");
    const char *type = provider_text(document, "type");
    return strcmp(event->name, "error") == 0 || json_is_object(error) || json_is_string(error) ||
           (object && strcmp(object, "error") == 0) || (type && strcmp(type, "error") == 0) ||
           (json_is_array(document) && json_object_get(json_array_get(document, 0), "error"));
}

bool
provider_event(const struct provider *provider, struct provider_stream *stream,
               const struct event *event, struct arena *scratch, struct provider_step *step,
               struct provider_failure *failure)
{
    *step = (struct provider_step){0};
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (event->is_comment || stream->ended || is_marker(event->data, ""))
        return true;
    if (is_marker(event->data, "[DONE]")) {
        stream->ended = true;
        return true;
    }
    struct provider_fault fault = {.retry_after_ms = -1};
    bool has_halves;
    const json_t *document = schema_parse_lenient(event->data, event->length, &has_halves, scratch);
    if (document && (has_halves || stream->halves.count > 0))
        halves_join(&stream->halves, (json_t *)document, scratch);
    if (tells_failure(event, document)) {
        provider_classify_document(provider, document, stream->arena, failure);
        return false;
    }
    if (!json_is_object(document)) {
        stream->malformed++;
        return true;
    }
    const struct stream_reader reader = {stream, step, scratch};
    step->document = document;
    if (provider->parse_event(&reader, document, &fault))
        return true;
    provider_classify_streamed(&fault, stream->arena, failure);
    return false;
}
