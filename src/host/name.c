/* Named cells: claimed by hash, named by agreement. */
#include "host/name.h"

#include <assert.h>
#include <string.h>

#include "host/hash.h"

static bool
agree(atomic_uint_fast64_t *word, uint64_t wanted)
{
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
    if (seen == 0 && atomic_compare_exchange_strong(word, &seen, wanted))
        return true;
    return seen == wanted;
}

/* The text has no NUL bytes, so no word of it is zero, which means "not written yet". */
static bool
agree_on_name(struct name *name, uint64_t head, const char *text, size_t length)
{
    if (!agree(&name->head, head))
        return false;
    for (size_t offset = 0; offset < length; offset += 8) {
        uint64_t word = 0;
        memcpy(&word, text + offset, length - offset < 8 ? length - offset : 8);
        if (!agree(&name->words[offset / 8], word))
            return false;
    }
    return true;
}

static void *
cell_at(const struct name_table *table, size_t position)
{
    return (unsigned char *)table->cells + position * table->cell_bytes;
}

void *
name_find(const struct name_table *table, uint32_t kind, const char *text, size_t length,
          bool claim)
{
    assert(length <= NAME_MAX_BYTES);
    uint64_t hash = hash_seeded(text, length, kind);
    uint64_t head = (uint64_t)kind << 32 | (length + 1);
    if (hash == 0)
        hash = 1;
    for (size_t i = 0; i < table->capacity; i++) {
        size_t position = (hash + i) & (table->capacity - 1);
        uint64_t seen = atomic_load_explicit(&table->hashes[position], memory_order_acquire);
        if (seen == 0) {
            if (!claim)
                return NULL;
            if (atomic_compare_exchange_strong(&table->hashes[position], &seen, hash))
                seen = hash;
        }
        if (seen == hash && agree_on_name(cell_at(table, position), head, text, length))
            return cell_at(table, position);
    }
    return NULL;
}

bool
name_read(struct name *name, char *text)
{
    uint64_t head = atomic_load_explicit(&name->head, memory_order_acquire);
    if (head == 0)
        return false;
    size_t length = (uint32_t)head - 1;
    for (size_t offset = 0; offset < length; offset += 8) {
        uint64_t word = atomic_load_explicit(&name->words[offset / 8], memory_order_acquire);
        if (word == 0)
            return false;
        memcpy(text + offset, &word, length - offset < 8 ? length - offset : 8);
    }
    text[length] = '\0';
    return true;
}

void *
name_at(const struct name_table *table, size_t position, char *text)
{
    if (atomic_load_explicit(&table->hashes[position], memory_order_acquire) == 0)
        return NULL;
    struct name *name = cell_at(table, position);
    return name_read(name, text) ? name : NULL;
}
