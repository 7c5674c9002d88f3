/* The HTML of the documentation pages. */
#include "apps/docs/page.h"

static const struct {
    const char *path, *label, *head;
} pages[] = {
    [PAGE_DOCS] = {"/docs", "Try it out",
                   "<link rel=\"stylesheet\" href=\"/docs/assets/swagger-ui.css\">\n"
                   "<script defer src=\"/docs/assets/swagger-ui-bundle.js\"></script>\n"
                   "<script defer src=\"/docs/assets/docs.js\"></script>\n"},
    [PAGE_REDOC] = {"/redoc", "Reference",
                    "<script defer src=\"/docs/assets/redoc.standalone.js\"></script>\n"
                    "<script defer src=\"/docs/assets/redoc.js\"></script>\n"},
};

static void
add_escaped(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&' || *text == '<' || *text == '>' || *text == '"')
            strbuf_printf(out, "&#%d;", *text);
        else
            strbuf_add_char(out, *text);
    }
}

static void
add_link(struct strbuf *out, enum page shown, enum page page, const char *prefix)
{
    strbuf_printf(out, "<a href=\"%s%s\"%s>%s</a>\n", prefix, pages[page].path,
                  shown == page ? " aria-current=\"page\"" : "", pages[page].label);
}

void
page_write(struct strbuf *out, enum page page, const char *title, const char *prefix)
{
    strbuf_add_text(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    add_escaped(out, title);
    strbuf_printf(out, "%s: %s</title>\n<link rel=\"icon\" href=\"data:,\">\n",
                  prefix[0] != '\0' ? " (internal)" : "", pages[page].label);
    strbuf_add_text(out, "<link rel=\"stylesheet\" href=\"/docs/assets/page.css\">\n");
    strbuf_printf(out, "%s</head>\n<body>\n<nav>\n", pages[page].head);
    add_link(out, page, PAGE_DOCS, prefix);
    add_link(out, page, PAGE_REDOC, prefix);
    strbuf_printf(out, "<a href=\"%s/openapi.json\">OpenAPI document</a>\n</nav>\n", prefix);
    strbuf_printf(out, "<main id=\"viewer\" data-document=\"%s/openapi.json\"></main>\n", prefix);
    strbuf_add_text(out, "<noscript><p>This page needs JavaScript; the OpenAPI document does "
                         "not.</p></noscript>\n</body>\n</html>\n");
}
