/* Growable text in an arena. */
#include "base/strbuf.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/integer.h"

void
strbuf_init(struct strbuf *buffer, struct arena *arena, size_t capacity)
{
    buffer->arena = arena;
    buffer->length = 0;
    buffer->capacity = capacity > 16 ? capacity : 16;
    buffer->data = arena_bytes(arena, buffer->capacity);
    buffer->data[0] = '\0';
}

char *
strbuf_reserve(struct strbuf *buffer, size_t extra)
{
    size_t needed;
    if (__builtin_add_overflow(buffer->length, extra, &needed) ||
        __builtin_add_overflow(needed, 1, &needed))
        abort();
    if (needed > buffer->capacity) {
        size_t doubled = buffer->capacity * 2;
        size_t capacity = doubled > needed ? doubled : needed;
        buffer->data = arena_grow(buffer->arena, buffer->data, buffer->capacity, capacity);
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->length;
}

void
strbuf_added(struct strbuf *buffer, size_t count)
{
    buffer->length += count;
    assert(buffer->length < buffer->capacity);
    buffer->data[buffer->length] = '\0';
}

void
strbuf_add(struct strbuf *buffer, const void *bytes, size_t count)
{
    if (count == 0)
        return;
    memcpy(strbuf_reserve(buffer, count), bytes, count);
    strbuf_added(buffer, count);
}

void
strbuf_add_char(struct strbuf *buffer, char byte)
{
    *strbuf_reserve(buffer, 1) = byte;
    strbuf_added(buffer, 1);
}

void
strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    strbuf_vprintf(buffer, format, arguments);
    va_end(arguments);
}

/* Mostly the text fits at once; only measuring it takes as long as writing it. */
void
strbuf_vprintf(struct strbuf *buffer, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
    assert(length >= 0);
    if ((size_t)length >= room)
        vsnprintf(strbuf_reserve(buffer, (size_t)length), (size_t)length + 1, format, again);
    va_end(again);
    strbuf_added(buffer, (size_t)length);
}

void
strbuf_add_integer(struct strbuf *buffer, int64_t value)
{
    strbuf_added(buffer, integer_format(strbuf_reserve(buffer, INTEGER_TEXT_BYTES), value));
}

void
strbuf_truncate(struct strbuf *buffer, size_t length)
{
    assert(length <= buffer->length);
    buffer->length = length;
    buffer->data[length] = '\0';
}
