/* Accounts: the people who sign in. All of this asks the store and needs the waiting lane: on the
 * front lane it fails with ERROR_WOULD_WAIT, without a database with ERROR_UNAVAILABLE. */
#ifndef HEARTH_ACCESS_ACCOUNT_H
#define HEARTH_ACCESS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/request.h"

struct transaction;

enum {
    ACCOUNT_USER_NAME_MIN = 3,
    ACCOUNT_USER_NAME_MAX = 30, /* code points */
    ACCOUNT_PROFILE_MAX_BYTES = 16384,
};

/* A row, in the request's arena. What is not there is NULL, a time 0. */
struct account {
    const char *id, *organisation_id, *user_name, *email, *display_name, *picture_url,
        *phone_number;
    const char *password; /* Argon2id, as a PHC string; NULL: signs in otherwise */
    const char *profile;  /* JSON text of an object: what applications keep of it */
    bool email_verified, is_admin, is_active;
    int64_t last_login_us, created_us, updated_us;
};

/* Each gives *account NULL where there is none; inactive ones are found. */
bool account_find(struct request *request, const char *id, const struct account **account,
                  struct error *err) __attribute__((warn_unused_result));
/* By user name or e-mail address, without regard to case. */
bool account_find_login(struct request *request, const char *user_name_or_email,
                        const struct account **account, struct error *err)
    __attribute__((warn_unused_result));
/* By who it is elsewhere: provider "google", "wallet". */
bool account_find_identity(struct request *request, const char *provider, const char *subject,
                           const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

/* What a new account has. All may be NULL but either an e-mail address, a user name, or an
 * identity. */
struct account_wish {
    const char *user_name, *email;
    const char *password; /* in the clear */
    const char *phone_number, *display_name, *picture_url;
    const char *profile; /* JSON text of an object */
    bool email_verified;
    const char *provider, *subject; /* an identity that is tied to it */
};

/* Makes an account with its identity, and tells the audit trail. ERROR_VALIDATION_FAILED names what
 * is taken: username, email, or subject. Where the address is not verified and mail is set up, a
 * mail to verify it is sent with it. */
bool account_create(struct request *request, const struct account_wish *wish,
                    const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

/* Ties an identity to an account. ERROR_CONFLICT where it is another's. */
bool account_link(struct request *request, const char *account_id, const char *provider,
                  const char *subject, struct error *err) __attribute__((warn_unused_result));

#endif
