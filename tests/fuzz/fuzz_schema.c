/* Any bytes either are refused or decode to a struct whose encoding decodes to the same bytes; and
 * what the quick reader takes is what jansson makes of it. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "fuzz_sample.h"
#include "http/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const void *
decode(const char *text, size_t length, struct arena *arena, struct error *err)
{
    const json_t *document = schema_parse(text, length, arena, err);
    return document ? schema_decode(&sample_schema, document, "body", arena, err) : NULL;
}

static void
compare_readers(const char *text, size_t length, struct arena *arena)
{
    size_t code_points;
    json_t *quick = NULL;
    if (utf8_count(text, length, &code_points))
        quick = json_read(text, length, SCHEMA_DEPTH_MAX, arena);
    if (!quick)
        return;
    json_t *slow = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (!slow || !json_equal(quick, slow))
        abort();
    json_decref(quick);
    json_decref(slow);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    struct strbuf first, second;
    compare_readers((const char *)bytes, size, &arena);
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
