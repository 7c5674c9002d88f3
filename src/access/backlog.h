/* Lines of JSON that wait in a file of SPOOL_DIRECTORY until the database takes them: of requests
 * that may not wait, and while it is away. They outlive the process, also one that is killed; a
 * crash of the host may cost the last ones. */
#ifndef HEARTH_ACCESS_BACKLOG_H
#define HEARTH_ACCESS_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"

/* A file that has grown to this takes no more until it was drained. */
enum { BACKLOG_MAX_BYTES = 16 << 20 };

/* Adds a line, which holds no line end, to the file of this name. One lock and one write(2), never
 * to the database: any lane. ERROR_UNAVAILABLE where the file cannot be written or is full. */
bool backlog_add(const struct settings *settings, const char *name, const char *line, size_t length,
                 struct error *err) __attribute__((warn_unused_result));

enum { BACKLOG_BATCH = 200, BACKLOG_BATCH_BYTES = 1 << 20 };

/* Gives all lines to write_array(), some at a time, as a JSON array of which each is an element, in
 * order; a file that was given is gone. When it fails with ERROR_UNAVAILABLE, what it was given and
 * all after it stay for the next time: it must do no harm to write a line twice. When it fails
 * otherwise, each line is given by itself, and one that fails again is logged and let go, so that a
 * damaged one (of a disk that was full) keeps nothing waiting. To be called by one process of the
 * host at a time. */
void backlog_drain(const struct settings *settings, const char *name,
                   bool (*write_array)(void *context, const char *lines, struct arena *arena,
                                       struct error *err),
                   void *context);

#endif
