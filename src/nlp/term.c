#include "nlp/term.h"

#include <libstemmer.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"

enum { TERM_BYTES_MAX = 64 };

struct term {
    const char *text;
    uint32_t length;
    int32_t number;
};

struct term_table {
    struct arena *arena;
    const struct language *language;
    struct sb_stemmer *stemmer; /* may be NULL */
    struct term *slots;         /* open addressing; a free slot has no text */
    size_t slot_count;          /* a power of two */
    size_t count;
};

struct term_table *
term_table_open(const struct language *language, struct arena *arena)
{
    struct term_table *table = arena_alloc(arena, sizeof(*table));
    table->arena = arena;
    table->language = language;
    table->slot_count = 256;
    table->slots = arena_array(arena, table->slot_count, sizeof(struct term));
    const char *stemmer = language->code[0] == '\0' ? "english" : language->stemmer;
    if (stemmer != NULL)
        table->stemmer = sb_stemmer_new(stemmer, NULL);
    return table;
}

void
term_table_close(struct term_table *table)
{
    if (table->stemmer != NULL)
        sb_stemmer_delete(table->stemmer);
    table->stemmer = NULL;
}

size_t
term_table_count(const struct term_table *table)
{
    return table->count;
}

static size_t
utf8_encode(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t bytes = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = bytes; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[bytes] | c);
    return bytes;
}

/* Lower case, typographic apostrophes made plain; what is over the limit is left out. */
static size_t
fold(char *out, const char *word, size_t length)
{
    size_t used = 0;
    for (size_t i = 0, bytes; i < length && used + 4 <= TERM_BYTES_MAX; i += bytes) {
        uint32_t c = utf8_decode(word + i, &bytes);
        used += utf8_encode(out + used, c == 0x2019 ? '\'' : (uint32_t)u_tolower((UChar32)c));
    }
    return used;
}

static uint64_t
hash_of(const char *text, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static struct term *
slot_of(const struct term_table *table, const char *text, size_t length)
{
    size_t mask = table->slot_count - 1;
    for (size_t i = hash_of(text, length) & mask;; i = (i + 1) & mask) {
        struct term *slot = &table->slots[i];
        if (slot->text == NULL || (slot->length == length && memcmp(slot->text, text, length) == 0))
            return slot;
    }
}

static void
table_grow(struct term_table *table)
{
    struct term *old = table->slots;
    size_t old_count = table->slot_count;
    table->slot_count *= 2;
    table->slots = arena_array(table->arena, table->slot_count, sizeof(struct term));
    for (size_t i = 0; i < old_count; i++)
        if (old[i].text != NULL)
            *slot_of(table, old[i].text, old[i].length) = old[i];
}

/* Hiragana alone, one or two of it: particles and endings. */
static bool
is_particle(const char *word, size_t length)
{
    if (length == 0 || length > 6 || length % 3 != 0)
        return false;
    for (size_t i = 0, bytes; i < length; i += bytes) {
        uint32_t c = utf8_decode(word + i, &bytes);
        if (c < 0x3040 || c >= 0x30a0)
            return false;
    }
    return true;
}

int32_t
term_of(struct term_table *table, const char *word, size_t length, bool may_add)
{
    char folded[TERM_BYTES_MAX];
    size_t used = fold(folded, word, length);
    if (used == 0 || is_stop_word(table->language, folded, used) || is_particle(folded, used))
        return TERM_STOP;
    const char *text = folded;
    if (used > 2 && memcmp(folded + used - 2, "'s", 2) == 0)
        used -= 2;
    if (table->stemmer != NULL) {
        const sb_symbol *stem =
            sb_stemmer_stem(table->stemmer, (const sb_symbol *)folded, (int)used);
        if (stem != NULL) {
            text = (const char *)stem;
            used = (size_t)sb_stemmer_length(table->stemmer);
        }
    }
    struct term *slot = slot_of(table, text, used);
    if (slot->text != NULL)
        return slot->number;
    if (!may_add)
        return TERM_UNKNOWN;
    *slot = (struct term){arena_strndup(table->arena, text, used), (uint32_t)used,
                          (int32_t)table->count++};
    int32_t number = slot->number;
    if (table->count * 2 > table->slot_count)
        table_grow(table);
    return number;
}
