/* Who is in the front, counted under one lock; the threads are the lane's. */
#include "fcgi/front.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "fcgi/lane.h"

enum {
    LANE_IDLE_MS = 10000,
    /* One may come back to a full front: with few requests at a time nobody is ever called. */
    SPARE = 1,
};

struct front {
    pthread_mutex_t lock;
    pthread_cond_t empty;
    struct lane *lane;
    size_t wanted, waiting_max;
    size_t threads, waiting;
    bool stopping;
    void (*run)(void *context);
};

static void
run_front(void *work, void *context)
{
    const struct front *front = work;
    front->run(context);
}

struct front *
front_open(size_t threads, size_t waiting_max, void (*run)(void *context), void *context)
{
    struct front *front = xcalloc(1, sizeof(*front));
    front->wanted = threads;
    front->waiting_max = waiting_max;
    front->run = run;
    pthread_mutex_init(&front->lock, NULL);
    pthread_cond_init(&front->empty, NULL);
    front->lane = lane_open(threads + SPARE + waiting_max, LANE_IDLE_MS, run_front, context);
    return front;
}

bool
front_start(struct front *front)
{
    for (size_t i = 0; i < front->wanted; i++) {
        pthread_mutex_lock(&front->lock);
        bool called = lane_hand(front->lane, front);
        front->threads += called ? 1 : 0;
        pthread_mutex_unlock(&front->lock);
        if (!called)
            return false;
    }
    return true;
}

bool
front_leave(struct front *front)
{
    pthread_mutex_lock(&front->lock);
    bool leaves = front->waiting < front->waiting_max;
    bool calls = leaves && !front->stopping && front->threads <= front->wanted;
    front->waiting += leaves ? 1 : 0;
    if (leaves && !calls && --front->threads == 0)
        pthread_cond_broadcast(&front->empty);
    pthread_mutex_unlock(&front->lock);
    if (!calls || lane_hand(front->lane, front))
        return leaves;
    pthread_mutex_lock(&front->lock);
    front->waiting--;
    pthread_mutex_unlock(&front->lock);
    return false;
}

bool
front_return(struct front *front)
{
    pthread_mutex_lock(&front->lock);
    bool enters = !front->stopping && front->threads < front->wanted + SPARE;
    front->waiting--;
    front->threads += enters ? 1 : 0;
    pthread_mutex_unlock(&front->lock);
    return enters;
}

void
front_resign(struct front *front)
{
    pthread_mutex_lock(&front->lock);
    if (--front->threads == 0)
        pthread_cond_broadcast(&front->empty);
    pthread_mutex_unlock(&front->lock);
}

void
front_stop(struct front *front)
{
    pthread_mutex_lock(&front->lock);
    front->stopping = true;
    while (front->threads > 0)
        pthread_cond_wait(&front->empty, &front->lock);
    pthread_mutex_unlock(&front->lock);
}

bool
front_has_room(struct front *front)
{
    pthread_mutex_lock(&front->lock);
    bool has_room = front->waiting < front->waiting_max;
    pthread_mutex_unlock(&front->lock);
    return has_room;
}

bool
front_drain(struct front *front, int64_t deadline_us)
{
    return lane_drain(front->lane, deadline_us);
}

void
front_close(struct front *front)
{
    lane_close(front->lane);
    pthread_cond_destroy(&front->empty);
    pthread_mutex_destroy(&front->lock);
    free(front);
}
