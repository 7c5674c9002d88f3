/* The request's head: CGI variables, method and target. */
#include "http/head.h"

#include <string.h>

enum { HEADERS_MAX = 100, HEADER_BYTES_MAX = 64 * 1024 };

struct field_name {
    const char *text;
    size_t length;
};

static const struct field_name names[HEAD_FIELD_COUNT] = {
#define X(name, cgi_name) [HEAD_##name] = {(cgi_name), sizeof(cgi_name) - 1},
    HEAD_FIELDS(X)
#undef X
};

/* -1 for a variable that is not wanted. */
static int
field_of(const char *name, size_t length)
{
    for (int i = 0; i < HEAD_FIELD_COUNT; i++)
        if (names[i].length == length && names[i].text[length - 1] == name[length - 1] &&
            memcmp(names[i].text, name, length) == 0)
            return i;
    return -1;
}

bool
head_find(const struct head *head, const char *cgi_name, const char **value)
{
    int field = field_of(cgi_name, strlen(cgi_name));
    if (field >= 0)
        *value = head->values[field];
    return field >= 0;
}

static void
read_all(struct head *head, char *const *parameters)
{
    for (; *parameters; parameters++) {
        const char *name = *parameters;
        const char *equals = strchr(name, '=');
        if (!equals || equals == name)
            continue;
        if (strncmp(name, "HTTP_", 5) == 0) {
            head->header_count++;
            head->header_bytes += (size_t)(equals - name) + strlen(equals);
        }
        int field = field_of(name, (size_t)(equals - name));
        if (field >= 0)
            head->values[field] = equals + 1;
    }
}

void
head_read(struct head *head, const struct request *request)
{
    *head = (struct head){0};
    const struct transport *transport = request->transport;
    char *const *parameters =
        transport->parameters ? transport->parameters(request->carrier) : NULL;
    if (parameters)
        read_all(head, parameters);
    else
        for (int i = 0; i < HEAD_FIELD_COUNT; i++)
            head->values[i] = transport->parameter(request->carrier, names[i].text);
    /* Web servers send variables that are not there as empty texts. */
    for (int i = 0; i < HEAD_FIELD_COUNT; i++)
        if (head->values[i] && head->values[i][0] == '\0')
            head->values[i] = NULL;
}

bool
head_check(const struct head *head, struct error *err)
{
    if (head->header_count > HEADERS_MAX)
        return error_set(err, ERROR_HEADERS_TOO_LARGE, "more than %d headers", HEADERS_MAX);
    if (head->header_bytes > HEADER_BYTES_MAX)
        return error_set(err, ERROR_HEADERS_TOO_LARGE, "more than %d bytes of headers",
                         HEADER_BYTES_MAX);
    return true;
}

static enum method
method_of(const struct head *head)
{
    static const struct {
        const char *name;
        enum method method;
    } methods[] = {
        {"GET", METHOD_GET},         {"POST", METHOD_POST},   {"HEAD", METHOD_HEAD},
        {"PUT", METHOD_PUT},         {"PATCH", METHOD_PATCH}, {"DELETE", METHOD_DELETE},
        {"OPTIONS", METHOD_OPTIONS},
    };
    const char *name = head->values[HEAD_METHOD];
    for (size_t i = 0; name && i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].method;
    return METHOD_OTHER;
}

bool
head_target(const struct head *head, struct request *request, struct error *err)
{
    const char *const *values = head->values;
    request->method_name = values[HEAD_METHOD] ? values[HEAD_METHOD] : "";
    request->method = method_of(head);
    request->remote_address = values[HEAD_REMOTE_ADDRESS] ? values[HEAD_REMOTE_ADDRESS] : "";
    request->path = "/";
    request->query = "";
    const char *target = values[HEAD_URI] ? values[HEAD_URI] : values[HEAD_DOCUMENT_URI];
    if (!target)
        return error_set(err, ERROR_MALFORMED_REQUEST, "the request has no target");
    const char *path, *query;
    if (!request_path_parse(target, &request->arena, &path, &query, err))
        return false;
    request->path = path;
    request->query = query;
    /* Without REQUEST_URI the query comes by itself. */
    if (!values[HEAD_URI] && values[HEAD_QUERY])
        request->query = values[HEAD_QUERY];
    return true;
}
