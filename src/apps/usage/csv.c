/* Usage as CSV: pages that are sent as they come, so that no length of it is held. */
#include "apps/usage/usage.h"

#include "store/store.h"

static const char TYPE[] = "text/csv; charset=utf-8";

static const char *
page_text(const struct list *rows, bool is_first, struct arena *arena, size_t *length)
{
    struct strbuf text;
    strbuf_init(&text, arena, 256 + rows->count * 128);
    if (is_first)
        usage_csv_head(&text);
    for (size_t i = 0; i < rows->count; i++)
        usage_csv_row(&((const struct usage_row *)rows->items)[i], &text);
    *length = text.length;
    return text.data;
}

static bool
begin(struct request *request)
{
    response_bytes(request, 200, TYPE, NULL, 0);
    if (request->complete)
        request->complete(request);
    request->response.begun = true;
    return request->transport->begin(request->carrier, request);
}

/* The page behind the last row of this one; the other arena holds both until it is there. */
static const struct list *
next_page(struct store *store, const struct usage_wish *wish, const struct list *page,
          struct arena *arena, struct error *err)
{
    const struct usage_row *rows = page->items;
    return usage_read(store, wish, &rows[page->count - 1], arena, err);
}

static bool
send_pages(struct request *request, struct store *store, const struct usage_wish *wish,
           const struct list *page, struct error *err)
{
    struct arena arenas[2] = {0};
    bool is_first = true, sent = true;
    size_t at = 0;
    while (page && sent && page->count > 0) {
        size_t length;
        const char *text = page_text(page, is_first, &arenas[at], &length);
        sent = request->transport->send(request->carrier, text, length);
        is_first = false;
        at = 1 - at;
        arena_reset(&arenas[at]);
        if (page->count < USAGE_PAGE_ROWS)
            break;
        page = next_page(store, wish, page, &arenas[at], err);
    }
    arena_release(&arenas[0]);
    arena_release(&arenas[1]);
    if (!sent)
        return error_set(err, ERROR_CLIENT_CLOSED, "the client left");
    return page;
}

bool
usage_answer_csv(struct request *request, struct store *store, const struct usage_wish *wish,
                 struct error *err)
{
    const struct list *page = usage_read(store, wish, NULL, &request->arena, err);
    if (!page)
        return false;
    response_header(request, "Cache-Control", "no-store");
    response_header(request, "Content-Disposition", "attachment; filename=\"usage.csv\"");
    bool is_all = page->count < USAGE_PAGE_ROWS || !request->transport->begin ||
                  request->method == METHOD_HEAD;
    if (!is_all)
        return (begin(request) || error_set(err, ERROR_CLIENT_CLOSED, "the client left")) &&
               send_pages(request, store, wish, page, err);
    size_t length;
    const char *text = page_text(page, true, &request->arena, &length);
    response_bytes(request, 200, TYPE, text, length);
    return true;
}
