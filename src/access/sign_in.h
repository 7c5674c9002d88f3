/* A sign-in: one login and what comes of it, a family of refresh tokens or a browser's session. All
 * of it needs the waiting lane and a database, and writes the audit trail. */
#ifndef HEARTH_ACCESS_SIGN_IN_H
#define HEARTH_ACCESS_SIGN_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/request.h"

struct list;
struct transaction;

struct sign_in_wish {
    const char *account_id;
    const char *method;   /* "password", "google", "wallet" */
    bool cookie;          /* a browser's session instead of tokens */
    bool begun_here;      /* it is known that this browser asked for it, whatever page sends it */
    const char *password; /* the account's hash that was verified; NULL with other methods */
    /* The caller's sign-in that tied what this one is made with, or NULL. This one counts as begun
     * when that one was: whoever ties proves nothing anew. */
    const char *asked_by;
};

/* In the arena. */
struct sign_in {
    const char *id, *account_id;
    const char *access; /* NULL with a cookie, as is refresh */
    int64_t access_expires_in_s;
    const char *refresh;
    int64_t refresh_expires_in_s; /* of the session, with a cookie */
    const char *csrf;             /* what the header X-CSRF-Token repeats; NULL with tokens */
};

/* Begins a sign-in of an account that has proved who it is, always under a new id, so that nobody
 * can have fixed it before. Of more than SIGN_INS_PER_ACCOUNT the one that was not used for longest
 * ends. With cookie, Set-Cookie is set. Sets the account's last login.
 * ERROR_UNAUTHORIZED where it was closed or its password changed meanwhile. A wish
 * for a cookie from a page of another origin is ERROR_CSRF, unless it was begun here. */
bool sign_in_begin(struct request *request, const struct sign_in_wish *wish,
                   struct sign_in *sign_in, struct error *err) __attribute__((warn_unused_result));

/* Takes a refresh token, once, for new tokens of the same sign-in. One that was used before ends
 * the sign-in, whoever had used it. ERROR_TOKEN_NOT_VALID for that, for one that is not known or
 * over, and where the sign-in has ended or its account may no more. */
bool sign_in_refresh(struct request *request, const char *refresh, struct sign_in *sign_in,
                     struct error *err) __attribute__((warn_unused_result));

/* Ends a sign-in of this account: its tokens and its cookie are refused everywhere within a second.
 * reason is kept with it ("logout", "revoked"). ERROR_NOT_FOUND where the account has no such one;
 * one that has ended already is fine. */
bool sign_in_end(struct request *request, const char *sign_in_id, const char *account_id,
                 const char *reason, struct error *err) __attribute__((warn_unused_result));

/* Ends that of a refresh token, known or used, whoever calls: who has it may. The account must be
 * this one where account_id is not NULL. ERROR_TOKEN_NOT_VALID for another's or an unknown one. */
bool sign_in_end_refresh(struct request *request, const char *refresh, const char *account_id,
                         const char *reason, struct error *err) __attribute__((warn_unused_result));

/* Ends all of them except one (NULL: none). */
bool sign_in_end_all(struct request *request, const char *account_id, const char *except_id,
                     const char *reason, struct error *err) __attribute__((warn_unused_result));

/* The same within a change's own transaction (a new password), so that both happen or neither. */
struct sign_in_end_all {
    const char *account_id, *except_id, *reason;
};
bool sign_in_end_all_in(struct transaction *transaction, struct request *request,
                        const struct sign_in_end_all *wish, struct error *err)
    __attribute__((warn_unused_result));

/* Tells the browser to drop its session cookie. */
void sign_in_forget_cookie(struct request *request);

struct sign_in_row {
    const char *id, *method, *user_agent, *address; /* the latter two may be NULL */
    int64_t created_us, last_seen_us, expires_us;
    bool is_cookie;
};

/* Those of an account that last, newest first, as struct sign_in_row; NULL with err. */
const struct list *sign_in_list(struct request *request, const char *account_id, struct error *err)
    __attribute__((warn_unused_result));

#endif
