/* Settlements on their way to the database, a file each in SPOOL_DIRECTORY: "usage-<id>.json". A
 * file appears whole, by its rename, and outlives the process that wrote it, also one that is
 * killed. A crash of the host may cost the last ones: they are not forced to the disk. */
#ifndef HEARTH_ACCESS_SPOOL_H
#define HEARTH_ACCESS_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* A settlement is far smaller; a file that is larger is none of ours. */
enum { SPOOL_FILE_MAX_BYTES = 4096 };

enum spool_kind {
    SPOOL_USAGE,  /* what a call cost; whoever wrote it tells it as well */
    SPOOL_QUEUED, /* the same, where nobody else tells it */
    SPOOL_END,    /* of a reservation that may have been made: it ends */
    SPOOL_LOST,   /* a call whose worker died before it was settled */
    SPOOL_KINDS,
};

struct spool_name {
    enum spool_kind kind;
    const char *id;
};

/* Writes the file of this name; makes the directory where it is missing. */
bool spool_put(const char *directory, struct spool_name name, const char *text, size_t length,
               struct error *err) __attribute__((warn_unused_result));

/* Whether there is a file of this name. */
bool spool_has(const char *directory, struct spool_name name);

/* Removes it: it was told, or is not needed. */
void spool_drop(const char *directory, struct spool_name name);

enum spool_verdict {
    SPOOL_TOLD,  /* the file is removed */
    SPOOL_KEEP,  /* it was not taken, and stays for a day */
    SPOOL_LATER, /* it could not be taken now, and stays */
    SPOOL_STOP,  /* it stays, and no further one is looked at */
};

struct spool_round {
    int64_t min_age_ms[SPOOL_KINDS]; /* younger files are not looked at */
    size_t max;                      /* of files that were never told, and a tenth of others */
    enum spool_verdict (*tell)(void *context, struct spool_name name, const char *text,
                               struct arena *arena);
    /* Several of SPOOL_QUEUED at once; all but SPOOL_TOLD and SPOOL_STOP: each is given by itself.
     * NULL: always. */
    enum spool_verdict (*tell_many)(void *context, const char *const *texts, size_t count,
                                    struct arena *arena);
    void *context;
};

enum { SPOOL_MANY = 50 };

/* Gives files to tell(), and queued ones to tell_many(), whose arena is emptied now and then. One
 * that stays is given again when it has waited as long again, an hour at most. What nobody takes
 * for a day is put aside with the ending ".bad", for a person; what was left half written is
 * removed when it is an hour old. false: there were more new files than max. */
bool spool_each(const char *directory, const struct spool_round *round);

#endif
