/* Tries that may not be made as often as one likes: passwords, and what sends mail. What fails
 * often is refused for a time that doubles up to a bound, over all workers and hosts; a right
 * password is refused as well meanwhile. All of it needs the waiting lane and a database. With
 * RATE_LIMITING_ENABLED off nothing is counted. docs/accounts.md has the numbers. */
#ifndef HEARTH_ACCESS_THROTTLE_H
#define HEARTH_ACCESS_THROTTLE_H

#include <stdbool.h>

#include "base/error.h"
#include "http/request.h"

enum throttle {
    THROTTLE_PAIR,         /* a login from an address (all of an IPv6 /64) */
    THROTTLE_BROWSER,      /* a login in a browser whose session is or was the account's */
    THROTTLE_LOGIN,        /* a login, from everywhere where its account did not sign in lately */
    THROTTLE_KNOWN,        /* an account and an address it signed in from: counts nothing */
    THROTTLE_ADDRESS,      /* an address, whatever the login */
    THROTTLE_PASSWORD,     /* the present password, of who has signed in */
    THROTTLE_MAIL,         /* a mail address that is written to */
    THROTTLE_MAIL_ADDRESS, /* an address that has mails written */
    THROTTLE_REGISTRATION, /* an address that makes accounts */
    THROTTLE_EXPORT,       /* an account that has all put together that is kept about it */
};

/* Counts one try; subject is compared without regard to case of ASCII. An address is that of the
 * request where subject is NULL. false with ERROR_RATE_LIMITED and a time to come back where it is
 * refused, which does not count. */
bool throttle_take(struct request *request, enum throttle throttle, const char *subject,
                   struct error *err) __attribute__((warn_unused_result));

/* Takes back a try that did not fail. */
void throttle_give_back(struct request *request, enum throttle throttle, const char *subject);

/* The account has signed in from the request's address, in whatever way: for 30 days, failures from
 * elsewhere do not keep it from doing so again. Not known where it cannot be written. */
void throttle_know(struct request *request, const char *account_id);

/* A try to sign in with a login: the keys of what was counted, in the arena. */
struct throttle_try {
    const char *own;     /* of the login here */
    const char *all;     /* of the login everywhere; NULL: it did not count */
    const char *address; /* NULL: a browser of the account, which counts there only if it fails */
    bool is_known;
};

/* What became of it. */
enum throttle_outcome { THROTTLE_RIGHT, THROTTLE_WRONG, THROTTLE_UNKNOWN };

/* login is the text that somebody wants to sign in with, account_id NULL where there is no such
 * account. Where the account signed in lately, by the address or by the request's session cookie,
 * only what failed there counts. */
bool throttle_begin(struct request *request, const char *login, const char *account_id,
                    struct throttle_try *try, struct error *err)
    __attribute__((warn_unused_result));
void throttle_end(struct request *request, const struct throttle_try *try,
                  enum throttle_outcome outcome);

#endif
