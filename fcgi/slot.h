/* The number of a worker among those of its host, held by a locked file worker.<number> in the
 * runtime directory, which says "<process id> <state>" for whoever restarts or watches the pool.
 * The kernel frees the number of a worker that was killed, so its successor has the same. */
#ifndef HEARTH_FCGI_SLOT_H
#define HEARTH_FCGI_SLOT_H

#include <stdbool.h>

#include "base/error.h"

struct slot {
    int descriptor;
    int number;
};

/* Takes the lowest free number; its state is "starting". false with ERROR_INTERNAL when the
 * directory cannot be written to. */
bool slot_take(struct slot *slot, const char *directory, struct error *err)
    __attribute__((warn_unused_result));

/* Replaces the state: "ready", "stopping". */
void slot_say(const struct slot *slot, const char *state);

void slot_release(struct slot *slot);

#endif
