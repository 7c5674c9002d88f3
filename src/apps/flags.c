/* Takes a receipt's list of categories apart. */
#include "apps/flags.h"

#include <string.h>

struct list
flags_split(const char *flags, struct arena *arena)
{
    if (!flags || flags[0] == '\0')
        return (struct list){0};
    size_t count = 1;
    for (const char *at = flags; *at; at++)
        count += *at == ',';
    const char **items = arena_array(arena, count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(flags, ",");
        items[i] = arena_strndup(arena, flags, length);
        flags += length + 1;
    }
    return (struct list){items, count};
}
