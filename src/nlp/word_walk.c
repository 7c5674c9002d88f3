/* ICU's word breaks over UTF-8. */
#include "nlp/word_walk.h"

#include <stdint.h>
#include <stdlib.h>

void
word_walk_open(struct word_walk *walk, const char *text, size_t length)
{
    UErrorCode status = U_ZERO_ERROR;
    *walk = (struct word_walk){.source = UTEXT_INITIALIZER};
    utext_openUTF8(&walk->source, text, (int64_t)length, &status);
    walk->breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    ubrk_setUText(walk->breaks, &walk->source, &status);
    if (U_FAILURE(status))
        abort(); /* the rules are linked in: only memory can be short */
}

bool
word_walk_next(struct word_walk *walk)
{
    do {
        walk->start = walk->end;
        int32_t at = ubrk_next(walk->breaks);
        if (at == UBRK_DONE)
            return false;
        walk->end = (size_t)at;
    } while (ubrk_getRuleStatus(walk->breaks) < UBRK_WORD_NONE_LIMIT);
    return true;
}

void
word_walk_close(struct word_walk *walk)
{
    ubrk_close(walk->breaks);
    utext_close(&walk->source);
}
