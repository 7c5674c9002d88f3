/* Reading a request's body: to its end, bounded, whatever becomes of the request. */
#ifndef HEARTH_HTTP_BODY_H
#define HEARTH_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"

/* Reads the body into the request's arena. false with ERROR_REQUEST_TOO_LARGE past limit bytes by
 * our own count (content_length, which may be NULL, only spares the reading),
 * ERROR_MALFORMED_REQUEST for a length that is none, ERROR_CLIENT_CLOSED when it broke off. */
bool body_read(struct request *request, const char *content_length, size_t limit, struct error *err)
    __attribute__((warn_unused_result));

/* Reads on to the end and forgets it, for an answer that was decided without it: a kept connection
 * stays usable. Gives up after 16 MB: then the carrier ends the connection. */
void body_drain(struct request *request);

/* Whether a JSON body may be read from this Content-Type (NULL: none was sent): application/json or
 * a type in +json, in UTF-8. false with ERROR_UNSUPPORTED_MEDIA_TYPE. */
bool body_is_json(const char *content_type, struct error *err) __attribute__((warn_unused_result));

#endif
