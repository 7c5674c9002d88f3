#include "nlp/document.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "nlp/sentence.h"
#include "nlp/term.h"
#include "nlp/word_walk.h"

enum { HEADING_WORDS_MAX = 10 };

static void
document_find_words(struct document *d)
{
    struct word_walk walk;
    word_walk_open(&walk, d->text, d->length);
    size_t capacity = 0;
    while (word_walk_next(&walk)) {
        if (d->word_count == capacity) {
            size_t old = capacity * sizeof(struct word);
            capacity = capacity == 0 ? d->length / 6 + 16 : 2 * capacity;
            d->words = arena_grow(d->arena, d->words, old, capacity * sizeof(struct word));
        }
        size_t bytes;
        uint32_t first = utf8_decode(d->text + walk.start, &bytes);
        int32_t term = term_of(d->terms, d->text + walk.start, walk.end - walk.start, true);
        d->words[d->word_count++] =
            (struct word){(uint32_t)walk.start, (uint32_t)walk.end, term < 0 ? TERM_NONE : term,
                          u_isdigit((UChar32)first), u_isupper((UChar32)first)};
    }
    word_walk_close(&walk);
    d->term_count = term_table_count(d->terms);
}

static bool
ends_in_mark(const char *text, size_t start, size_t end, const char *const *marks)
{
    while (end > start && strchr("\"')]", text[end - 1]) != NULL)
        end--;
    for (; *marks != NULL; marks++) {
        size_t length = strlen(*marks);
        if (end - start >= length && memcmp(text + end - length, *marks, length) == 0)
            return true;
    }
    return false;
}

static const char *const question_marks[] = {"?", "\xef\xbc\x9f", "\xd8\x9f", NULL};
static const char *const end_marks[] = {
    ".", "!", "?", ";", "\xe3\x80\x82", "\xef\xbc\x81", "\xef\xbc\x9f", "\xd8\x9f", "\xe2\x80\xa6",
    NULL};

static void
sentence_describe(const struct document *d, struct sentence *s, const struct span *span,
                  bool is_last)
{
    s->limit_words =
        d->language->unspaced ? s->word_count : document_limit_words(d, span->start, span->end);
    s->is_question = ends_in_mark(d->text, s->start, s->end, question_marks);
    s->is_item = span->is_item;
    s->is_heading = span->starts_block && span->ends_block && !is_last && !span->is_item &&
                    s->word_count <= HEADING_WORDS_MAX &&
                    !ends_in_mark(d->text, s->start, s->end, end_marks);
}

static void
document_find_sentences(struct document *d)
{
    struct span *spans;
    d->sentence_count = sentence_split(d->text, d->length, d->language, d->arena, &spans);
    d->sentences = arena_array(d->arena, d->sentence_count + 1, sizeof(struct sentence));
    uint32_t word = 0, block = 0;
    for (size_t i = 0; i < d->sentence_count; i++) {
        struct sentence *s = &d->sentences[i];
        s->start = spans[i].start;
        s->end = spans[i].end;
        while (word < d->word_count && d->words[word].start < s->start)
            word++;
        s->first_word = word;
        while (word < d->word_count && d->words[word].start < s->end)
            word++;
        s->word_count = word - s->first_word;
        block += spans[i].starts_block && i > 0;
        s->block = block;
        s->starts_block = spans[i].starts_block;
        sentence_describe(d, s, &spans[i], i + 1 == d->sentence_count);
    }
}

static void
document_count_terms(struct document *d)
{
    d->term_uses = arena_array(d->arena, d->term_count + 1, sizeof(uint32_t));
    d->term_sentences = arena_array(d->arena, d->term_count + 1, sizeof(uint32_t));
    uint32_t *last = arena_array(d->arena, d->term_count + 1, sizeof(uint32_t));
    for (uint32_t i = 0; i < d->sentence_count; i++) {
        const struct sentence *s = &d->sentences[i];
        for (uint32_t j = s->first_word; j < s->first_word + s->word_count; j++) {
            int32_t term = d->words[j].term;
            if (term == TERM_NONE)
                continue;
            d->term_uses[term]++;
            d->term_sentences[term] += last[term] != i + 1;
            last[term] = i + 1;
        }
    }
}

static void
close_terms(void *data)
{
    term_table_close(data);
}

void
document_init(struct document *d, const char *text, struct arena *arena)
{
    *d = (struct document){.arena = arena, .length = strlen(text)};
    d->text = arena_strndup(arena, text, d->length);
    d->language = language_detect(d->text, d->length);
    d->terms = term_table_open(d->language, arena);
    arena_defer(arena, close_terms, d->terms);
    sentence_join_lines(d->text, d->length);
    document_find_words(d);
    document_find_sentences(d);
    document_count_terms(d);
}

size_t
document_read_terms(const struct document *d, const char *text, int32_t **terms)
{
    size_t length = strlen(text), count = 0;
    *terms = arena_array(d->arena, length / 2 + 2, sizeof(int32_t));
    struct word_walk walk;
    word_walk_open(&walk, text, length);
    while (count < length / 2 + 2 && word_walk_next(&walk)) {
        int32_t term = term_of(d->terms, text + walk.start, walk.end - walk.start, false);
        if (term != TERM_STOP)
            (*terms)[count++] = term == TERM_UNKNOWN ? TERM_NONE : term;
    }
    word_walk_close(&walk);
    return count;
}

uint32_t
document_limit_words(const struct document *d, size_t start, size_t end)
{
    uint32_t count = 0;
    if (d->language->unspaced) {
        for (size_t i = 0; i < d->word_count; i++)
            count += d->words[i].start >= start && d->words[i].start < end;
        return count;
    }
    for (size_t i = start; i < end; i++)
        count += !ascii_is_blank(d->text[i]) && (i == start || ascii_is_blank(d->text[i - 1]));
    return count;
}

void
document_add_text(const struct document *d, struct strbuf *out, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++) {
        if (!ascii_is_blank(d->text[i]))
            strbuf_add_char(out, d->text[i]);
        else if (i > start && !ascii_is_blank(d->text[i - 1]))
            strbuf_add_char(out, ' ');
    }
}
