/* A bill is what one ask costs its caller: reserved before the first attempt, added up over all of
 * them, settled after the last. Private to src/ai.
 *
 * What counts, in this order: what the provider reported; of a stream that was cut, what it had
 * reported so far and, from there on, what it had made by then, at four bytes a token; of an answer
 * that came without a report, the same of the whole. An attempt of which nothing came is free. */
#ifndef HEARTH_AI_BILL_H
#define HEARTH_AI_BILL_H

#include "access/settlement.h"
#include "ai/chat.h"
#include "ai/price.h"

struct ask;
struct provider_failure;
struct provider_request;

/* What was counted so far. */
struct tally {
    struct price_sum sum;
    struct usage usage;
    bool reported, estimated;
};

struct bill {
    struct reservation reservation;
    bool opened;
    int64_t started_us;     /* monotonic */
    int64_t question_bytes; /* of the attempt's request */
    struct tally tally;
    char raw[CHAT_USAGE_RAW_BYTES]; /* of the latest report */
};

/* What of one attempt is charged for. */
struct bill_item {
    const struct chat_usage *usage; /* as reported so far */
    size_t made_bytes;              /* that the model made since it last reported */
    bool whole;                     /* the answer is complete: a report is the last word */
};

/* Before an attempt is sent: reserves, the first time, what all of them may cost. false with
 * failure and the reason. */
bool bill_open(struct ask *ask, const struct provider_request *request,
               struct provider_failure *failure) __attribute__((warn_unused_result));

void bill_add(struct ask *ask, const struct model_settings *model, const struct bill_item *item);

/* An attempt under way reported this, all in all: should this process die, it is charged with what
 * was added before. bill_add() comes in its place. */
void bill_note(struct ask *ask, const struct model_settings *model,
               const struct chat_usage *reported);

/* Settles; err is NULL for an answer that was taken. Fills the receipt's cost. */
void bill_close(struct ask *ask, const struct error *err);

#endif
