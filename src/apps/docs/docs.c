/* The documentation as an application: its routes are in no document themselves. */
#include "apps/app.h"
#include "apps/documents.h"

#define SHOW(name, document)                                                                       \
    static bool name(struct request *request, struct error *err)                                   \
    {                                                                                              \
        (void)err;                                                                                 \
        documents_answer(request, document);                                                       \
        return true;                                                                               \
    }

SHOW(show_openapi, DOCUMENT_OPENAPI)
SHOW(show_docs, DOCUMENT_DOCS)
SHOW(show_redoc, DOCUMENT_REDOC)
SHOW(show_internal_openapi, DOCUMENT_INTERNAL_OPENAPI)
SHOW(show_internal_docs, DOCUMENT_INTERNAL_DOCS)
SHOW(show_internal_redoc, DOCUMENT_INTERNAL_REDOC)

enum {
    PUBLIC = ROUTE_HIDDEN | ROUTE_UNVERSIONED,
    INTERNAL = PUBLIC | ROUTE_INTERNAL | ROUTE_INTERNAL_DOCS,
};

static const struct route routes[] = {
    {METHOD_GET, "/openapi.json", show_openapi, PUBLIC, .operation_id = "openapi"},
    {METHOD_GET, "/docs", show_docs, PUBLIC, .operation_id = "docs"},
    {METHOD_GET, "/redoc", show_redoc, PUBLIC, .operation_id = "redoc"},
    {METHOD_GET, "/internal/openapi.json", show_internal_openapi, INTERNAL,
     .operation_id = "internal_openapi"},
    {METHOD_GET, "/internal/docs", show_internal_docs, INTERNAL, .operation_id = "internal_docs"},
    {METHOD_GET, "/internal/redoc", show_internal_redoc, INTERNAL,
     .operation_id = "internal_redoc"},
    {.pattern = NULL},
};

const struct app docs_app = {.name = "docs", .routes = routes};
