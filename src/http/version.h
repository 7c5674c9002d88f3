/* API version negotiation: which version a client asks for, and where it said so. */
#ifndef HEARTH_HTTP_VERSION_H
#define HEARTH_HTTP_VERSION_H

#include <stdbool.h>

#include "http/head.h"

/* The length of a leading "/v1" or "/v2.0" segment of path, 0 for none. */
size_t version_path_length(const char *path);

/* Finds the version asked for, in the order path, headers, query, Accept, default, and sets
 * request->api_version and api_version_source. false with ERROR_UNSUPPORTED_VERSION naming what is
 * supported, or ERROR_MALFORMED_REQUEST. path is the one sent. */
bool version_negotiate(struct request *request, const struct head *head, const char *path,
                       struct error *err) __attribute__((warn_unused_result));

/* Sets X-API-Version and the three headers beside it, where a version was negotiated. */
void version_headers(struct request *request);

#endif
