/* Threads on demand. Idle ones lie on a stack, so that the last used is the next used and the rest
 * grows old enough to end; each has a condition of its own, so that exactly one is woken. */
#include "fcgi/lane.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"

/* Enough for every handler (checked by running them all); mostly untouched, so it costs little. */
enum { STACK_BYTES = 256 * 1024 };

struct lane_thread {
    struct lane_thread *next_idle;
    pthread_cond_t wake;
    void *work;
};

struct lane {
    pthread_mutex_t lock;
    pthread_cond_t less; /* a thread ended its work or itself */
    pthread_condattr_t clock;
    pthread_attr_t attributes;
    struct lane_thread *idle;
    size_t threads, busy, threads_max;
    int64_t idle_ms;
    bool closing;
    void (*run)(void *work, void *context);
    void *context;
};

struct start {
    struct lane *lane;
    void *work;
};

struct lane *
lane_open(size_t threads_max, int64_t idle_ms, void (*run)(void *work, void *context),
          void *context)
{
    struct lane *lane = xcalloc(1, sizeof(*lane));
    lane->threads_max = threads_max;
    lane->idle_ms = idle_ms;
    lane->run = run;
    lane->context = context;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_condattr_init(&lane->clock);
    pthread_condattr_setclock(&lane->clock, CLOCK_MONOTONIC);
    pthread_cond_init(&lane->less, &lane->clock);
    pthread_attr_init(&lane->attributes);
    pthread_attr_setdetachstate(&lane->attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&lane->attributes, STACK_BYTES);
    return lane;
}

static struct timespec
after_ms(int64_t ms)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += ms / 1000;
    end.tv_nsec += ms % 1000 * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    return end;
}

static void
leave_idle(struct lane *lane, struct lane_thread *thread)
{
    struct lane_thread **at = &lane->idle;
    while (*at && *at != thread)
        at = &(*at)->next_idle;
    if (*at)
        *at = thread->next_idle;
}

/* Waits on the idle stack, with the lock held. NULL: it is time to end. */
static void *
wait_for_work(struct lane *lane, struct lane_thread *thread)
{
    struct timespec end = after_ms(lane->idle_ms);
    thread->work = NULL;
    thread->next_idle = lane->idle;
    lane->idle = thread;
    int result = 0;
    while (!thread->work && !lane->closing && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&thread->wake, &lane->lock, &end);
    if (!thread->work)
        leave_idle(lane, thread);
    return thread->work;
}

static void *
lane_thread_main(void *data)
{
    struct start *start = data;
    struct lane *lane = start->lane;
    struct lane_thread thread = {.work = start->work};
    free(start);
    pthread_cond_init(&thread.wake, &lane->clock);
    void *work = thread.work;
    while (work) {
        lane->run(work, lane->context);
        pthread_mutex_lock(&lane->lock);
        lane->busy--;
        pthread_cond_signal(&lane->less);
        work = wait_for_work(lane, &thread);
        if (!work) {
            lane->threads--;
            /* Under the lock: lane_close() may free the lane as soon as it can see this. */
            pthread_cond_signal(&lane->less);
        }
        pthread_mutex_unlock(&lane->lock);
    }
    pthread_cond_destroy(&thread.wake);
    return NULL;
}

static bool
start_thread(struct lane *lane, void *work)
{
    struct start *start = xmalloc(sizeof(*start));
    *start = (struct start){.lane = lane, .work = work};
    pthread_t thread;
    if (pthread_create(&thread, &lane->attributes, lane_thread_main, start) == 0)
        return true;
    free(start);
    pthread_mutex_lock(&lane->lock);
    lane->threads--;
    lane->busy--;
    pthread_cond_signal(&lane->less);
    pthread_mutex_unlock(&lane->lock);
    return false;
}

bool
lane_hand(struct lane *lane, void *work)
{
    pthread_mutex_lock(&lane->lock);
    struct lane_thread *thread = lane->idle;
    bool may_start = !thread && lane->threads < lane->threads_max;
    if (thread) {
        lane->idle = thread->next_idle;
        thread->work = work;
        pthread_cond_signal(&thread->wake);
    } else if (may_start) {
        lane->threads++;
    }
    if (thread || may_start)
        lane->busy++;
    pthread_mutex_unlock(&lane->lock);
    return thread || (may_start && start_thread(lane, work));
}

void
lane_count(struct lane *lane, size_t *threads, size_t *busy)
{
    pthread_mutex_lock(&lane->lock);
    *threads = lane->threads;
    *busy = lane->busy;
    pthread_mutex_unlock(&lane->lock);
}

bool
lane_drain(struct lane *lane, int64_t deadline_us)
{
    struct timespec end = {deadline_us / 1000000, deadline_us % 1000000 * 1000};
    int result = 0;
    pthread_mutex_lock(&lane->lock);
    while (lane->busy > 0 && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&lane->less, &lane->lock, &end);
    bool drained = lane->busy == 0;
    pthread_mutex_unlock(&lane->lock);
    return drained;
}

void
lane_close(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->closing = true;
    for (struct lane_thread *thread = lane->idle; thread; thread = thread->next_idle)
        pthread_cond_signal(&thread->wake);
    while (lane->threads > 0)
        pthread_cond_wait(&lane->less, &lane->lock);
    pthread_mutex_unlock(&lane->lock);
    pthread_attr_destroy(&lane->attributes);
    pthread_cond_destroy(&lane->less);
    pthread_condattr_destroy(&lane->clock);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
}
