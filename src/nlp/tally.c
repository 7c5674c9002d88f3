#include "nlp/tally.h"

#include <math.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "nlp/lexicon.h"

enum { NEGATION_REACH_WORDS = 6 };

static void
tally_note(struct tally *t, const char *word, size_t length, double valence)
{
    struct evidence noted = {.valence = valence};
    bool negated = t->negation_left > 0;
    size_t used = 0;
    if (negated) {
        used = strlen(t->negation);
        memcpy(noted.text, t->negation, used);
        noted.text[used++] = ' ';
    }
    if (used + length >= sizeof(noted.text))
        return;
    memcpy(noted.text + used, word, length);
    size_t weakest = 0;
    for (size_t i = 0; i < t->evidence_count; i++) {
        if (strcmp(t->evidence[i].text, noted.text) == 0)
            return;
        if (fabs(t->evidence[i].valence) < fabs(t->evidence[weakest].valence))
            weakest = i;
    }
    if (t->evidence_count < EVIDENCE_MAX)
        t->evidence[t->evidence_count++] = noted;
    else if (fabs(noted.valence) > fabs(t->evidence[weakest].valence))
        t->evidence[weakest] = noted;
}

/* Counts a word with this valence under what stands before it. */
static void
tally_add(struct tally *t, const char *word, size_t length, double valence)
{
    if (valence == 0)
        return;
    if (t->intensity_left > 0)
        valence *= t->intensity;
    /* "not good" is bad, but "not terrible" is hardly good. */
    if (t->negation_left > 0)
        valence *= valence > 0 ? -0.75 : -0.35;
    valence *= t->after_but;
    t->hits++;
    tally_note(t, word, length, valence);
    if (valence > 0)
        t->clause_positive += valence;
    else
        t->clause_negative -= valence;
}

static void
tally_end_clause(struct tally *t)
{
    t->negation_left = 0;
    t->intensity_left = 0;
}

static void
tally_end_sentence(struct tally *t, int exclamations)
{
    t->personal += (size_t)exclamations;
    double emphasis = 1 + 0.1 * (exclamations > 3 ? 3 : exclamations);
    t->positive += t->clause_positive * emphasis;
    t->negative += t->clause_negative * emphasis;
    t->clause_positive = t->clause_negative = 0;
    t->after_but = 1;
    tally_end_clause(t);
}

static bool
word_is(const struct folded *word, const char *text)
{
    return strcmp(word->text, text) == 0;
}

static bool
is_contrast(const struct folded *word)
{
    return word_is(word, "but") || word_is(word, "however") || word_is(word, "yet") ||
           word_is(word, "although") || word_is(word, "though");
}

/* What came before "but" counts half, what comes after half as much again; the other way round
 * behind "although". */
static void
tally_contrast(struct tally *t, bool but)
{
    if (but) {
        t->clause_positive *= 0.5;
        t->clause_negative *= 0.5;
    }
    t->after_but = but ? 1.5 : 0.5;
    tally_end_clause(t);
}

static bool
is_personal(const struct folded *word)
{
    static const char *const words[] = {"i",    "me",  "my",   "mine",  "we",     "us", "our",
                                        "ours", "you", "your", "yours", "myself", NULL};
    size_t length = strcspn(word->text, "'");
    for (const char *const *listed = words; *listed != NULL; listed++)
        if (strlen(*listed) == length && memcmp(*listed, word->text, length) == 0)
            return true;
    return false;
}

/* Whether the word only strengthens the one behind it, whose feeling is the other way: "great
 * stress", "terribly good". */
static bool
is_strengthener(const struct folded *word, double valence, const char *rest)
{
    bool adverb = word->length > 4 && strcmp(word->text + word->length - 2, "ly") == 0;
    bool size = word_is(word, "great") || word_is(word, "greater") || word_is(word, "greatest") ||
                word_is(word, "pretty") || word_is(word, "mighty");
    if (*rest != ' ' || !ascii_is_letter((unsigned char)rest[1]) ||
        (valence > 0 ? !size : !adverb || valence == 0))
        return false;
    struct folded next;
    folded_read(&next, rest + 1);
    double other = folded_valence(&next);
    return valence > 0 ? other < -0.5 : other > 0.5;
}

/* rest is the text behind the word. */
static void
tally_word(struct tally *t, struct folded *word, const char *rest)
{
    t->words++;
    t->personal += !t->quoted && is_personal(word);
    if (is_contrast(word)) {
        tally_contrast(t, word_is(word, "but") || word_is(word, "however") || word_is(word, "yet"));
        return;
    }
    double intensity = lexicon_intensity(word->text, word->length);
    if (lexicon_is_negation(word->text, word->length)) {
        double valence = folded_valence(word); /* "failed" is bad by itself */
        if (valence < -1 && t->negation_left == 0)
            tally_add(t, word->text, word->length, valence);
        memcpy(t->negation, word->text, word->length + 1);
        t->negation_left = NEGATION_REACH_WORDS + 1;
        intensity = 1;
    } else if (intensity == 1 && is_strengthener(word, folded_valence(word), rest)) {
        intensity = 1.3;
    } else if (intensity == 1) {
        double valence = folded_valence(word);
        if (word->is_upper && t->shouts)
            valence *= 1.25;
        tally_add(t, word->text, word->length, valence);
        /* "not good, it broke": what was negated is found, the rest stands for itself. */
        if (valence != 0 && t->negation_left > 3)
            t->negation_left = 3;
    }
    t->negation_left -= t->negation_left > 0;
    if (intensity != 1) {
        t->intensity = t->intensity_left > 0 ? t->intensity * intensity : intensity;
        t->intensity_left = 3;
    }
    t->intensity_left -= t->intensity_left > 0;
}

/* A fixed phrase at text: its bytes there, or 0. */
static size_t
tally_phrase(struct tally *t, const char *text)
{
    char window[FOLDED_BYTES];
    size_t ends[FOLDED_BYTES] = {0}; /* where in text each prefix of window ends */
    size_t used = 0;
    for (size_t i = 0; used + 1 < sizeof(window) && text[i] != '\0';) {
        unsigned char c = (unsigned char)text[i];
        bool is_curly = strncmp(text + i, "\xe2\x80\x99", 3) == 0;
        if (!ascii_is_letter(c) && c != ' ' && c != '\'' && !is_curly)
            break;
        window[used++] = (char)(is_curly ? '\'' : ascii_is_letter(c) ? c | 0x20 : c);
        i += is_curly ? 3 : 1;
        ends[used] = i;
    }
    window[used] = '\0';
    double valence;
    size_t length = lexicon_phrase(window, &valence);
    if (length == 0 || ascii_is_letter(text[ends[length]]))
        return 0;
    tally_add(t, window, length, valence);
    t->words += 2;
    tally_end_clause(t);
    return ends[length];
}

/* An emoticon or emoji at text: its bytes, or 0. */
static size_t
tally_sign(struct tally *t, const char *text)
{
    size_t bytes = 0;
    if ((unsigned char)text[0] >= 0x80) {
        uint32_t c = utf8_decode(text, &bytes);
        double valence = lexicon_emoji_valence(c);
        if (valence == 0)
            return 0;
        tally_end_clause(t);
        tally_add(t, text, bytes, valence);
        return bytes;
    }
    while (bytes < 6 && text[bytes] > ' ' && text[bytes] < 0x7f)
        bytes++;
    char sign[8] = "";
    for (size_t i = 0; i < bytes; i++)
        sign[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    for (; bytes >= 2; bytes--) {
        double valence = lexicon_valence(sign, bytes);
        if (valence == 0 || (text[bytes] != '\0' && ascii_is_letter(text[bytes])))
            continue;
        tally_end_clause(t);
        tally_add(t, text, bytes, valence);
        return bytes;
    }
    return 0;
}

static bool
shouts_in_parts(const char *text)
{
    size_t upper = 0, lower = 0;
    for (; *text != '\0'; text++) {
        upper += *text >= 'A' && *text <= 'Z';
        lower += *text >= 'a' && *text <= 'z';
    }
    return lower > upper;
}

static bool
starts_sign(const char *text, size_t at)
{
    return (unsigned char)text[at] >= 0x80 ||
           (strchr(":;=<>(^", text[at]) != NULL &&
            (at == 0 || strchr(" \n\t.,!?", text[at - 1]) != NULL));
}

/* Punctuation at text: its bytes. */
static size_t
tally_mark(struct tally *t, const char *text)
{
    size_t bytes = strspn(text, "!?");
    if (bytes > 0) {
        int exclamations = 0;
        for (size_t i = 0; i < bytes; i++)
            exclamations += text[i] == '!';
        tally_end_sentence(t, exclamations);
        return bytes;
    }
    if (*text == '.' && (text[1] == '\0' || strchr(" \n\r\t\"')", text[1]) != NULL))
        tally_end_sentence(t, 0);
    else if (strchr(",;:()\n", *text) != NULL)
        tally_end_clause(t);
    else if (*text == '"')
        t->quoted = !t->quoted;
    else if ((unsigned char)*text >= 0x80) {
        uint32_t c = utf8_decode(text, &bytes);
        if (c == 0x201c || c == 0x201d)
            t->quoted = c == 0x201c;
    }
    return bytes > 0 ? bytes : 1;
}

void
tally_text(struct tally *t, const char *text, bool has_english)
{
    *t = (struct tally){.after_but = 1, .intensity = 1, .shouts = shouts_in_parts(text)};
    for (size_t at = 0; text[at] != '\0';) {
        size_t bytes = starts_sign(text, at) ? tally_sign(t, text + at) : 0;
        if (bytes == 0 && ascii_is_letter(text[at])) {
            struct folded word;
            bytes = has_english ? tally_phrase(t, text + at) : 0;
            if (bytes == 0) {
                bytes = folded_read(&word, text + at);
                if (has_english)
                    tally_word(t, &word, text + at + bytes);
            }
        } else if (bytes == 0) {
            bytes = tally_mark(t, text + at);
        }
        at += bytes;
    }
    tally_end_sentence(t, 0);
}
