/* The inside of the pipeline: what its files share about one call. Only src/ai and its tests
 * include this. */
#ifndef HEARTH_AI_RUN_H
#define HEARTH_AI_RUN_H

#include "ai/ai.h"
#include "ai/answers.h"
#include "ai/ask.h"
#include "ai/upstream.h"

struct ai {
    const struct settings *settings;
    struct host *host;
    struct cache *cache;
    struct upstream *upstream;
    struct strategies *strategies;
    char temperature[32]; /* the setting, as it goes into cache keys */
    /* Waits between attempts; false when the client left. A member so that tests need not wait. */
    bool (*pause)(struct ask *ask, int64_t wait_ms);
};

/* An answer that could not be used, for the repair. */
struct rejected {
    bool truncated;
    const char *text;      /* NULL: not to be shown */
    const char *complaint; /* NULL: there was none */
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
    struct answers answers;
    struct ask ask;

    /* The question's, from attempt to attempt. */
    struct prompt prompt;
    const struct model_settings *asked; /* whom the repairs are counted for */
    struct rejected rejected;
    int repairs_left;
    struct strbuf said;   /* of a streamed answer, so far */
    size_t shown;         /* bytes of it that the client has */
    bool hidden, refused; /* nothing more of it is shown; the model refused */
    const void *output;   /* judged */
};

/* screen.c: flags untrusted text in run->guard_flags; refuses what is too long. */
bool screen_input(struct run *run, struct error *err) __attribute__((warn_unused_result));
/* Puts what was flagged in the receipt, the log and the metrics; refuses it in block mode. */
bool screen_verdict(struct run *run, struct error *err) __attribute__((warn_unused_result));

/* question.c: the operation as models are asked it; context is the run. */
extern const struct ask_question operation_question;

/* pipeline.c: makes the key under which the answer is kept. */
void run_prepare(struct run *run);
/* Lets the caller's sink beat; false: the client left. */
bool run_tick(void *run);

/* judge.c: whether what a model said ended as an answer does; failure says why not. What was cut
 * for want of tokens passes: judge_answer() refuses it. */
bool judge_ending(const struct chat_choice *choice, struct provider_failure *failure)
    __attribute__((warn_unused_result));
/* Makes the output of what a model said, or says with ERROR_UPSTREAM_INVALID why it is none. */
void *judge_answer(const struct run *run, const struct chat_choice *choice, struct error *err)
    __attribute__((warn_unused_result));

#endif
