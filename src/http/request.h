/* A request and its response, whatever carried them. A request owns its memory: all that is made
 * for it lives in its arena and ends with it. */
#ifndef HEARTH_HTTP_REQUEST_H
#define HEARTH_HTTP_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "base/strbuf.h"

struct request;
struct service;
struct route;
struct route_area;
struct schema;
struct caller;
struct access;
struct admission;
struct head;
struct recording;

enum method {
    METHOD_GET = 1 << 0,
    METHOD_HEAD = 1 << 1,
    METHOD_POST = 1 << 2,
    METHOD_PUT = 1 << 3,
    METHOD_PATCH = 1 << 4,
    METHOD_DELETE = 1 << 5,
    METHOD_OPTIONS = 1 << 6,
    METHOD_OTHER = 1 << 7,
};

/* What the carrier of a request can do for it while it is handled. */
struct transport {
    /* The value of a CGI variable ("HTTP_ACCEPT", "REMOTE_ADDR"), or NULL. Borrowed until the
     * request ends. */
    const char *(*parameter)(void *carrier, const char *name);
    /* Reads up to size bytes of the body; fewer at its end; -1 when the carrier failed. */
    long (*read_body)(void *carrier, char *bytes, size_t size);
    /* Whether the client has left. Cheap: one poll(2). */
    bool (*client_gone)(void *carrier);
    /* All variables as "NAME=value", NULL-terminated, so that the dispatcher reads them in one
     * pass. May be NULL: then they are asked for by name. */
    char *const *(*parameters)(void *carrier);
    /* Begins a response whose body follows by send(): its head goes with the first bytes of it.
     * false: the client cannot be reached any more. Both NULL where the carrier cannot stream. */
    bool (*begin)(void *carrier, struct request *request);
    /* Sends bytes of that body at once. */
    bool (*send)(void *carrier, const char *bytes, size_t length);
    /* A descriptor that poll(2) finds readable when client_gone() may have become true; -1 for
     * none. May be NULL. */
    int (*descriptor)(void *carrier);
};

enum { RESPONSE_HEADERS_MAX = 40, PATH_PARAMETERS_MAX = 4 };

struct response_header {
    const char *name, *value;
};

struct response {
    int status; /* 0 until something was answered */
    const char *content_type;
    const char *body; /* NULL with length 0 for none */
    size_t body_length;
    struct response_header headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
    bool begun;      /* its head is on its way: the body goes by transport->send() */
    bool incomplete; /* it broke off after it had begun */
};

/* Where a request's time went, for Server-Timing, logs and metrics. Microseconds. */
struct request_timing {
    int64_t started_us;  /* clock_monotonic_us() when its first byte was read */
    int64_t queued_us;   /* spent until its thread had left the front */
    int64_t upstream_us; /* spent waiting for a model's provider */
    int64_t cache_us;
    int64_t answered_us; /* clock_monotonic_us() when the answer was complete; 0 before */
};

struct request {
    struct arena arena;
    struct service *service; /* process-wide parts: settings, host, cache, ai */
    struct access *access;   /* the part of them that says who may do what; set by admission */
    const struct transport *transport;
    void *carrier;
    bool may_wait; /* on the waiting lane: waiting for others is allowed */

    enum method method;
    const char *method_name; /* as sent */
    const char *path;        /* as request_path_parse() gives it */
    const char *query;       /* raw, without '?'; "" for none */
    const char *remote_address;
    char id[129]; /* request id */
    char traceparent[TRACEPARENT_BYTES];

    const struct route *route;                        /* NULL until matched */
    const struct route_area *area;                    /* where no route matched; NULL for none */
    const char *path_parameters[PATH_PARAMETERS_MAX]; /* decoded, in the order of the pattern */
    const char *api_version;                          /* "1.0" */
    const char *api_version_source;                   /* "path", "header", ... */

    const char *body; /* complete; NUL-terminated; NULL for none */
    size_t body_length;
    const void *input;      /* decoded body, by route->request */
    const void *filter;     /* decoded query, by route->query */
    const json_t *document; /* the body as it was parsed for input; NULL for none */

    const struct head *head;     /* what the dispatcher has read already; NULL before */
    struct admission *admission; /* the dispatcher's notes, kept while lanes change */
    const struct caller *caller; /* NULL when nobody signed in and the route allows that */
    struct request_timing timing;
    atomic_uint guard_flags; /* of all its texts, as ai/guard.h names them; from any thread */
    struct response response;
    struct recording *recording; /* what is sent is kept, and the client may leave; NULL: no */
    struct recording *tap;       /* likewise, but for as long as the client is there only */
    /* Adds the platform's headers to a response that is about to begin; set by the dispatcher. */
    void (*complete)(struct request *request);
};

/* Takes apart the target of a request as the client sent it (REQUEST_URI). *path is normalised and
 * ASCII: it begins with '/', only what needs it is percent-encoded ("%2F" in a segment stays), so
 * that equal paths are equal bytes and safe in logs and headers. *query is what follows '?', or "".
 * Empty, "." and ".." segments, bad escapes, NUL, control characters and bytes that are not UTF-8
 * are refused: ERROR_MALFORMED_REQUEST, over 8 KB ERROR_URI_TOO_LONG. Both live in the arena. */
bool request_path_parse(const char *target, struct arena *arena, const char **path,
                        const char **query, struct error *err) __attribute__((warn_unused_result));

/* The value of a request header by its CGI name without "HTTP_" ("X_REQUEST_ID"), or NULL. */
const char *request_header(const struct request *request, const char *cgi_name);

/* Whether nobody waits for the answer any more. */
bool request_client_gone(const struct request *request);

/* A descriptor that poll(2) finds readable when request_client_gone() may have become true; -1 for
 * none. Nothing is to be read from it. */
int request_client_descriptor(const struct request *request);

/* Whether Cache-Control of the request holds this directive ("no-store"). */
bool request_cache_control(const struct request *request, const char *directive);

/* Whether the client wants an answer that is made now: no-cache, or max-age=0. */
bool request_wants_fresh(const struct request *request);

/* How much the client wants this media type, by the ranges of Accept that name it in full: from 0
 * (not at all, or not named) to 1000 (RFC 9110, section 12.5.1). */
int request_accepts(const struct request *request, const char *media_type);

/* Whether the answer is asked for as server-sent events: by the body's "stream", else by Accept. */
bool request_wants_stream(const struct request *request);

/* Sets a response header, in place of one of the same name. name and value must live as long as the
 * request; a value with a control character is not sent (no header injection is possible). */
void response_header(struct request *request, const char *name, const char *value);

/* The value of a response header that was set, or NULL. */
const char *response_header_value(const struct request *request, const char *name);

/* Answers with value encoded by schema, as application/json. */
void response_json(struct request *request, int status, const struct schema *schema,
                   const void *value);

/* Answers with these bytes, which must live as long as the request. */
void response_bytes(struct request *request, int status, const char *content_type, const char *body,
                    size_t length);

/* Answers err as application/problem+json (RFC 9457) with its headers (Retry-After,
 * WWW-Authenticate). Replaces what was answered before; of its headers, those that spoke of that
 * answer (ETag, Cache-Control, Age) go too. */
void response_problem(struct request *request, const struct error *err);

/* As a document that changes seldom: a strong ETag of its bytes, Cache-Control: no-cache (ask
 * again, which costs little) unless one is set, and 304 without a body where If-None-Match names
 * it. */
void response_document(struct request *request, const char *content_type, const char *body,
                       size_t length);

#endif
