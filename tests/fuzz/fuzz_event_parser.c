/* Events come out the same however their bytes are split, and within the limit. The first two bytes
 * of an input say where it is split. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/event_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MAX_BYTES = 256 };

static bool
tell(void *context, const struct event *event)
{
    if (event->length > MAX_BYTES || event->data[event->length] != '\0')
        abort();
    struct strbuf *told = context;
    strbuf_printf(told, "%s,%d,%zu,", event->name, event->is_comment, event->length);
    strbuf_add(told, event->data, event->length);
    return true;
}

static bool
parse(const char *bytes, size_t length, const uint8_t steps[2], struct strbuf *told)
{
    struct event_parser parser;
    event_parser_init(&parser, told->arena, MAX_BYTES);
    bool goes_on = true;
    for (size_t at = 0, turn = 0; at < length && goes_on; turn++) {
        size_t step = steps[turn % 2] + (size_t)1;
        if (steps[0] == 0 && steps[1] == 0)
            step = length;
        if (step > length - at)
            step = length - at;
        goes_on = event_parser_feed(&parser, bytes + at, step, tell, told);
        at += step;
    }
    if (goes_on != !parser.too_large || event_parser_end(&parser, tell, told) != goes_on)
        abort();
    return goes_on;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t whole[2] = {0, 0};
    struct arena arena = {0};
    struct strbuf once, split;
    if (size < 2)
        return 0;
    strbuf_init(&once, &arena, 256);
    strbuf_init(&split, &arena, 256);
    bool is_read = parse((const char *)bytes + 2, size - 2, whole, &once);
    if (parse((const char *)bytes + 2, size - 2, bytes, &split) != is_read ||
        once.length != split.length || memcmp(once.data, split.data, once.length) != 0)
        abort();
    arena_release(&arena);
    return 0;
}
