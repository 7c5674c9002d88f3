#include "nlp/nlp.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"
#include "nlp/language.h"
#include "nlp/tally.h"

static void
add_quoted(struct strbuf *out, const struct tally *t, bool positive)
{
    size_t listed = 0;
    for (size_t i = 0; i < t->evidence_count; i++)
        if ((t->evidence[i].valence > 0) == positive)
            strbuf_printf(out, "%s\"%s\"", listed++ > 0 ? ", " : "", t->evidence[i].text);
}

static bool
has_evidence(const struct tally *t, bool positive)
{
    for (size_t i = 0; i < t->evidence_count; i++)
        if ((t->evidence[i].valence > 0) == positive)
            return true;
    return false;
}

static const char *
explain(const struct tally *t, const char *label, bool report, struct arena *arena)
{
    struct strbuf out;
    strbuf_init(&out, arena, 160);
    bool good = has_evidence(t, true), bad = has_evidence(t, false);
    bool positive = strcmp(label, "positive") == 0;
    if (!good && !bad)
        return "No word of the text expresses a clear feeling.";
    if (report) {
        strbuf_add_text(&out, "The text tells of events more than it judges: ");
    } else if (strcmp(label, "neutral") == 0 && good && bad) {
        strbuf_add_text(&out, "Good and bad balance each other: ");
    } else if (strcmp(label, "neutral") == 0) {
        strbuf_add_text(&out, "The feeling is too faint to tell: ");
    } else {
        strbuf_printf(&out, "The text sounds %s because of ", label);
        add_quoted(&out, t, positive);
        if (positive ? bad : good) {
            strbuf_add_text(&out, "; against it stands ");
            add_quoted(&out, t, !positive);
        }
        strbuf_add_char(&out, '.');
        return out.data;
    }
    add_quoted(&out, t, true);
    if (good && bad)
        strbuf_add_text(&out, " against ");
    add_quoted(&out, t, false);
    strbuf_add_char(&out, '.');
    return out.data;
}

/* Below this, the sum of a text is no feeling. */
#define NEUTRAL_BELOW 0.12

enum { REPORT_WORDS_MIN = 40 };
/* Feeling per word up to which it is the events' and not the writer's: accidents and crimes are
 * told in strong words, joy seldom is without being meant. */
#define REPORT_NEGATIVE 0.2
#define REPORT_POSITIVE 0.08

/* Whether the text tells what happened, without a writer or reader in it, rather than what somebody
 * feels. */
static bool
is_report(const struct tally *t, double sum)
{
    return t->words >= REPORT_WORDS_MIN && t->personal == 0 &&
           sum > -REPORT_NEGATIVE * (double)t->words && sum < REPORT_POSITIVE * (double)t->words;
}

struct nlp_sentiment
nlp_sentiment(const char *text, struct arena *arena)
{
    const struct language *language = language_detect(text, strlen(text));
    bool has_english = strcmp(language->code, "en") == 0 || language->code[0] == '\0';
    struct tally tally;
    tally_text(&tally, text, has_english);
    double sum = tally.positive - tally.negative, all = tally.positive + tally.negative;
    /* Long texts need more than short ones to be clear, but not in proportion. */
    double scale = 15 + 0.4 * (double)tally.hits * (double)tally.hits;
    double compound = sum / sqrt(sum * sum + scale);
    double purity = all > 0 ? fabs(sum) / all : 0;
    if (tally.hits == 0 && language->code[0] == '\0')
        return (struct nlp_sentiment){"neutral", 0.35,
                                      "No word that the English lexicon knows, and the text's "
                                      "language could not be told."};
    if (tally.hits == 0 && !has_english)
        return (struct nlp_sentiment){
            "neutral", 0.2,
            arena_printf(arena,
                         "The text seems to be in %s, and without a model only English is judged, "
                         "so nothing can be said of its feeling.",
                         language->name)};
    bool report = is_report(&tally, sum);
    const char *label = report || fabs(compound) < NEUTRAL_BELOW || purity < 0.15 ? "neutral"
                        : sum > 0                                                 ? "positive"
                                                                                  : "negative";
    double confidence;
    if (strcmp(label, "neutral") != 0)
        confidence = 0.5 + 0.45 * (fabs(compound) * 0.6 + purity * 0.4);
    else
        confidence = tally.hits == 0 ? 0.7 : report ? 0.6 : 0.5;
    if (!has_english)
        confidence *= 0.6;
    return (struct nlp_sentiment){label, confidence, explain(&tally, label, report, arena)};
}
