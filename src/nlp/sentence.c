#include "nlp/sentence.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* Abbreviations after which a sentence goes on: before a name or any word, or before a number. */
static const char *const abbreviations[] = {
    "adm",  "approx", "bzw", "ca",   "capt", "cf",  "col",  "dept", "dipl", "dr",  "dra",
    "gen",  "gov",    "hon", "hr",   "ing",  "lt",  "mlle", "mme",  "mr",   "mrs", "ms",
    "mt",   "prof",   "rep", "resp", "rev",  "sen", "sgt",  "sig",  "sog",  "sr",  "sra",
    "srta", "st",     "str", "ud",   "uds",  "vgl", "viz",  "vs",   NULL,
};
static const char *const number_abbreviations[] = {
    "art", "aug", "bd", "ch", "dec", "eq",  "feb",  "fig", "jan", "nov", "nr",
    "no",  "oct", "p",  "pp", "sec", "sep", "sept", "vol", "tel", NULL,
};

static bool
is_listed(const char *const *list, const char *word, size_t length)
{
    for (; *list != NULL; list++)
        if (strlen(*list) == length && strncasecmp(*list, word, length) == 0)
            return true;
    return false;
}

/* A break that ICU proposes: the sentence may end before end, the next one starts at next. */
struct proposal {
    const char *text;
    size_t length;
    size_t segment; /* where the present sentence starts */
    size_t end;     /* after its last character that is not blank */
    size_t next;
    const struct language *language;
};

/* Whether a word that usually opens a sentence stands at next: a capitalised stop word. */
static bool
next_is_opener(const struct proposal *p)
{
    char word[16];
    size_t length = 0;
    while (p->next + length < p->length && length < sizeof(word)) {
        unsigned char c = (unsigned char)p->text[p->next + length];
        if (ascii_is_blank((char)c) || strchr(",.;:!?\"", c) != NULL)
            break;
        word[length++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return length < sizeof(word) && is_stop_word(p->language, word, length);
}

/* "U.S", "e.g", "z.B": single letters with dots between. */
static bool
is_dotted(const char *word, size_t length)
{
    if (length < 3 || length % 2 == 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if (i % 2 == 1 ? word[i] != '.' : !u_isalpha((unsigned char)word[i]))
            return false;
    return true;
}

/* Whether the full stop before end belongs to an abbreviation, an initial or an ordinal. */
static bool
stop_is_inside(const struct proposal *p)
{
    size_t end = p->end - 1, start = end;
    while (start > p->segment && !ascii_is_blank(p->text[start - 1]) && end - start < 32)
        start--;
    while (start < end && strchr("([\"'", p->text[start]) != NULL)
        start++;
    const char *word = p->text + start;
    size_t length = end - start;
    char next = p->text[p->next];
    bool number_follows = next >= '0' && next <= '9';
    if (is_listed(abbreviations, word, length))
        return true;
    if (is_listed(number_abbreviations, word, length))
        return number_follows;
    if (length == 1 && u_isupper((unsigned char)word[0]))
        return !next_is_opener(p) && word[0] != 'I';
    if (is_dotted(word, length))
        return word[0] >= 'a' || number_follows || !next_is_opener(p);
    bool is_number = length > 0 && strspn(word, "0123456789") >= length;
    if (is_number && start == p->segment)
        return length <= 2;
    return is_number && length <= 2 && strcmp(p->language->code, "de") == 0 && !next_is_opener(p);
}

static bool
is_false_break(const struct proposal *p)
{
    if (p->end == p->segment || p->next >= p->length)
        return false;
    if (memchr(p->text + p->end, '\n', p->next - p->end) != NULL)
        return false;
    unsigned char last = (unsigned char)p->text[p->end - 1];
    if (p->next == p->end && last < 0x80)
        return true;
    size_t bytes;
    uint32_t c = utf8_decode(p->text + p->next, &bytes);
    if (u_islower((UChar32)c) || c == ',' || c == ';')
        return true;
    return last == '.' && stop_is_inside(p);
}

struct splitter {
    const char *text;
    size_t length;
    struct arena *arena;
    struct span *spans;
    size_t count, capacity;
    bool block_open; /* the last span's block has not ended */
};

static void
splitter_add(struct splitter *s, size_t start, size_t end)
{
    bool starts_block = !s->block_open;
    size_t marker = starts_block ? list_marker_length(s->text + start, end - start) : 0;
    bool is_item = marker > 0 && s->text[start] != '#';
    start += marker;
    if (start >= end)
        return;
    if (s->count == s->capacity) {
        size_t old = s->capacity * sizeof(struct span);
        s->capacity = s->capacity == 0 ? 64 : 2 * s->capacity;
        s->spans = arena_grow(s->arena, s->spans, old, s->capacity * sizeof(struct span));
    }
    s->spans[s->count++] =
        (struct span){(uint32_t)start, (uint32_t)end, starts_block, is_item, false};
    s->block_open = true;
}

static void
splitter_end_block(struct splitter *s)
{
    if (s->block_open && s->count > 0)
        s->spans[s->count - 1].ends_block = true;
    s->block_open = false;
}

static void
split_at_breaks(struct splitter *s, UBreakIterator *breaks, const struct language *language)
{
    struct proposal p = {s->text, s->length, 0, 0, 0, language};
    while (p.segment < s->length && ascii_is_blank(s->text[p.segment]))
        p.segment++;
    for (int32_t at = ubrk_next(breaks); at != UBRK_DONE; at = ubrk_next(breaks)) {
        p.next = p.end = (size_t)at;
        while (p.end > p.segment && ascii_is_blank(s->text[p.end - 1]))
            p.end--;
        while (p.next < s->length && ascii_is_blank(s->text[p.next]))
            p.next++;
        if (is_false_break(&p))
            continue;
        if (p.end > p.segment)
            splitter_add(s, p.segment, p.end);
        if (p.next >= s->length || memchr(s->text + p.end, '\n', p.next - p.end) != NULL)
            splitter_end_block(s);
        if (p.next > p.segment)
            p.segment = p.next;
    }
}

size_t
sentence_split(const char *text, size_t length, const struct language *language,
               struct arena *arena, struct span **spans)
{
    UErrorCode status = U_ZERO_ERROR;
    UText source = UTEXT_INITIALIZER;
    utext_openUTF8(&source, text, (int64_t)length, &status);
    UBreakIterator *breaks = ubrk_open(UBRK_SENTENCE, "", NULL, 0, &status);
    ubrk_setUText(breaks, &source, &status);
    if (U_FAILURE(status))
        abort(); /* the rules are linked in: only memory can be short */
    struct splitter splitter = {.text = text, .length = length, .arena = arena};
    split_at_breaks(&splitter, breaks, language);
    splitter_end_block(&splitter);
    ubrk_close(breaks);
    utext_close(&source);
    *spans = splitter.spans;
    return splitter.count;
}
