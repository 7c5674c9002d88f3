/* The bytes of a JSON string that stand for themselves, found eight at a time: read and written by
 * the same rule. Inline because it is asked for every string of every request and answer. */
#ifndef HEARTH_HTTP_JSON_PLAIN_H
#define HEARTH_HTTP_JSON_PLAIN_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many bytes from text on are no quote, backslash or control character. */
static inline size_t
json_plain_prefix(const char *text, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    size_t i = 0;
    uint64_t eight;
    while (length - i >= sizeof(eight)) {
        memcpy(&eight, text + i, sizeof(eight));
        eight = le64toh(eight);
        uint64_t quote = eight ^ (ones * '"');
        uint64_t backslash = eight ^ (ones * '\\');
        uint64_t found = ((eight - ones * 0x20) & ~eight) | ((quote - ones) & ~quote) |
                         ((backslash - ones) & ~backslash);
        /* Right of the first one; a byte behind it may be found for what was borrowed from it. */
        if ((found & highs) != 0)
            return i + (size_t)__builtin_ctzll(found & highs) / 8;
        i += sizeof(eight);
    }
    while (i < length && (unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
        i++;
    return i;
}

#endif
