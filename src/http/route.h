/* Routes are rows. From a row come matching, authentication, limits, decoding, validation,
 * documentation, metric labels, and the 405 and OPTIONS answers. */
#ifndef HEARTH_HTTP_ROUTE_H
#define HEARTH_HTTP_ROUTE_H

#include "http/request.h"
#include "http/schema.h"

enum route_flag {
    ROUTE_KEY = 1 << 0,               /* a credential is needed that has the row's scope */
    ROUTE_KEY_OPTIONAL = 1 << 1,      /* none is fine, a wrong one is not */
    ROUTE_INTERNAL = 1 << 2,          /* in /internal/openapi.json; callers need SCOPE_ADMIN */
    ROUTE_WAITS = 1 << 3,             /* always on the waiting lane */
    ROUTE_UNVERSIONED = 1 << 4,       /* API version negotiation does not apply */
    ROUTE_HIDDEN = 1 << 5,            /* in no document: pages, aliases */
    ROUTE_BODY_OPTIONAL = 1 << 6,     /* an empty body decodes as {} */
    ROUTE_NOT_IN_PRODUCTION = 1 << 7, /* 404 when ENVIRONMENT is production */
    ROUTE_INTERNAL_DOCS = 1 << 8,     /* 404 in production or with DISABLE_INTERNAL_DOCS */
    ROUTE_ACCOUNT = 1 << 9,           /* as ROUTE_KEY, and it must belong to a person's account */
    ROUTE_IDEMPOTENT = 1 << 10,       /* honours Idempotency-Key */
    ROUTE_NO_CSRF = 1 << 11,          /* changes nothing for whom a cookie speaks */
};

/* What a credential may be used for. */
enum scope {
    SCOPE_TEXT = 1 << 0,
    SCOPE_GATEWAY = 1 << 1,
    SCOPE_BUDGET = 1 << 2,
    SCOPE_PERSONA = 1 << 3,
    SCOPE_STUDY = 1 << 4,
    SCOPE_EXPLAIN = 1 << 5,
    SCOPE_ADMIN = 1 << 6,
    SCOPE_ALL = (1 << 7) - 1,
};

/* Which bucket of the rate limits a request draws from (settings RATE_LIMIT_<CLASS>). */
enum route_limit {
    LIMIT_DEFAULT,
    LIMIT_PROCESS, /* calls that cost a model's work */
    LIMIT_AUTH,    /* what tells whether a key is good, and what makes keys */
    LIMIT_SIGN_IN, /* signing in without a password: what is wrong there is no guess */
    LIMIT_HEALTH,
    LIMIT_NONE,
};

/* In which shape a route's failures are told (problem.h). */
enum error_style {
    ERRORS_PROBLEM,   /* RFC 9457 */
    ERRORS_OPENAI,    /* OpenAI's error object */
    ERRORS_ANTHROPIC, /* Anthropic's */
    ERRORS_EITHER,    /* Anthropic's to who sends the header anthropic-version, else OpenAI's */
    ERRORS_FIELDS,    /* RFC 9457, where bad fields are 400, each a member with its messages */
};

struct route_answer {
    int status;
    const struct schema *schema; /* NULL: no JSON body, or not described */
    const char *content_type;    /* NULL: application/json */
    const char *doc;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): rows are written in this order. */
struct route {
    enum method method;  /* one; HEAD follows GET, OPTIONS is answered for all */
    const char *pattern; /* "/v1/jobs/{id}": a parameter is one whole segment */
    /* Answers through response_*() and returns true, or fills err and returns false. May be run a
     * second time, on the waiting lane, after failing with ERROR_WOULD_WAIT; so nothing is changed
     * before that. One that fails after its response has begun (http/event_stream.h) has told the
     * client of it in the stream. */
    bool (*handle)(struct request *request, struct error *err);
    unsigned flags; /* enum route_flag */
    enum route_limit limit;
    enum error_style errors;
    const struct schema *request;  /* JSON body; NULL: a body is refused (415) unless empty */
    const struct schema *query;    /* query parameters; NULL: ignored */
    const struct schema *response; /* of the 200 answer; NULL for bytes */
    bool response_is_list;         /* the 200 answer is an array of it (encoded by the handler) */
    /* More answers than 200 and the errors, or the same in another media type; status 0 ends. */
    const struct route_answer *answers;
    unsigned scope;        /* enum scope: the one that a credential must have; 0: any will do */
    size_t body_max_bytes; /* 0: the setting MAX_REQUEST_SIZE */
    const char *tag;       /* groups routes in the document */
    const char *summary;
    const char *doc;
    const char *operation_id; /* unique; also the route label of metrics */
};

/* A path and all below it, where paths without a row and methods that a path does not answer are
 * told in this shape: by their rows alone clients of a dialect would not understand them. */
struct route_area {
    const char *path; /* "/v1/messages" */
    enum error_style errors;
};

enum route_match { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/* The rows by the beginnings of their paths. */
struct route_index;

/* Of tables: a NULL-terminated array of row arrays, each ended by a row whose pattern is NULL. The
 * caller owns the index, which borrows the rows. */
struct route_index *route_index_new(const struct route *const *tables);
void route_index_free(struct route_index *index); /* NULL is fine */

/* Finds the row for method and path (of request_path_parse()). A trailing '/' does not count. Where
 * several rows fit, the one with the fewest parameters wins, then the first. Fills parameters with
 * decoded segments in the arena; one that is empty, or decodes to NUL or to what is not UTF-8, does
 * not match. allowed is set to the methods of the path as enum method bits, HEAD (beside GET) and
 * OPTIONS included, or 0 with ROUTE_NO_PATH. OPTIONS itself has no row and is ROUTE_NO_METHOD. */
enum route_match route_find(const struct route_index *index, enum method method, const char *path,
                            struct arena *arena, const struct route **found,
                            const char **parameters, unsigned *allowed);

/* The first of the areas, ended by one whose path is NULL, that path is within; NULL for none. */
const struct route_area *route_area_find(const struct route_area *areas, const char *path);

/* Whether a credential is looked at at all, and whether it must be there. */
static inline bool
route_reads_caller(const struct route *route)
{
    return (route->flags & (ROUTE_KEY | ROUTE_KEY_OPTIONAL | ROUTE_ACCOUNT)) != 0;
}

static inline bool
route_needs_caller(const struct route *route)
{
    return (route->flags & (ROUTE_KEY | ROUTE_ACCOUNT)) != 0;
}

/* The scopes that a caller of this row must have, all of them. */
static inline unsigned
route_scope(const struct route *route)
{
    return route->scope | (route->flags & ROUTE_INTERNAL ? SCOPE_ADMIN : 0);
}

/* "GET, HEAD, OPTIONS" */
const char *route_methods(unsigned allowed, struct arena *arena);

#endif
