/* The documents of the whole product. */
#include "apps/documents.h"

#include <stdlib.h>

#include "apps/app.h"
#include "apps/docs/page.h"
#include "http/openapi.h"

struct documents {
    struct arena arena; /* owns all bodies */
    struct strbuf bodies[DOCUMENT_COUNT];
};

static void
make_openapi(struct strbuf *out, const struct service *service, bool internal)
{
    struct openapi_info info = {
        .title = internal ? arena_printf(out->arena, "%s (internal)", service->settings->app_name)
                          : service->settings->app_name,
        .version = API_VERSION,
        .description =
            internal
                ? "For operators: monitoring, caches and models. Keep it from the public."
                : "Failures have one body, application/problem+json, save on routes that speak as "
                  "OpenAI's or Anthropic's do, where they have theirs; all bad fields of a "
                  "request are named at once.",
        .internal = internal,
    };
    json_t *document = openapi_document(&info, service->routes);
    schema_encode_json(out, document);
    json_decref(document);
}

struct documents *
documents_new(const struct service *service)
{
    struct documents *documents = xcalloc(1, sizeof(*documents));
    struct strbuf *bodies = documents->bodies;
    for (int i = 0; i < DOCUMENT_COUNT; i++)
        strbuf_init(&bodies[i], &documents->arena, 1024);
    const char *name = service->settings->app_name;
    make_openapi(&bodies[DOCUMENT_OPENAPI], service, false);
    page_write(&bodies[DOCUMENT_DOCS], PAGE_DOCS, name, "");
    page_write(&bodies[DOCUMENT_REDOC], PAGE_REDOC, name, "");
    make_openapi(&bodies[DOCUMENT_INTERNAL_OPENAPI], service, true);
    page_write(&bodies[DOCUMENT_INTERNAL_DOCS], PAGE_DOCS, name, "/internal");
    page_write(&bodies[DOCUMENT_INTERNAL_REDOC], PAGE_REDOC, name, "/internal");
    return documents;
}

void
documents_free(struct documents *documents)
{
    if (!documents)
        return;
    arena_release(&documents->arena);
    free(documents);
}

void
documents_answer(struct request *request, enum document document)
{
    static const struct {
        const char *content_type, *policy;
    } kinds[DOCUMENT_COUNT] = {
        [DOCUMENT_OPENAPI] = {"application/json", NULL},
        [DOCUMENT_DOCS] = {"text/html; charset=utf-8", PAGE_POLICY_DOCS},
        [DOCUMENT_REDOC] = {"text/html; charset=utf-8", PAGE_POLICY_REDOC},
        [DOCUMENT_INTERNAL_OPENAPI] = {"application/json", NULL},
        [DOCUMENT_INTERNAL_DOCS] = {"text/html; charset=utf-8", PAGE_POLICY_DOCS},
        [DOCUMENT_INTERNAL_REDOC] = {"text/html; charset=utf-8", PAGE_POLICY_REDOC},
    };
    const struct strbuf *body = &request->service->documents->bodies[document];
    if (kinds[document].policy)
        response_header(request, "Content-Security-Policy", kinds[document].policy);
    response_document(request, kinds[document].content_type, body->data, body->length);
}
