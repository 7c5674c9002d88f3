/* One HTTP exchange with a server that the operator named: a sign-in provider's documents, a URL of
 * doctor. http and https only, no redirects, bounded bytes and time. Models are asked elsewhere
 * (ai/upstream.h): these calls are few and keep no connection. */
#ifndef HEARTH_NET_FETCH_H
#define HEARTH_NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct fetch_wish {
    const char *url;
    const char *body;         /* posted; NULL: GET */
    const char *content_type; /* of body; NULL: application/x-www-form-urlencoded */
    int64_t timeout_ms;       /* over all; 0: 5000 */
    size_t max_bytes;         /* of the answer's body; 0: 64 KB. More of them is a failure. */
};

struct fetch_answer {
    int status;       /* any: a 500 is an answer */
    const char *body; /* in the arena, NUL-terminated, may hold other NULs */
    size_t length;
    int64_t max_age_s; /* of Cache-Control; 0 with no-store or no-cache, -1 where it does not say */
};

/* Waits: for the waiting lane, the caretaker, and commands. false with ERROR_UNAVAILABLE where no
 * whole answer came; the detail names neither address nor body. */
bool fetch(const struct fetch_wish *wish, struct arena *arena, struct fetch_answer *answer,
           struct error *err) __attribute__((warn_unused_result));

#endif
