/* What a new password may not be. Common is what a guesser tries first, and that is less a list
 * than a manner: a known word in any case and with letters written as figures, alone or twice or
 * with another, with a year or a few signs around it; a walk over the keyboard; a short piece again
 * and again. */
#include "access/password.h"

#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

enum { BYTES_MAX = 4 * PASSWORD_MAX_CHARACTERS, REST_MAX = 6, WORD_MIN = 3 };
enum { WALK_MIN = 3, STRAY_MAX = 2, PERIOD_MAX = 4, DIFFERENT_MIN = 4 };
enum { PIECE_MIN = 3, CONTAINED_MIN = 4, SIMILAR_PERCENT = 70, PIECE_MAX = 128 };

static const char *const words[] = {
#include "access/common_passwords.inc"
};

static const char *const walks[] = {
    "1234567890",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertzuiop",
    "yxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmik,ol.p;/",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1b2c3d4e5f6g7h8i9",
    "!@#$%^&*()",
};

static char
lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* The letter that a figure or sign stands for: "p4$$w0rd". */
static char
as_letter(char byte)
{
    static const char figures[] = "0134578@$!", letters[] = "oieastbasi";
    const char *found = byte ? strchr(figures, byte) : NULL;
    return found ? letters[found - figures] : byte;
}

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t
word_at(const char *text, const char *plain)
{
    size_t longest = 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t length = strlen(words[i]);
        if (length > longest &&
            (strncmp(text, words[i], length) == 0 || strncmp(plain, words[i], length) == 0))
            longest = length;
    }
    return longest >= WORD_MIN ? longest : 0;
}

/* Cut from the left into known words; what is between, before and behind them may be REST_MAX signs
 * without counting as chosen. Letters of no known word make it another password. */
static bool
is_of_words(const char *text)
{
    char plain[BYTES_MAX + 1];
    size_t length = strlen(text), rest = 0, found = 0;
    for (size_t i = 0; i <= length; i++)
        plain[i] = as_letter(text[i]);
    for (size_t i = 0; i < length;) {
        size_t taken = word_at(text + i, plain + i);
        found += taken > 0;
        rest += taken == 0;
        if (taken == 0 && (ascii_is_letter(text[i]) || (unsigned char)text[i] >= 0x80))
            return false;
        i += taken ? taken : 1;
    }
    return found > 0 && found <= 2 && rest <= REST_MAX;
}

/* How far the text goes along the walk from this key on, in steps of 1 or -1. */
static size_t
walked(const char *text, const char *walk, size_t from, int step)
{
    size_t length = strlen(walk), taken = 0;
    for (size_t at = from; at < length && text[taken] == walk[at]; at += (size_t)step)
        taken++;
    return taken;
}

static size_t
walk_at(const char *text)
{
    size_t longest = 0;
    for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++)
        for (size_t from = 0; walks[i][from]; from++) {
            size_t forwards = walked(text, walks[i], from, 1);
            size_t backwards = walked(text, walks[i], from, -1);
            size_t here = forwards > backwards ? forwards : backwards;
            longest = here > longest ? here : longest;
        }
    return longest >= WALK_MIN ? longest : 0;
}

static bool
is_a_walk(const char *text)
{
    size_t stray = 0;
    while (*text) {
        size_t taken = walk_at(text);
        stray += taken == 0;
        text += taken ? taken : 1;
    }
    return stray <= STRAY_MAX;
}

static bool
is_repeated(const char *text)
{
    size_t length = strlen(text), different = 0;
    for (size_t i = 0; i < length; i++)
        different += memchr(text, text[i], i) == NULL;
    if (different < DIFFERENT_MIN)
        return true;
    for (size_t period = 1; period <= PERIOD_MAX && 2 * period <= length; period++)
        if (memcmp(text, text + period, length - period) == 0)
            return true;
    return length % 2 == 0 && memcmp(text, text + length / 2, length / 2) == 0;
}

static size_t
smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t
distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[PIECE_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

/* Nearly the same, or a part of it, or in it and at least half of it. */
static bool
is_like(const char *password, const char *piece, size_t length)
{
    size_t password_length = strlen(password);
    if (length < PIECE_MIN || length > PIECE_MAX || password_length > PIECE_MAX)
        return false;
    if (length >= CONTAINED_MIN && 2 * length >= password_length &&
        memmem(password, password_length, piece, length))
        return true;
    if (memmem(piece, length, password, password_length))
        return true;
    size_t longer = length > password_length ? length : password_length;
    size_t same = longer - distance(password, password_length, piece, length);
    return 100 * same >= (size_t)SIMILAR_PERCENT * longer;
}

static bool
joins_words(char byte)
{
    return ascii_is_letter(byte) || is_digit(byte) || (unsigned char)byte >= 0x80;
}

/* The attribute as a whole, and each word of it: "ann.lee@example.com" has four. */
static bool
is_like_attribute(const char *password, const char *attribute)
{
    char text[BYTES_MAX + 1];
    size_t length = strnlen(attribute, BYTES_MAX);
    for (size_t i = 0; i < length; i++)
        text[i] = lower(attribute[i]);
    text[length] = '\0';
    if (is_like(password, text, length))
        return true;
    for (size_t i = 0; i < length;) {
        size_t end = i;
        while (end < length && joins_words(text[end]))
            end++;
        if (is_like(password, text + i, end - i))
            return true;
        i = end + 1;
    }
    return false;
}

const char *
password_complaint(const char *password, const char *const *attributes)
{
    char text[BYTES_MAX + 1] = {0};
    size_t length = strlen(password), characters, digits = 0;
    if (length > BYTES_MAX || !utf8_count(password, length, &characters) ||
        characters > PASSWORD_MAX_CHARACTERS)
        return "it must have at most 128 characters";
    if (characters < PASSWORD_MIN_CHARACTERS)
        return "it must have at least 9 characters";
    for (size_t i = 0; i <= length; i++) {
        text[i] = lower(password[i]);
        digits += is_digit(password[i]);
    }
    if (digits == length)
        return "it must not be all digits";
    for (size_t i = 0; attributes && attributes[i]; i++)
        if (is_like_attribute(text, attributes[i]))
            return "it is too similar to what is known of you";
    if (is_of_words(text) || is_a_walk(text) || is_repeated(text))
        return "it is too common";
    return NULL;
}
