#include "ai/guard_mark.h"

#include <string.h>
#include <strings.h>

#include "ai/guard.h"
#include "base/ascii.h"

struct literal {
    unsigned category;
    const char *text; /* in lower case; a mark, or a word and a mark */
};

static const struct literal literals[] = {
    {GUARD_MARKUP, "<script"},
    {GUARD_MARKUP, "</script"},
    {GUARD_MARKUP, "<iframe"},
    {GUARD_MARKUP, "<|im_start|>"},
    {GUARD_MARKUP, "<|im_end|>"},
    {GUARD_MARKUP, "<|system|>"},
    {GUARD_MARKUP, "<|user|>"},
    {GUARD_MARKUP, "<|assistant|>"},
    {GUARD_MARKUP, "<|endoftext|>"},
    {GUARD_MARKUP, "<|eot_id|>"},
    {GUARD_MARKUP, "<|start_header_id|>"},
    {GUARD_MARKUP, "<<sys>>"},
    {GUARD_MARKUP, "<start_of_turn>"},
    {GUARD_MARKUP, "[inst]"},
    {GUARD_MARKUP, "[/inst]"},
    {GUARD_MARKUP, "javascript:"},
    {GUARD_MARKUP, "data:text/html"},
    {GUARD_MARKUP, "onerror="},
    {GUARD_MARKUP, "onload="},
    {GUARD_MARKUP, "document.cookie"},
    {GUARD_CODE, "eval("},
    {GUARD_CODE, "exec("},
    {GUARD_CODE, "__import__("},
    {GUARD_CODE, "os.system("},
    {GUARD_CODE, "subprocess."},
    {GUARD_CODE, "${jndi:"},
    {GUARD_ENCODING, "base64:"},
    {GUARD_ENCODING, "\xe2\x80\xae"}, /* right-to-left override */
    {GUARD_ENCODING, "\xe2\x80\xad"},
    /* "ignore previous instructions", "system prompt" where words are not parted by blanks */
    {GUARD_OVERRIDE, "忽略之前的"},
    {GUARD_OVERRIDE, "忽略以上"},
    {GUARD_OVERRIDE, "忽略先前"},
    {GUARD_OVERRIDE, "忽略所有"},
    {GUARD_OVERRIDE, "无视之前"},
    {GUARD_OVERRIDE, "以前の指示を無視"},
    {GUARD_OVERRIDE, "これまでの指示を無視"},
    {GUARD_OVERRIDE, "上記の指示を無視"},
    {GUARD_DISCLOSURE, "系统提示词"},
    {GUARD_DISCLOSURE, "システムプロンプト"},
};

unsigned
guard_literals(const char *text, size_t length)
{
    unsigned found = 0;
    char first = (char)(*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text);
    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        if (literals[i].text[0] != first)
            continue;
        size_t bytes = strlen(literals[i].text);
        if (bytes <= length && strncasecmp(text, literals[i].text, bytes) == 0)
            found |= literals[i].category;
    }
    return found;
}

enum { BASE64_RUN_BYTES = 100, ESCAPES_MIN = 4 };

bool
guard_is_base64(const char *text, size_t length, size_t *taken)
{
    size_t at = 0, upper = 0, small = 0, digits = 0, slashes = 0;
    for (; at < length; at++) {
        char c = text[at];
        upper += c >= 'A' && c <= 'Z';
        small += c >= 'a' && c <= 'z';
        digits += c >= '0' && c <= '9';
        slashes += c == '/';
        if (!ascii_is_letter(c) && !(c >= '0' && c <= '9') && c != '+' && c != '/' && c != '=')
            break;
    }
    *taken = at;
    return at >= BASE64_RUN_BYTES && upper * 8 > at && small * 8 > at && digits > 2 &&
           slashes * 12 < at;
}

bool
guard_is_escapes(const char *text, size_t length)
{
    size_t count = 0, at = 0;
    /* No farther than needed: every escape of a long run is looked at from here. */
    while (count < ESCAPES_MIN && at + 4 <= length && text[at] == '\\' &&
           (text[at + 1] == 'x' || text[at + 1] == 'u')) {
        at += text[at + 1] == 'x' ? 4 : 6;
        count++;
    }
    return count == ESCAPES_MIN;
}
