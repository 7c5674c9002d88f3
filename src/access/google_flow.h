/* The authorization-code flow of OpenID Connect with PKCE (RFC 7636): a browser leaves for the
 * provider and comes back with a code. State, nonce and verifier belong to that browser by a cookie
 * of ten minutes, and serve once. Needs the waiting lane and a database. */
#ifndef HEARTH_ACCESS_GOOGLE_FLOW_H
#define HEARTH_ACCESS_GOOGLE_FLOW_H

#include <stdbool.h>

#include "base/error.h"
#include "http/request.h"

#define GOOGLE_CALLBACK_PATH "/api/v1/auth/google/callback"

struct google_flow {
    const char *return_to; /* where the browser wants to be afterwards: a checked URL or path */
    const char *nonce;     /* that the ID token must repeat */
    const char *verifier;  /* RFC 7636, section 4.1 */
};

/* Whether a browser may be sent there: a path of this host, or a URL whose origin is that of
 * PUBLIC_URL or in ALLOWED_ORIGINS ("*" does not count). */
bool google_flow_may_return(struct request *request, const char *target);

/* Begins a flow: sets its cookie. *location is where to send the browser. false with
 * ERROR_VALIDATION_FAILED for a target that it may not be sent to. */
bool google_flow_begin(struct request *request, const char *return_to, const char **location,
                       struct error *err) __attribute__((warn_unused_result));

/* The flow of this state that this browser began; it serves once. ERROR_INVALID_REQUEST where there
 * is none. */
bool google_flow_take(struct request *request, const char *state, struct google_flow *flow,
                      struct error *err) __attribute__((warn_unused_result));

/* Changes the code into an ID token, which is yet to be verified; it lives in the arena.
 * ERROR_TOKEN_NOT_VALID where the provider does not take the code, ERROR_AUTH_UNAVAILABLE where it
 * cannot be asked. */
bool google_flow_exchange(struct request *request, const struct google_flow *flow, const char *code,
                          const char **id_token, struct error *err)
    __attribute__((warn_unused_result));

/* target with one more parameter in its query. */
const char *google_flow_with(const char *target, const char *name, const char *value,
                             struct arena *arena);

#endif
