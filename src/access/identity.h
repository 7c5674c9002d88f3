/* Who an account is elsewhere, taken away again. All of it needs the waiting lane and a database,
 * and writes the audit trail. */
#ifndef HEARTH_ACCESS_IDENTITY_H
#define HEARTH_ACCESS_IDENTITY_H

#include <stdbool.h>

#include "base/error.h"
#include "http/request.h"

struct account;
struct transaction;

/* Ends, within a change's own transaction, all session tokens of an account, and its wallets'
 * sessions but those of one sign-in (NULL: of all). */
bool identity_end_sessions_in(struct transaction *transaction, struct request *request,
                              const char *account_id, const char *except_sign_in_id,
                              struct error *err) __attribute__((warn_unused_result));

/* Takes all identities of an account away, within a change's own transaction: whoever tied them may
 * be somebody else than who reads its mail. */
bool identity_remove_all_in(struct transaction *transaction, struct request *request,
                            const char *account_id, struct error *err)
    __attribute__((warn_unused_result));

/* Takes those at one provider away from the caller's account, and ends its session tokens and all
 * its sign-ins but the caller's. ERROR_NOT_FOUND where it has none there, ERROR_CONFLICT where it
 * could not sign in any more. */
bool identity_remove(struct request *request, const struct account *account, const char *provider,
                     struct error *err) __attribute__((warn_unused_result));

#endif
