#include "nlp/lexicon.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    char word[20];
    int8_t tenths;
};

static const struct entry entries[] = {
#include "nlp/data/lexicon.inc"
};

/* What reviews and letters to a support desk say and the lexicon lacks or misjudges there. */
static const struct entry additions[] = {
    {"affordable", 16}, {"agreement", 0},    {"agreements", 0},     {"alert", 0},
    {"block", 0},       {"blocks", 0},       {"blurry", -14},       {"broke", -18},
    {"broken", -20},    {"buggy", -22},      {"bugs", -14},         {"canceled", -14},
    {"cancelled", -14}, {"chat", 0},         {"cheap", 0},          {"clunky", -18},
    {"cold", -6},       {"comfy", 20},       {"cracked", -14},      {"crash", -18},
    {"crashed", -18},   {"crashes", -20},    {"crashing", -20},     {"cried", -10},
    {"crush", 0},       {"crushes", 0},      {"damaged", -22},      {"defective", -22},
    {"delayed", -12},   {"delicious", 28},   {"dirty", -18},        {"downgrade", -14},
    {"drop", 0},        {"drops", 0},        {"durable", 16},       {"energy", 0},
    {"expensive", -10}, {"fast", 10},        {"faulty", -20},       {"feature", 0},
    {"features", 0},    {"festival", 0},     {"festivals", 0},      {"flawless", 28},
    {"flawlessly", 28}, {"flimsy", -18},     {"freezes", -14},      {"garbage", -24},
    {"gorgeous", 28},   {"grant", 0},        {"grants", 0},         {"interest", 0},
    {"interests", 0},   {"intuitive", 18},   {"irreplaceable", 14}, {"laggy", -16},
    {"late", -8},       {"leaked", -12},     {"leaks", -12},        {"like", 14},
    {"lukewarm", -10},  {"matter", 0},       {"matters", 0},        {"mediocre", -12},
    {"missing", -13},   {"natural", 0},      {"noisy", -14},        {"novel", 0},
    {"outdated", -13},  {"overpriced", -20}, {"party", 0},          {"playing", 0},
    {"please", 0},      {"polite", 18},      {"price", 0},          {"prompt", 8},
    {"promptly", 10},   {"quick", 10},       {"quickly", 8},        {"quiet", 8},
    {"recommend", 18},  {"recommended", 16}, {"refund", -8},        {"refuse", -13},
    {"refused", -13},   {"refuses", -13},    {"reliable", 20},      {"respond", 0},
    {"rip-off", -28},   {"ripped", -14},     {"scratched", -14},    {"security", 0},
    {"share", 0},       {"shares", 0},       {"slow", -13},         {"slowly", -10},
    {"smooth", 13},     {"smoothly", 15},    {"spotless", 22},      {"stale", -14},
    {"stopped", -10},   {"sturdy", 15},      {"support", 0},        {"supporter", 0},
    {"supporters", 0},  {"supports", 0},     {"tasteless", -20},    {"tasty", 22},
    {"thank", 13},      {"thanks", 15},      {"top-notch", 28},     {"trash", -22},
    {"unhelpful", -20}, {"united", 0},       {"unreliable", -20},   {"unresponsive", -18},
    {"unusable", -24},  {"useless", -22},    {"value", 0},          {"values", 0},
    {"waited", -6},     {"waiting", -6},     {"watch", 0},          {"work", 0},
    {"worse", -21},     {"worst", -31},      {"worth", 12},
};

static int
compare_entry(const void *key, const void *row)
{
    return strcmp(key, ((const struct entry *)row)->word);
}

enum { FAINT_TENTHS = 6 };

double
lexicon_valence(const char *word, size_t length)
{
    char key[sizeof(entries[0].word)];
    if (length == 0 || length >= sizeof(key))
        return 0;
    memcpy(key, word, length);
    key[length] = '\0';
    const struct entry *found = bsearch(key, additions, sizeof(additions) / sizeof(additions[0]),
                                        sizeof(additions[0]), compare_entry);
    if (found == NULL) {
        found = bsearch(key, entries, sizeof(entries) / sizeof(entries[0]), sizeof(entries[0]),
                        compare_entry);
        /* Fainter ones are noise: "heron", "teaspoon". */
        if (found != NULL && abs(found->tenths) < FAINT_TENTHS)
            return 0;
    }
    return found == NULL ? 0 : found->tenths / 10.0;
}

struct emoji {
    uint32_t first, last;
    int8_t tenths;
};

static const struct emoji emoji[] = {
    {0x2639, 0x2639, -18},   {0x263a, 0x263a, 18},    {0x2764, 0x2764, 28},
    {0x2665, 0x2665, 25},    {0x1f389, 0x1f38a, 22},  {0x1f44d, 0x1f44d, 22},
    {0x1f44e, 0x1f44e, -22}, {0x1f44f, 0x1f44f, 20},  {0x1f494, 0x1f494, -22},
    {0x1f495, 0x1f49f, 26},  {0x1f4a9, 0x1f4a9, -18}, {0x1f525, 0x1f525, 12},
    {0x1f600, 0x1f60d, 22},  {0x1f60e, 0x1f60e, 16},  {0x1f612, 0x1f614, -14},
    {0x1f615, 0x1f616, -14}, {0x1f617, 0x1f61b, 18},  {0x1f61e, 0x1f625, -20},
    {0x1f626, 0x1f629, -18}, {0x1f62a, 0x1f62b, -14}, {0x1f62d, 0x1f62d, -14},
    {0x1f630, 0x1f631, -15}, {0x1f638, 0x1f63b, 20},  {0x1f63e, 0x1f63f, -18},
    {0x1f641, 0x1f641, -16}, {0x1f642, 0x1f642, 14},  {0x1f64c, 0x1f64c, 20},
    {0x1f64f, 0x1f64f, 10},  {0x1f90d, 0x1f90e, 25},  {0x1f92c, 0x1f92c, -28},
    {0x1f92e, 0x1f92e, -24}, {0x1f929, 0x1f929, 28},  {0x1f970, 0x1f970, 28},
};

double
lexicon_emoji_valence(uint32_t c)
{
    if (c < emoji[0].first)
        return 0;
    for (size_t i = 0; i < sizeof(emoji) / sizeof(emoji[0]); i++)
        if (c >= emoji[i].first && c <= emoji[i].last)
            return emoji[i].tenths / 10.0;
    return 0;
}

enum { STRONG = 1, WEAK = 2, NEGATION = 4 };

/* Words that change what follows them. In strcmp() order. */
static const struct modifier {
    char word[19];
    uint8_t kinds;
} modifiers[] = {{"absolutely", STRONG},
                 {"aint", NEGATION},
                 {"almost", WEAK},
                 {"arent", NEGATION},
                 {"barely", NEGATION | WEAK},
                 {"bit", WEAK},
                 {"cannot", NEGATION},
                 {"cant", NEGATION},
                 {"completely", STRONG},
                 {"couldnt", NEGATION},
                 {"deeply", STRONG},
                 {"didnt", NEGATION},
                 {"doesnt", NEGATION},
                 {"dont", NEGATION},
                 {"enormously", STRONG},
                 {"entirely", STRONG},
                 {"especially", STRONG},
                 {"exceptionally", STRONG},
                 {"extremely", STRONG},
                 {"failed", NEGATION},
                 {"fails", NEGATION},
                 {"fairly", WEAK},
                 {"hadnt", NEGATION},
                 {"hardly", NEGATION},
                 {"hasnt", NEGATION},
                 {"havent", NEGATION},
                 {"highly", STRONG},
                 {"incredibly", STRONG},
                 {"insanely", STRONG},
                 {"isnt", NEGATION},
                 {"kinda", WEAK},
                 {"lacked", NEGATION},
                 {"lacking", NEGATION},
                 {"lacks", NEGATION},
                 {"little", WEAK},
                 {"marginally", WEAK},
                 {"mildly", WEAK},
                 {"moderately", WEAK},
                 {"more", STRONG},
                 {"most", STRONG},
                 {"much", STRONG},
                 {"neither", NEGATION},
                 {"never", NEGATION},
                 {"no", NEGATION},
                 {"nobody", NEGATION},
                 {"none", NEGATION},
                 {"nor", NEGATION},
                 {"not", NEGATION},
                 {"nothing", NEGATION},
                 {"nowhere", NEGATION},
                 {"occasionally", WEAK},
                 {"particularly", STRONG},
                 {"partly", WEAK},
                 {"quite", STRONG},
                 {"rarely", NEGATION},
                 {"rather", WEAK},
                 {"really", STRONG},
                 {"remarkably", STRONG},
                 {"ridiculously", STRONG},
                 {"scarcely", NEGATION},
                 {"seldom", NEGATION},
                 {"shouldnt", NEGATION},
                 {"slightly", WEAK},
                 {"so", STRONG},
                 {"somewhat", WEAK},
                 {"sorta", WEAK},
                 {"such", STRONG},
                 {"super", STRONG},
                 {"thoroughly", STRONG},
                 {"too", STRONG},
                 {"totally", STRONG},
                 {"truly", STRONG},
                 {"utterly", STRONG},
                 {"very", STRONG},
                 {"wasnt", NEGATION},
                 {"werent", NEGATION},
                 {"without", NEGATION},
                 {"wont", NEGATION},
                 {"wouldnt", NEGATION}};

static int
compare_modifier(const void *key, const void *row)
{
    return strcmp(key, ((const struct modifier *)row)->word);
}

static unsigned
modifier_kinds(const char *word, size_t length)
{
    char key[sizeof(modifiers[0].word)];
    if (length < 2 || length >= sizeof(key))
        return 0;
    memcpy(key, word, length);
    key[length] = '\0';
    const struct modifier *found = bsearch(key, modifiers, sizeof(modifiers) / sizeof(modifiers[0]),
                                           sizeof(modifiers[0]), compare_modifier);
    return found == NULL ? 0 : found->kinds;
}

double
lexicon_intensity(const char *word, size_t length)
{
    unsigned kinds = modifier_kinds(word, length);
    return (kinds & STRONG) != 0 ? 1.3 : (kinds & WEAK) != 0 ? 0.6 : 1;
}

bool
lexicon_is_negation(const char *word, size_t length)
{
    return (length > 3 && memcmp(word + length - 3, "n't", 3) == 0) ||
           (modifier_kinds(word, length) & NEGATION) != 0;
}

size_t
lexicon_phrase(const char *text, double *valence)
{
    static const struct {
        const char *words;
        double valence;
    } phrases[] = {
        {"good riddance", -2},
        {"good grief", -0.5},
        {"in favour of", 0},
        {"in favor of", 0},
        {"right to", 0},
        {"great barrier", 0},
        {"great britain", 0},
        {"great deal", 0},
        {"great many", 0},
        {"good deal of", 0},
        {"not only", 0},
        {"not just", 0},
        {"no doubt", 0.3},
        {"no problem", 0.8},
        {"no problems", 1.5},
        {"can't wait", 2},
        {"cannot wait", 2},
        {"can't complain", 1.5},
        {"waste of", -2.5},
        {"falls apart", -2.5},
        {"fell apart", -2.5},
        {"fall apart", -2.5},
        {"let down", -2},
        {"fed up", -2.2},
        {"top notch", 2.8},
        {"could be better", -1.2},
        {"could have been better", -1.5},
        {"at best", -1},
        {"stopped working", -2.5},
        {"does not work", -2.2},
        {"doesn't work", -2.2},
        {"didn't work", -2.2},
        {"not working", -2},
        {"did not work", -2.2},
        {"never again", -2.8},
        {"works great", 2.8},
        {"works perfectly", 2.9},
        {"works well", 2},
        {"work well", 2},
        {"well done", 2.3},
        {"highly recommend", 2.8},
        {"can't recommend this highly enough", 2.8},
        {"can't recommend it highly enough", 2.8},
        {"cannot recommend this highly enough", 2.8},
        {"cannot recommend it highly enough", 2.8},
        {"blown away", 2.8},
        {"stay away", -2.5},
        {"money back", -1.5},
        {"too long", -1.2},
        {"too small", -1.3},
        {"too big", -1.2},
        {"too expensive", -1.8},
        {"so what", -0.5},
        {"not bad", 1},
        {"worse than", -2},
        {"better than", 1.7},
        {"nothing special", -0.9},
        {"no longer", -1},
        {"high quality", 2.2},
        {"poor quality", -2.6},
        {"like new", 1.8},
        {"looks like", 0},
        {"look like", 0},
        {"feels like", 0},
        {"tastes like", 0},
        {"sounds like", 0},
        {"such as", 0},
        {"would like", 0},
        {"i'd like", 0},
        {"something like", 0},
        {"more like", 0},
        {"as well", 0},
        {"thank you", 1.5},
        {"to be honest", 0},
        {"sort of", 0},
        {"kind of", 0},
        {"of interest", 0},
        {"interest rate", 0},
        {"interest rates", 0},
        {"united states", 0},
        {"united nations", 0},
        {"credit card", 0},
        {"in charge", 0},
        {"prime minister", 0},
        {"no one", 0},
        {"more or less", 0},
        {"do not hesitate", 0.5},
        {"don't hesitate", 0.5},
        {"make sure", 0},
        {"at least", 0.2},
        {"go wrong", -1.5},
    };
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (text[0] != phrases[i].words[0] || text[1] != phrases[i].words[1])
            continue;
        size_t length = strlen(phrases[i].words);
        if (strncmp(text, phrases[i].words, length) == 0 &&
            (text[length] == ' ' || text[length] == '\0')) {
            *valence = phrases[i].valence;
            return length;
        }
    }
    return 0;
}
