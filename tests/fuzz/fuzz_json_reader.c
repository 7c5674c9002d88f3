/* The quick reader of JSON takes nothing that jansson refuses, and makes the same of the rest; the
 * lenient one makes the same of that, and clean text of all else. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ai/halves.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "http/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_text(const char *text, size_t length)
{
    size_t count;
    return utf8_count(text, length, &count) && !memchr(text, '\0', length);
}

/* Whether all texts and numbers are such as may be written. */
static bool
is_clean(const json_t *value)
{
    const char *name;
    json_t *item;
    size_t i;
    json_array_foreach(value, i, item) if (!is_clean(item)) return false;
    json_object_foreach((json_t *)value, name,
                        item) if (!is_text(name, strlen(name)) || !is_clean(item)) return false;
    if (json_is_string(value))
        return is_text(json_string_value(value), json_string_length(value));
    return !json_is_real(value) || isfinite(json_real_value(value));
}

/* Once as a whole answer, once as an event of a stream. strict may be NULL. */
static void
read_leniently(const char *text, size_t length, const json_t *strict)
{
    static struct arena arena;
    struct halves halves = {0};
    bool has_halves;
    json_auto_t *whole = json_read_lenient(text, length, 128, NULL, &arena);
    json_auto_t *event = json_read_lenient(text, length, 128, &has_halves, &arena);
    if (!whole != !event || (strict && !json_equal(whole, strict)))
        abort();
    if (event && has_halves)
        halves_join(&halves, event, &arena);
    if (event && (!is_clean(whole) || !is_clean(event)))
        abort();
    if (event && has_halves) /* what was kept back is joined to or replaced */
        halves_join(&halves, event, &arena);
    if (event && !is_clean(event))
        abort();
    arena_reset(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    size_t count;
    if (!utf8_count((const char *)data, size, &count))
        return 0;
    json_auto_t *got = json_read((const char *)data, size, 128, &arena);
    arena_reset(&arena);
    read_leniently((const char *)data, size, got);
    if (!got)
        return 0;
    json_error_t error;
    json_auto_t *expected =
        json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!expected || !json_equal(got, expected))
        abort();
    return 0;
}
