/* One's own account: seen, changed, ended. */
#include "access/account_change.h"
#include "access/caller.h"
#include "access/throttle.h"
#include "apps/accounts/accounts.h"

#include <strings.h>

static bool
answer_account(struct request *request, const char *id, struct error *err)
{
    const struct account *account;
    if (!account_find(request, id, &account, err))
        return false;
    if (!account)
        return error_set(err, ERROR_UNAUTHORIZED, "this account is gone");
    const struct account_view view = account_view(account, &request->arena);
    response_json(request, 200, &account_view_schema, &view);
    return true;
}

bool
auth_show_me(struct request *request, struct error *err)
{
    return answer_account(request, request->caller->account_id, err);
}

/* Another address needs the person, and what tells whether it is taken or writes to it is not to be
 * had as often as one likes. */
static bool
may_change_email(struct request *request, const struct account *account,
                 const struct account_patch *wish, struct error *err)
{
    return prove_presence(request, account, wish->password, "password", err) &&
           throttle_take(request, THROTTLE_MAIL_ADDRESS, NULL, err) &&
           throttle_take(request, THROTTLE_MAIL, wish->email, err);
}

/* Of a person that is not proved, nothing is said of the address: whether it is taken is no
 * stranger's to try out. */
static bool
refuse_all(struct request *request, const struct account *account, struct account_change change,
           struct error *err)
{
    struct schema_errors errors = {.arena = &request->arena};
    if (err->code != ERROR_VALIDATION_FAILED)
        return false;
    const struct field_error wrong = *err->fields;
    error_clear(err);
    change.email = NULL;
    if (!account_check_change(request, account, &change, &errors, err))
        return false;
    schema_complain(&errors, wrong.path, "%s", wrong.message);
    return schema_refuse(&errors, err);
}

bool
auth_change_me(struct request *request, struct error *err)
{
    const struct account_patch *wish = request->input;
    const struct account *account;
    struct account_change change = {
        .user_name = wish->username,
        .phone_number = wish->phone_number,
        .display_name = wish->display_name,
        .picture_url = wish->picture_url,
    };
    if (!present_account(request, &account, err))
        return false;
    bool is_other =
        wish->email && (!account->email || strcasecmp(wish->email, account->email) != 0);
    if (is_other || (wish->email && account->pending_email))
        change.email = wish->email;
    bool has_change = wish->username || wish->phone_number || wish->display_name ||
                      wish->picture_url || change.email;
    if (is_other && !may_change_email(request, account, wish, err))
        return refuse_all(request, account, change, err);
    if (has_change && !account_change(request, account, &change, err))
        return false;
    return answer_account(request, account->id, err);
}

bool
auth_delete(struct request *request, struct error *err)
{
    const struct proof *wish = request->input;
    const struct account *account;
    if (!present_account(request, &account, err) ||
        !prove_presence(request, account, wish->password, "password", err) ||
        !account_delete(request, account, err))
        return false;
    if (request->caller->kind == CALLER_SESSION)
        sign_in_forget_cookie(request);
    response_bytes(request, 204, NULL, NULL, 0);
    return true;
}
