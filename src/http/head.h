/* A request's head: its CGI variables, put in order in one pass, and what of them most requests
 * need. */
#ifndef HEARTH_HTTP_HEAD_H
#define HEARTH_HTTP_HEAD_H

#include <stddef.h>

#include "http/request.h"

#define HEAD_FIELDS(X)                                                                             \
    X(ACCEPT, "HTTP_ACCEPT")                                                                       \
    X(API_VERSION, "HTTP_API_VERSION")                                                             \
    X(AUTHORIZATION, "HTTP_AUTHORIZATION")                                                         \
    X(CACHE_CONTROL, "HTTP_CACHE_CONTROL")                                                         \
    X(CONTENT_LENGTH, "CONTENT_LENGTH")                                                            \
    X(CONTENT_TYPE, "CONTENT_TYPE")                                                                \
    X(DOCUMENT_URI, "DOCUMENT_URI")                                                                \
    X(FORWARDED_FOR, "HTTP_X_FORWARDED_FOR")                                                       \
    X(HTTPS, "HTTPS")                                                                              \
    X(IF_NONE_MATCH, "HTTP_IF_NONE_MATCH")                                                         \
    X(METHOD, "REQUEST_METHOD")                                                                    \
    X(ORIGIN, "HTTP_ORIGIN")                                                                       \
    X(QUERY, "QUERY_STRING")                                                                       \
    X(REMOTE_ADDRESS, "REMOTE_ADDR")                                                               \
    X(REQUEST_ID, "HTTP_X_REQUEST_ID")                                                             \
    X(REQUESTED_HEADERS, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS")                                    \
    X(REQUESTED_METHOD, "HTTP_ACCESS_CONTROL_REQUEST_METHOD")                                      \
    X(TRACEPARENT, "HTTP_TRACEPARENT")                                                             \
    X(URI, "REQUEST_URI")                                                                          \
    X(VERSION, "HTTP_VERSION")                                                                     \
    X(X_API_KEY, "HTTP_X_API_KEY")                                                                 \
    X(X_API_VERSION, "HTTP_X_API_VERSION")

enum head_field {
#define X(name, cgi_name) HEAD_##name,
    HEAD_FIELDS(X)
#undef X
        HEAD_FIELD_COUNT
};

struct head_variable;

enum { HEAD_BUCKETS = 64 };

struct head {
    const char *values[HEAD_FIELD_COUNT]; /* NULL where not sent */
    size_t header_count, header_bytes;    /* 0 when the carrier cannot list them */
    bool is_listed;                       /* the carrier could: the buckets hold all variables */
    struct head_variable *buckets[HEAD_BUCKETS];
};

/* Of a variable that was sent twice the last counts. What is kept of them lives in the request's
 * arena, their texts as long as the request. */
void head_read(struct head *head, struct request *request);

/* The value of a CGI variable, NULL where it was not sent; false when the carrier has to be asked.
 */
bool head_find(const struct head *head, const char *cgi_name, const char **value);

/* false with ERROR_HEADERS_TOO_LARGE for more than 100 headers or 64 KB of them. */
bool head_check(const struct head *head, struct error *err) __attribute__((warn_unused_result));

/* Sets method, path, query and address of the request. false as request_path_parse() says; then the
 * path is "/". */
bool head_target(const struct head *head, struct request *request, struct error *err)
    __attribute__((warn_unused_result));

#endif
