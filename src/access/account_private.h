/* What account.c and account_change.c share. */
#ifndef HEARTH_ACCESS_ACCOUNT_PRIVATE_H
#define HEARTH_ACCESS_ACCOUNT_PRIVATE_H

#include <stdbool.h>

#include "http/request.h"
#include "http/schema.h"

/* Names that an account is to have: NULL for those that stay. */
struct account_names {
    const char *id; /* the account; NULL: a new one */
    const char *user_name, *email;
    const char *own_email; /* by which the account is to be found until another is verified */
};

/* Complains of names that do not do or are taken. false with err where that cannot be told. */
bool account_check_names(struct request *request, const struct account_names *names,
                         struct schema_errors *errors, struct error *err)
    __attribute__((warn_unused_result));

/* Makes ERROR_VALIDATION_FAILED of an ERROR_CONFLICT of names, of two requests at once. Always
 * false. */
bool account_conflict(struct arena *arena, struct error *err);

#endif
