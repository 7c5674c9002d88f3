/* A reading is one streamed answer on its way from the provider's bytes to the question's steps.
 * Private to src/ai. */
#ifndef HEARTH_AI_READING_H
#define HEARTH_AI_READING_H

#include "ai/ask.h"
#include "ai/upstream.h"
#include "http/event_parser.h"

struct reading {
    struct ask *ask;
    const struct model_settings *model;
    struct event_parser parser;
    struct provider_stream stream;
    enum upstream_progress progress; /* of the bytes read last */
    size_t made_bytes;               /* by the model, since usage was last reported */
    bool is_whole;                   /* its end was told */
    struct provider_failure *failure;
};

void reading_init(struct reading *reading, struct ask *ask, const struct model_settings *model);

/* Takes bytes as they come; UPSTREAM_STOP comes with failure filled. */
enum upstream_progress reading_take(struct reading *reading, const char *bytes, size_t length,
                                    struct provider_failure *failure);

/* The bytes have ended in good order: asks the question for its verdict, unless the answer is not
 * whole. */
enum ask_verdict reading_end(struct reading *reading, struct provider_failure *failure);

/* Counts what is charged for it, however it ended; once. */
void reading_count(struct reading *reading);

#endif
