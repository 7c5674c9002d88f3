/* A call that is to be settled is in host memory from before it is asked until its settlement is
 * kept, so that one whose worker was killed is named in the ledger: as lost. */
#ifndef HEARTH_ACCESS_TRACKED_CALL_H
#define HEARTH_ACCESS_TRACKED_CALL_H

#include "access/reservation.h"
#include "base/arena.h"

struct access;
struct caller;
struct usage;

/* Where there is no room the call goes on without, and is counted. */
void tracked_call_begin(const struct access *access, const struct caller *caller,
                        const struct ledger_estimate *estimate, struct reservation *reservation);

/* Notes what is charged for the call as far as is known: its lost row charges that. */
void tracked_call_note(struct reservation *reservation, const struct usage *usage);

void tracked_call_end(struct reservation *reservation);

/* Writes a file of the spool for each call whose worker died before it was settled. */
void tracked_call_salvage(const struct access *access, struct arena *arena);

#endif
