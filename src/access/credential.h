/* Snapshots of what the database says of a credential, so that a warm one costs no query. Kept in
 * host memory, signed, and trusted as they are while the host follows hearth.revocation, which is
 * polled twice a second; otherwise the database is asked anew. While it cannot be reached, a
 * snapshot is good for AUTH_GRACE_S after it was last known to hold. */
#ifndef HEARTH_ACCESS_CREDENTIAL_H
#define HEARTH_ACCESS_CREDENTIAL_H

#include <stddef.h>

#include "access/caller.h"

struct transaction;

enum credential_kind {
    CREDENTIAL_KEY,     /* text: the 32 bytes of an API key's SHA-256 */
    CREDENTIAL_COOKIE,  /* text: the session cookie */
    CREDENTIAL_SIGN_IN, /* text: the id of a sign-in, of a token that verified */
};

struct credential {
    enum credential_kind kind;
    const char *text; /* need not end with NUL */
    size_t length;
};

/* The caller that a credential makes, in the request's arena, without a method. false with
 *   ERROR_UNAUTHORIZED: there is none, or it has expired, was revoked, or its account is closed;
 *   ERROR_WOULD_WAIT: only the waiting lane can ask the database;
 *   ERROR_AUTH_UNAVAILABLE: the database cannot be asked, and no snapshot is good enough. */
bool credential_find(struct request *request, const struct credential *credential,
                     const struct caller **caller, struct error *err)
    __attribute__((warn_unused_result));

/* Remembers on this host a credential that was just given, after the commit, so that its first use
 * costs no query and is never taken for one that was made up. Asks what that use would ask, on the
 * waiting lane; where the database cannot tell, nothing is remembered. */
void credential_remember(struct request *request, const struct credential *credential);

/* Tells every worker of every host, within a second of the commit, to forget what it knows of a
 * subject: "key:<id>", "sign_in:<id>", or "account:<id>" for all of its keys and sign-ins. Also for
 * changes of what a snapshot holds. */
bool credential_revoke(struct transaction *transaction, struct request *request,
                       const char *subject, struct error *err) __attribute__((warn_unused_result));

/* The same where there is no request; texts go to the arena. */
bool credential_announce(struct transaction *transaction, const char *subject, struct arena *arena,
                         struct error *err) __attribute__((warn_unused_result));

/* After the commit: the workers of this host forget at once. */
void credential_forget(const struct request *request, const char *subject);

#endif
