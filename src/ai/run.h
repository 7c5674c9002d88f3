/* The inside of the pipeline: what its files share about one call. Only src/ai and its tests
 * include this. */
#ifndef HEARTH_AI_RUN_H
#define HEARTH_AI_RUN_H

#include "ai/ai.h"
#include "ai/provider.h"
#include "ai/strategy.h"
#include "ai/upstream.h"

struct run;

struct ai {
    const struct settings *settings;
    struct host *host;
    struct cache *cache;
    struct upstream *upstream;
    struct strategies *strategies;
    char temperature[32]; /* the setting, as it goes into cache keys */
    /* Waits between attempts; false when the client left. A member so that tests need not wait. */
    bool (*pause)(struct run *run, int64_t wait_ms);
};

/* One call on its way. Lives on the stack of ai_run(). */
struct run {
    struct ai *ai;
    struct request *request; /* only read: several threads may share it */
    struct arena *arena;
    const struct ai_call *call;
    const struct operation *operation;
    const struct model_settings *model; /* asked for, or the default */
    const struct strategy_policy *policy;
    struct receipt *receipt;
    unsigned guard_flags;
    int64_t ttl_s; /* 0: not cached */
    struct cache_key key;
    struct cache_lease lease;
    bool leads; /* holds the lease */
    int64_t renewed_ms;
    struct cache_entry stale; /* data NULL: there is none */
};

/* screen.c: flags untrusted text in run->guard_flags; refuses what is too long. */
bool screen_input(struct run *run, struct error *err) __attribute__((warn_unused_result));
/* Puts what was flagged in the receipt, the log and the metrics; refuses it in block mode. */
bool screen_verdict(struct run *run, struct error *err) __attribute__((warn_unused_result));

/* answers.c: the cached answers of a call. */
void answers_prepare(struct run *run);
/* The output of a fresh answer, with the guard's flags of then, or NULL; keeps a stale one in
 * run->stale. */
const void *answers_find(struct run *run, bool may_wait, enum cache_state state);
const void *answers_stale(struct run *run);
void answers_store(struct run *run, const void *output);
/* Becomes the leader of identical calls or waits for its answer. true: *output is the answer, or
 * NULL when this call has to make it. */
bool answers_join(struct run *run, const void **output, struct error *err)
    __attribute__((warn_unused_result));
void answers_leave(struct run *run);
/* Keeps the lease; false when the client left. */
bool run_goes_on(void *run);

/* chain.c: asks the models of the chain in turn, then answers locally. */
const void *chain_answer(struct run *run, struct error *err) __attribute__((warn_unused_result));

/* attempt.c: asks one model until it answers, within the policy and until deadline_ms. */
bool attempt_model(struct run *run, const struct model_settings *model, const struct prompt *prompt,
                   int64_t deadline_ms, struct chat_answer *answer,
                   struct provider_failure *failure) __attribute__((warn_unused_result));
bool attempt_pause(struct run *run, int64_t wait_ms);

/* judge.c: whether a model's answer ended as an answer does; failure says why not. One that was cut
 * for want of tokens passes: judge_answer() refuses it. */
bool judge_ending(const struct chat_answer *answer, struct provider_failure *failure)
    __attribute__((warn_unused_result));

/* Makes the output of a model's answer, or says with ERROR_UPSTREAM_INVALID why it is
 * none. */
void *judge_answer(const struct run *run, const struct prompt *prompt,
                   const struct chat_choice *choice, struct error *err)
    __attribute__((warn_unused_result));

#endif
