/* What PostgreSQL writes of bytea and text[], and files of SQL: any bytes are refused, or read to
 * what writing and reading again gives anew; a script's statements lie in it, in order. */
#include <stdlib.h>
#include <string.h>

#include "store/script.h"
#include "store/store.h"
#include "store/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
try_bytes(const char *text, struct arena *arena)
{
    struct bytes first, again;
    if (!value_bytes(text, arena, &first))
        return;
    if (!value_bytes(store_bytes(arena, first.data, first.length), arena, &again) ||
        again.length != first.length || memcmp(again.data, first.data, first.length) != 0)
        abort();
}

static void
try_texts(const char *text, struct arena *arena)
{
    struct list first, again;
    if (!value_texts(text, arena, &first))
        return;
    const char *const *items = first.items;
    if (items[first.count] || !value_texts(store_texts(arena, items), arena, &again) ||
        again.count != first.count)
        abort();
    for (size_t i = 0; i < first.count; i++)
        if (strcmp(items[i], ((const char *const *)again.items)[i]) != 0)
            abort();
}

/* No more digits than an int64_t has, but for zeros in front. */
static void
try_integer(const char *text)
{
    int64_t number;
    if (!value_integer(text, &number))
        return;
    text += *text == '-';
    text += strspn(text, "0");
    if (strlen(text) > 19)
        abort();
}

static void
try_script(const char *text)
{
    struct script script = {text, text, 1};
    struct script_statement statement;
    const char *end = text;
    int line = 1;
    while (script_next(&script, &statement)) {
        if (statement.text < end || statement.length == 0 || statement.line < line)
            abort();
        end = statement.text + statement.length;
        line = statement.line;
    }
    if (end > text + strlen(text))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    const char *text = arena_strndup(&arena, (const char *)bytes, size);
    try_bytes(text, &arena);
    try_texts(text, &arena);
    try_script(text);
    try_integer(text);
    arena_release(&arena);
    return 0;
}
