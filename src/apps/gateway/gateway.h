/* The gateway: models behind the interfaces that clients speak already. A surface is one of these
 * interfaces, a static descriptor of pure functions over one canonical struct chat;
 * gateway_answer() joins any of them with the cache, the attempt owner and the event stream.
 *
 * Where the model that answers speaks the surface's own dialect, the client's body goes to it
 * untouched but for the model's name, and its answer goes back byte for byte, or event by event.
 * Any other model is asked through struct chat, and its answer is written by the surface.
 *
 * To add a surface: write its decode, encode and stream writers, name them in a struct surface,
 * give it a handler of one line that calls gateway_answer(), and a row in routes.c whose request
 * schema checks the members that are known by name: "model" (a required string), "stream" (a
 * boolean or null) and "temperature" (a number or null) are read from the document by those names.
 */
#ifndef HEARTH_APPS_GATEWAY_GATEWAY_H
#define HEARTH_APPS_GATEWAY_GATEWAY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ai/chat.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "http/event_parser.h"
#include "http/request.h"
#include "http/schema.h"

struct surface;
struct receipt;

/* What surfaces say of an answer of ours while they write it. It begins anew with every attempt:
 * state is NULL and usage is unknown then. */
struct reply {
    const struct surface *surface;
    const json_t *document; /* the client's body */
    struct arena *arena;    /* for all that must last until the answer is complete */
    const char *model;      /* the configured model that answers */
    const char *id;         /* 32 hexadecimal digits, for the surface to put its prefix before */
    int64_t created_s;      /* time of day */
    bool is_shown;          /* to fail(): events of it have gone to the client */
    void *state;            /* of the stream writers; theirs to make in begin() */
    size_t held_bytes; /* that they hold back of a stream: what they keep of an answer is bounded */
};

/* What becomes of an event of a provider of the surface's own family. */
enum surface_pass {
    SURFACE_PASS, /* goes to the client as it came */
    SURFACE_DROP, /* is not shown: what only we had asked for */
    SURFACE_END,  /* says that the answer is complete: goes when that is known to be so */
};

struct surface {
    const char *name; /* "chat": part of the cache's key */
    const char
        *operation; /* "gateway_chat": label of metrics and logs, and the cache's operation */
    enum provider_kind family;
    const char *native_path; /* behind the version: "/chat/completions" */
    /* A header by which clients switch on what their bodies then ask for, and its CGI name without
     * "HTTP_": native models get it too. NULL: none. */
    const char *beta_header, *beta_cgi_name;
    /* Whether a model of the family takes this dialect. NULL: all do. */
    bool (*is_native)(const struct model_settings *model);

    /* Reads the body for models that do not speak the dialect; chat->native* and chat->stream are
     * filled, the numbers say that they are not given, all else is zero. Not called where every
     * model that may be asked is native. false with ERROR_VALIDATION_FAILED and the field named
     * (error_set_field()): what it asks for cannot be said in other dialects, or is no good. */
    bool (*decode)(const json_t *document, struct arena *arena, struct chat *chat,
                   struct error *err);

    /* Appends the body of a complete answer. */
    void (*encode)(const struct reply *reply, const struct chat_answer *answer, struct strbuf *out);

    /* Write a streamed answer as whole events (gateway_event()), which are sent together: begin()
     * once, delta() for each step, finish() when all are through, up to the mark of completeness.
     * Any may write nothing. */
    void (*begin)(struct reply *reply, struct strbuf *out);
    void (*delta)(struct reply *reply, const struct chat_delta *delta, struct strbuf *out);
    void (*finish)(struct reply *reply, const struct chat_usage *usage, struct strbuf *out);

    /* Of a native stream. data is the event's JSON; NULL for [DONE] and what is no JSON. */
    enum surface_pass (*pass)(const struct reply *reply, const struct event *event,
                              const json_t *data);
    /* Appends the mark of completeness of a native stream that ended well without one. */
    void (*complete)(const struct reply *reply, struct strbuf *out);

    /* Appends the event that tells of a failure after the stream has begun; body is the JSON object
     * that the route's style of errors has for it. Nothing follows it. */
    void (*fail)(const struct reply *reply, const char *body, size_t length, struct strbuf *out);
};

extern const struct surface surface_chat, surface_messages, surface_responses;

/* Answers a request of this surface: plain, or as a stream where the body's "stream" says so. */
bool gateway_answer(struct request *request, const struct surface *surface, struct error *err)
    __attribute__((warn_unused_result));

/* Appends one server-sent event: name NULL for none, data on one line. */
void gateway_event(struct strbuf *out, const char *name, const char *data, size_t length);

/* The body in one form for all that say the same: members sorted, the model left to its own part of
 * the cache's key. */
const char *gateway_canonical(struct request *request);

/* Sets the headers that tell of the answer; waited_us: for an equal request's answer. */
void gateway_headers(struct request *request, const struct receipt *receipt, int64_t waited_us);

/* Counts the request by its outcome, and the time that was our own. err is NULL when it was
 * answered. */
void gateway_count(const struct request *request, const char *operation,
                   const struct receipt *receipt, int64_t waited_us, const struct error *err);

/* Handlers of routes.c. */
bool gateway_chat(struct request *request, struct error *err);
bool gateway_messages(struct request *request, struct error *err);
bool gateway_responses(struct request *request, struct error *err);
bool gateway_embeddings(struct request *request, struct error *err);
bool gateway_models(struct request *request, struct error *err);
bool gateway_model(struct request *request, struct error *err);

extern const struct schema chat_request_schema, chat_response_schema;
extern const struct schema messages_request_schema, messages_response_schema;
extern const struct schema responses_request_schema, responses_response_schema;
extern const struct schema embeddings_request_schema, embeddings_response_schema;
extern const struct schema model_schema, model_list_schema;

#endif
