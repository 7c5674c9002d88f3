/* Sign-in with Google, or with another provider of OpenID Connect that GOOGLE_ISSUER names: its
 * configuration and keys, and what its ID tokens say. Needs the waiting lane. */
#ifndef HEARTH_ACCESS_GOOGLE_H
#define HEARTH_ACCESS_GOOGLE_H

#include <stdbool.h>

#include "access/id_token.h"
#include "base/error.h"
#include "base/settings.h"
#include "http/request.h"

struct account;
struct google;

/* NULL where GOOGLE_CLIENT_ID is empty; else the caller owns it. Asks nothing yet. */
struct google *google_open(const struct settings *settings);
void google_close(struct google *google); /* NULL is fine */

/* Where the provider wants browsers and programs; in the arena of who asked. */
struct google_endpoints {
    const char *authorization, *token;
};

bool google_endpoints_find(struct request *request, struct google_endpoints *endpoints,
                           struct error *err) __attribute__((warn_unused_result));

/* Our first client id: the one that flows are begun with. */
const char *google_client(const struct google *google);

/* Verifies an ID token; nonce is that of the flow, or NULL. A key that is not known makes the keys
 * be read again, at most once a minute. false with ERROR_TOKEN_NOT_VALID, whose reason only
 * the audit trail has, ERROR_AUTH_UNAVAILABLE where the keys cannot be had, ERROR_UNAVAILABLE where
 * no client is set, ERROR_WOULD_WAIT. */
bool google_verify(struct request *request, const char *text, const char *nonce,
                   struct id_token *token, struct error *err) __attribute__((warn_unused_result));

/* The account of the person. The first time: one is made; or an account that has the same address
 * gets this way to sign in too, where both it and Google have verified the address and Google is
 * who gives it (gmail.com, or an organisation's domain that Google runs), for then nobody else can
 * have it. Otherwise ERROR_CONFLICT: its owner has to sign in as before and link Google there.
 * ERROR_FORBIDDEN for a new person without a verified address or where nobody may register, and for
 * an account that may not sign in. */
bool google_account(struct request *request, const struct id_token *token,
                    const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

#endif
