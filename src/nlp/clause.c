#include "nlp/clause.h"

#include <string.h>
#include <strings.h>

#include "nlp/casing.h"
#include "nlp/rank.h"

/* Followed by a comma in the text, except where the row ends in a blank. */
static const char *const openers[] = {
    "however",
    "in addition",
    "moreover",
    "furthermore",
    "therefore",
    "thus",
    "consequently",
    "as a result",
    "for example",
    "for instance",
    "in fact",
    "of course",
    "in other words",
    "on the other hand",
    "additionally",
    "also",
    "besides",
    "meanwhile",
    "finally",
    "first",
    "firstly",
    "second",
    "secondly",
    "third",
    "thirdly",
    "lastly",
    "in conclusion",
    "to sum up",
    "in short",
    "in summary",
    "overall",
    "indeed",
    "nevertheless",
    "nonetheless",
    "similarly",
    "that said",
    "hence",
    "still",
    "then",
    "next",
    "well",
    "so",
    "and ",
    "but ",
    "anyway",
    "as you know",
    "to be honest",
    "honestly",
    "basically",
    "actually",
    "on top of that",
    "at the same time",
    "by contrast",
    "in contrast",
    "instead",
    "au\303\237erdem",
    "jedoch",
    "allerdings",
    "zum beispiel",
    "aber ",
    "und ",
    "cependant",
    "par exemple",
    "de plus",
    "en outre",
    "toutefois",
    "mais ",
    "et ",
    "sin embargo",
    "por ejemplo",
    "adem\xc3\xa1s",
    "no obstante",
    "pero ",
    "por lo tanto",
    NULL,
};

/* "7.2 " before a capital: the number of a clause in a contract. */
static size_t
number_length(const char *text, size_t length)
{
    size_t digits = 0, stops = 0;
    while (digits < length && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '.'))
        stops += text[digits++] == '.';
    bool is_number = digits >= 3 && digits < 10 && stops > 0 && text[0] != '.' &&
                     digits + 1 < length && text[digits] == ' ';
    return is_number && text[digits + 1] >= 'A' && text[digits + 1] <= 'Z' ? digits : 0;
}

static size_t
opener_length(const char *text, size_t length)
{
    size_t number = number_length(text, length);
    if (number > 0)
        return number;
    for (const char *const *opener = openers; *opener != NULL; opener++) {
        size_t bytes = strlen(*opener);
        if (bytes + 2 >= length || strncasecmp(text, *opener, bytes) != 0)
            continue;
        if ((*opener)[bytes - 1] == ' ')
            return bytes;
        if (text[bytes] == ',')
            return bytes + 1;
    }
    return 0;
}

size_t
clause_skip_opener(const struct document *d, size_t start, size_t end)
{
    size_t skipped;
    while ((skipped = opener_length(d->text + start, end - start)) > 0) {
        start += skipped;
        while (start < end && d->text[start] == ' ')
            start++;
    }
    return start;
}

/* Words that stand for something said before, where they open a sentence. */
static const struct {
    const char *language, *words;
} anaphors[] = {
    {"en",
     " it its it's they their them he she his her hers such these those this that both others "
     "another none neither then they're he's she's that's "},
    {"de", " er sie es das dies diese dieser dieses diesen seine ihre seitdem daf\303\274r dagegen "
           "deshalb dadurch damit dort "},
    {"fr", " il elle ils elles cela ceci ce cette ces c son sa ses leur leurs celui celle "},
    {"es", " esto eso \303\251l ella ellos ellas su sus este esta estos estas ese esa "},
};

bool
clause_leans(const struct document *d, const struct sentence *s)
{
    size_t start = clause_skip_opener(d, s->start, s->end), length = 0;
    while (start + length < s->end && strchr(" ,.;:\n", d->text[start + length]) == NULL &&
           strncmp(d->text + start + length, "\xe2\x80\x99", 3) != 0)
        length++;
    if (s->word_count < 2 || length >= 16)
        return false;
    const char *word = arena_strndup(d->arena, d->text + start, length);
    /* "Das Haus": an article. */
    if (strcmp(d->language->code, "de") == 0 && strcasecmp(word, "das") == 0 && start == s->start &&
        d->words[s->first_word + 1].is_capital)
        return false;
    for (size_t i = 0; i < sizeof(anaphors) / sizeof(anaphors[0]); i++)
        if (strcmp(anaphors[i].language, d->language->code) == 0)
            return casing_lists(anaphors[i].words, word);
    return false;
}

enum { LONG_SENTENCE_WORDS = 22, CLAUSE_WORDS_MIN = 7 };

/* A clause that can stand alone begins behind the separator at text. Returns its length, or 0. */
static size_t
separator_length(const char *text, size_t left)
{
    static const char *const separators[] = {
        "; ",         ", but ",         ", and ",         ", while ",
        ", whereas ", " \xe2\x80\x93 ", " \xe2\x80\x94 ", NULL};
    for (const char *const *separator = separators; *separator != NULL; separator++) {
        size_t bytes = strlen(*separator);
        if (bytes < left && memcmp(text, *separator, bytes) == 0)
            return bytes;
    }
    return 0;
}

/* Whether the words at text start a statement of their own: a pronoun or an article, or a name. */
static bool
opens_statement(const char *text)
{
    static const char *const subjects[] = {"the ",  "it ",    "they ",  "we ",    "he ",  "she ",
                                           "this ", "these ", "those ", "there ", "its ", "their ",
                                           "a ",    "an ",    "our ",   "you ",   "i ",   NULL};
    if (*text >= 'A' && *text <= 'Z')
        return true;
    for (const char *const *subject = subjects; *subject != NULL; subject++)
        if (strncasecmp(text, *subject, strlen(*subject)) == 0)
            return true;
    return false;
}

static double
weight_of(const struct document *d, const struct sentence *s, size_t start, size_t end)
{
    double weight = 0;
    for (uint32_t i = s->first_word; i < s->first_word + s->word_count; i++) {
        const struct word *w = &d->words[i];
        if (w->start >= start && w->start < end && w->term != TERM_NONE)
            weight += d->term_uses[w->term] > 1 ? 2 : 1;
    }
    return weight;
}

void
clause_select(const struct document *d, const struct sentence *s, size_t *start, size_t *end)
{
    *start = clause_skip_opener(d, s->start, s->end);
    *end = s->end;
    if (s->limit_words < LONG_SENTENCE_WORDS)
        return;
    size_t first = *start, clause = first;
    double best = -1;
    for (size_t at = first; at <= s->end; at++) {
        size_t bytes = at == s->end ? 1 : separator_length(d->text + at, s->end - at);
        bool splits = bytes > 0 && (at == s->end || opens_statement(d->text + at + bytes));
        if (!splits || document_limit_words(d, clause, at) < CLAUSE_WORDS_MIN ||
            (at < s->end && document_limit_words(d, at + bytes, s->end) < CLAUSE_WORDS_MIN))
            continue;
        /* The first clause is the main one more often than not. */
        double weight = weight_of(d, s, clause, at) * (clause == first ? 1.2 : 1);
        if (weight > best) {
            best = weight;
            *start = clause;
            *end = at;
        }
        clause = at + bytes;
    }
}

void
clause_capitalize(char *text)
{
    if (*text >= 'a' && *text <= 'z' && (text[1] < 'A' || text[1] > 'Z'))
        *text = (char)(*text - 0x20);
}
