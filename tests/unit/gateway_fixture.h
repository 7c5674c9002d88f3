/* What the tests of the gateway's surfaces share: bodies read into a chat, answers and streams
 * written by a surface. */
#ifndef HEARTH_TESTS_GATEWAY_FIXTURE_H
#define HEARTH_TESTS_GATEWAY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apps/gateway/gateway.h"

static struct arena arena;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const json_t *
json_of(const char *text)
{
    struct error err = {0};
    const json_t *document = schema_parse(text, strlen(text), &arena, &err);
    assert_non_null(document);
    return document;
}

static inline bool
read_body(const struct surface *surface, const char *text, struct chat *chat, struct error *err)
{
    *err = (struct error){0};
    chat_init(chat);
    return surface->decode(json_of(text), &arena, chat, err);
}

static inline const struct chat *
read_good(const struct surface *surface, const char *text)
{
    struct error err;
    struct chat *chat = arena_alloc(&arena, sizeof(*chat));
    if (!read_body(surface, text, chat, &err))
        fail_msg("%s", err.detail);
    return chat;
}

/* The path of the member that is refused. */
static inline const char *
refused(const struct surface *surface, const char *text)
{
    struct error err;
    struct chat chat;
    assert_false(read_body(surface, text, &chat, &err));
    assert_int_equal(err.code, ERROR_VALIDATION_FAILED);
    assert_non_null(err.fields);
    return err.fields->path;
}

static inline const struct chat_message *
message_at(const struct chat *chat, size_t index)
{
    assert_true(index < chat->messages.count);
    return (const struct chat_message *)chat->messages.items + index;
}

static inline const struct chat_part *
part_at(const struct chat *chat, size_t message, size_t index)
{
    assert_true(index < message_at(chat, message)->parts.count);
    return (const struct chat_part *)message_at(chat, message)->parts.items + index;
}

static inline const struct chat_tool_call *
call_at(const struct chat *chat, size_t message, size_t index)
{
    assert_true(index < message_at(chat, message)->tool_calls.count);
    return (const struct chat_tool_call *)message_at(chat, message)->tool_calls.items + index;
}

static inline struct reply
reply_of(const struct surface *surface, const char *body)
{
    return (struct reply){
        .surface = surface,
        .document = json_of(body),
        .arena = &arena,
        .model = "mixed",
        .id = "0123456789abcdef0123456789abcdef",
        .created_s = 1700000000,
    };
}

static inline const json_t *
write_answer(const struct surface *surface, const struct chat_answer *answer)
{
    struct reply reply = reply_of(surface, "{}");
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    surface->encode(&reply, answer, &out);
    return json_of(out.data);
}

static inline const char *
write_stream(const struct surface *surface, const char *body, const struct chat_delta *deltas,
             size_t count, const struct chat_usage *usage)
{
    struct reply reply = reply_of(surface, body);
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    surface->begin(&reply, &out);
    for (size_t i = 0; i < count; i++)
        surface->delta(&reply, &deltas[i], &out);
    surface->finish(&reply, usage, &out);
    surface->complete(&reply, &out);
    return out.data;
}

/* The events of a stream: how many there are, and the data of one as JSON. */
static inline size_t
event_count(const char *stream)
{
    size_t count = 0;
    for (const char *at = stream; (at = strstr(at, "\n\n")); at += 2)
        count++;
    return count;
}

static inline const json_t *
event_at(const char *stream, size_t index)
{
    for (; index > 0; index--)
        stream = strstr(stream, "\n\n") + 2;
    const char *data = strstr(stream, "data: ") + strlen("data: ");
    return json_of(arena_strndup(&arena, data, strcspn(data, "\n")));
}

/* The value at "choices/0/message", written as JSON. */
static inline const char *
at(const json_t *value, const char *path)
{
    char *copy = arena_strdup(&arena, path), *rest = NULL;
    for (char *name = strtok_r(copy, "/", &rest); name; name = strtok_r(NULL, "/", &rest))
        value = json_is_array(value) ? json_array_get(value, (size_t)strtoul(name, NULL, 10))
                                     : json_object_get(value, name);
    if (!value)
        return "absent";
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    schema_encode_json(&out, value);
    return out.data;
}

#endif
