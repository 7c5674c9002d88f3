/* Any valid UTF-8 through every local operation and the guard. */
#include <stdlib.h>
#include <string.h>

#include "ai/guard.h"
#include "base/utf8.h"
#include "nlp/nlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count;
    if (memchr(data, 0, size) != NULL || !utf8_count((const char *)data, size, &count))
        return 0;
    struct arena arena = {0};
    char *text = xmalloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    guard_screen(text, size);
    const char **list;
    double confidence;
    nlp_summarize(text, (int64_t)(size % 40), &arena);
    nlp_sentiment(text, &arena);
    nlp_key_points(text, 5, &arena, &list);
    size_t questions = nlp_questions(text, 5, &arena, &list);
    nlp_answer(text, questions > 0 ? list[0] : text, &arena, &confidence);
    free(text);
    arena_release(&arena);
    return 0;
}
