/* What of a body is kept. Private to src/access. */
#ifndef HEARTH_ACCESS_TRACE_TEXT_H
#define HEARTH_ACCESS_TRACE_TEXT_H

#include "base/arena.h"

#include <jansson.h>

/* The document, or the bytes, redacted and cut; in the arena. document may be NULL: then bytes that
 * are JSON are read as such. */
const char *trace_text(const json_t *document, const char *bytes, size_t length, size_t max_bytes,
                       struct arena *arena);

/* What a stream of events said, of any surface: the pieces of the answer put together, so that a
 * secret that came in pieces is found. */
const char *trace_stream_text(const char *bytes, size_t length, size_t max_bytes,
                              struct arena *arena);

#endif
