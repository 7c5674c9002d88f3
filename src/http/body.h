/* Reading a request's body: to its end, bounded. */
#ifndef HEARTH_HTTP_BODY_H
#define HEARTH_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"

/* Reads the body into the request's arena. false with ERROR_REQUEST_TOO_LARGE past limit bytes by
 * our own count (content_length, which may be NULL, only spares the reading),
 * ERROR_MALFORMED_REQUEST for a length that is none, ERROR_CLIENT_CLOSED when it broke off
 * or is shorter than announced. */
bool body_read(struct request *request, const char *content_length, size_t limit, struct error *err)
    __attribute__((warn_unused_result));

/* Whether a JSON body may be read from this Content-Type (NULL: none was sent): application/json or
 * a type in +json, in UTF-8. false with ERROR_UNSUPPORTED_MEDIA_TYPE. */
bool body_is_json(const char *content_type, struct error *err) __attribute__((warn_unused_result));

#endif
