/* Threads that draw the next item from one counter until none is left. */
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

/* Room for a model call with TLS and for the sanitizers' larger frames; untouched pages cost
 * nothing. */
enum { STACK_BYTES = 512 * 1024 };

struct crew {
    const struct parallel_work *work;
    atomic_size_t next;
    atomic_bool stopped;
};

static void *
draw_items(void *data)
{
    struct crew *crew = data;
    const struct parallel_work *work = crew->work;
    while (!atomic_load(&crew->stopped)) {
        if (work->stopped && work->stopped(work->data)) {
            atomic_store(&crew->stopped, true);
            break;
        }
        size_t index = atomic_fetch_add(&crew->next, 1);
        if (index >= work->count)
            break;
        work->run(work->data, index);
    }
    return NULL;
}

static size_t
start_helpers(struct crew *crew, pthread_t *threads, size_t wanted)
{
    pthread_attr_t attributes;
    if (wanted == 0 || pthread_attr_init(&attributes) != 0)
        return 0;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    size_t started = 0;
    while (started < wanted &&
           pthread_create(&threads[started], &attributes, draw_items, crew) == 0)
        started++;
    pthread_attr_destroy(&attributes);
    return started;
}

size_t
parallel_for(const struct parallel_work *work)
{
    struct crew crew = {.work = work};
    pthread_t threads[PARALLEL_THREADS_MAX];
    size_t wanted = work->concurrency < work->count ? work->concurrency : work->count;
    if (wanted > PARALLEL_THREADS_MAX)
        wanted = PARALLEL_THREADS_MAX;
    size_t helpers = start_helpers(&crew, threads, wanted > 0 ? wanted - 1 : 0);
    draw_items(&crew);
    for (size_t i = 0; i < helpers; i++)
        pthread_join(threads[i], NULL);
    size_t drawn = atomic_load(&crew.next);
    return drawn < work->count ? drawn : work->count;
}
