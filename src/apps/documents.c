/* The documents of the whole product. */
#include "apps/documents.h"

#include <pthread.h>
#include <stdlib.h>

#include "apps/app.h"
#include "apps/docs/page.h"
#include "http/openapi.h"

struct documents {
    const struct service *service;
    pthread_mutex_t lock; /* over what follows, until it is made */
    bool made;
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
    documents->service = service;
    pthread_mutex_init(&documents->lock, NULL);
    return documents;
}

static void
make_all(struct documents *documents)
{
    const struct service *service = documents->service;
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
}

/* Some milliseconds of work and some hundred kilobytes, which most workers are never asked for. */
static const struct strbuf *
find_body(struct documents *documents, enum document document)
{
    pthread_mutex_lock(&documents->lock);
    if (!documents->made)
        make_all(documents);
    documents->made = true;
    pthread_mutex_unlock(&documents->lock);
    return &documents->bodies[document];
}

void
documents_free(struct documents *documents)
{
    if (!documents)
        return;
    arena_release(&documents->arena);
    pthread_mutex_destroy(&documents->lock);
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
    const struct strbuf *body = find_body(request->service->documents, document);
    if (kinds[document].policy)
        response_header(request, "Content-Security-Policy", kinds[document].policy);
    response_document(request, kinds[document].content_type, body->data, body->length);
}
