/* Session tokens: what the front end of an application holds while it is open, 32 random bytes in
 * base64url, kept hashed in the database for 24 hours from their last use. They say whose a session
 * is and allow nothing else. Needs the waiting lane. */
#ifndef HEARTH_ACCESS_SESSION_TOKEN_H
#define HEARTH_ACCESS_SESSION_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/request.h"

enum { SESSION_TOKEN_TTL_S = 86400 };

/* All may be NULL: a session of nobody known. */
struct session_token_wish {
    const char *account_id;
    const char *sign_in_id;        /* with which it ends */
    const char *wallet_session_id; /* with which it ends */
    const char *address;           /* of the account's wallet, in small letters */
};

bool session_token_add(struct request *request, const struct session_token_wish *wish,
                       const char **token, struct error *err) __attribute__((warn_unused_result));

struct session_token {
    const char *account_id; /* NULL: nobody known */
    const char *address;    /* NULL: of no wallet */
    int64_t created_us, last_activity_us;
};

/* *session is NULL where there is no such token that lasts. */
bool session_token_find(struct request *request, const char *token,
                        const struct session_token **session, struct error *err)
    __attribute__((warn_unused_result));

/* *ended says whether there was one. */
bool session_token_end(struct request *request, const char *token, bool *ended, struct error *err)
    __attribute__((warn_unused_result));

#endif
