/* The table behind the vocabulary of failure. */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

/* Defined here by their names: see error.h. */
#undef error_set
#undef error_set_retry
#undef error_set_field

static const struct error_info infos[] = {
#define X(code_name, http_status, machine, retry, text)                                            \
    [ERROR_##code_name] = {                                                                        \
        .name = (machine), .title = (text), .status = (http_status), .retryable = (retry)},
    ERRORS(X)
#undef X
};

#define INFO_COUNT ((int)(sizeof(infos) / sizeof(infos[0])))

const struct error_info *
error_info(enum error_code code)
{
    if (code <= ERROR_NONE || (int)code >= INFO_COUNT)
        return &infos[ERROR_INTERNAL];
    return &infos[code];
}

/* A text that filled its place may end within a character, which no JSON can hold. */
static void
cut_at_character(char *text)
{
    size_t count;
    size_t whole = strlen(text);
    for (size_t shorter = 0; shorter < 4 && shorter < whole; shorter++)
        if (utf8_count(text, whole - shorter, &count)) {
            text[whole - shorter] = '\0';
            return;
        }
}

static bool
fill(struct error *err, enum error_code code, int retry_after_s, const char *format, va_list list)
{
    assert(err->code == ERROR_NONE);
    err->code = code;
    err->retry_after_s = retry_after_s;
    int length = vsnprintf(err->detail, sizeof(err->detail), format, list);
    if (length >= (int)sizeof(err->detail))
        cut_at_character(err->detail);
    return false;
}

bool
error_set(struct error *err, enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, 0, format, arguments);
    va_end(arguments);
    return false;
}

bool
error_set_retry(struct error *err, enum error_code code, int retry_after_s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, retry_after_s, format, arguments);
    va_end(arguments);
    return false;
}

bool
error_set_field(struct error *err, struct arena *arena, const char *path, const char *format, ...)
{
    struct field_error *field = arena_alloc(arena, sizeof(*field));
    va_list arguments;
    va_start(arguments, format);
    field->path = arena_strdup(arena, path);
    field->message = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    err->fields = field;
    return error_set(err, ERROR_VALIDATION_FAILED, "%s: %s", field->path, field->message);
}
