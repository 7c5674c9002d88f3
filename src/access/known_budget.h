/* Whether a budget applies to a caller, as far as this host was told: of keys of the settings no
 * snapshot says it. */
#ifndef HEARTH_ACCESS_KNOWN_BUDGET_H
#define HEARTH_ACCESS_KNOWN_BUDGET_H

#include <stdbool.h>

#include "base/arena.h"

struct access;
struct caller;

/* Whether the database has to be asked. */
bool known_budget_is_possible(const struct caller *caller);

/* What the database said of it. */
void known_budget_note(const struct access *access, const struct caller *caller, bool has_budget,
                       struct arena *arena);

/* Whether a call may go on though nobody could say whether its budget has room: only while the
 * database is away, or says that there is no budget. Asking it that waits for no lock. */
bool known_budget_lets_pass(const struct access *access, const struct caller *caller,
                            struct arena *arena);

#endif
