/* Closing a breaker by hand, over HTTP or from the shell. */
#ifndef HEARTH_APPS_RESILIENCE_RESET_H
#define HEARTH_APPS_RESILIENCE_RESET_H

#include <stdbool.h>

#include "host/host.h"

/* Closes the breaker of this name and ends its rest; by says in the journal who wished it. One that
 * was not closed raises an alert, as any change of a breaker does. true: it was not closed. */
bool breaker_reset_by_hand(struct host *host, const char *name, const char *by);

#endif
