/* Whatever stands around it, a key on a line of its own is taken out; text stays text; bodies and
 * streams are cut to their length. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/redact.h"
#include "access/trace_text.h"
#include "base/utf8.h"

enum { KEPT_BYTES = 256, CUT_MARK_BYTES = 6 };

static const char key[] = "sk-abcdefghijklmnop1234";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check_around(struct arena *arena, const char *text, size_t size)
{
    struct strbuf whole, out;
    size_t half = size / 2, count;
    strbuf_init(&whole, arena, size + 64);
    strbuf_init(&out, arena, size + 64);
    strbuf_add(&whole, text, half);
    strbuf_add_char(&whole, '\n');
    strbuf_add_text(&whole, key);
    strbuf_add_char(&whole, '\n');
    strbuf_add(&whole, text + half, size - half);
    redact_add(&out, whole.data, whole.length);
    bool has_own = memmem(text, size, "cdefghijklmnop", 14) != NULL;
    if (!has_own && memmem(out.data, out.length, key, sizeof(key) - 1))
        abort();
    if (utf8_count(whole.data, whole.length, &count) && !utf8_count(out.data, out.length, &count))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    const char *text = arena_strndup(&arena, (const char *)bytes, size);
    check_around(&arena, text, size);
    const char *kept = trace_text(NULL, text, size, KEPT_BYTES, &arena);
    if (strlen(kept) > KEPT_BYTES + CUT_MARK_BYTES)
        abort();
    kept = trace_stream_text(text, size, KEPT_BYTES, &arena);
    if (strlen(kept) > KEPT_BYTES + CUT_MARK_BYTES)
        abort();
    redact_is_secret_name(text, size);
    arena_release(&arena);
    return 0;
}
