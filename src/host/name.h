/* Tables of named cells in the mapped file: open addressing over 64-bit hashes, a cell claimed by
 * one compare-and-swap and never given back. */
#ifndef HEARTH_HOST_NAME_H
#define HEARTH_HOST_NAME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAME_MAX_BYTES = 152, NAME_WORDS = NAME_MAX_BYTES / 8 };

/* The text of a cell, agreed upon word by word: whoever has the cell's hash moves each word from
 * zero to its own, in order, and leaves at the first that is another's. So it does not matter
 * who claimed the cell or when he died: the next one with this name completes the same text, and
 * a different name with the same hash never shares the cell. */
struct name {
    atomic_uint_fast64_t head; /* kind << 32 | length + 1 */
    atomic_uint_fast64_t words[NAME_WORDS];
};

struct name_table {
    atomic_uint_fast64_t *hashes; /* apart from the cells: a search touches few pages */
    void *cells;                  /* each begins with its struct name */
    size_t cell_bytes;
    size_t capacity; /* a power of two */
};

/* The cell of this name and kind; NULL when there is none and, where claim, no room for one. text
 * holds no NUL bytes and at most NAME_MAX_BYTES. */
void *name_find(const struct name_table *table, uint32_t kind, const char *text, size_t length,
                bool claim);

/* The text of a name, NUL-terminated in NAME_MAX_BYTES + 1 bytes; false while it is not whole. */
bool name_read(struct name *name, char *text);

static inline uint32_t
name_kind(struct name *name)
{
    return (uint32_t)(atomic_load_explicit(&name->head, memory_order_acquire) >> 32);
}

/* The cell at a position of the table and its text; NULL when it is free or not named yet. */
void *name_at(const struct name_table *table, size_t position, char *text);

#endif
