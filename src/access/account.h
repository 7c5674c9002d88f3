/* Accounts: the people who sign in. All of this asks the store and needs the waiting lane: on the
 * front lane it fails with ERROR_WOULD_WAIT, without a database with ERROR_UNAVAILABLE. */
#ifndef HEARTH_ACCESS_ACCOUNT_H
#define HEARTH_ACCESS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "http/request.h"

struct store;

/* A row, in the request's arena. What is not there is NULL, a time 0. */
struct account {
    const char *id, *organisation_id, *user_name, *email, *display_name, *picture_url,
        *phone_number;
    const char *pending_email; /* takes the place of email once it is verified */
    const char *password;      /* Argon2id, as a PHC string; NULL: signs in otherwise */
    const char *profile;       /* JSON text of an object: what applications keep of it */
    bool email_verified, is_admin, is_active;
    int64_t last_login_us, created_us, updated_us;
};

/* Each gives *account NULL where there is none; inactive ones are found. An id is one of small
 * letters, as it is written everywhere else: what is revoked is told by that text. */
bool account_find(struct request *request, const char *id, const struct account **account,
                  struct error *err) __attribute__((warn_unused_result));
/* By user name or e-mail address, without regard to case. */
bool account_find_login(struct request *request, const char *user_name_or_email,
                        const struct account **account, struct error *err)
    __attribute__((warn_unused_result));
/* The password of some account, ever the same for a login while accounts are the same, to verify a
 * guess against where there is no account with it, or none with a password: then it takes as long
 * to refuse as an account would, of which some have hashes from before the settings changed. NULL
 * where nobody has one or none can be had, which keeps nobody out. What comes of it is of no
 * account: it never makes a login right. */
const char *account_stand_in(struct request *request, const char *login);
/* By who it is elsewhere: provider "google", "wallet". */
bool account_find_identity(struct request *request, const char *provider, const char *subject,
                           const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

/* What a new account has. All may be NULL but one of user name, e-mail address and identity. */
struct account_wish {
    const char *user_name, *email;
    const char *password; /* in the clear */
    const char *repeated; /* the same, to show that it was meant; NULL: not asked for */
    const char *phone_number, *display_name, *picture_url;
    const char *profile; /* JSON text of an object */
    bool email_verified;
    const char *provider, *subject; /* an identity that is tied to it */
    bool is_invited; /* its address gets a link to set a password with, not one to verify it */
};

/* Makes an account with its identity, tells the audit trail, and has an address that is not
 * verified written to. ERROR_VALIDATION_FAILED names what does not do or is taken: username, email,
 * phone_number, password, or subject. Takes as long for a name that is taken as for one that is
 * not. */
bool account_create(struct request *request, const struct account_wish *wish,
                    const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

struct account_identity {
    const char *provider, *subject;
    int64_t created_us;
};

/* Who it is elsewhere, as struct account_identity; NULL with err. */
const struct list *account_identities(struct request *request, const char *id, struct error *err)
    __attribute__((warn_unused_result));

struct account_search {
    const char *text;      /* in the user name or e-mail address, in any case; NULL: all */
    const char *before_id; /* older ones than this; NULL: from the newest */
    int64_t limit;
};

/* For operators: struct account without password and profile, newest first. NULL as store_query().
 */
const struct list *account_list(struct store *store, const struct account_search *search,
                                struct arena *arena, struct error *err)
    __attribute__((warn_unused_result));

/* As account_find() and account_find_login() in one, for commands. login is an id, a user name or
 * an e-mail address. */
bool account_look_up(struct store *store, const char *login, struct arena *arena,
                     const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

#endif
