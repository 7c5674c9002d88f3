#include "nlp/nlp.h"

#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "nlp/question_rule.h"
#include "nlp/rank.h"
#include "nlp/topic.h"

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

/* Adds questions on what the text is about until the list has this many. */
static void
add_topics(struct question_list *list, size_t limit)
{
    const struct document *d = list->document;
    const char **topics = arena_array(d->arena, list->limit + 1, sizeof(char *));
    size_t count = topics_find(d, list->limit, false, topics);
    for (size_t i = 0; i < count && list->count < limit; i++)
        list_add(list, question_about(d, topics[i]));
    if (list->count == 0 && topics_find(d, 1, true, topics) > 0)
        list_add(list, question_about(d, topics[0]));
}

/* Adds what the rule asks of the sentences, the weightiest first, until the list has this many. */
static void
add_by_rule(struct question_list *list, const struct ranking *ranking, size_t limit,
            const char *(*rule)(const struct document *, const struct sentence *))
{
    const struct document *d = list->document;
    size_t considered =
        d->sentence_count < RANKED_SENTENCES_MAX ? d->sentence_count : RANKED_SENTENCES_MAX;
    for (size_t i = 0; i < considered && list->count < limit; i++)
        list_add(list, rule(d, &d->sentences[ranking->order[i]]));
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
    add_by_rule(&list, &ranking, list.limit, question_from_statement);
    /* Questions for yes or no are at most a third. */
    size_t third = list.count + (list.limit + 2) / 3;
    add_by_rule(&list, &ranking, third < list.limit ? third : list.limit, question_turned_round);
    add_topics(&list, list.limit);
    if (list.count == 0 && document.word_count > 0)
        list_add(&list, "What is the text about?");
    *questions = list.questions;
    return list.count;
}
