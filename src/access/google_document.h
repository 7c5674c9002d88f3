/* A document of the sign-in provider that is read seldom and kept in the process: its
 * configuration, its keys. It is read again before its age is over; while the provider is away the
 * last one serves, until a hard limit. Safe for many threads, of which one reads at a time. */
#ifndef HEARTH_ACCESS_GOOGLE_DOCUMENT_H
#define HEARTH_ACCESS_GOOGLE_DOCUMENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum {
    GOOGLE_AGE_MIN_S = 60,    /* however short an age the provider tells */
    GOOGLE_AGE_MAX_S = 86400, /* however long; after it the document serves no more */
    GOOGLE_AGE_S = 3600,      /* where it tells none */
    GOOGLE_ANEW_S = 60,       /* between two readings that lacking something asks for */
    GOOGLE_REST_S = 2,        /* after a failure, before the provider is asked again */
};

struct google_reading {
    const char *text;
    int64_t max_age_s; /* -1: not told */
};

/* Asks the provider and checks that the answer is of use; the text lives in the arena. */
struct google_reader {
    bool (*read)(void *context, struct arena *arena, struct google_reading *reading,
                 struct error *err);
    void *context;
};

struct google_document {
    struct google_reader reader;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    char *text;                            /* NULL: none yet */
    int64_t read_us, refresh_us, limit_us; /* of that text, by clock_monotonic_us() */
    int64_t tried_us;                      /* 0: never */
    int64_t retry_us;                      /* after a failure; 0: the last one was none */
    bool is_being_read;
};

void google_document_init(struct google_document *document, struct google_reader reader);
void google_document_release(struct google_document *document);

/* Finds the document, a copy in the arena; may wait for the provider. With anew it lacks something:
 * it is read again unless that was tried within GOOGLE_ANEW_S. false with ERROR_AUTH_UNAVAILABLE
 * where there is none that may serve. */
bool google_document_find(struct google_document *document, bool anew, int64_t now_us,
                          struct arena *arena, const char **text, struct error *err)
    __attribute__((warn_unused_result));

#endif
