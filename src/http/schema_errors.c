/* The list of violations and the path to where decoding stands. */
#include "http/schema_errors.h"

#include <stdarg.h>
#include <string.h>

enum { ERRORS_KEPT = 100 };

/* Appends to the path what fits, cut at a whole character; returns the length before, which
 * schema_path_leave() wants back. */
size_t
schema_path_append(struct schema_errors *errors, const char *text, size_t length)
{
    size_t used = strlen(errors->path);
    size_t room = sizeof(errors->path) - 1 - used;
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(errors->path + used, text, length);
    errors->path[used + length] = '\0';
    return used;
}

size_t
schema_path_enter(struct schema_errors *errors, const char *name)
{
    size_t used = strlen(errors->path);
    if (used > 0 && name[0] != '\0' && name[0] != '[')
        schema_path_append(errors, ".", 1);
    schema_path_append(errors, name, strlen(name));
    return used;
}

size_t
schema_path_enter_index(struct schema_errors *errors, size_t index)
{
    char text[24];
    char *start = text + sizeof(text);
    *--start = ']';
    do {
        *--start = (char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    *--start = '[';
    return schema_path_append(errors, start, (size_t)(text + sizeof(text) - start));
}

void
schema_path_leave(struct schema_errors *errors, size_t used)
{
    errors->path[used] = '\0';
}

void
schema_complain(struct schema_errors *errors, const char *name, const char *format, ...)
{
    if (errors->count++ >= ERRORS_KEPT)
        return;
    struct field_error *found = arena_alloc(errors->arena, sizeof(*found));
    size_t used = schema_path_enter(errors, name);
    found->path = arena_strdup(errors->arena, errors->path);
    schema_path_leave(errors, used);
    va_list arguments;
    va_start(arguments, format);
    found->message = arena_vprintf(errors->arena, format, arguments);
    va_end(arguments);
    if (errors->last)
        *errors->last = found;
    else
        errors->first = found;
    errors->last = &found->next;
}

bool
schema_refuse(const struct schema_errors *errors, struct error *err)
{
    const struct field_error *first = errors->first;
    const char *path = first->path[0] != '\0' ? first->path : "the body";
    if (errors->count == 1)
        error_set(err, ERROR_VALIDATION_FAILED, "%s %s", path, first->message);
    else
        error_set(err, ERROR_VALIDATION_FAILED, "%s %s (and %zu more)", path, first->message,
                  errors->count - 1);
    err->fields = errors->first;
    return false;
}
