/* A text taken apart once: language, sentences, words and terms. Every local operation starts from
 * it. All of it lives in the arena. */
#ifndef HEARTH_NLP_DOCUMENT_H
#define HEARTH_NLP_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "nlp/language.h"

enum { TERM_NONE = -1 };

struct word {
    uint32_t start, end;
    int32_t term;    /* stemmed, without regard to case; TERM_NONE for a stop word */
    bool is_number;  /* starts with a digit */
    bool is_capital; /* starts with an upper-case letter */
};

struct sentence {
    uint32_t start, end;
    uint32_t first_word, word_count;
    uint32_t limit_words; /* what a word limit counts */
    uint32_t block;       /* paragraph, list item or heading it stands in */
    bool starts_block;
    bool is_heading;
    bool is_item; /* stands in a list, the first of its item */
    bool is_question;
};

struct document {
    char *text; /* a copy whose soft line breaks are blanks */
    size_t length;
    const struct language *language;
    struct sentence *sentences;
    size_t sentence_count;
    struct word *words;
    size_t word_count;
    size_t term_count;
    uint32_t *term_sentences; /* by term: in how many sentences it stands */
    uint32_t *term_uses;
    struct arena *arena;
    struct term_table *terms;
};

void document_init(struct document *document, const char *text, struct arena *arena);

/* The words of another text in the document's terms, TERM_NONE for unknown and stop words. */
size_t document_read_terms(const struct document *document, const char *text, int32_t **terms);

/* Counts as a word limit does: runs between blanks, or ICU's words where the script has none. */
uint32_t document_limit_words(const struct document *document, size_t start, size_t end);

/* Adds the bytes of the document with runs of blanks as one. */
void document_add_text(const struct document *document, struct strbuf *out, size_t start,
                       size_t end);

#endif
