/* Matching of paths against the rows. A linear search over all of them costs less than a
 * microsecond, because most rows part from the path in their first bytes. */
#include "http/route.h"

#include <string.h>

#include "http/text.h"

/* Length of the path without a trailing slash, which only "/" keeps. */
static size_t
matched_length(const char *path)
{
    size_t length = strlen(path);
    bool trailing = length > 1 && path[length - 1] == '/' && path[length - 2] != '/';
    return trailing ? length - 1 : length;
}

/* Whether path fits; counts the parameters and notes where they begin. */
static bool
pattern_fits(const char *pattern, const char *path, size_t length, size_t *count,
             const char *starts[PATH_PARAMETERS_MAX])
{
    const char *end = path + length;
    *count = 0;
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '{') {
            if (path == end || *path++ != *pattern)
                return false;
            continue;
        }
        const char *slash = memchr(path, '/', (size_t)(end - path));
        const char *segment_end = slash ? slash : end;
        if (segment_end == path || *count == PATH_PARAMETERS_MAX)
            return false;
        starts[(*count)++] = path;
        path = segment_end;
        pattern = strchr(pattern, '}');
        if (!pattern)
            return false;
    }
    return path == end;
}

static bool
decode_parameters(const char *const *starts, size_t count, const char *end, struct arena *arena,
                  const char **parameters)
{
    for (size_t i = 0; i < count; i++) {
        const char *slash = memchr(starts[i], '/', (size_t)(end - starts[i]));
        size_t length = (size_t)((slash ? slash : end) - starts[i]);
        parameters[i] = text_percent_decode(starts[i], length, false, arena);
        if (!parameters[i])
            return false;
    }
    return true;
}

static unsigned
methods_of(const struct route *route)
{
    return (unsigned)route->method | METHOD_OPTIONS |
           (route->method == METHOD_GET ? (unsigned)METHOD_HEAD : 0);
}

enum route_match
route_find(const struct route *const *tables, enum method method, const char *path,
           struct arena *arena, const struct route **found, const char **parameters,
           unsigned *allowed)
{
    size_t length = matched_length(path);
    const char *starts[PATH_PARAMETERS_MAX];
    const char *decoded[PATH_PARAMETERS_MAX];
    size_t fewest = PATH_PARAMETERS_MAX + 1;
    *allowed = 0;
    *found = NULL;
    for (; *tables; tables++) {
        for (const struct route *route = *tables; route->pattern; route++) {
            size_t count;
            if (!pattern_fits(route->pattern, path, length, &count, starts) ||
                !decode_parameters(starts, count, path + length, arena, decoded))
                continue;
            *allowed |= methods_of(route);
            bool fits =
                route->method == method || (method == METHOD_HEAD && route->method == METHOD_GET);
            if (fits && count < fewest) {
                fewest = count;
                *found = route;
                memcpy(parameters, decoded, count * sizeof(*decoded));
            }
        }
    }
    if (*found)
        return ROUTE_FOUND;
    return *allowed == 0 ? ROUTE_NO_PATH : ROUTE_NO_METHOD;
}

const char *
route_methods(unsigned allowed, struct arena *arena)
{
    static const struct {
        enum method method;
        const char *name;
    } names[] = {{METHOD_GET, "GET"},        {METHOD_HEAD, "HEAD"},   {METHOD_POST, "POST"},
                 {METHOD_PUT, "PUT"},        {METHOD_PATCH, "PATCH"}, {METHOD_DELETE, "DELETE"},
                 {METHOD_OPTIONS, "OPTIONS"}};
    struct strbuf list;
    strbuf_init(&list, arena, 64);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if ((allowed & (unsigned)names[i].method) != 0)
            strbuf_printf(&list, "%s%s", list.length > 0 ? ", " : "", names[i].name);
    return list.data;
}
