/* What does not hold in the settings, said with its place; all of it at once. */
#include "base/settings_row.h"

#include <stdarg.h>

enum { COMPLAINTS_MAX = 100 };

const char *
settings_place(struct settings_reading *reading, int line)
{
    return arena_printf(reading->arena, "%s:%d", reading->file.name, line);
}

void
settings_complain(struct settings_reading *reading, const char *where, const char *format, ...)
{
    if (reading->complaint_count++ >= COMPLAINTS_MAX) {
        if (reading->complaint_count == COMPLAINTS_MAX + 1)
            strbuf_add_text(reading->complaints, "and more\n");
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(reading->arena, format, arguments);
    va_end(arguments);
    strbuf_printf(reading->complaints, "%s: %s\n", where, text);
}

void
settings_warn(struct settings_reading *reading, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(reading->arena, format, arguments);
    va_end(arguments);
    strbuf_printf(&reading->warnings, "%s\n", text);
}
