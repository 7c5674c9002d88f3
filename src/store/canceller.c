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
    PGcancel *cancel; /* of the thread, while it is busy */
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

static void *
run(void *argument)
{
    struct canceller *canceller = argument;
    char complaint[256];
    if (!PQcancel(canceller->cancel, complaint, sizeof(complaint)))
        complaint[0] = '\0'; /* the statement then ends with its connection */
    PQfreeCancel(canceller->cancel);
    canceller->cancel = NULL;
    atomic_store(&canceller->busy, false);
    canceller_free(canceller);
    return NULL;
}

void
canceller_send(struct canceller *canceller, PGconn *link)
{
    if (atomic_exchange(&canceller->busy, true))
        return;
    canceller->cancel = PQgetCancel(link);
    atomic_fetch_add(&canceller->references, 1);
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    bool started = canceller->cancel && pthread_create(&thread, &attributes, run, canceller) == 0;
    pthread_attr_destroy(&attributes);
    if (started)
        return;
    PQfreeCancel(canceller->cancel);
    canceller->cancel = NULL;
    atomic_store(&canceller->busy, false);
    canceller_free(canceller);
}
