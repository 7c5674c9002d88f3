/* Items that lie one after another, in the arena of whoever made them: structs or const char *. */
#ifndef HEARTH_BASE_LIST_H
#define HEARTH_BASE_LIST_H

#include <stddef.h>

struct list {
    void *items;
    size_t count;
};

#endif
