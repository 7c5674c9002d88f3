#include "nlp/nlp.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "nlp/clause.h"
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
        {"how tall", ASKED_HOW_MANY},
        {"how high", ASKED_HOW_MANY},
        {"how deep", ASKED_HOW_MANY},
        {"how fast", ASKED_HOW_MANY},
        {"how large", ASKED_HOW_MANY},
        {"how big", ASKED_HOW_MANY},
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

static const char *const amounts[] = {
    " one ",     " two ",     " three ", " four ",    " five ",    " six ",   " seven ",
    " eight ",   " nine ",    " ten ",   " eleven ",  " twelve ",  " dozen",  " hundred",
    " thousand", " million ", " half ",  " quarter ", " billion ", " twice ", NULL};
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
    bool has_amount = has_any(d, s, amounts), has_year = false, has_name = false;
    for (uint32_t i = 0; i < s->word_count; i++) {
        const struct word *w = &d->words[s->first_word + i];
        if (w->term == TERM_NONE || in_question[w->term])
            continue;
        bool is_year = w->is_number && w->end - w->start == 4 &&
                       (d->text[w->start] == '1' || d->text[w->start] == '2');
        has_year |= is_year;
        has_amount |= w->is_number && !is_year;
        has_name |= w->is_capital && i > 0;
    }
    switch (asked) {
    case ASKED_WHO:
        return has_name || (s->word_count > 0 && d->words[s->first_word].term != TERM_NONE &&
                            !in_question[d->words[s->first_word].term]);
    case ASKED_WHEN:
        return has_year || has_any(d, s, times);
    case ASKED_HOW_MANY:
        return has_amount;
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
        if (terms[i] == TERM_NONE) /* as much as a term that one sentence has */
            asking->weight += 1 + log((double)(d->sentence_count + 1) / 1.5);
        else if (!asking->in_question[terms[i]])
            asking->weight += term_weight(d, terms[i]);
        if (terms[i] != TERM_NONE)
            asking->in_question[terms[i]] = true;
    }
}

/* The weight of the question's terms that the sentence has, as far as they are not counted yet for
 * the one at index; seen[term] holds the index that a term was last counted for, from 1. */
static double
weight_in(const struct document *d, const struct sentence *s, size_t index,
          const struct asking *asking, uint32_t *seen)
{
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

/* The sentence that this one leans on; NULL for none. */
static const struct sentence *
antecedent_of(const struct document *d, const struct sentence *s)
{
    return s > d->sentences && !s[-1].is_heading && !s[-1].is_question && clause_leans(d, s) ? s - 1
                                                                                             : NULL;
}

/* The share of the question's weight that the sentence has, half of it where only the one it leans
 * on does. */
static double
coverage_of(const struct document *d, size_t index, const struct asking *asking, uint32_t *seen)
{
    const struct sentence *s = &d->sentences[index], *before = antecedent_of(d, s);
    double weight = weight_in(d, s, index, asking, seen);
    if (weight > 0 && before != NULL)
        weight += 0.5 * weight_in(d, before, index, asking, seen);
    return weight / asking->weight;
}

/* How sure the answer is: words in common make no answer where something that was asked for is not
 * among them. */
static double
confidence_of(double coverage, bool fits)
{
    double confidence = (fits ? 0.95 : 0.4) * pow(coverage, 1.6);
    return confidence > 0.95 ? 0.95 : confidence;
}

/* A sentence needs this share of the question's weight to have to do with it. */
#define COVERAGE_MIN 0.3

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
        double coverage = coverage_of(&document, i, &asking, seen);
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
    *confidence = confidence_of(best_coverage, best_fits);
    const struct sentence *before = antecedent_of(&document, best);
    size_t start = before != NULL ? before->start : best->start;
    struct strbuf out;
    strbuf_init(&out, arena, best->end - start + 1);
    document_add_text(&document, &out, start, best->end);
    return out.data;
}
