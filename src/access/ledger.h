/* The ledger: what calls to models cost, and what may be spent on them. What a caller may still
 * spend is held before a call (reservation.h), and what it cost is written after it, once, whatever
 * dies in between (settlement.h). Money is counted in millionths of the currency unit. All of it
 * needs PostgreSQL; without one nothing is held and nothing written.
 *
 * A settlement is a small file of the spool before it is a row: it is written whole, then told to
 * the database, then deleted. What a dead worker or an unreachable database leaves there is told
 * later by ledger_sweep(); telling twice is once, by its id. */
#ifndef HEARTH_ACCESS_LEDGER_H
#define HEARTH_ACCESS_LEDGER_H

#include <stdint.h>

#include "base/arena.h"

struct access;
struct host;

enum { LEDGER_CLOCKS_APART_MS = 5000 }; /* that of the database and ours, at most */

/* As much as a budget may have: sums of it fit into 64 bits. */
#define LEDGER_COST_MOST INT64_C(1000000000000000)

/* Names the calls of dead workers as lost, tells the database what the spool holds of others, and
 * lets expired reservations go: a duty of the caretaker, once a second. Stops at the first failure.
 */
void ledger_sweep(struct access *access, struct arena *arena);

/* Counts reservations that ran out. */
void ledger_count_expired(struct host *host, int64_t expired);

#endif
