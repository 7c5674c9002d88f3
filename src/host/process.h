/* Processes of this host by a name that no later process has: a number is given out again, together
 * with the moment of its start it is not. */
#ifndef HEARTH_HOST_PROCESS_H
#define HEARTH_HOST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* The process that asks, never 0; below 2^63. Reads a file: to be asked once, after the last fork.
 */
uint64_t process_self(void);

/* Whether none of its threads will run again. Where the kernel does not tell when a process
 * started, a process that has its number is taken for it. */
bool process_is_dead(uint64_t process);

#endif
