/* API versions. Version 2.0 answers as 1.0 does; it exists because clients of the replaced system
 * were told that they may ask for it. */
#include "http/version.h"

#include <string.h>

#define SUPPORTED_VERSIONS "1.0, 2.0"
#define CURRENT_VERSION "1.0"

/* Clients may ask for a later minor version than there is: they get the highest of its major. */
static const struct {
    char major;
    const char *version;
} versions[] = {{'1', "1.0"}, {'2', "2.0"}};

/* A text that may name a version: where it is and where it was found. */
struct wish {
    const char *text;
    size_t length;
    const char *source;
};

static size_t
digits(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

size_t
version_path_length(const char *path)
{
    if (path[0] != '/' || path[1] != 'v')
        return 0;
    const char *number = path + 2;
    size_t length = strcspn(number, "/");
    size_t whole = digits(number, length);
    if (whole == 0)
        return 0;
    if (whole < length && (number[whole] != '.' ||
                           whole + 1 + digits(number + whole + 1, length - whole - 1) != length))
        return 0;
    return 2 + length;
}

static bool
wish_query(const char *query, const char *name, struct wish *wish)
{
    size_t name_length = strlen(name);
    for (const char *at = query; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            const char *value = at + name_length + 1;
            *wish = (struct wish){value, strcspn(value, "&"), "query"};
            return true;
        }
    }
    return false;
}

/* "application/vnd.hearth+json;version=2.0": other types may have a version of their own. */
static bool
wish_accept(const char *accept, struct wish *wish)
{
    const char *type = strstr(accept, "application/vnd.");
    const char *version = type ? strstr(type, "version=") : NULL;
    if (!version || memchr(type, ',', (size_t)(version - type)))
        return false;
    version += strlen("version=");
    version += *version == '"';
    *wish = (struct wish){version, strcspn(version, "\",; \t"), "accept"};
    return true;
}

static bool
find_wish(const struct request *request, const struct head *head, const char *path,
          struct wish *wish)
{
    size_t in_path = version_path_length(path);
    if (in_path > 0) {
        *wish = (struct wish){path + 2, in_path - 2, "path"};
        return true;
    }
    static const enum head_field fields[] = {HEAD_API_VERSION, HEAD_X_API_VERSION, HEAD_VERSION};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *value = head->values[fields[i]];
        if (value) {
            *wish = (struct wish){value, strlen(value), "header"};
            return true;
        }
    }
    if (request->query[0] != '\0' && (wish_query(request->query, "version", wish) ||
                                      wish_query(request->query, "api_version", wish)))
        return true;
    return head->values[HEAD_ACCEPT] && wish_accept(head->values[HEAD_ACCEPT], wish);
}

bool
version_negotiate(struct request *request, const struct head *head, const char *path,
                  struct error *err)
{
    struct wish wish;
    if (!find_wish(request, head, path, &wish)) {
        request->api_version = CURRENT_VERSION;
        request->api_version_source = "default";
        return true;
    }
    const char *text = wish.text;
    size_t length = wish.length;
    if (length > 0 && (*text == 'v' || *text == 'V')) {
        text++;
        length--;
    }
    size_t whole = digits(text, length);
    size_t parsed = whole;
    if (parsed > 0 && parsed + 1 < length && text[parsed] == '.')
        parsed += 1 + digits(text + parsed + 1, length - parsed - 1);
    if (whole == 0 || parsed != length || length > 16)
        return error_set(err, ERROR_MALFORMED_REQUEST,
                         "the API version in the %s is not of the form 1 or 1.0", wish.source);
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        if (whole == 1 && text[0] == versions[i].major) {
            request->api_version = versions[i].version;
            request->api_version_source = wish.source;
            return true;
        }
    return error_set(err, ERROR_UNSUPPORTED_VERSION,
                     "API version %.*s is not supported; supported versions: " SUPPORTED_VERSIONS,
                     (int)length, text);
}

void
version_headers(struct request *request)
{
    if (!request->api_version)
        return;
    response_header(request, "X-API-Version", request->api_version);
    response_header(request, "X-API-Version-Detection", request->api_version_source);
    response_header(request, "X-API-Supported-Versions", SUPPORTED_VERSIONS);
    response_header(request, "X-API-Current-Version", CURRENT_VERSION);
}
