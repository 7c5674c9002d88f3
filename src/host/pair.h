/* Two 64-bit words moved by one compare-and-swap: whose cell it is and what is in it change
 * together, so a cell passes from one key to another without a lock. */
#ifndef HEARTH_HOST_PAIR_H
#define HEARTH_HOST_PAIR_H

#include <stdbool.h>
#include <stdint.h>

struct pair {
    _Alignas(16) uint64_t low;
    uint64_t high;
};

/* Sets *cell to wanted where it equals *seen; else fills *seen with what is there. Instructions are
 * written out for x86-64 because compilers want a flag of their own for them. */
static inline bool
pair_swap(struct pair *cell, struct pair *seen, struct pair wanted)
{
#ifdef __x86_64__
    bool done;
    __asm__ __volatile__("lock cmpxchg16b %1"
                         : "=@ccz"(done), "+m"(*cell), "+a"(seen->low), "+d"(seen->high)
                         : "b"(wanted.low), "c"(wanted.high)
                         : "memory");
    return done;
#else
    unsigned __int128 old = (unsigned __int128)seen->high << 64 | seen->low;
    unsigned __int128 new = (unsigned __int128)wanted.high << 64 | wanted.low;
    unsigned __int128 was =
        __sync_val_compare_and_swap((unsigned __int128 *)(void *)cell, old, new);
    *seen = (struct pair){.low = (uint64_t)was, .high = (uint64_t)(was >> 64)};
    return was == old;
#endif
}

/* Both words as they were at one moment. */
static inline struct pair
pair_load(struct pair *cell)
{
    struct pair seen = {0};
    (void)pair_swap(cell, &seen, (struct pair){0});
    return seen;
}

#endif
