/* The table of scopes. */
#include "http/scope.h"

#include <string.h>

enum { SCOPES = 7 };

const char *const scope_names[SCOPES + 1] = {"text",  "gateway", "budget", "persona",
                                             "study", "explain", "admin",  NULL};
_Static_assert(SCOPE_ALL == (1 << SCOPES) - 1 && SCOPE_ADMIN == 1 << (SCOPES - 1),
               "each scope has its name");

const char *
scope_name(unsigned scopes)
{
    for (size_t i = 0; i < SCOPES; i++)
        if (scopes & 1U << i)
            return scope_names[i];
    return "";
}

unsigned
scope_parse(const char *name, size_t length)
{
    for (size_t i = 0; i < SCOPES; i++)
        if (strlen(scope_names[i]) == length && memcmp(scope_names[i], name, length) == 0)
            return 1U << i;
    return 0;
}

unsigned
scope_parse_list(const char *list)
{
    unsigned scopes = 0;
    for (list += strspn(list, ", "); *list; list += strspn(list, ", ")) {
        size_t length = strcspn(list, ", ");
        scopes |= scope_parse(list, length);
        list += length;
    }
    return scopes;
}

const char *const *
scope_list(unsigned scopes, struct arena *arena)
{
    const char **names = arena_array(arena, SCOPES + 1, sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < SCOPES; i++)
        if (scopes & 1U << i)
            names[count++] = scope_names[i];
    return names;
}
