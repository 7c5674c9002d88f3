/* The OpenAPI 3.1 document of routes: all that it says comes from the rows of routes and schemas
 * and from the table of errors. */
#ifndef HEARTH_HTTP_OPENAPI_H
#define HEARTH_HTTP_OPENAPI_H

#include <jansson.h>
#include <stdbool.h>

#include "http/route.h"

struct openapi_info {
    const char *title, *version, *description;
    bool internal; /* of the rows with ROUTE_INTERNAL, else of those without */
};

/* tables as for route_index_new(); hidden rows are left out. The caller owns the document. */
json_t *openapi_document(const struct openapi_info *info, const struct route *const *tables);

#endif
