#include "nlp/nlp.h"

#include <string.h>

#include "base/ascii.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "nlp/clause.h"
#include "nlp/rank.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* How many words a summary should have: about two fifths, but not under one good sentence. */
static int64_t
target_words(const struct document *d, int64_t max_words)
{
    int64_t total = 0;
    for (size_t i = 0; i < d->sentence_count; i++)
        total += d->sentences[i].limit_words;
    int64_t target = total * 2 / 5;
    if (target < 1)
        target = 1;
    return target < max_words ? target : max_words;
}

/* Where the limit_words-th word of the sentence ends. */
static size_t
end_of_words(const struct document *d, const struct sentence *s, int64_t limit_words)
{
    if (d->language->unspaced) {
        if (limit_words >= s->word_count)
            return s->end;
        return limit_words == 0 ? s->start : d->words[s->first_word + limit_words - 1].end;
    }
    size_t at = s->start;
    while (at < s->end && limit_words-- > 0) {
        while (at < s->end && ascii_is_blank(d->text[at]))
            at++;
        while (at < s->end && !ascii_is_blank(d->text[at]))
            at++;
    }
    return at;
}

/* The sentence as far as the limit lets it, at a clause where one ends late enough. */
static void
add_shortened(const struct document *d, const struct sentence *s, int64_t max_words,
              struct strbuf *out)
{
    size_t end = end_of_words(d, s, max_words);
    size_t earliest = s->start + (end - s->start) / 2;
    for (size_t at = end; end < s->end && at > earliest; at--) {
        bool is_clause =
            strchr(",;:", d->text[at - 1]) != NULL && (at >= s->end || ascii_is_blank(d->text[at]));
        if (at > s->start + 3 && (memcmp(d->text + at - 3, "\xe3\x80\x81", 3) == 0 ||
                                  memcmp(d->text + at - 3, "\xef\xbc\x8c", 3) == 0)) {
            end = at - 3;
            break;
        }
        if (is_clause) {
            end = at - 1;
            break;
        }
    }
    while (end < s->end && end > s->start + 1 && strchr(",;:. ", d->text[end - 1]) != NULL)
        end--;
    document_add_text(d, out, s->start, end);
    if (end < s->end)
        strbuf_add_text(out, ELLIPSIS);
}

static bool
is_redundant(const struct ranking *r, const bool *chosen, size_t candidate)
{
    for (size_t i = 0; i < r->document->sentence_count; i++)
        if (chosen[i] && ranking_similarity(r, i, candidate) > 0.6)
            return true;
    return false;
}

/* What the sentence is worth beside those chosen: one that stands on what is not there is worth
 * less, and so is an item out of its list. */
static double
worth_of(const struct ranking *r, const bool *chosen, const bool *leans, uint32_t sentence)
{
    const struct sentence *s = &r->document->sentences[sentence];
    double worth = r->scores[sentence];
    if (leans[sentence] && (sentence == 0 || !chosen[sentence - 1]))
        worth *= 0.45;
    if (s->is_item)
        worth *= s->word_count < 5 ? 0.3 : 0.7;
    return worth;
}

/* The sentence worth most among those not tried yet; the number of sentences for none. */
static size_t
best_candidate(const struct ranking *r, const bool *chosen, const bool *leans, const bool *tried)
{
    const struct document *d = r->document;
    size_t limit =
        d->sentence_count < RANKED_SENTENCES_MAX ? d->sentence_count : RANKED_SENTENCES_MAX;
    size_t best = d->sentence_count;
    double most = 0;
    for (size_t i = 0; i < limit; i++) {
        uint32_t sentence = r->order[i];
        double worth = tried[sentence] ? 0 : worth_of(r, chosen, leans, sentence);
        if (worth > most) {
            most = worth;
            best = sentence;
        }
    }
    return best;
}

static int64_t
choose(const struct ranking *r, int64_t max_words, bool *chosen)
{
    const struct document *d = r->document;
    int64_t target = target_words(d, max_words), used = 0;
    bool *tried = arena_array(d->arena, d->sentence_count, sizeof(bool));
    bool *leans = arena_array(d->arena, d->sentence_count, sizeof(bool));
    for (size_t i = 0; i < d->sentence_count; i++) {
        leans[i] = clause_leans(d, &d->sentences[i]);
        tried[i] = d->sentences[i].limit_words == 0 || d->sentences[i].is_heading;
    }
    while (used < target) {
        size_t candidate = best_candidate(r, chosen, leans, tried);
        if (candidate == d->sentence_count)
            break;
        int64_t words = d->sentences[candidate].limit_words;
        bool fits = used + words <= max_words && (used == 0 || used + words <= target * 10 / 9);
        tried[candidate] = true;
        if (!fits || (used > 0 && is_redundant(r, chosen, candidate)))
            continue;
        chosen[candidate] = true;
        used += words;
    }
    return used;
}

/* Adds the sentence, without its opener where that refers to a sentence left out. */
static void
add_sentence(const struct document *d, const struct sentence *s, bool follows, struct strbuf *out)
{
    if (out->length > 0 && !d->language->unspaced)
        strbuf_add_char(out, ' ');
    size_t start = follows ? s->start : clause_skip_opener(d, s->start, s->end), at = out->length;
    document_add_text(d, out, start, s->end);
    if (start > s->start)
        clause_capitalize(out->data + at);
    unsigned char last = (unsigned char)d->text[s->end - 1];
    if (last < 0x80 && strchr(".!?:;\")'", last) == NULL)
        strbuf_add_char(out, '.');
}

const char *
nlp_summarize(const char *text, int64_t max_words, struct arena *arena)
{
    struct document document;
    document_init(&document, text, arena);
    struct strbuf out;
    strbuf_init(&out, arena, 1024);
    if (document.sentence_count == 0)
        return out.data;
    if (max_words < 1)
        max_words = 1;
    struct ranking ranking;
    ranking_init(&ranking, &document);
    bool *chosen = arena_array(arena, document.sentence_count, sizeof(bool));
    if (choose(&ranking, max_words, chosen) == 0) {
        add_shortened(&document, &document.sentences[ranking.order[0]], max_words, &out);
        return out.data;
    }
    for (size_t i = 0; i < document.sentence_count; i++)
        if (chosen[i])
            add_sentence(&document, &document.sentences[i], i > 0 && chosen[i - 1], &out);
    return out.data;
}
