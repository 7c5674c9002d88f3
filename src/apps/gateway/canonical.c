/* The client's body as part of the cache's key. */
#include "apps/gateway/gateway.h"

static int
add_bytes(const char *bytes, size_t length, void *out)
{
    strbuf_add(out, bytes, length);
    return 0;
}

const char *
gateway_canonical(struct request *request)
{
    struct strbuf text;
    strbuf_init(&text, &request->arena, request->body_length + 64);
    json_auto_t *body = json_copy((json_t *)request->document);
    json_object_del(body, "model");
    json_dump_callback(body, add_bytes, &text, JSON_SORT_KEYS | JSON_COMPACT);
    return text.data;
}
