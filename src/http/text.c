/* Texts from the wire. */
#include "http/text.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* The code points of the property White_Space. */
static bool
is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

void
text_trim(const char *text, size_t length, size_t *start, size_t *end)
{
    size_t bytes;
    size_t from = 0;
    while (from < length && is_space(utf8_decode(text + from, &bytes)))
        from += bytes;
    size_t to = length;
    while (to > from) {
        size_t last = to - 1;
        while (last > from && ((unsigned char)text[last] & 0xc0) == 0x80)
            last--;
        if (!is_space(utf8_decode(text + last, &bytes)))
            break;
        to = last;
    }
    *start = from;
    *end = to;
}

const char *
text_upper_case(const char *text, struct arena *arena)
{
    char *upper = arena_strdup(arena, text);
    for (char *at = upper; *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at & ~0x20);
    return upper;
}

int
text_hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char *
text_percent_decode(const char *text, size_t length, bool plus, struct arena *arena)
{
    char *decoded = arena_alloc(arena, length + 1);
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            int high = length - i > 2 ? text_hex_digit(text[i + 1]) : -1;
            int low = length - i > 2 ? text_hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            byte = (char)(high << 4 | low);
            i += 2;
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        if (byte == '\0')
            return NULL;
        decoded[count++] = byte;
    }
    size_t code_points;
    return utf8_count(decoded, count, &code_points) ? decoded : NULL;
}
