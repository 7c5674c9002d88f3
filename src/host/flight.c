/* A word for each slot says whose it is, and a bit of it whether the record is whole: a free slot's
 * is moved from zero to its owner by one compare-and-swap, gets the mark when the record is
 * written, and goes back to zero by another. Nobody writes to a slot that is not his, so what a
 * dead process left stays as it is until its word is moved. A word is
 *
 *   bits 23-63  when the process started
 *   bit  22     the record is whole
 *   bits 0-21   the process
 *
 * The words lie apart from the records: a search touches few cache lines.
 *
 * What is spent stands there twice. The owner writes the copy that is not current and then makes it
 * so: one that dies between leaves the figures before, whole. */
#include "host/flight.h"

#include <string.h>

#include "host/hash.h"
#include "host/process.h"
#include "host/shared.h"

enum { WHOLE_SHIFT = 22, VERDICTS = 16 };
#define WHOLE (UINT64_C(1) << WHOLE_SHIFT)
#define NUMBER_MASK (WHOLE - 1)

_Static_assert(offsetof(struct flight_record, spent) == FLIGHT_HEAD_WORDS * sizeof(uint64_t) &&
                   sizeof(struct flight_spent) == FLIGHT_SPENT_WORDS * sizeof(uint64_t) &&
                   sizeof(struct flight_record) ==
                       (FLIGHT_HEAD_WORDS + FLIGHT_SPENT_WORDS) * sizeof(uint64_t),
               "a record fills its words");

static uint64_t
owner_of(uint64_t process)
{
    return (process & ~NUMBER_MASK) << 1 | (process & NUMBER_MASK);
}

static uint64_t
process_of(uint64_t owner)
{
    return (owner >> 1 & ~NUMBER_MASK) | (owner & NUMBER_MASK);
}

/* Who reads any of these words knows that the slot was claimed. */
static void
store_words(atomic_uint_fast64_t *to, const void *from, size_t count)
{
    const unsigned char *bytes = from;
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, bytes + i * sizeof word, sizeof word);
        atomic_store_explicit(&to[i], word, memory_order_release);
    }
}

static void
load_words(void *to, const atomic_uint_fast64_t *from, size_t count)
{
    unsigned char *bytes = to;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = atomic_load_explicit(&from[i], memory_order_acquire);
        memcpy(bytes + i * sizeof word, &word, sizeof word);
    }
}

static void
write_record(struct flight_slot *slot, const struct flight_record *record)
{
    store_words(slot->head, record, FLIGHT_HEAD_WORDS);
    store_words(slot->spent[0], &record->spent, FLIGHT_SPENT_WORDS);
    atomic_store_explicit(&slot->current, 0, memory_order_release);
}

/* Of a dead owner's slot. false: somebody else has moved the slot's word, and what was read may be
 * of two calls. */
static bool
read_record(struct host *host, uint32_t at, uint64_t seen, struct flight_record *record)
{
    const struct flight_slot *slot = &host->shared->flights[at];
    load_words(record, slot->head, FLIGHT_HEAD_WORDS);
    uint64_t current = atomic_load_explicit(&slot->current, memory_order_acquire);
    load_words(&record->spent, slot->spent[current % FLIGHT_COPIES], FLIGHT_SPENT_WORDS);
    return atomic_load(&host->shared->flight_owners[at]) == seen;
}

/* The search begins where this process found or left a slot last, so it is short and in its cache;
 * the first one where hardly anybody else's does. */
static uint32_t
first_to_try(const struct host *host, uint64_t owner)
{
    uint32_t hint = atomic_load_explicit(&host->flight_hint, memory_order_relaxed);
    return hint > 0 ? hint - 1 : (uint32_t)hash_bytes(&owner, sizeof owner) % FLIGHT_SLOTS;
}

static void
hint_at(struct host *host, uint32_t slot)
{
    atomic_store_explicit(&host->flight_hint, slot % FLIGHT_SLOTS + 1, memory_order_relaxed);
}

static bool
claim(struct host *host, uint64_t owner, uint32_t *slot)
{
    uint32_t first = first_to_try(host, owner);
    for (uint32_t i = 0; i < FLIGHT_SLOTS; i++) {
        *slot = (first + i) % FLIGHT_SLOTS;
        atomic_uint_fast64_t *word = &host->shared->flight_owners[*slot];
        uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
        if (seen == 0 && atomic_compare_exchange_strong(word, &seen, owner)) {
            hint_at(host, *slot + 1);
            return true;
        }
    }
    return false;
}

bool
flight_begin(struct host *host, uint64_t process, const struct flight_record *record,
             struct flight *flight)
{
    uint64_t owner = owner_of(process);
    *flight = (struct flight){.host = host};
    if (!claim(host, owner, &flight->slot))
        return false;
    write_record(&host->shared->flights[flight->slot], record);
    flight->owner = owner | WHOLE;
    atomic_store(&host->shared->flight_owners[flight->slot], flight->owner);
    return true;
}

void
flight_spend(struct flight *flight, const struct flight_spent *spent)
{
    if (flight->owner == 0)
        return;
    struct flight_slot *slot = &flight->host->shared->flights[flight->slot];
    uint64_t other = !atomic_load_explicit(&slot->current, memory_order_relaxed);
    store_words(slot->spent[other], spent, FLIGHT_SPENT_WORDS);
    atomic_store_explicit(&slot->current, other, memory_order_release);
}

void
flight_end(struct flight *flight)
{
    if (flight->owner == 0)
        return;
    atomic_compare_exchange_strong(&flight->host->shared->flight_owners[flight->slot],
                                   &flight->owner, 0);
    hint_at(flight->host, flight->slot);
    flight->owner = 0;
}

/* What was found of the owners that were seen last: few have many slots. */
struct coroner {
    uint64_t owners[VERDICTS];
    bool dead[VERDICTS];
    size_t count;
};

static bool
is_dead(struct coroner *coroner, uint64_t owner)
{
    size_t known = coroner->count < VERDICTS ? coroner->count : VERDICTS;
    for (size_t i = 0; i < known; i++)
        if (coroner->owners[i] == owner)
            return coroner->dead[i];
    size_t place = coroner->count++ % VERDICTS;
    coroner->owners[place] = owner;
    coroner->dead[place] = process_is_dead(process_of(owner));
    return coroner->dead[place];
}

size_t
flight_salvage(struct host *host, bool (*take)(void *context, const struct flight_record *record),
               void *context)
{
    struct coroner coroner = {0};
    struct flight_record record;
    size_t taken = 0;
    for (uint32_t i = 0; i < FLIGHT_SLOTS; i++) {
        atomic_uint_fast64_t *word = &host->shared->flight_owners[i];
        uint64_t seen = atomic_load(word);
        if (seen == 0 || !is_dead(&coroner, seen & ~WHOLE))
            continue;
        bool is_whole = seen & WHOLE; /* else he died before he asked anybody */
        if (is_whole && !read_record(host, i, seen, &record))
            continue;
        if (is_whole && !take(context, &record))
            break;
        taken += atomic_compare_exchange_strong(word, &seen, 0) && is_whole;
    }
    return taken;
}
