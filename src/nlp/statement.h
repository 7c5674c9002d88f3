/* A statement taken apart into words between blanks, to be put together again as a question. */
#ifndef HEARTH_NLP_STATEMENT_H
#define HEARTH_NLP_STATEMENT_H

#include "nlp/document.h"

enum { STATEMENT_TOKENS_MAX = 40 };

struct statement {
    const struct document *document;
    const char *tokens[STATEMENT_TOKENS_MAX];
    size_t count;
    size_t verb; /* index of the verb found last; the subject is what stands before it */
};

/* The clause that carries most of the sentence, without its opener and final stop; false where it
 * is too short or too long to be asked. */
bool statement_read(struct statement *statement, const struct document *document,
                    const struct sentence *sentence);

/* Finds one of the verbs (between blanks) behind a subject that can stand in a question. */
bool statement_find_verb(struct statement *statement, const char *verbs);

/* Finds a full verb behind such a subject: its form in *form as far as the subject agrees with it,
 * its base in *base. */
bool statement_find_full_verb(struct statement *statement, int *form, const char **base);

/* Whether the words from here to there hold a verb that must have a subject. */
bool statement_has_verb(const struct statement *statement, size_t from, size_t to);

/* The index of the word from here on, without regard to case; count for none. */
size_t statement_find_word(const struct statement *statement, size_t from, const char *word);

struct strbuf statement_question(const struct statement *statement, const char *opening);

/* Adds words of the statement, parted by blanks, the first one as inside a sentence. */
void statement_add_words(const struct statement *statement, struct strbuf *out, size_t from,
                         size_t to);

/* Ends the question in the mark and gives it its capital. */
const char *statement_finish(struct strbuf *out, const char *mark);

#endif
