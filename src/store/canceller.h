/* Asks the server to end a statement that nobody waits for any more. libpq's way waits for the
 * server, which may be frozen, so a thread of its own does it, one at a time. */
#ifndef HEARTH_STORE_CANCELLER_H
#define HEARTH_STORE_CANCELLER_H

#include <libpq-fe.h>

struct canceller;

struct canceller *canceller_new(void);
/* One that is still under way ends by itself. */
void canceller_free(struct canceller *canceller);

/* Takes link over, to close it when the server was asked: a pooler knows what to cancel only while
 * the connection stands. Never waits. Closes it at once while an earlier one is under way. */
void canceller_end(struct canceller *canceller, PGconn *link);

#endif
