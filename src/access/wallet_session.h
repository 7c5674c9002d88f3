/* Sessions of wallets. One that nobody has proved to own waits, visibly, for the proof and is over
 * in ten minutes; one of an account lasts 24 hours from its last use, and no longer than the
 * sign-in it came of. All of it needs the waiting lane and a database. */
#ifndef HEARTH_ACCESS_WALLET_SESSION_H
#define HEARTH_ACCESS_WALLET_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/request.h"

enum { WALLET_SESSION_TTL_S = 86400, WALLET_WAITING_TTL_S = 600 };

struct wallet_session {
    const char *id, *address, *wallet_type;
    int64_t chain_id;
    const char *account_id;  /* NULL: nobody has proved to own the address */
    const char *sign_in_id;  /* NULL: of no sign-in */
    const char *preferences; /* JSON text of an object */
    int64_t created_us, last_activity_us;
};

struct wallet_session_wish {
    const char *address;     /* in small letters */
    const char *wallet_type; /* "ethereum" */
    int64_t chain_id;
    const char *account_id, *sign_in_id; /* or NULL */
};

bool wallet_session_open(struct request *request, const struct wallet_session_wish *wish,
                         const struct wallet_session **session, struct error *err)
    __attribute__((warn_unused_result));

/* Gives the session of this id, which waited for the proof, to the account of wish; where there is
 * none of that address that waits, a new one is opened. */
bool wallet_session_prove(struct request *request, const char *id,
                          const struct wallet_session_wish *wish,
                          const struct wallet_session **session, struct error *err)
    __attribute__((warn_unused_result));

/* A session of this account, after merging the members of preferences (JSON text of an object; NULL
 * for nothing) into its own. ERROR_NOT_FOUND where it has no such one, ERROR_VALIDATION_FAILED
 * where the preferences grow beyond 8 KB. */
bool wallet_session_find(struct request *request, const char *id, const char *account_id,
                         const char *preferences, const struct wallet_session **session,
                         struct error *err) __attribute__((warn_unused_result));

/* The one of this account's wallet that was used last; *session is NULL for none. */
bool wallet_session_newest(struct request *request, const char *account_id, const char *address,
                           const struct wallet_session **session, struct error *err)
    __attribute__((warn_unused_result));

/* Ends all sessions of the account's wallet, with the sign-ins and tokens that came of them.
 * ERROR_NOT_FOUND where there is none. */
bool wallet_session_end(struct request *request, const char *account_id, const char *address,
                        struct error *err) __attribute__((warn_unused_result));

#endif
