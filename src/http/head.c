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

struct head_variable {
    struct head_variable *next; /* in its bucket */
    const char *name;           /* ended by '=' */
    size_t length;
    const char *value;
};

/* Most names begin alike: length and last letter tell them apart. */
static size_t
bucket_of(const char *name, size_t length)
{
    return (length + 8 * (unsigned char)name[length - 1]) % HEAD_BUCKETS;
}

static struct head_variable *
find(const struct head *head, const char *name, size_t length)
{
    struct head_variable *at = head->buckets[bucket_of(name, length)];
    while (at && (at->length != length || memcmp(at->name, name, length) != 0))
        at = at->next;
    return at;
}

static void
add(struct head *head, struct head_variable *variable)
{
    struct head_variable **bucket = &head->buckets[bucket_of(variable->name, variable->length)];
    variable->next = *bucket;
    *bucket = variable;
}

static void
list_all(struct head *head, char *const *parameters, struct arena *arena)
{
    size_t count = 0;
    while (parameters[count])
        count++;
    struct head_variable *variable = arena_array(arena, count, sizeof(*variable));
    for (; *parameters; parameters++) {
        const char *name = *parameters;
        const char *equals = strchr(name, '=');
        if (!equals || equals == name)
            continue;
        *variable = (struct head_variable){
            .name = name, .length = (size_t)(equals - name), .value = equals + 1};
        if (variable->length >= 5 && memcmp(name, "HTTP_", 5) == 0) {
            head->header_count++;
            head->header_bytes += variable->length + strlen(equals);
        }
        add(head, variable++);
    }
    head->is_listed = true;
}

bool
head_find(const struct head *head, const char *cgi_name, const char **value)
{
    if (!head->is_listed)
        return false;
    const struct head_variable *variable = find(head, cgi_name, strlen(cgi_name));
    *value = variable ? variable->value : NULL;
    return true;
}

/* Web servers send variables that are not there as empty texts. */
static const char *
unless_empty(const char *value)
{
    return value && value[0] != '\0' ? value : NULL;
}

static void
read_listed(struct head *head)
{
    for (int i = 0; i < HEAD_FIELD_COUNT; i++) {
        struct head_variable *variable = find(head, names[i].text, names[i].length);
        if (variable)
            head->values[i] = variable->value = unless_empty(variable->value);
    }
}

void
head_read(struct head *head, struct request *request)
{
    *head = (struct head){0};
    const struct transport *transport = request->transport;
    char *const *parameters =
        transport->parameters ? transport->parameters(request->carrier) : NULL;
    if (parameters) {
        list_all(head, parameters, &request->arena);
        read_listed(head);
        return;
    }
    for (int i = 0; i < HEAD_FIELD_COUNT; i++)
        head->values[i] = unless_empty(transport->parameter(request->carrier, names[i].text));
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
