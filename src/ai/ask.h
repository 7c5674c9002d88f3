/* The attempt owner: one question on its way through a chain of models. Every call to a provider is
 * made here and retried nowhere else. It obeys breakers, rests, paces and concurrency limits that
 * all workers share, a budget of retries that all calls share, five clocks, and one rule: once a
 * byte of an answer has gone to the client, nothing is sent again. */
#ifndef HEARTH_AI_ASK_H
#define HEARTH_AI_ASK_H

#include "ai/ai.h"
#include "ai/bill.h"
#include "ai/provider.h"
#include "ai/strategy.h"

struct ask;
struct event;

enum ask_verdict {
    ASK_TAKEN, /* the answer is good */
    ASK_AGAIN, /* of no use: the same model is asked once more, built anew */
    ASK_NEXT,  /* of no use: on to the next model */
    ASK_FINAL, /* nobody else may be asked */
};

/* What is asked and who reads the answers: pure but for what it does to ask->context. */
struct ask_question {
    /* Writes the request for this model and forgets what an earlier attempt left behind. false with
     * ERROR_INVALID_REQUEST and the field in err->fields: this model cannot be asked that. */
    bool (*build)(struct ask *ask, const struct model_settings *model,
                  struct provider_request *request, struct error *err);
    /* Reads a whole answer of status 200. All but ASK_TAKEN come with failure filled; a failure of
     * FAULT_TRANSIENT with ASK_NEXT is tried again here as any other. */
    enum ask_verdict (*read)(struct ask *ask, const struct model_settings *model, const char *bytes,
                             size_t length, struct provider_failure *failure);
    /* Takes a step of a streamed answer; event and step are gone afterwards. Sets ask->committed
     * before it sends bytes of the answer to the client. false with failure ends the call. */
    bool (*step)(struct ask *ask, const struct model_settings *model, const struct event *event,
                 const struct provider_step *step, struct provider_failure *failure);
    /* The stream ended, and was whole. */
    enum ask_verdict (*end)(struct ask *ask, const struct model_settings *model,
                            const struct provider_stream *stream, struct provider_failure *failure);
    /* Called four times a second while the ask waits, for heartbeats; false: the client left. May
     * be NULL. */
    bool (*tick)(struct ask *ask);
};

enum { ASK_ATTEMPTS_NOTED = 24, ASK_NO_OUTPUT = -1 };

struct ask {
    struct ai *ai;
    struct request *request; /* only read, but for its timing: several asks may share it */
    struct arena *arena;
    struct receipt *receipt;
    const struct ask_question *question;
    void *context;
    const char *operation;              /* static: label of metrics and logs */
    const struct model_settings *model; /* the first link; its fallbacks are the others */
    const struct strategy_policy *policy;
    bool streams;    /* the answer is asked for as a stream */
    bool is_callers; /* the body is the caller's own, so that a 400 is his to mend, and final */
    bool is_bounded; /* the policy's budget ends attempts too; otherwise only their beginning */
    bool one_try;    /* no retries: there is something else to serve */
    int64_t tokens;  /* what question and answer may take, for the pace */
    /* What budgets reserve. */
    int64_t input_tokens;  /* no fewer than the question has; 0: told by the request's bytes */
    int64_t output_tokens; /* that an answer may have; 0: as the model or the settings say;
                              ASK_NO_OUTPUT: there are none */
    int64_t repairs;       /* further answers that one model may be asked for */
    bool whole;            /* a stream is held back: each attempt may be charged for all of it */
    bool committed;        /* bytes of the answer went to the client */

    /* The attempt owner's. */
    struct arena scratch; /* of one event */
    bool all_lasting;     /* no model will answer before somebody mends it */
    int soonest_s;        /* until the first of those that are limited may be asked; 0: none is */
    struct error_attempt noted[ASK_ATTEMPTS_NOTED];
    size_t noted_count;
    struct bill bill;
};

/* Asks until an answer is taken. false: failure holds what a person can act on, its error with
 * error.attempts (in the arena); error.retried when something was sent more than once,
 * error.lasting when no model of the chain will answer another time either. */
bool ask_models(struct ask *ask, struct provider_failure *failure)
    __attribute__((warn_unused_result));

/* Adds what the provider reported to the receipt and the metrics, and what is charged for to the
 * bill; for read(), also where it does not take the answer. made_bytes are those that the model
 * made. Of streams the attempt owner counts by itself. */
void ask_count_usage(struct ask *ask, const struct model_settings *model,
                     const struct chat_usage *usage, size_t made_bytes);

/* Whether the answer is still wanted; lets the question tick. */
bool ask_goes_on(struct ask *ask);

#endif
