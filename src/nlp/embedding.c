#include "nlp/embedding.h"

#include <libstemmer.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "nlp/language.h"
#include "nlp/unspaced.h"

/* Of a word in characters; a longer run is several words. */
enum { WORD_MAX = 48 };

/* How much each kind of feature tells; that of n-grams is for all of a word's together. A stem
 * joins the forms of a word, the word itself holds where two texts were taken for different
 * languages, n-grams join compounds, names and slips. */
enum {
    WEIGHT_STEM = 300,
    WEIGHT_WORD = 300,
    WEIGHT_GRAMS = 250,
    WEIGHT_CHARACTER = 120,
    WEIGHT_PAIR = 250,
};

/* The seeds keep features of different kinds apart. */
enum feature { FEATURE_STEM = 1, FEATURE_WORD, FEATURE_GRAM, FEATURE_CHARACTER, FEATURE_TEXT };

struct sums {
    int64_t at[EMBEDDING_DIMENSIONS];
    const struct language *language;
    struct sb_stemmer *stemmer; /* may be NULL */
    bool with_stop_words;
    size_t words;
};

/* A word as UTF-8; character i begins at starts[i], the end is starts[count]. */
struct word {
    char text[WORD_MAX * U8_MAX_LENGTH];
    size_t starts[WORD_MAX + 1];
    size_t count;
    bool is_unspaced;
};

static void
add_feature(struct sums *sums, enum feature feature, const char *text, size_t length,
            int64_t weight)
{
    uint64_t hash = XXH3_64bits_withSeed(text, length, (XXH64_hash_t)feature);
    sums->at[hash % EMBEDDING_DIMENSIONS] += hash >> 63 ? -weight : weight;
}

/* Runs of three and four characters, with a mark for either end of the word. */
static void
add_grams(struct sums *sums, const struct word *word)
{
    char marked[sizeof(word->text) + 2];
    size_t starts[WORD_MAX + 3];
    size_t length = word->starts[word->count];
    size_t count = word->count + 2;
    marked[0] = '^';
    memcpy(marked + 1, word->text, length);
    marked[length + 1] = '$';
    starts[0] = 0;
    for (size_t i = 0; i <= word->count; i++)
        starts[i + 1] = word->starts[i] + 1;
    starts[count] = length + 2;
    size_t grams = count == 3 ? 1 : 2 * count - 5;
    int64_t weight = (int64_t)(WEIGHT_GRAMS / sqrt((double)grams));
    for (size_t size = 3; size <= 4; size++)
        for (size_t i = 0; i + size <= count; i++)
            add_feature(sums, FEATURE_GRAM, marked + starts[i], starts[i + size] - starts[i],
                        weight);
}

static void
add_stem(struct sums *sums, const char *text, size_t length)
{
    const sb_symbol *stem = NULL;
    if (length > 2 && memcmp(text + length - 2, "'s", 2) == 0)
        length -= 2;
    if (sums->stemmer)
        stem = sb_stemmer_stem(sums->stemmer, (const sb_symbol *)text, (int)length);
    if (stem)
        add_feature(sums, FEATURE_STEM, (const char *)stem,
                    (size_t)sb_stemmer_length(sums->stemmer), WEIGHT_STEM);
    else
        add_feature(sums, FEATURE_STEM, text, length, WEIGHT_STEM);
}

/* Where no blanks part the words, characters and pairs of them stand for words. */
static void
add_characters(struct sums *sums, const struct word *word)
{
    for (size_t i = 0; i < word->count; i++) {
        const char *text = word->text + word->starts[i];
        add_feature(sums, FEATURE_CHARACTER, text, word->starts[i + 1] - word->starts[i],
                    WEIGHT_CHARACTER);
        if (i + 2 <= word->count)
            add_feature(sums, FEATURE_GRAM, text, word->starts[i + 2] - word->starts[i],
                        WEIGHT_PAIR);
    }
}

static void
add_word(struct sums *sums, const struct word *word)
{
    size_t length = word->starts[word->count];
    sums->words++;
    if (word->is_unspaced) {
        add_characters(sums, word);
        return;
    }
    if (!sums->with_stop_words && is_stop_word(sums->language, word->text, length))
        return;
    add_feature(sums, FEATURE_WORD, word->text, length, WEIGHT_WORD);
    add_stem(sums, word->text, length);
    add_grams(sums, word);
}

static bool
is_of_word(UChar32 c)
{
    return (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0;
}

static bool
is_apostrophe(UChar32 c)
{
    return c == '\'' || c == 0x2019;
}

static void
word_append(struct word *word, UChar32 c)
{
    size_t at = word->starts[word->count];
    U8_APPEND_UNSAFE(word->text, at, c);
    word->starts[++word->count] = at;
}

/* Reads the word at or behind *at. false at the end of the text. */
static bool
read_word(const UChar *text, int32_t length, int32_t *at, struct word *word)
{
    word->count = 0;
    word->starts[0] = 0;
    while (*at < length) {
        int32_t next = *at;
        UChar32 c, behind = 0;
        U16_NEXT(text, next, length, c);
        if (next < length)
            U16_GET(text, 0, next, length, behind);
        bool joins = is_of_word(c);
        if (is_apostrophe(c) && word->count > 0 && !word->is_unspaced && u_isalpha(behind)) {
            joins = true;
            c = '\'';
        }
        bool unspaced = joins && is_unspaced((uint32_t)c);
        bool ends = !joins || word->count == WORD_MAX || unspaced != word->is_unspaced;
        if (word->count > 0 && ends)
            return true;
        *at = next;
        if (!joins)
            continue;
        word->is_unspaced = unspaced;
        word_append(word, c);
    }
    return word->count > 0;
}

/* Compatible forms made one and case folded (NFKC_Casefold), so that how a text was typed does not
 * matter. */
static const UChar *
fold(const char *text, size_t length, struct arena *arena, int32_t *folded_length)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *normalizer = unorm2_getNFKCCasefoldInstance(&status);
    int32_t used = 0;
    UChar *wide = arena_array(arena, length + 1, sizeof(*wide));
    u_strFromUTF8(wide, (int32_t)length + 1, &used, text, (int32_t)length, &status);
    int32_t capacity = used + used / 2 + 16;
    UChar *folded = arena_array(arena, (size_t)capacity, sizeof(*folded));
    *folded_length = unorm2_normalize(normalizer, wide, used, folded, capacity, &status);
    if (status == U_BUFFER_OVERFLOW_ERROR) {
        status = U_ZERO_ERROR;
        capacity = *folded_length + 1;
        folded = arena_array(arena, (size_t)capacity, sizeof(*folded));
        *folded_length = unorm2_normalize(normalizer, wide, used, folded, capacity, &status);
    }
    if (U_FAILURE(status))
        *folded_length = 0;
    return folded;
}

static bool
is_zero(const struct sums *sums)
{
    for (size_t i = 0; i < EMBEDDING_DIMENSIONS; i++)
        if (sums->at[i] != 0)
            return false;
    return true;
}

static void
add_words(struct sums *sums, const UChar *text, int32_t length)
{
    struct word word = {.count = 0};
    int32_t at = 0;
    sums->words = 0;
    while (read_word(text, length, &at, &word))
        add_word(sums, &word);
}

static void
normalize(const struct sums *sums, float vector[EMBEDDING_DIMENSIONS])
{
    double squares = 0;
    for (size_t i = 0; i < EMBEDDING_DIMENSIONS; i++)
        squares += (double)sums->at[i] * (double)sums->at[i];
    double norm = sqrt(squares);
    for (size_t i = 0; i < EMBEDDING_DIMENSIONS; i++)
        vector[i] = (float)((double)sums->at[i] / norm);
}

size_t
embedding_of(const char *text, size_t length, float vector[EMBEDDING_DIMENSIONS],
             struct arena *arena)
{
    struct sums sums = {.language = language_detect(text, length)};
    bool is_known = sums.language->code[0] != '\0';
    const char *stemmer = is_known ? sums.language->stemmer : "english";
    if (stemmer)
        sums.stemmer = sb_stemmer_new(stemmer, NULL);
    int32_t folded_length = 0;
    const UChar *folded = fold(text, length, arena, &folded_length);
    add_words(&sums, folded, folded_length);
    if (is_zero(&sums)) {
        sums.with_stop_words = true;
        add_words(&sums, folded, folded_length);
    }
    if (sums.stemmer)
        sb_stemmer_delete(sums.stemmer);
    if (is_zero(&sums))
        add_feature(&sums, FEATURE_TEXT, text, length, 1);
    normalize(&sums, vector);
    return sums.words;
}
