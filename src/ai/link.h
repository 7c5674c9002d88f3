/* A link is one model of a chain, as attempts pass through it: what limits them over all workers of
 * the host (concurrency, pace, rests, the breaker), and what learns how they ended. Private to
 * src/ai. */
#ifndef HEARTH_AI_LINK_H
#define HEARTH_AI_LINK_H

#include "ai/ask.h"
#include "host/breaker.h"
#include "host/permit.h"

struct link {
    struct ask *ask;
    const struct model_settings *model;
    struct breaker *breaker;
    struct breaker_policy policy;
    int64_t allowed_us;  /* when the breaker let the present attempt go */
    int64_t paced_us;    /* when it took from the pace */
    int64_t deadline_ms; /* no attempt begins later, however long its model may let it queue */
    struct permit permit;
    int64_t renewed_ms;
};

void link_init(struct link *link, struct ask *ask, const struct model_settings *model);

/* Waits, at most for the model's queue_timeout_ms, until it may be asked. false with failure, of
 * FAULT_LIMITED or FAULT_PERMANENT where another model may serve, of FAULT_CALLER when the client
 * left: nothing is held then. */
bool link_enter(struct link *link, struct provider_failure *failure)
    __attribute__((warn_unused_result));

/* Keeps what is held; to be called several times a second while the attempt lasts. */
void link_renew(struct link *link);

/* Ends the attempt: failure is NULL for a good answer. tokens are those it took, -1 where unknown.
 */
void link_leave(struct link *link, const struct provider_failure *failure, int64_t tokens);

/* The model is not asked by anybody of the host for so long. */
void link_rest(struct link *link, int64_t rest_ms);

#endif
