/* Threads on demand. Idle ones lie on a stack, so that the last used is the next used and the rest
 * grows old enough to end. Each has a semaphore of its own: exactly one is woken, and it finds no
 * lock in its way, as it would on a condition variable. */
#include "fcgi/lane.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"

/* Enough for every handler (checked by running them all); mostly untouched, so it costs little. */
enum { STACK_BYTES = 256 * 1024 };

struct lane_thread {
    struct lane_thread *next_idle;
    sem_t wake;
    /* Set before the semaphore, which orders it; atomic for ThreadSanitizer, which does not know
     * sem_clockwait(). NULL: the lane is closing. */
    _Atomic(void *) work;
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
    /* The C library's allocator makes itself ready at its first use, which two threads may not be
     * at once; with a sanitizer's allocator that use would be the trim at their ends. */
    malloc_trim(0);
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

/* Takes the thread off the idle stack; false when it was taken already. */
static bool
leave_idle(struct lane *lane, const struct lane_thread *thread)
{
    pthread_mutex_lock(&lane->lock);
    struct lane_thread **at = &lane->idle;
    while (*at && *at != thread)
        at = &(*at)->next_idle;
    bool found = *at;
    if (found)
        *at = thread->next_idle;
    pthread_mutex_unlock(&lane->lock);
    return found;
}

static void
wait_on(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0 && errno == EINTR)
        ;
}

/* Lies down on the idle stack. NULL: it is time to end. */
static void *
wait_for_work(struct lane *lane, struct lane_thread *thread)
{
    struct timespec end = after_ms(lane->idle_ms);
    pthread_mutex_lock(&lane->lock);
    thread->work = NULL;
    bool closing = lane->closing;
    if (!closing) {
        thread->next_idle = lane->idle;
        lane->idle = thread;
    }
    if (--lane->busy == 0 || closing)
        pthread_cond_broadcast(&lane->less);
    pthread_mutex_unlock(&lane->lock);
    if (closing)
        return NULL;
    int result;
    while ((result = sem_clockwait(&thread->wake, CLOCK_MONOTONIC, &end)) != 0 && errno == EINTR)
        ;
    if (result != 0) {
        if (leave_idle(lane, thread))
            return NULL;
        /* Somebody took it off in the last moment and is about to post. */
        wait_on(&thread->wake);
    }
    return atomic_load_explicit(&thread->work, memory_order_acquire);
}

static void *
lane_thread_main(void *data)
{
    struct start *start = data;
    struct lane *lane = start->lane;
    struct lane_thread thread = {.work = start->work};
    free(start);
    sem_init(&thread.wake, 0, 0);
    for (void *work = thread.work; work; work = wait_for_work(lane, &thread))
        lane->run(work, lane->context);
    sem_destroy(&thread.wake);
    /* Under the lock: lane_close() may free the lane as soon as it can see this. */
    pthread_mutex_lock(&lane->lock);
    lane->threads--;
    bool is_last = !lane->idle;
    pthread_cond_broadcast(&lane->less);
    pthread_mutex_unlock(&lane->lock);
    if (is_last)        /* of those that a burst left behind */
        malloc_trim(0); /* else what a thousand threads used once stays ours */
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
    pthread_cond_broadcast(&lane->less);
    pthread_mutex_unlock(&lane->lock);
    return false;
}

bool
lane_hand(struct lane *lane, void *work)
{
    pthread_mutex_lock(&lane->lock);
    struct lane_thread *thread = lane->idle;
    bool may_start = !thread && lane->threads < lane->threads_max;
    if (thread)
        lane->idle = thread->next_idle;
    else if (may_start)
        lane->threads++;
    if (thread || may_start)
        lane->busy++;
    pthread_mutex_unlock(&lane->lock);
    if (thread) {
        atomic_store_explicit(&thread->work, work, memory_order_release);
        sem_post(&thread->wake);
    }
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
    while (lane->idle) {
        struct lane_thread *thread = lane->idle;
        lane->idle = thread->next_idle;
        sem_post(&thread->wake);
    }
    while (lane->threads > 0)
        pthread_cond_wait(&lane->less, &lane->lock);
    pthread_mutex_unlock(&lane->lock);
    pthread_attr_destroy(&lane->attributes);
    pthread_cond_destroy(&lane->less);
    pthread_condattr_destroy(&lane->clock);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
}
