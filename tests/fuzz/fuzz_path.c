/* Any target either is refused or becomes a path that is stable, ASCII and fit for matching. */
#include <stdlib.h>
#include <string.h>

#include "http/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct route rows[] = {
    {.method = METHOD_GET, .pattern = "/"},
    {.method = METHOD_GET, .pattern = "/v1/jobs/{id}"},
    {.method = METHOD_POST, .pattern = "/{a}/{b}/{c}/{d}"},
    {.method = METHOD_PUT, .pattern = "/v1/{kind}/x"},
    {.pattern = NULL},
};
static const struct route *const tables[] = {rows, NULL};

static void
match(const char *path, struct arena *arena)
{
    struct route_index *index = route_index_new(tables);
    const struct route *found;
    const char *parameters[PATH_PARAMETERS_MAX];
    unsigned allowed;
    for (unsigned method = METHOD_GET; method <= METHOD_OPTIONS; method <<= 1)
        if (route_find(index, (enum method)method, path, arena, &found, parameters, &allowed) !=
                ROUTE_NO_PATH &&
            route_methods(allowed, arena)[0] == '\0')
            abort();
    route_index_free(index);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    const char *path, *query, *again;
    const char *target = arena_strndup(&arena, (const char *)bytes, size);
    match(target, &arena);
    if (request_path_parse(target, &arena, &path, &query, &err)) {
        for (const char *at = path; *at != '\0'; at++)
            if (*at <= ' ' || *at > '~')
                abort();
        if (path[0] != '/' || !request_path_parse(path, &arena, &again, &query, &err) ||
            strcmp(path, again) != 0)
            abort();
        match(path, &arena);
    } else if (err.code == ERROR_NONE) {
        abort();
    }
    arena_release(&arena);
    return 0;
}
