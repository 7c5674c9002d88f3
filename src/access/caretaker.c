/* Threads that wait for their duty's time, and the locks that leave it to one process a host. */
#include "access/caretaker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "access/audit.h"
#include "access/credential_duties.h"
#include "access/idempotency.h"
#include "access/ledger.h"
#include "access/maintain.h"
#include "access/postman.h"
#include "access/trace.h"
#include "base/log.h"

enum { STACK_BYTES = 256 * 1024, NANOSECONDS = 1000000000 };

struct attendant {
    struct caretaker *caretaker;
    const struct duty *duty;
    int lock; /* -1: the duty is another process's, or every one's */
    pthread_t thread;
};

struct caretaker {
    struct access *access;
    pthread_mutex_t mutex;
    pthread_cond_t stop;
    bool stops;
    size_t count;
    struct attendant attendants[];
};

const struct duty caretaker_duties[] = {
    {.name = "mail", .every_ms = 1000, .run = postman_deliver},
    {.name = "audit", .every_ms = 1000, .at_stop = true, .run = audit_drain},
    {.name = "idempotency", .every_ms = 3000, .run = idempotency_drain},
    {.name = "ledger", .every_ms = 1000, .at_stop = true, .run = ledger_sweep},
    {.name = "maintenance", .every_ms = 30000, .run = maintain_duty},
    {.name = "revocations", .every_ms = 500, .run = credential_follow},
    {.name = "last-uses", .every_ms = 5000, .at_stop = true, .run = credential_note_use},
    {.name = "trace", .every_ms = 1000, .at_stop = true, .run = trace_drain},
    {.name = NULL},
};

/* Whoever holds the lock keeps it until its process ends, however it ends. */
static bool
is_ours(struct attendant *attendant)
{
    if (attendant->duty->everywhere || attendant->lock >= 0)
        return true;
    struct arena arena = {0};
    const char *path = arena_printf(&arena, "%s/duty-%s",
                                    attendant->caretaker->access->settings->runtime_directory,
                                    attendant->duty->name);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        log_line(LOG_LEVEL_ERROR, "a duty cannot be locked", LOG_TEXT("path", path),
                 LOG_TEXT("reason", strerror(errno)));
    arena_release(&arena);
    if (lock < 0)
        return false;
    if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
        close(lock);
        return false;
    }
    attendant->lock = lock;
    return true;
}

/* false: the time is not to be waited for, the process ends. */
static bool
rest(struct caretaker *caretaker, int64_t milliseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / NANOSECONDS;
    until.tv_nsec %= NANOSECONDS;
    pthread_mutex_lock(&caretaker->mutex);
    int waited = 0;
    while (!caretaker->stops && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&caretaker->stop, &caretaker->mutex, &until);
    bool stops = caretaker->stops;
    pthread_mutex_unlock(&caretaker->mutex);
    return !stops;
}

static void *
attend(void *data)
{
    struct attendant *attendant = data;
    const struct duty *duty = attendant->duty;
    struct arena arena = {0};
    do {
        if (is_ours(attendant))
            duty->run(attendant->caretaker->access, &arena);
        arena_reset(&arena);
    } while (rest(attendant->caretaker, duty->every_ms));
    if (duty->at_stop && is_ours(attendant))
        duty->run(attendant->caretaker->access, &arena);
    arena_release(&arena);
    if (attendant->lock >= 0)
        close(attendant->lock);
    return NULL;
}

/* Signals are the main thread's. */
static bool
start(struct caretaker *caretaker, const struct duty *duty, struct error *err)
{
    struct attendant *attendant = &caretaker->attendants[caretaker->count];
    *attendant = (struct attendant){.caretaker = caretaker, .duty = duty, .lock = -1};
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&attendant->thread, &attributes, attend, attendant);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failure != 0)
        return error_set(err, ERROR_INTERNAL, "no thread for the duty \"%s\": %s", duty->name,
                         strerror(failure));
    caretaker->count++;
    return true;
}

bool
caretaker_open(struct access *access, const struct duty *duties, struct caretaker **caretaker,
               struct error *err)
{
    size_t count = 0;
    while (duties[count].name)
        count++;
    struct caretaker *made = xcalloc(1, sizeof(*made) + count * sizeof(struct attendant));
    made->access = access;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    for (const struct duty *duty = duties; duty->name; duty++) {
        if (!start(made, duty, err)) {
            caretaker_close(made);
            return false;
        }
    }
    *caretaker = made;
    return true;
}

void
caretaker_close(struct caretaker *caretaker)
{
    if (!caretaker)
        return;
    pthread_mutex_lock(&caretaker->mutex);
    caretaker->stops = true;
    pthread_cond_broadcast(&caretaker->stop);
    pthread_mutex_unlock(&caretaker->mutex);
    for (size_t i = 0; i < caretaker->count; i++)
        pthread_join(caretaker->attendants[i].thread, NULL);
    pthread_cond_destroy(&caretaker->stop);
    pthread_mutex_destroy(&caretaker->mutex);
    free(caretaker);
}
