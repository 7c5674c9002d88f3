#include "ai/guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ai/guard_mark.h"
#include "ai/guard_table.h"
#include "base/utf8.h"

enum { WORD_BYTES = 24, NEVER = -1000 };

/* The text's words as they come, and how far each phrase has got. */
struct screen {
    unsigned found;
    int position;        /* of the present word */
    int negated;         /* of the last "not" or "never" */
    bool opens_sentence; /* the present word does */
    uint64_t awaited;    /* classes that would lead a phrase on */
    int awaited_until;
    bool has_hidden;                             /* a word full of zero-width characters */
    int reached[PHRASE_COUNT][PHRASE_STEPS_MAX]; /* position where a step was met, or NEVER */
};

/* The first eight bytes of a word as a number that sorts as they do. */
static uint64_t
head_of(const char *word)
{
    uint64_t head;
    memcpy(&head, word, sizeof(head));
    return __builtin_bswap64(head);
}

static uint64_t
word_classes(const char *word, size_t length)
{
    size_t low = 0, high = sizeof(guard_words) / sizeof(guard_words[0]);
    if (word[0] >= 'a' && word[0] <= 'z') {
        const struct guard_initial *initial = &guard_initials[word[0] - 'a'];
        if ((initial->lengths[word[1] & 3] & 1u << (length & 31)) == 0)
            return 0;
        low = initial->first;
        high = initial->end;
    }
    uint64_t head = head_of(word);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t other = head_of(guard_words[middle].word);
        int order = head < other ? -1 : head > other;
        if (order == 0)
            order = memcmp(word + 8, guard_words[middle].word + 8, WORD_BYTES - 8);
        if (order == 0)
            return guard_words[middle].classes;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

/* "1gn0re": digits and signs that stand for letters. */
static uint64_t
disguised_classes(const char *word, size_t length)
{
    static const char digits[] = "013457@$", letters[] = "oieastas";
    char plain[WORD_BYTES] = "";
    for (size_t i = 0; word[i] != '\0'; i++) {
        const char *at = strchr(digits, word[i]);
        plain[i] = at == NULL ? word[i] : letters[at - digits];
    }
    return word_classes(plain, length);
}

static void
screen_await(struct screen *s, uint64_t classes, unsigned within)
{
    s->awaited |= classes;
    if (s->awaited_until < s->position + (int)within)
        s->awaited_until = s->position + (int)within;
}

static void
screen_phrase(struct screen *s, size_t number, uint64_t classes)
{
    const struct guard_phrase *phrase = &guard_phrases[number];
    int *reached = s->reached[number];
    for (int step = PHRASE_STEPS_MAX - 1; step >= 0; step--) {
        if ((phrase->steps[step].classes & classes) == 0)
            continue;
        bool met = step == 0 ? (phrase->steps[0].within == 0 || s->opens_sentence) &&
                                   s->negated != s->position - 1
                             : s->position - reached[step - 1] <= (int)phrase->steps[step].within;
        if (!met)
            continue;
        reached[step] = s->position;
        if (step + 1 == PHRASE_STEPS_MAX || phrase->steps[step + 1].classes == 0)
            s->found |= phrase->category;
        else
            screen_await(s, phrase->steps[step + 1].classes, phrase->steps[step + 1].within);
    }
}

static void
screen_word(struct screen *s, const char *word, size_t length, bool is_disguised)
{
    s->position++;
    uint64_t classes = word_classes(word, length);
    if (classes == 0 && is_disguised)
        classes = disguised_classes(word, length);
    if (s->position > s->awaited_until)
        s->awaited = 0;
    if ((classes & (s->awaited | GUARD_FIRST_CLASSES)) != 0)
        for (size_t i = 0; i < PHRASE_COUNT; i++)
            screen_phrase(s, i, classes);
    if ((classes & 1ull << NUMBER_NOT) != 0)
        s->negated = s->position;
    s->opens_sentence = s->opens_sentence && (strcmp(word, "please") == 0 ||
                                              strcmp(word, "now") == 0 || strcmp(word, "and") == 0);
}

/* Letters of other scripts that look like Latin ones; 0 for any other. */
static char
look_alike(uint32_t c)
{
    static const struct {
        uint16_t from;
        char to;
    } rows[] = {
        {0x430, 'a'}, {0x435, 'e'}, {0x43e, 'o'}, {0x440, 'p'}, {0x441, 'c'},
        {0x443, 'y'}, {0x445, 'x'}, {0x456, 'i'}, {0x455, 's'}, {0x458, 'j'},
        {0x501, 'd'}, {0x4bb, 'h'}, {0x3bf, 'o'}, {0x3b1, 'a'}, {0x3b5, 'e'},
        {0x3b9, 'i'}, {0x3bd, 'v'}, {0x3c1, 'p'}, {0x131, 'i'},
    };
    if (c >= 0xff41 && c <= 0xff5a)
        return (char)(c - 0xff41 + 'a');
    if (c >= 0xff21 && c <= 0xff3a)
        return (char)(c - 0xff21 + 'a');
    if (c >= 0x1d400 && c < 0x1d6a4)
        return (char)('a' + (c - 0x1d400) % 26);
    for (size_t i = 0; c < 0x600 && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].from == c)
            return rows[i].to;
    return 0;
}

static uint32_t
lower(uint32_t c)
{
    if ((c >= 0xc0 && c <= 0xde) || (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    return c >= 0x400 && c <= 0x40f ? c + 0x50 : c;
}

static bool
is_zero_width(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2060 && c <= 0x2064) || c == 0xfeff || c == 0xad;
}

static bool
is_punctuation(uint32_t c)
{
    return c < 0xc0 || (c >= 0x2010 && c <= 0x206f) || (c >= 0x3000 && c <= 0x303f) ||
           (c >= 0xff00 && c <= 0xff20);
}

enum { LETTER = 1, DIGIT = 2, SIGN = 4, JOINT = 8, BEYOND = 16 };

/* What a byte is to a word: signs stand for letters; what is beyond ASCII is read elsewhere. */
static const unsigned char byte_kinds[256] = {
    ['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER, ['0' ... '9'] = DIGIT,
    ['$'] = SIGN | DIGIT,   ['@'] = SIGN | DIGIT,   ['_'] = SIGN,
    ['\''] = JOINT,         ['-'] = JOINT,          [0x80 ... 0xff] = BEYOND,
};

/* A joint is one only before a letter. */
static unsigned
kind_at(const char *text, size_t length)
{
    unsigned kind = byte_kinds[(unsigned char)text[0]];
    return kind == JOINT && (length < 2 || byte_kinds[(unsigned char)text[1]] != LETTER) ? 0 : kind;
}

/* A word as read: folded as written, and with look-alikes made Latin. */
struct reading {
    char word[WORD_BYTES], latin[WORD_BYTES];
    size_t length, latin_length;
    bool has_letter, has_digit, has_look_alike, has_flag;
    unsigned hidden;
};

static void
reading_add(struct reading *r, uint32_t c, const char *bytes, size_t count)
{
    char latin = c < 0x80 ? 0 : look_alike(c);
    uint32_t small = lower(c);
    r->has_look_alike |= latin != 0;
    if (r->latin_length + 4 < WORD_BYTES) {
        if (latin != 0)
            r->latin[r->latin_length++] = latin;
        else if (c < 0x80)
            r->latin[r->latin_length++] = bytes[0];
    }
    if (r->length + 4 >= WORD_BYTES) {
        r->length = WORD_BYTES; /* longer than any word that is listed */
    } else if (c < 0x80) {
        r->word[r->length++] = bytes[0];
    } else if (count == 2) {
        r->word[r->length++] = (char)(0xc0 | small >> 6);
        r->word[r->length++] = (char)(0x80 | (small & 0x3f));
    } else {
        memcpy(r->word + r->length, bytes, count);
        r->length += count;
    }
}

/* Zero-width characters in one Latin word: one or two are line-break hints. */
enum { HIDDEN_MIN = 3 };

/* Reads a word of ASCII at text; returns the bytes it takes, 0 for none or one that goes on in
 * other characters. */
static size_t
read_ascii_word(struct screen *s, const char *text, size_t length)
{
    char word[WORD_BYTES] = "";
    unsigned kinds = 0;
    size_t at = 0;
    for (; at < length; at++) {
        unsigned kind = kind_at(text + at, length - at);
        if (kind == BEYOND)
            return 0;
        if (kind == 0)
            break;
        if (at + 1 < WORD_BYTES)
            word[at] = (char)(kind == LETTER ? text[at] | 0x20 : text[at]);
        kinds |= kind;
    }
    if (at > 0)
        screen_word(s, word, at < WORD_BYTES ? at : 0, (kinds & LETTER) && (kinds & DIGIT));
    return at;
}

/* Reads the word at text, at most length bytes; returns the bytes it takes, 0 for no word. */
static size_t
read_word(struct screen *s, const char *text, size_t length)
{
    struct reading r = {.length = 0};
    size_t at = 0;
    while (at < length) {
        size_t bytes = 1;
        unsigned kind = kind_at(text + at, length - at);
        if (kind != 0 && kind != BEYOND) {
            char small = (char)(kind == LETTER ? text[at] | 0x20 : text[at]);
            r.has_letter |= kind == LETTER;
            r.has_digit |= (kind & DIGIT) != 0;
            reading_add(&r, (unsigned char)text[at], &small, 1);
        } else if (kind == BEYOND) {
            uint32_t point = utf8_decode(text + at, &bytes);
            r.has_flag |= point == 0x1f3f4;
            if (is_zero_width(point))
                r.hidden += point != 0xad;
            else if (point == 0x2019)
                reading_add(&r, '\'', "'", 1);
            else if (is_punctuation(point))
                break;
            else if (point >= 0xe0000 && point < 0xe0080)
                s->found |= r.has_flag ? 0 : GUARD_ENCODING; /* a text that nobody sees */
            else
                reading_add(&r, point, text + at, bytes);
        } else {
            break;
        }
        at += bytes;
    }
    if (at == 0)
        return 0;
    s->has_hidden |= r.hidden >= HIDDEN_MIN && r.has_letter;
    if (r.has_look_alike && (r.has_letter || (unsigned char)r.word[0] >= 0xe0))
        screen_word(s, r.latin, r.latin_length, r.has_digit);
    else if (r.length < WORD_BYTES)
        screen_word(s, r.word, r.length, r.has_letter && r.has_digit);
    else
        screen_word(s, (const char[WORD_BYTES]){""}, 0, false);
    return at;
}

/* A mark between words. */
static void
screen_mark(struct screen *s, const char *text, size_t length)
{
    switch (*text) {
    case ':':
    case '=': {
        bool opens = *text == ':';
        char mark[WORD_BYTES] = {*text};
        screen_word(s, mark, 1, false);
        s->opens_sentence = opens;
        break;
    }
    case '.':
    case '!':
    case '?':
    case ';':
    case '\n':
    case '"':
    case '(':
    case '*':
    case '>':
    case ']':
    case '#':
        s->opens_sentence = true;
        break;
    case '-':
        if (length > 2 && (text[1] | 0x20) == 'r' && (text[2] | 0x20) == 'f')
            screen_word(s, (const char[WORD_BYTES]){"-rf"}, 3, false);
        break;
    case '\\':
        if (guard_is_escapes(text, length))
            s->found |= GUARD_ENCODING;
        break;
    default:
        break;
    }
}

/* Looks for literals where they may open: at a mark, behind a word, inside a run without blanks. */
static void
screen_around(struct screen *s, const char *text, size_t word, size_t length)
{
    if (word == 0) {
        if (*text == '<' || *text == '[' || (unsigned char)*text >= 0x80)
            s->found |= guard_literals(text, length);
        return;
    }
    char next = word < length ? text[word] : ' ';
    if (*text == '$' || next == '(' || next == ':' || next == '=' || next == '.')
        s->found |= guard_literals(text, length);
    if ((unsigned char)*text >= 0xe3)
        for (size_t i = 0; i < word; i++)
            if ((unsigned char)text[i] >= 0xe3)
                s->found |= guard_literals(text + i, length - i);
}

/* A shorter word is not worth a look for base64. */
enum { BASE64_WORD_BYTES = 8 };

static void
screen_bytes(struct screen *s, const char *text, size_t length)
{
    size_t run_end = 0;
    for (size_t at = 0; at < length;) {
        if (text[at] == ' ') {
            at++;
            continue;
        }
        size_t word = read_ascii_word(s, text + at, length - at);
        if (word == 0)
            word = read_word(s, text + at, length - at);
        screen_around(s, text + at, word, length - at);
        if (word >= BASE64_WORD_BYTES && at >= run_end) {
            size_t taken;
            if (guard_is_base64(text + at, length - at, &taken))
                s->found |= GUARD_ENCODING;
            run_end = at + taken;
        }
        if (word == 0) {
            screen_mark(s, text + at, length - at);
            word = 1;
            if ((unsigned char)text[at] >= 0x80)
                utf8_decode(text + at, &word);
        }
        at += word;
    }
}

unsigned
guard_screen(const char *text, size_t length)
{
    struct screen screen = {.negated = NEVER, .awaited_until = NEVER, .opens_sentence = true};
    for (size_t i = 0; i < PHRASE_COUNT; i++)
        for (size_t j = 0; j < PHRASE_STEPS_MAX; j++)
            screen.reached[i][j] = NEVER;
    screen_bytes(&screen, text, length);
    return screen.found | (screen.has_hidden ? GUARD_ENCODING : 0);
}

const char *
guard_category_name(unsigned bit)
{
    static const char *const names[GUARD_CATEGORY_COUNT] = {
        "instruction_override", "prompt_disclosure", "role_change",
        "command_execution",    "privileged_mode",   "safety_bypass",
        "hidden_encoding",      "code_injection",    "markup_injection",
    };
    for (unsigned i = 0; i < GUARD_CATEGORY_COUNT; i++)
        if (bit == 1u << i)
            return names[i];
    return "unknown";
}
