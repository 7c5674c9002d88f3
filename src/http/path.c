/* The target of a request, taken apart and brought into one form. */
#include "http/request.h"

#include <string.h>

#include "base/utf8.h"
#include "http/text.h"

enum { TARGET_BYTES_MAX = 8192 };

static bool
is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

/* What RFC 3986 allows in a path beside unreserved characters and escapes. */
static bool
is_plain(unsigned char c)
{
    return is_unreserved(c) || (c != '\0' && strchr("!$&'()*+,;=:@/", c) != NULL);
}

/* Skips "http://host" of an absolute target (RFC 9112, section 3.2.2). */
static const char *
skip_origin(const char *target)
{
    const char *scheme_end = strstr(target, "://");
    if (target[0] == '/' || !scheme_end)
        return target;
    return scheme_end + 3 + strcspn(scheme_end + 3, "/?");
}

/* Writes bytes with an escape for each that needs one. */
static size_t
write_normal(char *out, const char *text, size_t length)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool escaped = byte == '%';
        if (escaped) {
            byte = (unsigned char)(text_hex_digit(text[i + 1]) << 4 | text_hex_digit(text[i + 2]));
            i += 2;
        }
        if (escaped ? is_unreserved(byte) : is_plain(byte)) {
            out[count++] = (char)byte;
            continue;
        }
        out[count++] = '%';
        out[count++] = hex[byte >> 4];
        out[count++] = hex[byte & 15];
    }
    return count;
}

/* The complaint about a segment ("" behind a trailing slash is fine), or NULL. */
static const char *
check_segments(const char *path)
{
    for (const char *at = path; *at == '/';) {
        at++;
        size_t length = strcspn(at, "/");
        if (length == 0 && *at == '/')
            return "the path has an empty segment";
        if ((length == 1 && at[0] == '.') || (length == 2 && at[0] == '.' && at[1] == '.'))
            return "the path has a segment '.' or '..'";
        at += length;
    }
    return NULL;
}

static bool
refuse_length(struct error *err)
{
    return error_set(err, ERROR_URI_TOO_LONG, "the request's target is over %d bytes",
                     TARGET_BYTES_MAX);
}

bool
request_path_parse(const char *target, struct arena *arena, const char **path, const char **query,
                   struct error *err)
{
    size_t bytes = strnlen(target, TARGET_BYTES_MAX + 1);
    if (bytes > TARGET_BYTES_MAX)
        return refuse_length(err);
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)target[i] <= ' ' || target[i] == 0x7f)
            return error_set(err, ERROR_MALFORMED_REQUEST,
                             "the path has a space or control character");
    const char *start = skip_origin(target);
    size_t length = strcspn(start, "?#");
    if (start[0] != '/' && (start == target || length > 0))
        return error_set(err, ERROR_MALFORMED_REQUEST, "the path does not begin with '/'");
    if (!text_percent_decode(start, length, false, arena))
        return error_set(err, ERROR_MALFORMED_REQUEST,
                         "the path has an escape or a byte that is no text");
    char *normal = arena_alloc(arena, 3 * length + 2);
    size_t normal_length = write_normal(normal, start, length);
    if (normal_length > TARGET_BYTES_MAX)
        return refuse_length(err);
    if (normal_length == 0)
        normal[0] = '/';
    const char *complaint = check_segments(normal);
    if (complaint)
        return error_set(err, ERROR_MALFORMED_REQUEST, "%s", complaint);
    const char *rest = start[length] == '?' ? start + length + 1 : "";
    *path = normal;
    *query = arena_strndup(arena, rest, strcspn(rest, "#"));
    return true;
}
