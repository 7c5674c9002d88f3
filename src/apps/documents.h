/* The OpenAPI documents and the pages that show them, made when one is first asked for and const
 * from then on. */
#ifndef HEARTH_APPS_DOCUMENTS_H
#define HEARTH_APPS_DOCUMENTS_H

#include "apps/service.h"
#include "http/request.h"

enum document {
    DOCUMENT_OPENAPI,
    DOCUMENT_DOCS,
    DOCUMENT_REDOC,
    DOCUMENT_INTERNAL_OPENAPI,
    DOCUMENT_INTERNAL_DOCS,
    DOCUMENT_INTERNAL_REDOC,
    DOCUMENT_COUNT,
};

/* They are made from the routes and settings of service, which must outlive them. The caller owns
 * the result. */
struct documents *documents_new(const struct service *service);
void documents_free(struct documents *documents);

/* Answers with one, as response_document() does, and with the page's Content-Security-Policy. */
void documents_answer(struct request *request, enum document document);

#endif
