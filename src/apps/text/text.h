/* The text application: its operations, what they take and give, and the one way in which process
 * and batch_process answer. */
#ifndef HEARTH_APPS_TEXT_TEXT_H
#define HEARTH_APPS_TEXT_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ai/ai.h"
#include "http/request.h"
#include "http/schema.h"

/* What an operation works on. Each operation's schema names only the members that it reads, so that
 * an option of another operation does not change its cache key. */
struct text_input {
    const char *text, *question;
    int64_t max_length, max_points, num_questions;
};

/* What an operation answers; as above, each fills only its own members. */
struct text_output {
    const char *result;
    const char *sentiment, *explanation;
    double confidence;
    bool has_confidence;
    struct list key_points, questions; /* const char * */
};

/* An operation as callers see it. */
struct text_operation {
    const char *name, *title, *description;
    const char *options[2]; /* NULL-terminated */
    bool requires_question;
    const struct operation *operation;
};

/* All five, ended by a row without a name. */
extern const struct text_operation text_operations[];

/* The row of this name, which must be one of text_operation_names. */
const struct text_operation *text_operation_find(const char *name);

/* NULL-terminated: for the choices of the request and for the app's row. */
extern const char *const text_operation_names[];
extern const struct operation *const text_operation_list[];

struct text_options {
    int64_t max_length, max_points, num_questions;
};

struct text_request {
    const char *text, *operation, *question;
    struct text_options *options;
    const json_t *user_metadata;
    bool stream, has_stream;
};

struct text_sentiment {
    const char *sentiment;
    double confidence;
    const char *explanation;
};

struct text_metadata {
    int64_t word_count;
    const char *model;
    const char *service_status; /* "degraded", or NULL */
    bool fallback_used, has_fallback_used;
    struct list guard_flags; /* const char * */
    double confidence;       /* of a local answer to a question */
    bool has_confidence;
    const char *cache; /* as X-Cache says it; NULL where that header does */
    int64_t age, attempts;
    bool has_age, has_attempts;
};

struct text_response {
    const char *operation;
    bool success;
    const char *result;
    struct text_sentiment *sentiment;
    struct list key_points, questions;
    struct text_metadata *metadata;
    double processing_time;
    const char *timestamp;
    bool cache_hit;
};

extern const struct schema text_request_schema, text_response_schema;
extern const struct schema batch_request_schema, batch_response_schema;

struct text_call {
    struct request *request;
    struct arena *arena; /* of the answer */
    const struct text_request *asked;
    int64_t started_us;         /* monotonic */
    const struct ai_sink *sink; /* NULL: nothing is shown before the end */
};

/* Answers one request into response, whose texts live in the arena. Safe for several threads at
 * once with arenas of their own. */
bool text_answer(const struct text_call *call, struct text_response *response,
                 struct receipt *receipt, struct error *err) __attribute__((warn_unused_result));

/* Answers with events: delta for prose while it is made, then result and the end marker. */
bool text_stream(struct request *request, struct error *err);

bool text_process(struct request *request, struct error *err);
bool text_batch(struct request *request, struct error *err);

#endif
