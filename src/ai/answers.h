/* The kept answers to one question, as bytes: found in the cache, waited for where an identical
 * question is in flight, stored when complete. */
#ifndef HEARTH_AI_ANSWERS_H
#define HEARTH_AI_ANSWERS_H

#include "ai/ai.h"
#include "cache/cache.h"

enum { ANSWERS_PARTS_MAX = 7 };

struct answers {
    struct ai *ai;
    struct request *request; /* its presence and timing; several may share it */
    struct arena *arena;
    struct receipt *receipt; /* gets the cache's state, model and age */
    /* With the fallbacks that its caller may ask (caller_narrow()): an answer is kept for callers
     * of the same chain, so nobody is given one that another's model may have made. */
    const struct model_settings *model;
    int64_t ttl_s; /* 0: nothing is looked up or kept */
    bool no_cache; /* neither looked up nor waited for, but kept */
    /* Called while waiting for another's answer: heartbeats. false: the client left. May be NULL.
     */
    bool (*tick)(void *context);
    void *context;

    struct cache_key key;
    struct cache_lease lease;
    bool leads; /* holds the lease */
    int64_t renewed_ms;
    struct cache_entry stale; /* data NULL: there is none */
};

/* A kept answer; its texts are in the arena. */
struct answer_kept {
    const char *model;
    unsigned flags; /* the storer's, 16 bits */
    const char *data;
    size_t length;
};

/* Makes the key of the model and of parts (as cache_key_make(), at most ANSWERS_PARTS_MAX) and the
 * time to live: the cache's for operation, or own_ttl_s. With may_store false, or without a cache,
 * nothing is looked up or kept. */
void answers_init(struct answers *answers, const char *operation, int64_t own_ttl_s, bool may_store,
                  const char *const *parts);

/* A fresh answer. Fills the receipt. A stale one is remembered for answers_stale(). */
bool answers_find(struct answers *answers, bool may_wait, struct answer_kept *kept)
    __attribute__((warn_unused_result));

/* Becomes the leader of identical questions, or waits for the leader's answer until wait_ms are
 * over. true: *found tells whether kept was filled; where not, the caller makes the answer and then
 * calls answers_leave(). false with ERROR_CLIENT_CLOSED, or with the leader's failure. */
bool answers_join(struct answers *answers, int64_t wait_ms, bool *found, struct answer_kept *kept,
                  struct error *err) __attribute__((warn_unused_result));

/* An answer past its time that may still serve. */
bool answers_stale(struct answers *answers, struct answer_kept *kept)
    __attribute__((warn_unused_result));

void answers_store(struct answers *answers, const struct answer_kept *kept);

/* Keeps the lease; to be called several times a second while the answer is made. */
void answers_renew(struct answers *answers);

/* Ends the lease. err is why there is no answer, which those who waited are told too; NULL when
 * there is one, or when the failure was the caller's own. */
void answers_leave(struct answers *answers, const struct error *err);

#endif
