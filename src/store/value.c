/* Parameters as PostgreSQL reads them, and values as it writes them. */
#include "store/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/integer.h"
#include "base/strbuf.h"
#include "store/store.h"

const char *
store_integer(struct arena *arena, int64_t value)
{
    char text[INTEGER_TEXT_BYTES];
    size_t length = integer_format(text, value);
    return arena_strndup(arena, text, length);
}

const char *
store_bytes(struct arena *arena, const void *data, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    char *text = arena_array(arena, length + 2, 2);
    text[0] = '\\';
    text[1] = 'x';
    for (size_t i = 0; i < length; i++) {
        text[2 + 2 * i] = digits[bytes[i] >> 4];
        text[3 + 2 * i] = digits[bytes[i] & 15];
    }
    return text;
}

const char *
store_texts(struct arena *arena, const char *const *texts)
{
    struct strbuf out;
    strbuf_init(&out, arena, 64);
    strbuf_add_char(&out, '{');
    for (size_t i = 0; texts[i]; i++) {
        strbuf_add_text(&out, i > 0 ? ",\"" : "\"");
        for (const char *at = texts[i]; *at; at++) {
            if (*at == '"' || *at == '\\')
                strbuf_add_char(&out, '\\');
            strbuf_add_char(&out, *at);
        }
        strbuf_add_char(&out, '"');
    }
    strbuf_add_char(&out, '}');
    return out.data;
}

static int
hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool
value_bytes(const char *text, struct arena *arena, struct bytes *bytes)
{
    size_t digits = strlen(text);
    if (digits < 2 || text[0] != '\\' || text[1] != 'x' || digits % 2 != 0)
        return false;
    size_t length = digits / 2 - 1;
    unsigned char *data = arena_alloc(arena, length + 1);
    for (size_t i = 0; i < length; i++) {
        int high = hex_digit(text[2 + 2 * i]), low = hex_digit(text[3 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        data[i] = (unsigned char)(high << 4 | low);
    }
    *bytes = (struct bytes){data, length};
    return true;
}

/* Reads the item at *text into out, which has room for all of the text that is left, and moves past
 * it. false where there is none. */
static bool
read_item(const char **text, char *out)
{
    const char *at = *text;
    bool quoted = *at == '"';
    at += quoted;
    const char *start = at;
    for (; *at && (quoted ? *at != '"' : *at != ',' && *at != '}'); at++) {
        if (!quoted && strchr("{\"", *at))
            return false;
        if (*at == '\\' && !*++at)
            return false;
        *out++ = *at;
    }
    *out = '\0';
    if (quoted && *at++ != '"')
        return false;
    bool bare_null = !quoted && at - start == 4 && strncasecmp(start, "null", 4) == 0;
    *text = at;
    return !bare_null && (quoted || at > start);
}

bool
value_texts(const char *text, struct arena *arena, struct list *texts)
{
    if (*text++ != '{')
        return false;
    size_t most = 2;
    for (const char *at = text; *at; at++)
        most += *at == ',';
    const char **items = arena_array(arena, most, sizeof(*items));
    char *copy = arena_alloc(arena, strlen(text) + most);
    size_t count = 0;
    if (text[0] == '}' && text[1] == '\0') {
        *texts = (struct list){items, 0};
        return true;
    }
    do {
        if (!read_item(&text, copy))
            return false;
        items[count++] = copy;
        copy += strlen(copy) + 1;
    } while (*text++ == ',');
    *texts = (struct list){items, count};
    return text[-1] == '}' && text[0] == '\0';
}

bool
value_integer(const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    *value = number;
    return errno == 0 && end != text && *end == '\0' && (*text == '-' || hex_digit(*text) >= 0);
}
