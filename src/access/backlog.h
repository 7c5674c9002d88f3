/* Lines that wait in a file of SPOOL_DIRECTORY until the database takes them: of requests that may
 * not wait, and while it is away. They outlive the process, also one that is killed; a crash of the
 * host may cost the last ones. */
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

/* Gives all lines to take(), some at a time, in order; a file that was given is gone. When take()
 * returns false the rest, and what it was given, stay for the next time: it must do no harm to take
 * a line twice. To be called by one process of the host at a time. */
void backlog_drain(const struct settings *settings, const char *name,
                   bool (*take)(void *context, char *const *lines, size_t count,
                                struct arena *arena),
                   void *context);

#endif
