/* Sleeping on a 32-bit word of the mapped file until somebody moves it. Private to src/host. */
#ifndef HEARTH_HOST_FUTEX_H
#define HEARTH_HOST_FUTEX_H

#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while *word is seen, at most so long. */
static inline void
futex_sleep(_Atomic uint32_t *word, uint32_t seen, int64_t milliseconds)
{
    struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    syscall(SYS_futex, word, FUTEX_WAIT, seen, &timeout, NULL, 0);
}

/* Wakes up to so many and returns how many slept. */
static inline long
futex_wake(_Atomic uint32_t *word, int count)
{
    return syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

#endif
