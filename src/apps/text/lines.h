/* Lists of short texts, as operations answer them. */
#ifndef HEARTH_APPS_TEXT_LINES_H
#define HEARTH_APPS_TEXT_LINES_H

#include <stddef.h>

#include "base/arena.h"
#include "http/schema.h"

/* The first max of the texts in found, without bullets, numbers and white space before them; blank
 * ones do not count. */
struct list lines_clean(const struct list *found, size_t max, struct arena *arena);

/* The texts as a list; the whole text where there are none, so that a list is never empty. */
struct list lines_of(const char **lines, size_t count, const char *text, struct arena *arena);

#endif
