#include "nlp/nlp.h"

#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "nlp/question_rule.h"
#include "nlp/rank.h"

enum { QUESTIONS_MAX = 100 };

struct question_list {
    const struct document *document;
    const char **questions;
    size_t count, limit;
};

static void
list_add(struct question_list *list, const char *question)
{
    if (question == NULL || list->count == list->limit)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->questions[i], question) == 0)
            return;
    list->questions[list->count++] = question;
}

static const char *
question_about(const struct document *d, const char *topic)
{
    static const struct {
        const char *language, *before, *after;
    } templates[] = {
        {"en", "What does the text say about ", "?"},
        {"de",
         "Was sagt der Text \xc3\xbc"
         "ber \xe2\x80\x9e",
         "\xe2\x80\x9c?"},
        {"fr", "Que dit le texte au sujet de \xc2\xab ", " \xc2\xbb ?"},
        {"es", "\xc2\xbfQu\xc3\xa9 dice el texto sobre \xc2\xab", "\xc2\xbb?"},
        {"it", "Che cosa dice il testo su \xc2\xab", "\xc2\xbb?"},
        {"pt", "O que diz o texto sobre \xc2\xab", "\xc2\xbb?"},
        {"nl", "Wat zegt de tekst over \xe2\x80\x98", "\xe2\x80\x99?"},
        {"ru",
         "\xd0\xa7\xd1\x82\xd0\xbe \xd0\xb2 \xd1\x82\xd0\xb5\xd0\xba\xd1\x81\xd1\x82\xd0\xb5 "
         "\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe\xd1\x80\xd0\xb8\xd1\x82\xd1\x81\xd1\x8f \xd0\xbe "
         "\xc2\xab",
         "\xc2\xbb?"},
        {"zh", "\xe6\x96\x87\xe4\xb8\xad\xe5\x85\xb3\xe4\xba\x8e\xe2\x80\x9c",
         "\xe2\x80\x9d\xe8\xaf\xb4\xe4\xba\x86\xe4\xbb\x80\xe4\xb9\x88\xef\xbc\x9f"},
        {"ja", "\xe3\x80\x8c",
         "\xe3\x80\x8d\xe3\x81\xab\xe3\x81\xa4\xe3\x81\x84\xe3\x81\xa6\xe4\xbd\x95\xe3\x81\xa8\xe8"
         "\xbf\xb0\xe3\x81\xb9\xe3\x81\xa6\xe3\x81\x84\xe3\x81\xbe\xe3\x81\x99\xe3\x81\x8b\xef\xbc"
         "\x9f"},
    };
    for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
        if (strcmp(templates[i].language, d->language->code) == 0)
            return arena_printf(d->arena, "%s%s%s", templates[i].before, topic, templates[i].after);
    return arena_printf(d->arena, "What does the text say about \"%s\"?", topic);
}

/* Whether word and the one after it stand together at least twice. */
static bool
is_phrase(const struct document *d, uint32_t word)
{
    if (word + 1 >= d->word_count || d->language->unspaced)
        return false;
    const struct word *a = &d->words[word], *b = a + 1;
    if (a->term == TERM_NONE || b->term == TERM_NONE || b->start != a->end + 1 ||
        d->text[a->end] != ' ')
        return false;
    size_t together = 0;
    for (size_t i = 0; i + 1 < d->word_count; i++)
        together += d->words[i].term == a->term && d->words[i + 1].term == b->term;
    return together > 1;
}

/* A use of the term to quote: one inside a sentence, where its case is its own. */
static uint32_t
quotable_word(const struct document *d, int32_t term)
{
    uint32_t found = 0;
    bool any = false;
    for (size_t i = 0; i < d->sentence_count; i++) {
        const struct sentence *s = &d->sentences[i];
        for (uint32_t j = 0; j < s->word_count; j++) {
            uint32_t word = s->first_word + j;
            if (d->words[word].term != term)
                continue;
            if (j > 0 && !s->is_heading)
                return word;
            if (!any)
                found = word;
            any = true;
        }
    }
    return found;
}

/* Whether an English word ends like a verb of the past ("voted"), which names no topic. */
static bool
is_past_form(const struct document *d, const struct word *w)
{
    size_t length = w->end - w->start;
    const char *end = d->text + w->end;
    return strcmp(d->language->code, "en") == 0 && !w->is_capital && length > 4 &&
           memcmp(end - 2, "ed", 2) == 0 && end[-3] != 'e';
}

static double
topic_score(const struct document *d, int32_t term, uint32_t word)
{
    const struct word *w = &d->words[word];
    double score = d->term_uses[term];
    if (w->is_capital)
        score *= 1.4;
    if (w->end - w->start < 4 && !d->language->unspaced)
        score *= 0.3;
    if (is_past_form(d, w))
        return 0;
    return w->is_number ? 0.01 : score;
}

enum { TOPICS_CONSIDERED_MAX = 200 };

/* Adds questions on the most used terms until the list is full or the terms are used up. */
static void
add_topics(struct question_list *list)
{
    const struct document *d = list->document;
    size_t terms = d->term_count < TOPICS_CONSIDERED_MAX ? d->term_count : TOPICS_CONSIDERED_MAX;
    uint32_t *words = arena_array(d->arena, terms + 1, sizeof(uint32_t));
    double *scores = arena_array(d->arena, terms + 1, sizeof(double));
    for (size_t i = 0; i < terms; i++) {
        words[i] = quotable_word(d, (int32_t)i);
        scores[i] = topic_score(d, (int32_t)i, words[i]);
    }
    while (list->count < list->limit) {
        size_t best = 0;
        for (size_t i = 1; i < terms; i++)
            if (scores[i] > scores[best])
                best = i;
        /* A word used once is a topic only where there is no other question. */
        if (terms == 0 || scores[best] <= 0 || (list->count > 0 && d->term_uses[best] < 2))
            return;
        scores[best] = 0;
        uint32_t first = words[best], last = first;
        if (first > 0 && is_phrase(d, first - 1))
            first--;
        else if (is_phrase(d, last))
            last++;
        for (uint32_t i = first; i <= last; i++)
            scores[d->words[i].term < (int32_t)terms ? d->words[i].term : (int32_t)terms] = 0;
        size_t length = d->words[last].end - d->words[first].start;
        if (length > 80)
            continue;
        list_add(list, question_about(
                           d, arena_strndup(d->arena, d->text + d->words[first].start, length)));
    }
}

size_t
nlp_questions(const char *text, int64_t max_questions, struct arena *arena, const char ***questions)
{
    struct document document;
    document_init(&document, text, arena);
    struct ranking ranking;
    ranking_init(&ranking, &document);
    struct question_list list = {.document = &document};
    list.limit = max_questions < 1               ? 1
                 : max_questions > QUESTIONS_MAX ? QUESTIONS_MAX
                                                 : (size_t)max_questions;
    list.questions = arena_array(arena, list.limit, sizeof(char *));
    size_t considered = document.sentence_count < RANKED_SENTENCES_MAX ? document.sentence_count
                                                                       : RANKED_SENTENCES_MAX;
    for (size_t i = 0; i < considered; i++)
        list_add(&list, question_from_statement(&document, &document.sentences[ranking.order[i]]));
    add_topics(&list);
    if (list.count == 0 && document.word_count > 0)
        list_add(&list, "What is the text about?");
    *questions = list.questions;
    return list.count;
}
