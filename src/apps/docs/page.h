/* The pages that show an OpenAPI document. All that they load comes from our own origin, below
 * /docs/assets/ (web/build fills it), and no script stands in the page. */
#ifndef HEARTH_APPS_DOCS_PAGE_H
#define HEARTH_APPS_DOCS_PAGE_H

#include "base/strbuf.h"

enum page { PAGE_DOCS, PAGE_REDOC };

/* Both viewers write style attributes, hence unsafe-inline for styles. */
#define PAGE_POLICY_COMMON                                                                         \
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "                    \
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "           \
    "form-action 'none'; frame-ancestors 'none'"
#define PAGE_POLICY_DOCS PAGE_POLICY_COMMON
/* Redoc searches in a worker that it makes of a blob. */
#define PAGE_POLICY_REDOC PAGE_POLICY_COMMON "; worker-src blob:"

/* Appends the page for the document at prefix/openapi.json; title is escaped. */
void page_write(struct strbuf *out, enum page page, const char *title, const char *prefix);

#endif
