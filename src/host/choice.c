/* A choice is written into a slot nobody else has and then made current by its number, so readers
 * see the former one or this one. A slot is used again after CHOICE_SLOTS choices; the hash over
 * name and number tells a reader that was overtaken to look again. */
#include "host/choice.h"

#include <string.h>

#include "host/hash.h"
#include "host/journal.h"
#include "host/shared.h"

_Static_assert(CHOICE_NAME_BYTES == CHOICE_WORDS * 8, "a name fills its words");

uint64_t
choice_generation(struct host *host)
{
    return atomic_load_explicit(&host->shared->choice_generation, memory_order_acquire);
}

static bool
copy(struct host *host, uint64_t generation, char *name)
{
    struct choice_slot *slot = &host->shared->choices[generation % CHOICE_SLOTS];
    uint64_t words[CHOICE_WORDS];
    for (size_t i = 0; i < CHOICE_WORDS; i++)
        words[i] = atomic_load_explicit(&slot->words[i], memory_order_relaxed);
    memcpy(name, words, sizeof words);
    return atomic_load_explicit(&slot->check, memory_order_relaxed) ==
           hash_seeded(words, sizeof words, generation);
}

/* A current slot that stays broken was written over by one who died; the next choice mends it. */
bool
choice_read(struct host *host, char *name, uint64_t *generation)
{
    for (;;) {
        *generation = choice_generation(host);
        if (*generation != 0 && copy(host, *generation, name))
            return *name != '\0';
        *name = '\0';
        if (*generation == choice_generation(host))
            return false;
    }
}

void
choice_make(struct host *host, const char *name)
{
    uint64_t words[CHOICE_WORDS];
    char text[CHOICE_NAME_BYTES];
    journal_text(text, sizeof text, name);
    memcpy(words, text, sizeof words);
    uint64_t generation = atomic_fetch_add(&host->shared->choice_claims, 1) + 1;
    struct choice_slot *slot = &host->shared->choices[generation % CHOICE_SLOTS];
    for (size_t i = 0; i < CHOICE_WORDS; i++)
        atomic_store_explicit(&slot->words[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&slot->check, hash_seeded(words, sizeof words, generation),
                          memory_order_relaxed);
    uint64_t seen = choice_generation(host);
    while (seen < generation &&
           !atomic_compare_exchange_weak(&host->shared->choice_generation, &seen, generation))
        continue;
}
