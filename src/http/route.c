/* Matching of paths against the rows that begin as they do. */
#include "http/route.h"

#include <stdlib.h>
#include <string.h>

#include "http/text.h"

enum { BUCKETS = 61, KEY_SEGMENTS = 2 };

struct route_entry {
    struct route_entry *next;
    const struct route *route;
};

struct route_index {
    struct arena arena; /* of the entries */
    struct route_entry *buckets[BUCKETS];
};

/* Length of the first segments, by which rows are told apart. */
static size_t
key_length(const char *path, size_t length)
{
    size_t at = 0;
    for (int slashes = 0; at < length; at++)
        if (path[at] == '/' && slashes++ == KEY_SEGMENTS)
            break;
    return at;
}

static size_t
bucket_of(const char *key, size_t length)
{
    size_t hash = 0;
    for (size_t i = 0; i < length; i++)
        hash = hash * 31 + (unsigned char)key[i];
    return hash % BUCKETS;
}

/* A row with a parameter in its key is in all buckets. */
static void
add_row(struct route_index *index, const struct route *route, struct route_entry **ends[BUCKETS])
{
    size_t length = key_length(route->pattern, strlen(route->pattern));
    bool is_anywhere = memchr(route->pattern, '{', length);
    size_t own = bucket_of(route->pattern, length);
    for (size_t i = 0; i < BUCKETS; i++) {
        if (!is_anywhere && i != own)
            continue;
        struct route_entry *entry = arena_alloc(&index->arena, sizeof(*entry));
        entry->route = route;
        *ends[i] = entry;
        ends[i] = &entry->next;
    }
}

struct route_index *
route_index_new(const struct route *const *tables)
{
    struct route_index *index = xcalloc(1, sizeof(*index));
    struct route_entry **ends[BUCKETS];
    for (size_t i = 0; i < BUCKETS; i++)
        ends[i] = &index->buckets[i];
    for (; *tables; tables++)
        for (const struct route *route = *tables; route->pattern; route++)
            add_row(index, route, ends);
    return index;
}

void
route_index_free(struct route_index *index)
{
    if (index)
        arena_release(&index->arena);
    free(index);
}

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
route_find(const struct route_index *index, enum method method, const char *path,
           struct arena *arena, const struct route **found, const char **parameters,
           unsigned *allowed)
{
    size_t length = matched_length(path);
    const char *starts[PATH_PARAMETERS_MAX];
    const char *decoded[PATH_PARAMETERS_MAX];
    size_t fewest = PATH_PARAMETERS_MAX + 1;
    *allowed = 0;
    *found = NULL;
    size_t bucket = bucket_of(path, key_length(path, length));
    for (const struct route_entry *entry = index->buckets[bucket]; entry; entry = entry->next) {
        const struct route *route = entry->route;
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
    if (*found)
        return ROUTE_FOUND;
    return *allowed == 0 ? ROUTE_NO_PATH : ROUTE_NO_METHOD;
}

const struct route_area *
route_area_find(const struct route_area *areas, const char *path)
{
    for (; areas->path; areas++) {
        size_t length = strlen(areas->path);
        bool begins_so = strncmp(path, areas->path, length) == 0;
        if (begins_so && (path[length] == '/' || path[length] == '\0'))
            return areas;
    }
    return NULL;
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
