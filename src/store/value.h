/* How values cross: what PostgreSQL writes of bytea and text[], read into the arena. */
#ifndef HEARTH_STORE_VALUE_H
#define HEARTH_STORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "store/query.h"

/* "\x6869", the hexadecimal form of bytea. false for anything else. */
bool value_bytes(const char *text, struct arena *arena, struct bytes *bytes)
    __attribute__((warn_unused_result));

/* {one,"two, three",NULL}: an array of one dimension whose lower bound is not written. A null among
 * the items is refused, since a list ends with one. items ends with a NULL that count does not
 * count. */
bool value_texts(const char *text, struct arena *arena, struct list *texts)
    __attribute__((warn_unused_result));

/* The whole of a decimal integer. */
bool value_integer(const char *text, int64_t *value) __attribute__((warn_unused_result));

#endif
