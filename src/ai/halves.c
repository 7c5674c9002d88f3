/* Texts are told apart by where they stand in their events: the names on the way to them, and what
 * number the provider gave to a choice or block. */
#include "ai/halves.h"

#include <stdbool.h>
#include <string.h>

#include "base/strbuf.h"
#include "host/hash.h"

enum { HALF_BYTES = 3 };

static bool
is_half(const char *at, const char *end)
{
    return end - at >= HALF_BYTES && (unsigned char)at[0] == 0xed && (unsigned char)at[1] >= 0xa0;
}

static bool
is_first_half(const char *at, const char *end)
{
    return is_half(at, end) && (unsigned char)at[1] < 0xb0;
}

/* The ten bits that a half tells of its character. */
static uint32_t
bits_of(const char *half)
{
    return ((uint32_t)half[1] & 0x0f) << 6 | ((uint32_t)half[2] & 0x3f);
}

static void
add_pair(struct strbuf *out, const char *first, const char *second)
{
    uint32_t code = 0x10000 + (bits_of(first) << 10) + bits_of(second);
    const char bytes[] = {(char)(0xf0 | code >> 18), (char)(0x80 | (code >> 12 & 0x3f)),
                          (char)(0x80 | (code >> 6 & 0x3f)), (char)(0x80 | (code & 0x3f))};
    strbuf_add(out, bytes, sizeof(bytes));
}

/* Takes out the half that this text left open. */
static bool
take(struct halves *halves, uint64_t place, struct half *half)
{
    for (size_t i = 0; i < halves->count; i++) {
        if (halves->open[i].place != place)
            continue;
        *half = halves->open[i];
        halves->open[i] = halves->open[--halves->count];
        return true;
    }
    return false;
}

static bool
keep_back(struct halves *halves, uint64_t place, const char *bytes)
{
    if (halves->count == HALVES_MAX)
        return false;
    struct half *half = &halves->open[halves->count++];
    half->place = place;
    memcpy(half->bytes, bytes, HALF_BYTES);
    return true;
}

static void
join_text(struct halves *halves, json_t *text, uint64_t place, struct arena *scratch)
{
    const char *at = json_string_value(text), *end = at + json_string_length(text);
    struct half first;
    struct strbuf out;
    /* Nothing more is no reason to give up what may still come. */
    bool goes_on = at < end && take(halves, place, &first);
    strbuf_init(&out, scratch, (size_t)(end - at) + 2 * HALF_BYTES);
    if (goes_on && is_half(at, end) && !is_first_half(at, end)) {
        add_pair(&out, first.bytes, at);
        at += HALF_BYTES;
    } else if (goes_on) {
        strbuf_add_text(&out, "\xef\xbf\xbd");
    }
    while (at < end) {
        bool is_open = is_first_half(at, end) && at + HALF_BYTES == end;
        if (!is_half(at, end)) {
            strbuf_add_char(&out, *at++);
            continue;
        }
        if (!is_open || !keep_back(halves, place, at))
            strbuf_add_text(&out, "\xef\xbf\xbd");
        at += HALF_BYTES;
    }
    json_string_setn_nocheck(text, out.data, out.length);
}

static uint64_t
place_in(uint64_t place, const char *name)
{
    return hash_seeded(name, strlen(name), place);
}

static uint64_t
place_at(uint64_t place, json_int_t number)
{
    return hash_seeded(&number, sizeof(number), place);
}

/* The numbers and words by which a provider says of which text an event is. */
static uint64_t
place_of_object(uint64_t place, const json_t *object)
{
    static const char *const numbers[] = {"index", "output_index", "content_index",
                                          "summary_index"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        place = place_at(place, json_integer_value(json_object_get(object, numbers[i])));
    const char *type = json_string_value(json_object_get(object, "type"));
    return type ? place_in(place, type) : place;
}

static void
walk(struct halves *halves, json_t *value, uint64_t place, struct arena *scratch)
{
    const char *name;
    json_t *item;
    size_t i;
    if (json_is_string(value)) {
        join_text(halves, value, place, scratch);
    } else if (json_is_object(value)) {
        place = place_of_object(place, value);
        json_object_foreach(value, name, item)
        {
            walk(halves, item, place_in(place, name), scratch);
        }
    } else {
        /* What has a number of its own stands where that says. */
        json_array_foreach(value, i, item)
        {
            bool has_number = json_object_get(item, "index");
            walk(halves, item, has_number ? place : place_at(place, i), scratch);
        }
    }
}

void
halves_join(struct halves *halves, json_t *document, struct arena *scratch)
{
    walk(halves, document, 0, scratch);
}
