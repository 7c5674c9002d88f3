/* The names of scopes. */
#ifndef HEARTH_HTTP_SCOPE_H
#define HEARTH_HTTP_SCOPE_H

#include <stddef.h>

#include "base/arena.h"
#include "http/route.h"

/* The names of all scopes, NULL-terminated, in the order of their bits. */
extern const char *const scope_names[];

/* The name of the first scope among these; "" for none. */
const char *scope_name(unsigned scopes);

/* The scope of this name; 0 for none. name need not end with NUL. */
unsigned scope_parse(const char *name, size_t length);

/* The scopes of a comma list, unknown ones left out. */
unsigned scope_parse_list(const char *list);

/* Their names in the arena, NULL-terminated. */
const char *const *scope_list(unsigned scopes, struct arena *arena);

#endif
