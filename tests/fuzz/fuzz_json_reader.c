/* The quick reader of JSON takes nothing that jansson refuses, and makes the same of the rest. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "http/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    size_t count;
    if (!utf8_count((const char *)data, size, &count))
        return 0;
    json_auto_t *got = json_read((const char *)data, size, 32, &arena);
    arena_reset(&arena);
    if (!got)
        return 0;
    json_error_t error;
    json_auto_t *expected =
        json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!expected || !json_equal(got, expected))
        abort();
    return 0;
}
