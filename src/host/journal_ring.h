/* The journal's cells, for those in src/host who map or follow it. */
#ifndef HEARTH_HOST_JOURNAL_RING_H
#define HEARTH_HOST_JOURNAL_RING_H

#include <stdatomic.h>

#include "host/journal.h"

enum { JOURNAL_WORDS = 30 };

struct journal_cell {
    atomic_uint_fast64_t number; /* 0 while it is written */
    atomic_uint_fast64_t check;  /* of the words and the number */
    atomic_uint_fast64_t words[JOURNAL_WORDS];
};

static inline size_t
journal_bytes(void)
{
    return JOURNAL_ROWS * sizeof(struct journal_cell);
}

/* The row with this number; false where it is not whole, or another one has its cell. */
bool journal_row_at(struct host *host, uint64_t number, struct journal_row *row);

#endif
