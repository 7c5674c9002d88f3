/* Cancels in a thread. */
#include "store/canceller.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"

enum { STACK_BYTES = 128 * 1024 };

struct canceller {
    atomic_int references;
    atomic_bool busy;
    PGconn *link; /* of the thread, while it is busy */
};

struct canceller *
canceller_new(void)
{
    struct canceller *canceller = xcalloc(1, sizeof(*canceller));
    atomic_init(&canceller->references, 1);
    return canceller;
}

void
canceller_free(struct canceller *canceller)
{
    if (canceller && atomic_fetch_sub(&canceller->references, 1) == 1)
        free(canceller);
}

/* A statement that could not be cancelled ends with its connection. */
static void
cancel(PGconn *link)
{
    char complaint[256];
    PGcancel *request = PQgetCancel(link);
    if (request && PQcancel(request, complaint, sizeof(complaint)) == 1)
        complaint[0] = '\0';
    PQfreeCancel(request);
    PQfinish(link);
}

static void *
run(void *argument)
{
    struct canceller *canceller = argument;
    cancel(canceller->link);
    atomic_store(&canceller->busy, false);
    canceller_free(canceller);
    return NULL;
}

void
canceller_end(struct canceller *canceller, PGconn *link)
{
    if (atomic_exchange(&canceller->busy, true)) {
        PQfinish(link);
        return;
    }
    pthread_attr_t attributes;
    pthread_t thread;
    canceller->link = link;
    atomic_fetch_add(&canceller->references, 1);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    bool started = pthread_create(&thread, &attributes, run, canceller) == 0;
    pthread_attr_destroy(&attributes);
    if (started)
        return;
    PQfinish(link);
    atomic_store(&canceller->busy, false);
    canceller_free(canceller);
}
