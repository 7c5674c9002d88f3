/* Who is calling, and that it is the person and not only the credential. */
#ifndef HEARTH_ACCESS_PRESENCE_H
#define HEARTH_ACCESS_PRESENCE_H

#include <stdbool.h>

#include "access/account.h"
#include "base/error.h"
#include "http/request.h"

struct caller;

/* Whether somebody has signed in: by an access token or a browser's session, not with a key, which
 * programs are given for some of what its owner may. NULL is nobody. */
bool is_person(const struct caller *caller);

/* The same, with ERROR_FORBIDDEN where it is not so. */
bool in_person(struct request *request, struct error *err) __attribute__((warn_unused_result));

/* The account of the person who is calling. false with ERROR_FORBIDDEN or, where it has just been
 * deleted, ERROR_UNAUTHORIZED. */
bool present_account(struct request *request, const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

/* Has them prove who they are once more: with the password, as a field of this name, or, where none
 * is sent (or the account has none), by having signed in within the last ten minutes. Needs the
 * waiting lane. */
bool prove_presence(struct request *request, const struct account *account, const char *password,
                    const char *field, struct error *err) __attribute__((warn_unused_result));

#endif
