/* Keeping a document of the sign-in provider. */
#include "access/google_document.h"

#include <stdlib.h>

enum { US_PER_S = 1000000 };

void
google_document_init(struct google_document *document, struct google_reader reader)
{
    *document = (struct google_document){.reader = reader};
    pthread_mutex_init(&document->mutex, NULL);
    pthread_cond_init(&document->changed, NULL);
}

void
google_document_release(struct google_document *document)
{
    pthread_cond_destroy(&document->changed);
    pthread_mutex_destroy(&document->mutex);
    free(document->text);
}

/* The next three: with the mutex. */
static bool
may_serve(const struct google_document *document, int64_t now_us)
{
    return document->text && now_us < document->limit_us;
}

static bool
is_due(const struct google_document *document, bool anew, int64_t now_us)
{
    if (document->retry_us != 0 && now_us < document->retry_us)
        return false;
    if (!may_serve(document, now_us) || now_us >= document->refresh_us)
        return true;
    return anew && now_us - document->tried_us >= GOOGLE_ANEW_S * (int64_t)US_PER_S;
}

static void
keep(struct google_document *document, const struct google_reading *reading, int64_t now_us)
{
    int64_t age_s = reading->max_age_s < 0 ? GOOGLE_AGE_S : reading->max_age_s;
    if (age_s < GOOGLE_AGE_MIN_S)
        age_s = GOOGLE_AGE_MIN_S;
    if (age_s > GOOGLE_AGE_MAX_S)
        age_s = GOOGLE_AGE_MAX_S;
    free(document->text);
    document->text = xstrdup(reading->text);
    document->read_us = now_us;
    /* Early, so that no sign-in meets a document past its age. */
    document->refresh_us = now_us + age_s * US_PER_S / 5 * 4;
    document->limit_us = now_us + GOOGLE_AGE_MAX_S * (int64_t)US_PER_S;
    document->retry_us = 0;
}

/* Takes the mutex off while the provider is asked. */
static void
read_anew(struct google_document *document, int64_t now_us, struct arena *arena)
{
    struct google_reading reading = {.max_age_s = -1};
    struct error err = {0};
    document->is_being_read = true;
    document->tried_us = now_us;
    pthread_mutex_unlock(&document->mutex);
    bool read = document->reader.read(document->reader.context, arena, &reading, &err);
    pthread_mutex_lock(&document->mutex);
    if (read)
        keep(document, &reading, now_us);
    else
        document->retry_us = now_us + GOOGLE_REST_S * (int64_t)US_PER_S;
    document->is_being_read = false;
    pthread_cond_broadcast(&document->changed);
}

bool
google_document_find(struct google_document *document, bool anew, int64_t now_us,
                     struct arena *arena, const char **text, struct error *err)
{
    pthread_mutex_lock(&document->mutex);
    /* Who can go on with what there is does; the others wait for the one that reads. */
    while (document->is_being_read && (anew || !may_serve(document, now_us)))
        pthread_cond_wait(&document->changed, &document->mutex);
    if (!document->is_being_read && is_due(document, anew, now_us))
        read_anew(document, now_us, arena);
    bool found = may_serve(document, now_us);
    if (found)
        *text = arena_strdup(arena, document->text);
    pthread_mutex_unlock(&document->mutex);
    return found || error_set_retry(err, ERROR_AUTH_UNAVAILABLE, GOOGLE_REST_S,
                                    "the sign-in provider does not answer");
}
