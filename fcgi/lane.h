/* The threads of a worker: one is made when there is none idle, and ended when it was idle for a
 * while. There is no queue: a full lane refuses. */
#ifndef HEARTH_FCGI_LANE_H
#define HEARTH_FCGI_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lane;

/* run(work, context) is called on a thread of the lane for everything handed to it. At most
 * threads_max of them exist at once; one that was idle for idle_ms ends. The caller owns the
 * result. */
struct lane *lane_open(size_t threads_max, int64_t idle_ms, void (*run)(void *work, void *context),
                       void *context);

/* Hands work over; false when all threads are busy, or no more can be made. Never waits. */
bool lane_hand(struct lane *lane, void *work) __attribute__((warn_unused_result));

/* How many threads there are, and how many of them work. */
void lane_count(struct lane *lane, size_t *threads, size_t *busy);

/* Waits until no thread works, or until deadline_us (clock_monotonic_us()). false: some still do.
 */
bool lane_drain(struct lane *lane, int64_t deadline_us) __attribute__((warn_unused_result));

/* Ends the threads and the lane. Nothing may be working or be handed over any more. */
void lane_close(struct lane *lane);

#endif
