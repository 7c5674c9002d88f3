/* The guard's findings as answers show them. */
#ifndef HEARTH_APPS_FLAGS_H
#define HEARTH_APPS_FLAGS_H

#include "base/arena.h"
#include "http/schema.h"

/* "a,b" as a list of texts in the arena; no items at all for NULL or "". */
struct list flags_split(const char *flags, struct arena *arena);

#endif
