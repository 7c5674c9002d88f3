/* The front: threads that wait for the next request of a worker, all of the same kind. A thread
 * whose request must wait for others keeps it and leaves the front to the rest, so that no request
 * changes its thread; it comes back when it has answered. A successor is called, from the lane,
 * only where too few would stay. */
#ifndef HEARTH_FCGI_FRONT_H
#define HEARTH_FCGI_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct front;

/* run(context) is what a thread does from joining the front until it has resigned. threads of them
 * are kept in the front, and at most waiting_max beside it. The caller owns the result. */
struct front *front_open(size_t threads, size_t waiting_max, void (*run)(void *context),
                         void *context);

/* Fills the front; false when a thread cannot be made. */
bool front_start(struct front *front) __attribute__((warn_unused_result));

/* The calling thread, one of the front, is about to wait: false when as many as may wait do, or no
 * successor can be had. Then it stays. */
bool front_leave(struct front *front) __attribute__((warn_unused_result));

/* It waits no more. true: it is in the front again; false: the front is full, or stops, and run()
 * is to return. */
bool front_return(struct front *front) __attribute__((warn_unused_result));

/* The calling thread leaves the front for good: run() is to return. */
void front_resign(struct front *front);

/* Nobody enters the front any more. Waits until all have resigned: who calls this makes them. */
void front_stop(struct front *front);

/* Whether one more may wait. */
bool front_has_room(struct front *front);

/* After front_stop(): waits for those that wait until deadline_us (clock_monotonic_us()). false:
 * some still do. */
bool front_drain(struct front *front, int64_t deadline_us) __attribute__((warn_unused_result));

/* Ends the threads. None may be in the front, or wait, any more. */
void front_close(struct front *front);

#endif
