#include "nlp/nlp.h"

#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "nlp/rank.h"

enum asked { ASKED_ANYTHING, ASKED_WHO, ASKED_WHEN, ASKED_HOW_MANY, ASKED_WHERE, ASKED_WHY };

static enum asked
asked_of(const char *question)
{
    static const struct {
        const char *word;
        enum asked asked;
    } rows[] = {
        {"how many", ASKED_HOW_MANY},
        {"how much", ASKED_HOW_MANY},
        {"how long", ASKED_HOW_MANY},
        {"how old", ASKED_HOW_MANY},
        {"how far", ASKED_HOW_MANY},
        {"how often", ASKED_HOW_MANY},
        {"what year", ASKED_WHEN},
        {"what date", ASKED_WHEN},
        {"what time", ASKED_WHEN},
        {"whose", ASKED_WHO},
        {"whom", ASKED_WHO},
        {"who", ASKED_WHO},
        {"when", ASKED_WHEN},
        {"where", ASKED_WHERE},
        {"why", ASKED_WHY},
        {"wieviel", ASKED_HOW_MANY},
        {"wie viel", ASKED_HOW_MANY},
        {"wann", ASKED_WHEN},
        {"warum", ASKED_WHY},
        {"wo ", ASKED_WHERE},
        {"wer ", ASKED_WHO},
        {"combien", ASKED_HOW_MANY},
        {"quand", ASKED_WHEN},
        {"pourquoi", ASKED_WHY},
        {"qui ", ASKED_WHO},
        {"cu\xc3\xa1nt", ASKED_HOW_MANY},
        {"cu\xc3\xa1ndo", ASKED_WHEN},
        {"por qu\xc3\xa9", ASKED_WHY},
        {"qui\xc3\xa9n", ASKED_WHO},
        {"d\xc3\xb3nde", ASKED_WHERE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcasestr(question, rows[i].word) != NULL)
            return rows[i].asked;
    return ASKED_ANYTHING;
}

static bool
has_any(const struct document *d, const struct sentence *s, const char *const *phrases)
{
    for (; *phrases != NULL; phrases++)
        if (memmem(d->text + s->start, s->end - s->start, *phrases, strlen(*phrases)) != NULL)
            return true;
    return false;
}

static const char *const causes[] = {
    " because ", " since ", " due to ", " so that ", " in order ", " owing to ", "reason",
    " cause",    " weil ",  " denn ",   " parce qu", " porque ",   NULL};
static const char *const places[] = {" in ",  " at ",       " near ", " on ",   " from ", " to ",
                                     " bei ", " \xc3\xa0 ", " en ",   " dans ", NULL};
static const char *const times[] = {
    "Monday",  "Tuesday",   "Wednesday", "Thursday", "Friday",   "Saturday", "Sunday",
    "January", "February",  "March",     "April",    "May ",     "June",     "July",
    "August",  "September", "October",   "November", "December", " year",    " day",
    " week",   "morning",   "evening",   " am ",     " pm ",     NULL};

/* Whether the sentence has what a question of this kind asks for, besides the question's words. */
static bool
has_kind(const struct document *d, const struct sentence *s, enum asked asked,
         const bool *in_question)
{
    bool has_number = false, has_name = false;
    for (uint32_t i = 0; i < s->word_count; i++) {
        const struct word *w = &d->words[s->first_word + i];
        if (w->term == TERM_NONE || in_question[w->term])
            continue;
        has_number |= w->is_number;
        has_name |= w->is_capital && i > 0;
    }
    switch (asked) {
    case ASKED_WHO:
        return has_name || (s->word_count > 0 && d->words[s->first_word].term != TERM_NONE &&
                            !in_question[d->words[s->first_word].term]);
    case ASKED_WHEN:
        return has_number || has_any(d, s, times);
    case ASKED_HOW_MANY:
        return has_number;
    case ASKED_WHERE:
        return has_name && has_any(d, s, places);
    case ASKED_WHY:
        return has_any(d, s, causes);
    default:
        return true;
    }
}

struct asking {
    bool *in_question; /* by term */
    double weight;     /* of all terms of the question, those unknown to the text included */
};

static void
asking_init(struct asking *asking, const struct document *d, const char *question)
{
    int32_t *terms;
    size_t count = document_read_terms(d, question, &terms);
    *asking = (struct asking){arena_array(d->arena, d->term_count + 1, sizeof(bool)), 0};
    for (size_t i = 0; i < count; i++) {
        if (terms[i] == TERM_NONE)
            asking->weight += 1.6;
        else if (!asking->in_question[terms[i]])
            asking->weight += term_weight(d, terms[i]);
        if (terms[i] != TERM_NONE)
            asking->in_question[terms[i]] = true;
    }
}

/* The weight of the question's terms that the sentence has; seen[term] holds the sentence that was
 * last counted for it, from 1. */
static double
matched_weight(const struct document *d, size_t index, const struct asking *asking, uint32_t *seen)
{
    const struct sentence *s = &d->sentences[index];
    double weight = 0;
    for (uint32_t i = 0; i < s->word_count; i++) {
        int32_t term = d->words[s->first_word + i].term;
        if (term == TERM_NONE || !asking->in_question[term] || seen[term] == index + 1)
            continue;
        seen[term] = (uint32_t)index + 1;
        weight += term_weight(d, term);
    }
    return weight;
}

/* A sentence needs this share of the question's weight to have to do with it. */
#define COVERAGE_MIN 0.2

const char *
nlp_answer(const char *text, const char *question, struct arena *arena, double *confidence)
{
    struct document document;
    document_init(&document, text, arena);
    struct asking asking;
    asking_init(&asking, &document, question);
    enum asked asked = asked_of(question);
    uint32_t *seen = arena_array(arena, document.term_count + 1, sizeof(uint32_t));
    const struct sentence *best = NULL;
    double best_score = 0, best_coverage = 0;
    bool best_fits = false;
    *confidence = 0;
    for (size_t i = 0; i < document.sentence_count && asking.weight > 0; i++) {
        const struct sentence *s = &document.sentences[i];
        double coverage = matched_weight(&document, i, &asking, seen) / asking.weight;
        bool fits = has_kind(&document, s, asked, asking.in_question);
        double score = coverage * (fits ? 1.5 : 1) * (s->is_heading || s->is_question ? 0.4 : 1);
        score /= 1 + (double)s->word_count / 200; /* of two that match, the shorter */
        if (coverage < COVERAGE_MIN || score <= best_score)
            continue;
        best = s;
        best_score = score;
        best_coverage = coverage;
        best_fits = fits;
    }
    if (best == NULL)
        return NULL;
    *confidence = (best_fits ? 0.95 : 0.6) * (0.15 + 0.85 * best_coverage);
    if (*confidence > 0.95)
        *confidence = 0.95;
    struct strbuf out;
    strbuf_init(&out, arena, best->end - best->start + 1);
    document_add_text(&document, &out, best->start, best->end);
    return out.data;
}
