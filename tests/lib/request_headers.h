/* A request's CGI variables, for tests that change them as they go. */
#ifndef HEARTH_TESTS_REQUEST_HEADERS_H
#define HEARTH_TESTS_REQUEST_HEADERS_H

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "http/request.h"

struct request_headers {
    const char *names[8], *values[8]; /* borrowed */
    size_t count;
};

/* value may be NULL: the variable is gone. */
static inline void
request_headers_set(struct request_headers *headers, const char *name, const char *value)
{
    size_t i = 0;
    while (i < headers->count && strcmp(headers->names[i], name) != 0)
        i++;
    assert(i < sizeof(headers->names) / sizeof(headers->names[0]));
    if (i == headers->count)
        headers->count++;
    headers->names[i] = name;
    headers->values[i] = value;
}

static inline const char *
request_headers_parameter(void *carrier, const char *name)
{
    const struct request_headers *headers = carrier;
    for (size_t i = 0; i < headers->count; i++)
        if (strcmp(headers->names[i], name) == 0)
            return headers->values[i];
    return NULL;
}

/* Of requests whose carrier is a struct request_headers. */
static const struct transport request_headers_transport = {.parameter = request_headers_parameter};

#endif
