/* An operation is one kind of question that applications ask of models: a static descriptor, all
 * of it pure functions, so that it is tested without a model. */
#ifndef HEARTH_AI_OPERATION_H
#define HEARTH_AI_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ai/prompt.h"
#include "base/arena.h"
#include "base/error.h"
#include "http/schema.h"

enum strategy {
    STRATEGY_AGGRESSIVE,
    STRATEGY_BALANCED,
    STRATEGY_CONSERVATIVE,
    STRATEGY_CRITICAL,
    STRATEGY_GATEWAY, /* for callers that have retries of their own: short waits, a quick breaker */
};

enum answer_kind {
    ANSWER_TEXT, /* prose: handed to parse() */
    ANSWER_JSON, /* an object of the answer schema: the provider's JSON mode is used */
};

struct operation {
    const char *name; /* "summarize": cache label, metric label */
    unsigned version; /* raised when prompt, parser or local way change: part of the cache key */
    const struct schema *input, *output; /* of the structs below; both encode canonically */
    enum answer_kind kind;
    const struct schema *answer; /* for ANSWER_JSON: what the model is asked for; NULL: output */
    int64_t ttl_s;
    enum strategy strategy; /* unless the settings say another for this operation */
    bool repairable;        /* one more call with the complaint when the answer cannot be read */

    /* Builds the prompt; every text of the user goes in through prompt_data(). */
    void (*build)(const void *input, struct prompt *prompt, struct arena *arena);

    /* Makes the output of the model's answer: for ANSWER_TEXT text is the trimmed answer, for
     * ANSWER_JSON value is the decoded struct of the answer schema (NULL parse: value is the
     * output). false with ERROR_UPSTREAM_INVALID when it is no answer. */
    void *(*parse)(const void *input, const char *text, const void *value, struct arena *arena,
                   struct error *err);

    /* Answers without any model; NULL where that makes no sense. Its result is complete and honest
     * but marked "model": "local". */
    void *(*local)(const void *input, struct arena *arena, struct error *err);

    /* The untrusted texts of an input, for the guard; fills up to max and returns how many. */
    size_t (*untrusted)(const void *input, const char **texts, size_t max);
};

#endif
