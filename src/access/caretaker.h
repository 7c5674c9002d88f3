/* What must happen without a request. Each duty of a table has a thread of its own in every
 * process, so that a slow one does not keep another waiting; one process of the host does it, or
 * every one where the row says so. */
#ifndef HEARTH_ACCESS_CARETAKER_H
#define HEARTH_ACCESS_CARETAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "access/access.h"
#include "base/arena.h"

struct duty {
    const char *name; /* also of its lock, a file of the runtime directory; NULL ends a table */
    int64_t every_ms; /* from the end of one run to the start of the next */
    bool everywhere;  /* in each process, not in one of the host */
    bool at_stop;     /* once more when the process ends */
    /* Must come back within seconds: the process waits for it when it ends. The arena is emptied
     * after each run. */
    void (*run)(struct access *access, struct arena *arena);
};

extern const struct duty caretaker_duties[];

/* Starts the threads, which run each duty at once and then as its row says. duties must outlive the
 * caretaker. false with ERROR_INTERNAL when a thread cannot be made. */
bool caretaker_open(struct access *access, const struct duty *duties, struct caretaker **caretaker,
                    struct error *err) __attribute__((warn_unused_result));

/* Ends the threads after what they are about. NULL is fine. */
void caretaker_close(struct caretaker *caretaker);

#endif
