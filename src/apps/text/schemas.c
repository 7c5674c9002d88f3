/* What the text application takes and gives, as rows. */
#include "apps/text/text.h"

#include "apps/text/batch.h"

static const struct text_options default_options = {100, 5, 5};

static const struct schema options_schema = {
    .name = "TextOptions",
    .size = sizeof(struct text_options),
    .initial = &default_options,
    .doc = "How much of an answer; what an operation does not know is ignored.",
    .fields =
        (const struct field[]){
            INTEGER(struct text_options, max_length, .flags = FIELD_NULLABLE, .min = 5, .max = 2000,
                    .doc = "Words of a summary, at most.", .default_json = "100"),
            INTEGER(struct text_options, max_points, .flags = FIELD_NULLABLE, .min = 1, .max = 50,
                    .doc = "Key points, at most.", .default_json = "5"),
            INTEGER(struct text_options, num_questions, .flags = FIELD_NULLABLE, .min = 1,
                    .max = 50, .doc = "Questions, at most.", .default_json = "5"),
            {.name = NULL}},
};

#define TEXT_FIELDS                                                                                \
    STRING(struct text_request, text, .flags = FIELD_REQUIRED | FIELD_TRIMMED | FIELD_NOT_BLANK,   \
           .min = 10, .max = 10000, .doc = "The text to work on; it is never cut or rewritten.",   \
           .example = "\"The town opened a second library. It lends tools as well as books.\""),   \
        STRING(struct text_request, operation, .flags = FIELD_REQUIRED,                            \
               .choices = text_operation_names, .doc = "What to do with it."),                     \
        STRING(struct text_request, question, .flags = FIELD_NULLABLE | FIELD_TRIMMED,             \
               .max = 1000,                                                                        \
               .doc = "What to answer from the text; required for the operation qa."),             \
        OBJECT(struct text_request, options, &options_schema, .flags = FIELD_NULLABLE,             \
               .doc = "How much of an answer."),                                                   \
        JSON(struct text_request, user_metadata, .flags = FIELD_NULLABLE,                          \
             .doc = "An object of the caller's own; accepted and not used.")

static const struct field request_fields[] = {
    TEXT_FIELDS,
    BOOLEAN(struct text_request, stream, PRESENT(struct text_request, has_stream),
            .doc = "Answer as server-sent events, as Accept: text/event-stream asks for too."),
    {.name = NULL},
};

static const struct field item_fields[] = {TEXT_FIELDS, {.name = NULL}};

static void
check_metadata(const struct text_request *asked, struct schema_errors *errors)
{
    if (asked->user_metadata && !json_is_object(asked->user_metadata))
        schema_complain(errors, "user_metadata", "must be an object");
}

static void
check_request(const void *value, struct schema_errors *errors)
{
    const struct text_request *asked = value;
    check_metadata(asked, errors);
    bool needed = text_operation_find(asked->operation)->requires_question;
    if (needed && (!asked->question || asked->question[0] == '\0'))
        schema_complain(errors, "question", "is required for the operation 'qa'");
}

/* An item without its question fails by itself, so that one item does not refuse the batch. */
static void
check_item(const void *value, struct schema_errors *errors)
{
    check_metadata(value, errors);
}

#define REQUEST_EXAMPLE                                                                            \
    "{\"text\":\"The town opened a second library. It lends tools as well as books.\","            \
    "\"operation\":\"summarize\",\"options\":{\"max_length\":20}}"

const struct schema text_request_schema = {
    .name = "TextProcessingRequest",
    .size = sizeof(struct text_request),
    .fields = request_fields,
    .doc = "One text and what to do with it.",
    .example = REQUEST_EXAMPLE,
    .check = check_request,
};

static const struct schema batch_item_schema = {
    .name = "BatchTextProcessingRequestItem",
    .size = sizeof(struct text_request),
    .fields = item_fields,
    .doc = "One text of a batch and what to do with it.",
    .example = REQUEST_EXAMPLE,
    .check = check_item,
};

static const struct schema sentiment_schema = {
    .name = "SentimentResult",
    .size = sizeof(struct text_sentiment),
    .fields =
        (const struct field[]){STRING(struct text_sentiment, sentiment, .flags = FIELD_REQUIRED,
                                      .doc = "positive, negative or neutral."),
                               NUMBER(struct text_sentiment, confidence, .flags = FIELD_REQUIRED,
                                      .number_max = 1, .doc = "From 0 to 1."),
                               STRING(struct text_sentiment, explanation, .flags = FIELD_REQUIRED,
                                      .doc = "What it rests on."),
                               {.name = NULL}},
};

static const struct schema metadata_schema = {
    .name = "TextProcessingMetadata",
    .size = sizeof(struct text_metadata),
    .fields =
        (const struct field[]){
            INTEGER(struct text_metadata, word_count, .flags = FIELD_REQUIRED, .max = INT64_MAX,
                    .doc = "Words of the text, as white space parts them."),
            STRING(struct text_metadata, model, .flags = FIELD_REQUIRED,
                   .doc = "The model that answered; local: no model at all."),
            STRING(struct text_metadata, service_status, .flags = FIELD_OMITTED,
                   .doc = "degraded, when the answer is not what the model would have given now."),
            BOOLEAN(struct text_metadata, fallback_used, .flags = FIELD_OMITTED,
                    PRESENT(struct text_metadata, has_fallback_used),
                    .doc = "True with it: the local way or an older answer was served."),
            STRINGS(struct text_metadata, guard_flags, .flags = FIELD_OMITTED,
                    .doc = "What the guard saw in the text; the text was not changed for it."),
            NUMBER(struct text_metadata, confidence, .flags = FIELD_OMITTED, .number_max = 1,
                   PRESENT(struct text_metadata, has_confidence),
                   .doc = "How sure a local answer to a question is, from 0 to 1."),
            STRING(struct text_metadata, cache, .flags = FIELD_OMITTED,
                   .doc = "In a stream, what the header X-Cache says elsewhere."),
            INTEGER(struct text_metadata, age, .flags = FIELD_OMITTED, .max = INT64_MAX,
                    PRESENT(struct text_metadata, has_age),
                    .doc = "In a stream, what the header Age says elsewhere."),
            INTEGER(struct text_metadata, attempts, .flags = FIELD_OMITTED, .max = INT64_MAX,
                    PRESENT(struct text_metadata, has_attempts),
                    .doc = "In a stream, what the header X-Attempts says elsewhere."),
            {.name = NULL}},
};

const struct schema text_response_schema = {
    .name = "TextProcessingResponse",
    .size = sizeof(struct text_response),
    .doc = "The answer; of result, sentiment, key_points and questions only one is not null.",
    .fields =
        (const struct field[]){
            STRING(struct text_response, operation, .flags = FIELD_REQUIRED,
                   .choices = text_operation_names, .doc = "What was done."),
            BOOLEAN(struct text_response, success, .flags = FIELD_REQUIRED, .doc = "True."),
            STRING(struct text_response, result, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   .doc = "Summary, or answer to the question."),
            OBJECT(struct text_response, sentiment, &sentiment_schema,
                   .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "For sentiment."),
            STRINGS(struct text_response, key_points, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                    .doc = "For key_points."),
            STRINGS(struct text_response, questions, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                    .doc = "For questions."),
            OBJECT(struct text_response, metadata, &metadata_schema, .flags = FIELD_REQUIRED,
                   .doc = "How the answer came to be."),
            NUMBER(struct text_response, processing_time, .flags = FIELD_REQUIRED,
                   .doc = "Seconds that this request took."),
            STRING(struct text_response, timestamp, .flags = FIELD_REQUIRED,
                   .doc = "When it was answered, RFC 3339."),
            BOOLEAN(struct text_response, cache_hit, .flags = FIELD_REQUIRED,
                    .doc = "Whether the answer had been stored before."),
            {.name = NULL}},
};

static const char *const item_states[] = {"completed", "failed", NULL};

static const struct schema batch_result_schema = {
    .name = "BatchTextProcessingResult",
    .size = sizeof(struct batch_result),
    .fields =
        (const struct field[]){
            INTEGER(struct batch_result, request_index, .flags = FIELD_REQUIRED, .max = INT64_MAX,
                    .doc = "Position among the requests, from 0."),
            STRING(struct batch_result, status, .flags = FIELD_REQUIRED, .choices = item_states,
                   .doc = "completed or failed."),
            OBJECT(struct batch_result, response, &text_response_schema,
                   .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   .doc = "The answer of a completed one."),
            STRING(struct batch_result, error, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   .doc = "Why it failed."),
            STRING(struct batch_result, error_code, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   .doc = "The same as a code of the error table."),
            BOOLEAN(struct batch_result, retryable, .flags = FIELD_OMITTED,
                    PRESENT(struct batch_result, failed),
                    .doc = "For a failed one: whether asking again may help."),
            {.name = NULL}},
};

const struct schema batch_request_schema = {
    .name = "BatchTextProcessingRequest",
    .size = sizeof(struct batch_request),
    .doc = "Several texts; they are answered side by side.",
    .example = "{\"requests\":[" REQUEST_EXAMPLE "],\"batch_id\":\"monday\"}",
    .fields =
        (const struct field[]){
            ARRAY(struct batch_request, requests, &batch_item_schema, .flags = FIELD_REQUIRED,
                  .min = 1, .max = BATCH_ITEMS_MAX,
                  .doc = "At most as many as MAX_BATCH_REQUESTS_PER_CALL allows."),
            STRING(struct batch_request, batch_id, .flags = FIELD_NULLABLE | FIELD_TRIMMED,
                   .max = 128, .doc = "A name for the batch; one is made where it is missing."),
            {.name = NULL}},
};

const struct schema batch_response_schema = {
    .name = "BatchTextProcessingResponse",
    .size = sizeof(struct batch_response),
    .doc = "The answers in the order of the requests.",
    .fields =
        (const struct field[]){STRING(struct batch_response, batch_id, .flags = FIELD_REQUIRED,
                                      .doc = "As given, or made."),
                               INTEGER(struct batch_response, total_requests,
                                       .flags = FIELD_REQUIRED, .doc = "How many were asked."),
                               INTEGER(struct batch_response, completed, .flags = FIELD_REQUIRED,
                                       .max = INT64_MAX, .doc = "How many were answered."),
                               INTEGER(struct batch_response, failed, .flags = FIELD_REQUIRED,
                                       .max = INT64_MAX, .doc = "How many were not."),
                               ARRAY(struct batch_response, results, &batch_result_schema,
                                     .flags = FIELD_REQUIRED, .doc = "One for each request."),
                               NUMBER(struct batch_response, total_processing_time,
                                      .flags = FIELD_REQUIRED, .doc = "Seconds for all of them."),
                               STRING(struct batch_response, timestamp, .flags = FIELD_REQUIRED,
                                      .doc = "When they were answered, RFC 3339."),
                               {.name = NULL}},
};
