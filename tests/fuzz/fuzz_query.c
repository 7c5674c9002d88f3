/* Any query string either is refused with a reason or decodes to a struct that can be encoded. */
#include <stdlib.h>

#include "fuzz_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    struct strbuf out;
    const char *query = arena_strndup(&arena, (const char *)bytes, size);
    const void *value = schema_decode_query(&sample_schema, query, &arena, &err);
    strbuf_init(&out, &arena, 16);
    if (value)
        schema_encode(&sample_schema, value, &out);
    else if (err.code == ERROR_NONE || err.detail[0] == '\0')
        abort();
    json_t *document = value ? json_loadb(out.data, out.length, 0, NULL) : NULL;
    if (value && !document)
        abort();
    json_decref(document);
    arena_release(&arena);
    return 0;
}
