/* Any bytes either are refused or decode to a struct whose encoding decodes to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "fuzz_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const void *
decode(const char *text, size_t length, struct arena *arena, struct error *err)
{
    const json_t *document = schema_parse(text, length, arena, err);
    return document ? schema_decode(&sample_schema, document, "body", arena, err) : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    struct strbuf first, second;
    const void *value = decode((const char *)bytes, size, &arena, &err);
    if (!value && (err.code == ERROR_NONE || err.detail[0] == '\0'))
        abort();
    if (value) {
        strbuf_init(&first, &arena, 16);
        strbuf_init(&second, &arena, 16);
        schema_encode(&sample_schema, value, &first);
        const void *again = decode(first.data, first.length, &arena, &err);
        if (!again)
            abort();
        schema_encode(&sample_schema, again, &second);
        if (first.length != second.length || memcmp(first.data, second.data, first.length) != 0)
            abort();
    }
    arena_release(&arena);
    return 0;
}
