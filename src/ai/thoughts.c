/* Finds the marks of thoughts however a text was split. */
#include "ai/thoughts.h"

#include <string.h>

static const char BEGIN[] = "<think>", END[] = "</think>";

/* White space of this length is no longer held: what follows it is taken for the answer. */
enum { HELD_MAX_BYTES = 4096 };

static const char *
leave(struct thoughts *thoughts, const char *text)
{
    for (; *text; text++) {
        if (*text == END[thoughts->matched])
            thoughts->matched++;
        else
            thoughts->matched = *text == END[0];
        if (END[thoughts->matched] == '\0') {
            thoughts->state = THOUGHTS_PAST;
            return text + 1;
        }
    }
    return text;
}

static const char *
decide(struct thoughts *thoughts, const char *text, struct arena *arena)
{
    struct strbuf *held = &thoughts->held;
    if (held->length > 0) {
        strbuf_add_text(held, text);
        text = held->data;
    }
    const char *start = text + strspn(text, " \t\r\n");
    size_t length = strlen(start);
    if (length >= sizeof(BEGIN) - 1 && strncmp(start, BEGIN, sizeof(BEGIN) - 1) == 0) {
        thoughts->state = THOUGHTS_INSIDE;
        return leave(thoughts, start + sizeof(BEGIN) - 1);
    }
    if (length < sizeof(BEGIN) - 1 && strncmp(start, BEGIN, length) == 0 &&
        (size_t)(start - text) < HELD_MAX_BYTES) {
        if (held->length == 0 && text[0] != '\0') {
            strbuf_init(held, arena, 64);
            strbuf_add_text(held, text);
        }
        return "";
    }
    thoughts->state = THOUGHTS_PAST;
    return text;
}

const char *
thoughts_filter(struct thoughts *thoughts, const char *text, struct arena *arena)
{
    if (thoughts->state == THOUGHTS_UNKNOWN)
        return decide(thoughts, text, arena);
    return thoughts->state == THOUGHTS_INSIDE ? leave(thoughts, text) : text;
}

const char *
thoughts_flush(struct thoughts *thoughts)
{
    bool holds = thoughts->state == THOUGHTS_UNKNOWN && thoughts->held.length > 0;
    thoughts->state = THOUGHTS_PAST;
    return holds ? thoughts->held.data : "";
}
