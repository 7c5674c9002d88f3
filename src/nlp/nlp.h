/* Language work that needs no model and no network: what the local way of the text operations is
 * made of. All of it is deterministic and linear or near it in the length of the text. Texts are
 * valid UTF-8; results live in the arena. */
#ifndef HEARTH_NLP_NLP_H
#define HEARTH_NLP_NLP_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct nlp_sentiment {
    const char *label;       /* "positive", "negative", "neutral" */
    double confidence;       /* 0 to 1 */
    const char *explanation; /* a sentence that names what it rests on */
};

/* Runs between blanks; words as ICU finds them where the script has no blanks between them
 * (Chinese, Japanese, Thai). Allocates nothing and asks ICU nothing for other texts. */
int64_t nlp_count_words(const char *text);

/* Extractive: whole sentences of the text in their order, at most max_words words in all (the best
 * sentence is shortened at a clause, with an ellipsis, where even it is longer). */
const char *nlp_summarize(const char *text, int64_t max_words, struct arena *arena);

struct nlp_sentiment nlp_sentiment(const char *text, struct arena *arena);

/* At most max_points statements that carry the most, in order of the text. Returns how many. */
size_t nlp_key_points(const char *text, int64_t max_points, struct arena *arena,
                      const char ***points);

/* At most max_questions questions that the text answers. Returns how many; at least one for a text
 * with a word in it. */
size_t nlp_questions(const char *text, int64_t max_questions, struct arena *arena,
                     const char ***questions);

/* The sentence of the text that answers the question best, behind the one it leans on ("This is
 * called ..."), with how sure that is (0 to 1). NULL where no sentence has to do with it. */
const char *nlp_answer(const char *text, const char *question, struct arena *arena,
                       double *confidence);

#endif
