/* Other passwords, and addresses that are shown to be somebody's. */
#include "access/password.h"

#include "access/account_change.h"
#include "access/audit.h"
#include "access/caller.h"
#include "access/postman.h"
#include "access/throttle.h"
#include "apps/accounts/accounts.h"

static bool
answer_detail(struct request *request, const char *text)
{
    const struct detail answer = {text};
    response_json(request, 200, &detail_schema, &answer);
    return true;
}

bool
ask_reset(struct request *request, const char *email, struct error *err)
{
    const char *id = NULL;
    if (!throttle_take(request, THROTTLE_MAIL_ADDRESS, NULL, err) ||
        !throttle_take(request, THROTTLE_MAIL, email, err) ||
        !postman_add_reset(request, email, &id, err))
        return false;
    const char *subject = id ? arena_printf(&request->arena, "account:%s", id) : NULL;
    audit_add(request, &(struct audit_entry){AUDIT_PASSWORD_RESET_ASKED, subject, NULL});
    return true;
}

bool
auth_forgot(struct request *request, struct error *err)
{
    const struct email_wish *wish = request->input;
    return ask_reset(request, wish->email, err) &&
           answer_detail(request,
                         "If there is an account with this address, a mail is on its way.");
}

bool
study_forgot(struct request *request, struct error *err)
{
    return auth_forgot(request, err);
}

bool
auth_reset(struct request *request, struct error *err)
{
    const struct reset *wish = request->input;
    password_forget(request, wish->password);
    return account_reset_password(request, NULL, wish->token, wish->password, err) &&
           answer_detail(request, "The password is set. Sign in with it.");
}

bool
study_reset(struct request *request, struct error *err)
{
    const struct reset *wish = request->input;
    const struct account *account;
    password_forget(request, wish->password);
    if (!account_find(request, wish->uid, &account, err))
        return false;
    /* Whoever has no token learns nothing by trying ids: an id is no secret, and nobody's name. */
    if (!account)
        return error_set_field(err, &request->arena, "uid", "is not known");
    return account_reset_password(request, wish->uid, wish->token, wish->password, err) &&
           answer_detail(request, "Password has been reset successfully.");
}

bool
auth_change_password(struct request *request, struct error *err)
{
    const struct password_wish *wish = request->input;
    const struct account *account;
    password_forget(request, wish->password);
    if (!present_account(request, PRESENCE_PERSON, &account, err))
        return false;
    if (account->password && !wish->current_password)
        return error_set_field(err, &request->arena, "current_password", "is required");
    if (!prove_presence(request, account, wish->current_password, "current_password", err) ||
        !account_change_password(request, account, wish->password, request->caller->sign_in_id,
                                 err))
        return false;
    response_bytes(request, 204, NULL, NULL, 0);
    return true;
}

bool
auth_ask_email(struct request *request, struct error *err)
{
    const struct account *account;
    if (!present_account(request, PRESENCE_PERSON, &account, err))
        return false;
    const char *email = account->pending_email ? account->pending_email : account->email;
    bool is_done = !email || (account->email_verified && !account->pending_email);
    if (!throttle_take(request, THROTTLE_MAIL, email ? email : account->id, err) ||
        !account_ask_email(request, account, err))
        return false;
    return answer_detail(request,
                         is_done ? "There is nothing to verify." : "A mail is on its way.");
}

bool
auth_undo_email(struct request *request, struct error *err)
{
    const struct token_wish *wish = request->input;
    return account_undo_email(request, wish->token, err) &&
           answer_detail(request, "The address is the account's again, and everybody is signed "
                                  "out. A mail to set a password is on its way.");
}

bool
auth_confirm_email(struct request *request, struct error *err)
{
    const struct token_wish *wish = request->input;
    return account_verify_email(request, wish->token, err) &&
           answer_detail(request, "The address is verified.");
}
