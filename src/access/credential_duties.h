/* What the caretaker does for credentials. */
#ifndef HEARTH_ACCESS_CREDENTIAL_DUTIES_H
#define HEARTH_ACCESS_CREDENTIAL_DUTIES_H

#include "base/arena.h"

struct access;

/* Marks on this host what was revoked since it was looked at last, and that it was looked at. Does
 * nothing but wait while the database is away. */
void credential_follow(struct access *access, struct arena *arena);

/* Writes down when keys and sign-ins were last used, of each at most once a minute. */
void credential_note_use(struct access *access, struct arena *arena);

#endif
