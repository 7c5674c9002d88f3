#include "nlp/topic.h"

#include <stdlib.h>
#include <string.h>

#include "nlp/casing.h"
#include "nlp/verb.h"

enum { TOPICS_CONSIDERED_MAX = 200, TOPIC_BYTES_MAX = 80, TOPIC_WORD_BYTES = 32 };

static bool
is_english(const struct document *d)
{
    return strcmp(d->language->code, "en") == 0;
}

/* Whether only a blank stands between the word and the next one. */
static bool
is_joined(const struct document *d, uint32_t word)
{
    return word + 1 < d->word_count && d->words[word + 1].start == d->words[word].end + 1 &&
           d->text[d->words[word].end] == ' ';
}

struct pair {
    int32_t first, second; /* terms */
    uint32_t word;
};

static int
compare_pair(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;
    if (left->first != right->first)
        return left->first < right->first ? -1 : 1;
    if (left->second != right->second)
        return left->second < right->second ? -1 : 1;
    return left->word < right->word ? -1 : 1;
}

/* By word: whether it and the one after it stand together at least twice. */
static bool *
find_phrases(const struct document *d)
{
    bool *phrases = arena_array(d->arena, d->word_count + 1, sizeof(bool));
    struct pair *pairs = arena_array(d->arena, d->word_count + 1, sizeof(*pairs));
    size_t count = 0;
    for (uint32_t i = 0; i + 1 < d->word_count && !d->language->unspaced; i++)
        if (d->words[i].term != TERM_NONE && d->words[i + 1].term != TERM_NONE && is_joined(d, i))
            pairs[count++] = (struct pair){d->words[i].term, d->words[i + 1].term, i};
    qsort(pairs, count, sizeof(*pairs), compare_pair);
    for (size_t i = 1; i < count; i++)
        if (pairs[i].first == pairs[i - 1].first && pairs[i].second == pairs[i - 1].second)
            phrases[pairs[i].word] = phrases[pairs[i - 1].word] = true;
    return phrases;
}

static const char *
word_text(const struct document *d, uint32_t word)
{
    return arena_strndup(d->arena, d->text + d->words[word].start,
                         d->words[word].end - d->words[word].start);
}

static bool
is_listed(const struct document *d, uint32_t word, const char *list)
{
    return d->words[word].end - d->words[word].start < TOPIC_WORD_BYTES &&
           casing_lists(list, word_text(d, word));
}

/* Whether no noun can follow in the same phrase. */
static bool
ends_phrase(const struct document *d, uint32_t word)
{
    return !is_joined(d, word) || is_listed(d, word + 1, " may shall must ") ||
           (d->words[word + 1].term == TERM_NONE &&
            !is_listed(d, word + 1, " one ones other others own "));
}

/* How clearly the use of a word at this place is one of a noun: 0 not at all, 3 with a determiner
 * before it and its end marked by what follows. In German nouns have capitals. */
static int
nounness(const struct document *d, const struct sentence *s, uint32_t word)
{
    const struct word *w = &d->words[word];
    bool is_first = word == s->first_word || s->is_heading;
    if (strcmp(d->language->code, "de") == 0)
        return w->is_capital ? is_first ? 1 : 3 : 0;
    if (!is_english(d))
        return w->end - w->start < 3 && !d->language->unspaced ? 0 : is_first ? 1 : 2;
    const char *base, *text = word_text(d, word);
    size_t length = strlen(text);
    bool ends = ends_phrase(d, word);
    if (length > TOPIC_WORD_BYTES || (length > 3 && strcmp(text + length - 2, "ly") == 0) ||
        is_listed(
            d, word,
            " monday tuesday wednesday thursday friday saturday sunday january "
            "february march april may june july august september october november "
            "december none either neither nobody nothing everyone hello hi dear regards meantime time minutes minute hours hour days day weeks week months month "
            "years year percent way lot thing things part number kind half "))
        return 0;
    if (w->is_capital && !is_first)
        return ends ? 3 : is_joined(d, word) && d->words[word + 1].is_capital ? 2 : 1;
    bool is_verb = verb_read(text, &base) != VERB_NONE ||
                   (length > 4 && strcmp(text + length - 2, "ed") == 0 && text[length - 3] != 'e');
    if (is_first)
        return ends && !is_verb ? s->is_heading ? 1 : 2 : 0;
    if (is_listed(d, word - 1, " the a an this these its their his her our my your "))
        return ends ? 3 : 0;
    return ends && !is_verb && is_listed(d, word - 1, " of in for with on from about and ") ? 2 : 0;
}

struct use {
    uint32_t first, last; /* words of the phrase */
    int nounness;
    bool opens; /* its first word opens a sentence */
};

static struct use
use_at(const struct document *d, const struct sentence *s, const bool *phrases, uint32_t word)
{
    struct use use = {word, word, 0, false};
    uint32_t end = s->first_word + s->word_count - 1;
    bool name = d->words[word].is_capital && !s->is_heading;
    while (use.last < end && use.last < word + 3 &&
           (phrases[use.last] ||
            (name && is_joined(d, use.last) && d->words[use.last + 1].is_capital)))
        use.last++;
    while (use.first > s->first_word && use.first + 3 > word &&
           (phrases[use.first - 1] ||
            (name && is_joined(d, use.first - 1) && d->words[use.first - 1].is_capital &&
             d->words[use.first - 1].term != TERM_NONE)))
        use.first--;
    use.opens = use.first == s->first_word || s->is_heading;
    if (use.opens && is_english(d) && is_listed(d, use.first, " none either neither such "))
        return use;
    int head = nounness(d, s, use.last), start = nounness(d, s, use.first);
    use.nounness = head;
    if (use.first != use.last)
        use.nounness = use.opens || start > 0 || head > 0 || !is_english(d) ? 2 : 0;
    return use;
}

/* The clearest use of each of the first terms. */
static struct use *
find_uses(const struct document *d, size_t terms)
{
    struct use *uses = arena_array(d->arena, terms + 1, sizeof(*uses));
    const bool *phrases = find_phrases(d);
    for (size_t i = 0; i < d->sentence_count; i++) {
        const struct sentence *s = &d->sentences[i];
        for (uint32_t j = s->first_word; j < s->first_word + s->word_count; j++) {
            int32_t term = d->words[j].term;
            if (term == TERM_NONE || (size_t)term >= terms || uses[term].nounness >= 3 ||
                d->words[j].is_number)
                continue;
            struct use use = use_at(d, s, phrases, j);
            if (use.nounness > uses[term].nounness)
                uses[term] = use;
        }
    }
    return uses;
}

static const char *
use_text(const struct document *d, const struct use *use)
{
    size_t start = d->words[use->first].start, length = d->words[use->last].end - start;
    const char *text = arena_strndup(d->arena, d->text + start, length);
    if (length > 2 && strcmp(text + length - 2, "'s") == 0)
        text = arena_strndup(d->arena, text, length - 2);
    if (!is_english(d))
        return text;
    if (use->opens) {
        const char *first = word_text(d, use->first);
        const char *next = use->last > use->first ? word_text(d, use->first + 1) : NULL;
        char small = *casing_inside(d, first, next);
        text = arena_printf(d->arena, "%c%s", small, text + 1);
    }
    if (use->opens || !ends_phrase(d, use->last) ||
        !is_listed(d, use->first - 1,
                   " the a an this these its their his her our my "
                   "your "))
        return text;
    return arena_printf(d->arena, "the %s", text);
}

static double
score_of(const struct document *d, int32_t term, const struct use *use)
{
    const struct word *w = &d->words[use->last];
    double score = d->term_uses[term];
    if (use->nounness == 0 ||
        (use->nounness == 1 && d->words[use->first].is_capital && !use->opens && is_english(d)))
        return 0;
    if (w->is_capital)
        score *= 1.4;
    if (w->end - w->start < 4 && !d->language->unspaced)
        score *= 0.3;
    return score;
}

size_t
topics_find(const struct document *d, size_t limit, bool any_use, const char **topics)
{
    size_t terms = d->term_count < TOPICS_CONSIDERED_MAX ? d->term_count : TOPICS_CONSIDERED_MAX;
    struct use *uses = find_uses(d, terms);
    double *scores = arena_array(d->arena, terms + 1, sizeof(double));
    for (size_t i = 0; i < terms; i++)
        scores[i] = score_of(d, (int32_t)i, &uses[i]);
    size_t count = 0;
    while (count < limit && terms > 0) {
        size_t best = 0;
        for (size_t i = 1; i < terms; i++)
            if (scores[i] > scores[best])
                best = i;
        if (scores[best] <= 0)
            break;
        scores[best] = 0;
        const struct use *use = &uses[best];
        if ((!any_use && d->term_uses[best] < 2) ||
            d->words[use->last].end - d->words[use->first].start > TOPIC_BYTES_MAX)
            continue;
        for (uint32_t i = use->first; i <= use->last; i++)
            if (d->words[i].term >= 0 && (size_t)d->words[i].term < terms)
                scores[d->words[i].term] = 0;
        topics[count++] = use_text(d, use);
    }
    return count;
}
