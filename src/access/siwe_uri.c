/* RFC 3986 as far as EIP-4361 leans on it: URIs, authorities, and their characters. */
#include "access/siwe.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/ascii.h"
#include "http/text.h"

#define SUB_DELIMITERS "!$&'()*+,;="

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool
is_one_of(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

static bool
is_unreserved(char byte)
{
    return ascii_is_letter(byte) || is_digit(byte) || is_one_of(byte, "-._~");
}

bool
siwe_characters_check(const char *text, size_t length, const char *more)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%') {
            if (length - i < 3 || text_hex_digit(text[i + 1]) < 0 ||
                text_hex_digit(text[i + 2]) < 0)
                return false;
            i += 2;
        } else if (!is_unreserved(text[i]) && !is_one_of(text[i], SUB_DELIMITERS) &&
                   !is_one_of(text[i], more)) {
            return false;
        }
    }
    return true;
}

/* What stands between the brackets of a host: IPv6, or "v1.x" of the future. */
static bool
is_literal(const char *text, size_t length)
{
    char address[INET6_ADDRSTRLEN] = "";
    struct in6_addr parsed;
    if (length > 0 && (text[0] | 0x20) == 'v') {
        size_t at = 1;
        while (at < length && text_hex_digit(text[at]) >= 0)
            at++;
        return at > 1 && at + 1 < length && text[at] == '.' &&
               memchr(text + at, '%', length - at) == NULL &&
               siwe_characters_check(text + at + 1, length - at - 1, ":");
    }
    if (length >= sizeof(address) || memchr(text, '\0', length))
        return false;
    memcpy(address, text, length);
    return inet_pton(AF_INET6, address, &parsed) == 1;
}

static bool
is_port(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_digit(text[i]))
            return false;
    return true;
}

static bool
is_host_and_port(const char *text, size_t length)
{
    if (length > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', length);
        if (!end || !is_literal(text + 1, (size_t)(end - text) - 1))
            return false;
        size_t rest = length - (size_t)(end + 1 - text);
        return rest == 0 || (end[1] == ':' && is_port(end + 2, rest - 1));
    }
    const char *colon = memchr(text, ':', length);
    size_t host = colon ? (size_t)(colon - text) : length;
    return siwe_characters_check(text, host, "") &&
           (!colon || is_port(colon + 1, length - host - 1));
}

bool
siwe_authority_check(const char *text, size_t length)
{
    const char *at = memchr(text, '@', length);
    if (!at)
        return is_host_and_port(text, length);
    size_t user = (size_t)(at - text);
    return siwe_characters_check(text, user, ":") && is_host_and_port(at + 1, length - user - 1);
}

static size_t
scheme_length(const char *text, size_t length)
{
    size_t at = 0;
    if (length == 0 || !ascii_is_letter(text[0]))
        return 0;
    while (at < length &&
           (ascii_is_letter(text[at]) || is_digit(text[at]) || is_one_of(text[at], "+-.")))
        at++;
    return at < length && text[at] == ':' ? at : 0;
}

/* Where the first byte of set stands, or the end. */
static size_t
find_any(const char *text, size_t length, const char *set)
{
    size_t at = 0;
    while (at < length && !is_one_of(text[at], set))
        at++;
    return at;
}

/* path [ "?" query ] [ "#" fragment ] */
static bool
is_path_and_more(const char *text, size_t length)
{
    size_t fragment = find_any(text, length, "#");
    size_t query = find_any(text, fragment, "?");
    if (!siwe_characters_check(text, query, SIWE_PCHAR "/"))
        return false;
    if (query < fragment &&
        !siwe_characters_check(text + query + 1, fragment - query - 1, SIWE_PCHAR "/?"))
        return false;
    return fragment == length ||
           siwe_characters_check(text + fragment + 1, length - fragment - 1, SIWE_PCHAR "/?");
}

bool
siwe_uri_parse(const char *text, size_t length, struct siwe_uri *uri)
{
    size_t scheme = scheme_length(text, length);
    if (scheme == 0)
        return false;
    *uri = (struct siwe_uri){.scheme = text, .scheme_length = scheme};
    const char *rest = text + scheme + 1;
    size_t left = length - scheme - 1;
    if (left >= 2 && rest[0] == '/' && rest[1] == '/') {
        size_t authority = find_any(rest + 2, left - 2, "/?#");
        if (!siwe_authority_check(rest + 2, authority))
            return false;
        uri->authority = rest + 2;
        uri->authority_length = authority;
        rest += 2 + authority;
        left -= 2 + authority;
    }
    return is_path_and_more(rest, left);
}
