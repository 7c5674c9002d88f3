/* Settlements on their way to the database, a file each in SPOOL_DIRECTORY: "usage-<id>.json". A
 * file appears whole, by its rename, and outlives the process that wrote it, also one that is
 * killed. A crash of the host may cost the last ones: they are not forced to the disk. */
#ifndef HEARTH_ACCESS_SPOOL_H
#define HEARTH_ACCESS_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/* A settlement is far smaller; a file that is larger is none of ours. */
enum { SPOOL_FILE_MAX_BYTES = 4096 };

/* Writes the file of this id; makes the directory where it is missing. */
bool spool_put(const char *directory, const char *id, const char *text, size_t length,
               struct error *err) __attribute__((warn_unused_result));

/* Removes it: it was told. */
void spool_drop(const char *directory, const char *id);

enum spool_verdict {
    SPOOL_TOLD, /* the file is removed */
    SPOOL_KEEP, /* it was not taken, and stays for a day */
    SPOOL_STOP, /* it stays, and no further one is looked at */
};

/* Gives files that are at least min_age_ms old, at most max of them, to tell(), whose arena is
 * emptied between them. What nobody takes for a day is put aside as "usage-<id>.bad", for a person;
 * what was left half written is removed when it is an hour old. */
void spool_each(const char *directory, int min_age_ms, size_t max,
                enum spool_verdict (*tell)(void *context, const char *id, const char *text,
                                           struct arena *arena),
                void *context);

#endif
