/* Providers: the dialects in which models are asked. Each is a static descriptor of pure functions
 * over bytes; none does I/O, so all are tested on recorded answers and fuzzed. */
#ifndef HEARTH_AI_PROVIDER_H
#define HEARTH_AI_PROVIDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ai/chat.h"
#include "ai/halves.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"
#include "base/strbuf.h"

struct event;

enum {
    PROVIDER_HEADERS_MAX = 8,
    /* What a provider says is told as an error's detail, and ends with a character there too. */
    PROVIDER_REASON_MAX_BYTES = sizeof(((struct error *)NULL)->detail) - 1,
};

struct provider_header {
    const char *name, *value; /* a value may be a secret */
};

struct provider_request {
    const char *url;
    struct provider_header headers[PROVIDER_HEADERS_MAX];
    size_t header_count;
    struct strbuf body;
};

/* What of an answer's head matters. Values are NULL where they were not sent. */
struct provider_head {
    int status;
    const char *content_type;
    const char *retry_after, *retry_after_ms, *should_retry;
    /* x-ratelimit-reset-requests and -tokens ("6m0s", "20ms") or anthropic-ratelimit-requests-reset
     * and -tokens-reset (RFC 3339): read when a 429 has no Retry-After. The later one of those with
     * nothing remaining counts, else the later one. */
    const char *reset_requests, *reset_tokens;
    const char *remaining_requests, *remaining_tokens;
};

/* What kind of failure: decides what is done about it, and nothing else does. */
enum provider_fault_class {
    FAULT_NONE,
    FAULT_TRANSIENT, /* 408, 409, 5xx, reset, broken answer: may be asked again here; counts for the
                        breaker */
    FAULT_UNUSABLE,  /* an answer that is empty, or that its model gave up: may be asked again here;
                        what made it so may be the question, so it tells nothing of the model */
    FAULT_LIMITED,   /* 429: may be asked again after retry_after_ms; else this model cools down */
    FAULT_SILENT, /* a clock ran out after it took the question, or it failed and said that asking
                     again is no use: never asked again for this call; next; counts */
    FAULT_PERMANENT, /* this model cannot (404, 401, 403, quota spent): next */
    FAULT_REQUEST,   /* 400, 413, 422: the question is at fault. The caller's own body: final; ours:
                        next */
    FAULT_TOO_LONG,  /* context length: only a larger model */
    FAULT_REFUSED,   /* content policy: nobody else is asked */
    FAULT_CALLER,    /* the client left, no time is left: nobody else is asked; tells nothing of the
                        model */
};

/* Why an attempt failed. */
struct provider_failure {
    struct error error; /* for whoever asked; never a secret */
    enum provider_fault_class class;
    int64_t retry_after_ms; /* as the provider said; -1: it did not */
    bool key_refused;       /* for the operator, who has to mend it */
    bool lasting;           /* the same question would fail so another time too */
    /* With FAULT_REQUEST, FAULT_TOO_LONG and FAULT_REFUSED: what the provider said, for whoever
     * wrote the request. NULL where it said nothing; in the arena, valid UTF-8 on one
     * line, at most PROVIDER_REASON_MAX_BYTES. */
    const char *reason, *reason_code, *reason_param;
    /* Where error quotes the provider, who may quote the user: what a log may hold instead. */
    const char *loggable;
};

/* What one dialect says in the body of an error. Texts are borrowed from the document. */
struct provider_fault {
    int status;          /* where the body repeats it or its code means one; 0: it does not */
    const char *code;    /* its machine code */
    const char *message; /* may quote the key or the user's text */
    const char *param;   /* the field it complains of */
    bool key_refused, quota_spent, refused;
    int64_t retry_after_ms;
};

struct stream_choice;
struct stream_call;
struct stream_reader;

/* One streamed answer while it comes. */
struct provider_stream {
    struct chat_usage usage;
    enum chat_finish finish; /* of the choice that ended last */
    bool finished;           /* an end was told for every choice that began: the answer is whole */
    bool ended;              /* the end marker came: nothing follows ([DONE], message_stop) */
    uint64_t malformed;      /* events that could not be read: skipped */
    const char *id, *model;  /* in the arena given to _init; NULL until told */

    /* stream.c */
    struct arena *arena;
    struct stream_choice *choices;
    size_t choice_count;
    struct stream_call *calls;
    size_t call_count;
    struct halves halves;
};

/* arena must outlive the stream. */
void provider_stream_init(struct provider_stream *stream, struct arena *arena);

/* What one event of a stream said. */
struct provider_step {
    const json_t *document;          /* the event's JSON; NULL: skipped, comment, or marker */
    const struct chat_delta *deltas; /* in the scratch arena */
    size_t count;
    bool has_content;  /* text, thoughts, tool calls: a token was made, even where no delta shows it
                        */
    size_t made_bytes; /* of them */
};

/* Vectors of texts, in the order of the texts. */
struct embeddings {
    float **vectors;
    size_t count, dimensions;
    int64_t tokens; /* -1: not reported */
    struct chat_usage usage;
};

struct provider {
    const char *name;
    /* Builds the request for this model, body and all. false with ERROR_INVALID_REQUEST and the
     * field's path in err->fields: it cannot be said in this dialect. */
    bool (*build_chat)(const struct chat *chat, const struct model_settings *model,
                       struct arena *arena, struct provider_request *request, struct error *err);
    /* Reads the body of a 200. false with ERROR_UPSTREAM_INVALID: it is no answer. One that was
     * refused, cut or empty is an answer: its choices say so. */
    bool (*parse_answer)(const json_t *document, struct arena *arena, struct chat_answer *answer,
                         struct error *err);
    /* Reads one event's document, which holds no error at its top. false: it tells of a failure. */
    bool (*parse_event)(const struct stream_reader *reader, const json_t *document,
                        struct provider_fault *fault);
    void (*read_fault)(const json_t *document, struct provider_fault *fault);
    /* Embeddings; NULL where the family has none. texts: const char *; dimensions 0: the model's */
    bool (*build_embeddings)(const struct list *texts, int64_t dimensions,
                             const struct model_settings *model, struct arena *arena,
                             struct provider_request *request, struct error *err);
    /* count: how many texts were sent. */
    bool (*parse_embeddings)(const json_t *document, size_t count, struct arena *arena,
                             struct embeddings *embeddings, struct error *err);
};

extern const struct provider provider_openai, provider_gemini, provider_anthropic;

/* NULL for PROVIDER_LOCAL. */
const struct provider *provider_of(enum provider_kind kind);

/* Reads the bytes of a plain 200: size, depth, UTF-8, then parse_answer. *document (which may be
 * NULL) is for those who pass it on; the arena keeps it. */
bool provider_parse(const struct provider *provider, const char *bytes, size_t length,
                    struct arena *arena, const json_t **document, struct chat_answer *answer,
                    struct provider_failure *failure) __attribute__((warn_unused_result));

/* Reads one event of a streamed 200. Comments, markers and malformed events give an empty step.
 * false: the provider said that it failed. scratch must live until the step was used. */
bool provider_event(const struct provider *provider, struct provider_stream *stream,
                    const struct event *event, struct arena *scratch, struct provider_step *step,
                    struct provider_failure *failure) __attribute__((warn_unused_result));

/* Reads any answer that is not a 200. now_s is the time of day, for dates. */
void provider_classify(const struct provider *provider, const struct provider_head *head,
                       const char *bytes, size_t length, int64_t now_s, struct arena *arena,
                       struct provider_failure *failure);

/* As provider_classify() of a document that came with a 200, whole or as an event. */
void provider_classify_document(const struct provider *provider, const json_t *document,
                                struct arena *arena, struct provider_failure *failure);

/* The same of what a dialect has read already. */
void provider_classify_streamed(const struct provider_fault *fault, struct arena *arena,
                                struct provider_failure *failure);

/* base_url + version + path; the version ("/v1") is left out where the base URL names one. */
const char *provider_url(struct arena *arena, const char *base_url, const char *version,
                         const char *path);

/* Empties the request and makes room for the chat's texts; chat may be NULL. */
void provider_begin(struct provider_request *request, const struct chat *chat, struct arena *arena);

void provider_add_header(struct provider_request *request, const char *name, const char *value);

/* Writes the caller's own body for this model: its members in their order, model replaced by id,
 * stream as the chat has it, and with reports_usage the option that makes a stream report it. */
void provider_add_native(struct strbuf *body, const struct chat *chat, const char *id,
                         bool reports_usage);

/* What a provider's word for the end of an answer means; a NULL reason ends the rows. */
struct provider_finish {
    const char *reason;
    enum chat_finish finish;
};

/* CHAT_FINISH_NONE for a word that has no row, and for NULL. */
enum chat_finish provider_finish(const struct provider_finish *rows, const char *reason);

/* Whether a choice ended in a way that its reader can be told. passes: its reader gets the
 * provider's own word, so that it need not be known here; without one an answer is not whole.
 * false: the provider gave up, and failure says so. */
bool provider_check_end(enum chat_finish finish, const char *reason, bool passes,
                        struct arena *arena, struct provider_failure *failure)
    __attribute__((warn_unused_result));

/* Text member of an object, or NULL. */
const char *provider_text(const json_t *object, const char *name);

/* A small number that a provider gave, or -1. */
int64_t provider_count(const json_t *object, const char *name);

/* Tokens that a provider reported, at most PROVIDER_TOKENS_MAX, or -1. */
enum { PROVIDER_TOKENS_MAX = 100000000 };
int64_t provider_tokens(const json_t *object, const char *name);

/* The sum of counts where any was reported, or -1. */
int64_t provider_sum(int64_t first, int64_t second);

/* JSON text of a value, in the arena. */
const char *provider_json(const json_t *value, struct arena *arena);

/* The JSON object that a text from outside is, or NULL. */
const json_t *provider_object(const char *text, struct arena *arena);

/* A name for a tool call that came without one: unique, as clients demand. */
const char *provider_call_id(struct arena *arena);

/* A field of the chat that a dialect cannot say when it was given; a NULL field ends the rows. */
struct provider_limit {
    bool given;
    const char *field;
};

/* Refuses what the chat says is untranslatable, else the first one given, with
 * ERROR_INVALID_REQUEST. family: "Anthropic". */
bool provider_can_say(const struct chat *chat, const struct provider_limit *limits,
                      const char *family, struct arena *arena, struct error *err);

/* As provider_refuse() of a field of the chat, by the name that the caller's interface has for
 * it. */
bool provider_refuse_chat(const struct chat *chat, const char *field, const char *why,
                          struct arena *arena, struct error *err);

/* The same of a member of the messages, by its path where it is known. */
bool provider_refuse_message(const struct chat *chat, const json_t *source, const char *why,
                             struct arena *arena, struct error *err);

/* Fills err with ERROR_INVALID_REQUEST and the field, and returns false. */
bool provider_refuse(struct error *err, struct arena *arena, const char *field, const char *why);

/* Fills failure as FAULT_CALLER for ERROR_CLIENT_CLOSED and as FAULT_PERMANENT for any other code,
 * where the caller says no better. Returns false. */
bool provider_fail(struct provider_failure *failure, enum error_code code, const char *detail);

/* Fills failure for a 200 that holds no JSON object. One that begins as such is a model's answer,
 * which asking again would cost once more and which tells nothing of the model's health:
 * FAULT_PERMANENT. Anything else came from what stands before the model: FAULT_TRANSIENT. Returns
 * false. */
bool provider_fail_unreadable(struct provider_failure *failure, const char *bytes, size_t length);

#endif
