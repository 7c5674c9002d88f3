/* A change of an account under way: a transaction that holds the account from its beginning. For
 * the files account_*.c. */
#ifndef HEARTH_ACCESS_ACCOUNT_WORK_H
#define HEARTH_ACCESS_ACCOUNT_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "access/audit.h"
#include "access/postman.h"
#include "base/error.h"
#include "http/request.h"
#include "store/store.h"

struct account;

/* What of an account a change depends on, as it is while nobody else changes it. */
struct account_held {
    const char *id, *email, *pending_email, *password;
    bool email_verified;
};

/* A change under way. */
struct account_work {
    struct request *request;
    struct transaction *transaction;
    const char *id;
    const char *subject;      /* "account:<id>" */
    struct account_held held; /* nothing where there is no such account */
};

/* Begins a change; work->held is nothing where there is no such account. false: nothing was begun.
 */
bool account_begin(struct request *request, const char *id, struct account_work *work,
                   struct error *err) __attribute__((warn_unused_result));

/* Ends it: all of it where done, else nothing. false where not done, or it could not be. */
bool account_end(const struct account_work *work, bool done, struct error *err)
    __attribute__((warn_unused_result));

/* As account_end(), of a change that credentials depend on: told to every worker. */
bool account_end_for_all(const struct account_work *work, bool done, struct error *err)
    __attribute__((warn_unused_result));

/* Runs a statement of it. *count, where it is not NULL, is how many rows were changed. */
bool account_run(const struct account_work *work, const struct query *query,
                 const char *const *parameters, size_t *count, struct error *err)
    __attribute__((warn_unused_result));

/* Adds a row to the audit trail. */
bool account_note(const struct account_work *work, enum audit_event event, const char *detail,
                  struct error *err) __attribute__((warn_unused_result));

/* Has a mail sent; nothing where email is NULL. */
bool account_tell(const struct account_work *work, enum post_kind kind, const char *email,
                  struct error *err) __attribute__((warn_unused_result));

/* What was read, and proved, before the change began must hold still: else ERROR_CONFLICT. */
bool account_check_unchanged(const struct account_work *work, const struct account *account,
                             struct error *err) __attribute__((warn_unused_result));

/* ERROR_NOT_FOUND: there is no such account. Always false. */
bool account_gone(struct error *err);

/* ERROR_VALIDATION_FAILED at "token". Always false. */
bool account_bad_token(struct request *request, struct error *err);

/* Whether two texts are the same, or both NULL. */
bool account_is_same(const char *one, const char *other);

/* The part of a change that is another address (account_email.c). */
bool account_change_email(const struct account_work *work, const char *email, struct error *err)
    __attribute__((warn_unused_result));

#endif
