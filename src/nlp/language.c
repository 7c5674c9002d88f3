#include "nlp/language.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"

enum {
    EN = 1 << 0,
    DE = 1 << 1,
    FR = 1 << 2,
    ES = 1 << 3,
    IT = 1 << 4,
    PT = 1 << 5,
    NL = 1 << 6,
    SV = 1 << 7,
    DA = 1 << 8,
    NO = 1 << 9,
    RU = 1 << 10,
    AR = 1 << 11,
    ZH = 1 << 12,
    JA = 1 << 13,
};
enum { LATIN_LANGUAGES = 10 };

struct stop_word {
    char word[16];
    uint16_t languages;
};

static const struct stop_word stop_words[] = {
#include "nlp/data/stopwords.inc"
};

/* The Latin ones first, in the order of their bits. */
static const struct language languages[] = {
    {"en", "English", "english", EN, false}, {"de", "German", "german", DE, false},
    {"fr", "French", "french", FR, false},   {"es", "Spanish", "spanish", ES, false},
    {"it", "Italian", "italian", IT, false}, {"pt", "Portuguese", "portuguese", PT, false},
    {"nl", "Dutch", "dutch", NL, false},     {"sv", "Swedish", "swedish", SV, false},
    {"da", "Danish", "danish", DA, false},   {"no", "Norwegian", "norwegian", NO, false},
    {"ru", "Russian", "russian", RU, false}, {"uk", "Ukrainian", NULL, 0, false},
    {"ar", "Arabic", "arabic", AR, false},   {"fa", "Persian", NULL, 0, false},
    {"zh", "Chinese", NULL, ZH, true},       {"ja", "Japanese", NULL, JA, true},
    {"ko", "Korean", NULL, 0, false},        {"el", "Greek", "greek", 0, false},
    {"he", "Hebrew", NULL, 0, false},        {"hi", "Hindi", "hindi", 0, false},
    {"th", "Thai", NULL, 0, true},           {"", "an unknown language", NULL, 0, false},
};
enum { LANGUAGE_COUNT = sizeof(languages) / sizeof(languages[0]) };

static const struct language *
language_by_code(const char *code)
{
    size_t i = 0;
    while (i + 1 < LANGUAGE_COUNT && strcmp(languages[i].code, code) != 0)
        i++;
    return &languages[i];
}

struct stop_key {
    const char *word;
    size_t length;
};

static int
compare_stop_word(const void *key, const void *row)
{
    const struct stop_key *wanted = key;
    const struct stop_word *stop = row;
    int order = strncmp(wanted->word, stop->word, wanted->length);
    if (order != 0)
        return order;
    return stop->word[wanted->length] == '\0' ? 0 : -1;
}

unsigned
stop_word_languages(const char *word, size_t length)
{
    if (length == 0 || length >= sizeof(stop_words[0].word))
        return 0;
    struct stop_key key = {word, length};
    const struct stop_word *found =
        bsearch(&key, stop_words, sizeof(stop_words) / sizeof(stop_words[0]), sizeof(stop_words[0]),
                compare_stop_word);
    return found == NULL ? 0 : found->languages;
}

bool
is_stop_word(const struct language *language, const char *word, size_t length)
{
    unsigned found = stop_word_languages(word, length);
    return language->code[0] == '\0' ? found != 0 : (found & language->stop_bit) != 0;
}

/* Letters counted by script. */
struct scripts {
    size_t latin, han, kana, hangul, cyrillic, ukrainian, arabic, persian, greek, hebrew, hindi,
        thai;
};

static void
scripts_add(struct scripts *scripts, uint32_t c)
{
    if (c < 0x250)
        scripts->latin++;
    else if (c >= 0x370 && c < 0x400)
        scripts->greek++;
    else if (c >= 0x400 && c < 0x530) {
        scripts->cyrillic++;
        scripts->ukrainian += c == 0x456 || c == 0x457 || c == 0x454 || c == 0x491;
    } else if (c >= 0x590 && c < 0x600)
        scripts->hebrew++;
    else if (c >= 0x600 && c < 0x780) {
        scripts->arabic++;
        scripts->persian += c == 0x67e || c == 0x686 || c == 0x6af || c == 0x6cc;
    } else if (c >= 0x900 && c < 0x980)
        scripts->hindi++;
    else if (c >= 0xe00 && c < 0xe80)
        scripts->thai++;
    else if (c >= 0x3040 && c < 0x3100)
        scripts->kana++;
    else if ((c >= 0x1100 && c < 0x1200) || (c >= 0xac00 && c < 0xd7b0))
        scripts->hangul++;
    else if ((c >= 0x3400 && c < 0xa000) || (c >= 0xf900 && c < 0xfb00) ||
             (c >= 0x20000 && c < 0x30000))
        scripts->han++;
}

/* The code of a language that its script gives away; NULL for the Latin ones. An ideograph says
 * about as much as three letters do. */
static const char *
language_of_scripts(const struct scripts *s)
{
    size_t east = 3 * (s->han + s->kana);
    const struct {
        size_t letters;
        const char *code;
    } rows[] = {
        {east, s->kana * 20 > s->han + s->kana ? "ja" : "zh"},
        {2 * s->hangul, "ko"},
        {s->cyrillic, s->ukrainian * 50 > s->cyrillic ? "uk" : "ru"},
        {s->arabic, s->persian * 50 > s->arabic ? "fa" : "ar"},
        {s->greek, "el"},
        {s->hebrew, "he"},
        {s->hindi, "hi"},
        {s->thai, "th"},
    };
    const char *code = NULL;
    size_t most = s->latin;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].letters > most) {
            most = rows[i].letters;
            code = rows[i].code;
        }
    return most == 0 ? "" : code;
}

/* Letters that one or few languages have, as bits of those languages. */
static unsigned
languages_of_letter(uint32_t c)
{
    switch (c) {
    case 0xdf:
        return DE;
    case 0xe4: /* a and o with diaeresis */
    case 0xf6:
        return DE | SV;
    case 0xfc:
        return DE;
    case 0xf1: /* n with tilde, inverted marks */
    case 0xbf:
    case 0xa1:
        return ES;
    case 0xe3: /* a and o with tilde */
    case 0xf5:
        return PT;
    case 0xe5:
        return SV | DA | NO;
    case 0xe6:
    case 0xf8:
        return DA | NO;
    case 0xea: /* e, i with circumflex, oe */
    case 0xee:
    case 0x153:
        return FR;
    default:
        return 0;
    }
}

static const struct language *
best_latin(const unsigned *score)
{
    size_t best = 0, second = LATIN_LANGUAGES;
    for (size_t i = 1; i < LATIN_LANGUAGES; i++)
        if (score[i] > score[best])
            best = i;
    for (size_t i = 0; i < LATIN_LANGUAGES; i++)
        if (i != best && (second == LATIN_LANGUAGES || score[i] > score[second]))
            second = i;
    bool is_clear = score[best] > score[second] || (best == 0 && score[best] > 0);
    return score[best] >= 2 && is_clear ? &languages[best] : language_by_code("");
}

enum { SAMPLE_BYTES = 8192, WORD_BYTES = 16 };

/* Lower-cases a code point of a sampled word into word; too long a word ends as empty. */
static size_t
word_append(char *word, size_t length, uint32_t c)
{
    c = (uint32_t)u_tolower((UChar32)c);
    size_t bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
    if (length + bytes >= WORD_BYTES || c >= 0x10000)
        return WORD_BYTES;
    if (bytes == 1) {
        word[length] = (char)c;
    } else if (bytes == 2) {
        word[length] = (char)(0xc0 | c >> 6);
        word[length + 1] = (char)(0x80 | (c & 0x3f));
    } else {
        word[length] = (char)(0xe0 | c >> 12);
        word[length + 1] = (char)(0x80 | (c >> 6 & 0x3f));
        word[length + 2] = (char)(0x80 | (c & 0x3f));
    }
    return length + bytes;
}

static void
score_word(unsigned *score, const char *word, size_t length)
{
    unsigned found = length < WORD_BYTES ? stop_word_languages(word, length) : 0;
    /* A word of one language says more than one of five; single letters say little. */
    unsigned weight = length < 2 ? 1 : __builtin_popcount(found) == 1 ? 4 : 2;
    for (size_t i = 0; i < LATIN_LANGUAGES; i++)
        if (found & 1u << i)
            score[i] += weight;
}

const struct language *
language_detect(const char *text, size_t length)
{
    struct scripts scripts = {0};
    unsigned score[LATIN_LANGUAGES] = {0};
    char word[WORD_BYTES] = "";
    size_t word_length = 0;
    size_t limit = length < SAMPLE_BYTES ? length : SAMPLE_BYTES;
    for (size_t i = 0, bytes; i < limit; i += bytes) {
        uint32_t c = utf8_decode(text + i, &bytes);
        if (c == 0x2019)
            c = '\'';
        unsigned giving = languages_of_letter(c);
        for (size_t j = 0; giving != 0 && j < LATIN_LANGUAGES; j++)
            score[j] += (giving >> j) & 1;
        if (u_isalpha((UChar32)c) || c == '\'') {
            if (c != '\'')
                scripts_add(&scripts, c);
            if (word_length < WORD_BYTES)
                word_length = word_append(word, word_length, c);
        } else if (word_length > 0) {
            score_word(score, word, word_length);
            word_length = 0;
        }
    }
    score_word(score, word, word_length);
    const char *code = language_of_scripts(&scripts);
    return code != NULL ? language_by_code(code) : best_latin(score);
}
