/* UTF-8 by the well-formed byte sequences of the Unicode standard, table 3-7. */
#include "base/utf8.h"

#include <string.h>

/* Length of the well-formed sequence at text, or 0. */
static size_t
sequence_length(const unsigned char *text, size_t bytes)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                    : lead >= 0xe0 && lead <= 0xef ? 3
                    : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                   : 0;
    if (length == 0 || bytes < length)
        return 0;
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool
utf8_count(const char *text, size_t bytes, size_t *count)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t total = 0;
    size_t i = 0;
    while (i < bytes) {
        uint64_t eight;
        while (bytes - i >= 8 && (memcpy(&eight, at + i, 8), (eight & 0x8080808080808080U) == 0)) {
            i += 8;
            total += 8;
        }
        if (i == bytes)
            break;
        size_t length = sequence_length(at + i, bytes - i);
        if (length == 0) {
            *count = i;
            return false;
        }
        i += length;
        total++;
    }
    *count = total;
    return true;
}

uint32_t
utf8_decode(const char *text, size_t *bytes)
{
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) {
        *bytes = 1;
        return at[0];
    }
    if (at[0] < 0xe0) {
        *bytes = 2;
        return (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU);
    }
    if (at[0] < 0xf0) {
        *bytes = 3;
        return (at[0] & 0x0fU) << 12 | (at[1] & 0x3fU) << 6 | (at[2] & 0x3fU);
    }
    *bytes = 4;
    return (at[0] & 0x07U) << 18 | (at[1] & 0x3fU) << 12 | (at[2] & 0x3fU) << 6 | (at[3] & 0x3fU);
}

size_t
utf8_prefix(const char *text, size_t bytes, size_t code_points)
{
    size_t at = 0;
    while (at < bytes && code_points > 0) {
        at++;
        while (at < bytes && ((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
        code_points--;
    }
    return at;
}

size_t
utf8_cut(const char *text, size_t bytes)
{
    while (bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes--;
    return bytes;
}
