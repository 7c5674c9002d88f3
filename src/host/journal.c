/* A row is claimed by adding one to the count of rows, which gives its cell, and seen once the cell
 * has its number. Copies are proved by a hash over words and number: whoever was overtaken by a
 * whole round of the ring, as reader or as writer, leaves a row that nobody takes. */
#include "host/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "host/hash.h"
#include "host/journal_ring.h"
#include "host/shared.h"

enum { BACKING_BYTES = 64 * 1024 };

/* What a cell's words hold. */
struct content {
    int64_t time_us, value;
    uint16_t kind, level;
    int32_t threshold;
    char subject[48], session[40], text[128];
};
_Static_assert(sizeof(struct content) == JOURNAL_WORDS * 8, "a row fills its words");
_Static_assert(sizeof(struct journal_cell) == 256, "rows are counted on to be this small");

const char *
journal_kind_name(enum journal_kind kind)
{
    static const char *const names[] = {
#define X(kind, name) [JOURNAL_##kind] = (name),
        JOURNAL_KINDS(X)
#undef X
    };
    return names[kind];
}

const char *
journal_level_name(enum journal_level level)
{
    static const char *const names[] = {"info", "warning", "error", "critical"};
    return names[level];
}

void
journal_text(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);
    while (length > 0 && ((unsigned char)from[length] & 0xC0) == 0x80)
        length--;
    memcpy(to, from, length);
    memset(to + length, 0, size - length);
}

static struct journal_cell *
cell_of(struct host *host, uint64_t number)
{
    return &host->journal[(number - 1) % JOURNAL_ROWS];
}

static uint64_t
end_of(uint64_t number)
{
    return ((number - 1) % JOURNAL_ROWS + 1) * sizeof(struct journal_cell);
}

/* Gets space for the journal's first bytes from the file system, so that a full one is a lost row
 * and not a SIGBUS. */
static bool
back(struct host *host, uint64_t end)
{
    uint64_t backed = atomic_load_explicit(&host->shared->journal_backed, memory_order_acquire);
    if (end <= backed)
        return true;
    uint64_t wanted = (end + BACKING_BYTES - 1) / BACKING_BYTES * BACKING_BYTES;
    if (fallocate(host->fd, 0, (off_t)host->journal_offset, (off_t)wanted) < 0 &&
        errno != EOPNOTSUPP)
        return false;
    while (backed < wanted &&
           !atomic_compare_exchange_weak(&host->shared->journal_backed, &backed, wanted))
        continue;
    return true;
}

static uint64_t
check_of(const uint64_t *words, uint64_t number)
{
    return hash_seeded(words, JOURNAL_WORDS * sizeof *words, number);
}

void
journal_add(struct host *host, const struct journal_row *row)
{
    struct content content = {.time_us = row->time_us ? row->time_us : clock_realtime_us(),
                              .value = row->value,
                              .kind = (uint16_t)row->kind,
                              .level = (uint16_t)row->level,
                              .threshold = row->threshold};
    uint64_t words[JOURNAL_WORDS];
    journal_text(content.subject, sizeof content.subject, row->subject);
    journal_text(content.session, sizeof content.session, row->session);
    journal_text(content.text, sizeof content.text, row->text);
    memcpy(words, &content, sizeof words);
    uint64_t number = atomic_fetch_add(&host->shared->journal_rows, 1) + 1;
    if (!back(host, end_of(number)))
        return;
    struct journal_cell *cell = cell_of(host, number);
    atomic_store(&cell->number, 0);
    for (size_t i = 0; i < JOURNAL_WORDS; i++)
        atomic_store_explicit(&cell->words[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&cell->check, check_of(words, number), memory_order_relaxed);
    atomic_store_explicit(&cell->number, number, memory_order_release);
}

bool
journal_row_at(struct host *host, uint64_t number, struct journal_row *row)
{
    uint64_t words[JOURNAL_WORDS];
    struct content content;
    if (end_of(number) > atomic_load_explicit(&host->shared->journal_backed, memory_order_acquire))
        return false;
    struct journal_cell *cell = cell_of(host, number);
    if (atomic_load_explicit(&cell->number, memory_order_acquire) != number)
        return false;
    for (size_t i = 0; i < JOURNAL_WORDS; i++)
        words[i] = atomic_load_explicit(&cell->words[i], memory_order_relaxed);
    if (atomic_load_explicit(&cell->check, memory_order_relaxed) != check_of(words, number))
        return false;
    memcpy(&content, words, sizeof content);
    *row = (struct journal_row){.number = number,
                                .time_us = content.time_us,
                                .kind = (enum journal_kind)content.kind,
                                .level = (enum journal_level)content.level,
                                .value = content.value,
                                .threshold = content.threshold};
    memcpy(row->subject, content.subject, sizeof row->subject);
    memcpy(row->session, content.session, sizeof row->session);
    memcpy(row->text, content.text, sizeof row->text);
    return true;
}

void
journal_read(struct host *host, bool (*take)(void *context, const struct journal_row *row),
             void *context)
{
    uint64_t newest = atomic_load(&host->shared->journal_rows);
    uint64_t oldest = newest > JOURNAL_ROWS ? newest - JOURNAL_ROWS + 1 : 1;
    int64_t from_us = atomic_load(&host->shared->journal_from_us);
    struct journal_row row;
    for (uint64_t number = newest; number >= oldest; number--)
        if (journal_row_at(host, number, &row) && row.time_us >= from_us && !take(context, &row))
            return;
}

struct cleaning {
    int64_t before_us;
    size_t removed, remaining;
};

static bool
count_row(void *context, const struct journal_row *row)
{
    struct cleaning *cleaning = context;
    if (row->time_us < cleaning->before_us)
        cleaning->removed++;
    else
        cleaning->remaining++;
    return true;
}

size_t
journal_clean(struct host *host, int64_t before_us, size_t *remaining)
{
    struct cleaning cleaning = {.before_us = before_us};
    journal_read(host, count_row, &cleaning);
    int64_t seen = atomic_load(&host->shared->journal_from_us);
    while (seen < before_us &&
           !atomic_compare_exchange_weak(&host->shared->journal_from_us, &seen, before_us))
        continue;
    *remaining = cleaning.remaining;
    return cleaning.removed;
}
