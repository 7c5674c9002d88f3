/* Who is calling, and that it is the person and not only the credential. */
#include "access/presence.h"

#include <string.h>

#include "access/audit.h"
#include "access/caller.h"
#include "access/password.h"
#include "access/sign_in.h"
#include "access/throttle.h"
#include "base/clock.h"
#include "base/list.h"

enum { FRESH_US = 600 * 1000000 };

bool
is_person(const struct caller *caller)
{
    return caller && (caller->kind == CALLER_TOKEN || caller->kind == CALLER_SESSION);
}

bool
in_person(struct request *request, struct error *err)
{
    return is_person(request->caller) ||
           error_set(err, ERROR_FORBIDDEN, "this is for a person who has signed in, not a key");
}

bool
present_account(struct request *request, const struct account **account, struct error *err)
{
    if (!in_person(request, err) ||
        !account_find(request, request->caller->account_id, account, err))
        return false;
    return *account || error_set(err, ERROR_UNAUTHORIZED, "this account is gone");
}

/* Whether the sign-in that calls began a moment ago; false with err where that cannot be told. */
static bool
is_fresh(struct request *request, struct error *err)
{
    const struct caller *caller = request->caller;
    const struct list *rows = sign_in_list(request, caller->account_id, err);
    if (!rows)
        return false;
    const struct sign_in_row *row = rows->items;
    int64_t since_us = clock_realtime_us() - FRESH_US;
    for (size_t i = 0; i < rows->count; i++)
        if (caller->sign_in_id && strcmp(row[i].id, caller->sign_in_id) == 0)
            return row[i].created_us >= since_us;
    return false;
}

static bool
check_password(struct request *request, const struct account *account, const char *password,
               const char *field, struct error *err)
{
    bool right = false, rehash = false;
    password_forget(request, password);
    if (!throttle_take(request, THROTTLE_PASSWORD, account->id, err))
        return false;
    if (!password_verify(request, account->password, password, &right, &rehash, err) || right) {
        throttle_give_back(request, THROTTLE_PASSWORD, account->id);
        return right;
    }
    const char *subject = arena_printf(&request->arena, "account:%s", account->id);
    audit_add(request, &(struct audit_entry){AUDIT_SIGN_IN_FAILED, subject, "present password"});
    return error_set_field(err, &request->arena, field, "is wrong");
}

bool
prove_presence(struct request *request, const struct account *account, const char *password,
               const char *field, struct error *err)
{
    if (password && account->password)
        return check_password(request, account, password, field, err);
    if (is_fresh(request, err))
        return true;
    if (err->code != ERROR_NONE)
        return false;
    return error_set(err, ERROR_FORBIDDEN,
                     "send %s, or sign in again and come back within ten minutes", field);
}
