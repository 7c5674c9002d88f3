/* The client's body as part of the cache's key. */
#include "apps/gateway/gateway.h"

#include <math.h>

/* Beyond these a double does not tell one whole number from the next. */
#define WHOLE_MAX 9007199254740992.0

static int
add_bytes(const char *bytes, size_t length, void *out)
{
    strbuf_add(out, bytes, length);
    return 0;
}

/* 0.0 says what 0 says. Numbers within other members are the provider's to read: they stay. */
static void
write_whole_numbers_as_such(json_t *body)
{
    for (void *at = json_object_iter(body); at; at = json_object_iter_next(body, at)) {
        const json_t *value = json_object_iter_value(at);
        double number = json_real_value(value);
        if (json_is_real(value) && number == trunc(number) && fabs(number) < WHOLE_MAX)
            json_object_iter_set_new(body, at, json_integer((json_int_t)number));
    }
}

const char *
gateway_canonical(struct request *request)
{
    struct strbuf text;
    strbuf_init(&text, &request->arena, request->body_length + 64);
    json_auto_t *body = json_copy((json_t *)request->document);
    json_object_del(body, "model");
    write_whole_numbers_as_such(body);
    json_dump_callback(body, add_bytes, &text, JSON_SORT_KEYS | JSON_COMPACT);
    return text.data;
}
