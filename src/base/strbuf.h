/* A growable text in an arena. data is never NULL and always ends in a NUL byte that length does
 * not count; the text itself may hold NUL bytes. Nothing is freed: the arena ends it. */
#ifndef HEARTH_BASE_STRBUF_H
#define HEARTH_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

struct strbuf {
    struct arena *arena;
    char *data;
    size_t length;
    size_t capacity; /* bytes at data, the NUL included */
};

/* capacity is a guess at the final size; any value works. */
void strbuf_init(struct strbuf *buffer, struct arena *arena, size_t capacity);

/* Makes room for extra more bytes and returns where they go; strbuf_added() then counts them. */
char *strbuf_reserve(struct strbuf *buffer, size_t extra) __attribute__((returns_nonnull));
void strbuf_added(struct strbuf *buffer, size_t count);

void strbuf_add(struct strbuf *buffer, const void *bytes, size_t count);
void strbuf_add_char(struct strbuf *buffer, char byte);
void strbuf_printf(struct strbuf *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void strbuf_add_integer(struct strbuf *buffer, int64_t value);

/* Shortens to length, which must not be greater than the present one. */
void strbuf_truncate(struct strbuf *buffer, size_t length);

static inline void
strbuf_add_text(struct strbuf *buffer, const char *text)
{
    strbuf_add(buffer, text, strlen(text));
}

#endif
