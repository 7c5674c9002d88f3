/* Server-sent events as bytes (WHATWG HTML, section 9.2). */
#include <string.h>

#include "apps/gateway/gateway.h"

void
gateway_event(struct strbuf *out, const char *name, const char *data, size_t length)
{
    if (name)
        strbuf_printf(out, "event: %s\n", name);
    const char *data_end = data + length;
    for (;;) {
        const char *line_end = memchr(data, '\n', (size_t)(data_end - data));
        const char *stop = line_end ? line_end : data_end;
        strbuf_add(out, "data: ", 6);
        strbuf_add(out, data, (size_t)(stop - data));
        strbuf_add_char(out, '\n');
        if (!line_end)
            break;
        data = line_end + 1;
    }
    strbuf_add_char(out, '\n');
}
