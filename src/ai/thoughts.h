/* Keeps the thoughts of open models out of their answers: served without a reasoning parser they
 * write them ahead of the answer, between <think> and </think>. */
#ifndef HEARTH_AI_THOUGHTS_H
#define HEARTH_AI_THOUGHTS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"

/* One text while it comes. All zero bytes are a valid initial state. */
struct thoughts {
    enum { THOUGHTS_UNKNOWN, THOUGHTS_INSIDE, THOUGHTS_PAST } state;
    size_t matched;     /* bytes of the end mark */
    struct strbuf held; /* what may yet turn out to be the begin mark */
};

/* What of the next piece belongs to the answer; "" for nothing. The result lies in text or in
 * arena, which must be the same in every call. */
const char *thoughts_filter(struct thoughts *thoughts, const char *text, struct arena *arena);

/* What was held back, at the end of the text. */
const char *thoughts_flush(struct thoughts *thoughts);

#endif
