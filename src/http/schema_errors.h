/* The path to where decoding stands, for whom decodes by the rows: schema_complain() starts from
 * it. */
#ifndef HEARTH_HTTP_SCHEMA_ERRORS_H
#define HEARTH_HTTP_SCHEMA_ERRORS_H

#include "http/schema.h"

/* Each goes one step further, as far as the path has room, never cutting a character, and returns
 * what schema_path_leave() needs to come back: text as it is, ".name", "[index]". */
size_t schema_path_append(struct schema_errors *errors, const char *text, size_t length);
size_t schema_path_enter(struct schema_errors *errors, const char *name);
size_t schema_path_enter_index(struct schema_errors *errors, size_t index);

void schema_path_leave(struct schema_errors *errors, size_t used);

#endif
