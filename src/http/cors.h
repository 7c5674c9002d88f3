/* Cross-origin requests of browsers (Fetch standard, section 3.2). */
#ifndef HEARTH_HTTP_CORS_H
#define HEARTH_HTTP_CORS_H

#include <stdbool.h>

#include "http/request.h"

/* Whether origin is in list: comma-separated, or a JSON list of texts, or "*". */
bool cors_allows(const char *list, const char *origin);

/* The list in force: the setting, or the development origins where it is empty and the environment
 * is not production. */
const char *cors_origins(const char *setting, bool production);

/* Adds the headers of an answer to a request from origin. With the list "*" anybody may read, but
 * without credentials. */
void cors_headers(struct request *request, const char *list, const char *origin);

/* Adds the headers of a preflight's answer as well. methods is what Allow says; requested is what
 * the browser wants to send: all of it is allowed when it is a list of at most 2 KB of header
 * names, else (or with NULL) those that the API reads. */
void cors_preflight_headers(struct request *request, const char *methods, const char *requested);

#endif
