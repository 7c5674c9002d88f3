/* Other passwords, and addresses that are shown to be somebody's. */
#include "access/password.h"

#include "access/account_change.h"
#include "access/audit.h"
#include "access/caller.h"
#include "access/postman.h"
#include "access/throttle.h"
#include "apps/accounts/accounts.h"

#include <string.h>

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

/* What of a reset does not do, all at once. Whoever has no token learns nothing by trying ids: an
 * id is no secret, and nobody's name. */
static bool
check_reset(struct request *request, const struct reset *wish, struct schema_errors *errors,
            struct error *err)
{
    struct post_token found;
    const struct account *account;
    if (!account_find(request, wish->uid, &account, err) ||
        !postman_look(request, POST_RESET, wish->token, &found, err))
        return false;
    if (!account)
        schema_complain(errors, "uid", "is not known");
    if (!found.account_id || (account && strcmp(found.account_id, account->id) != 0))
        schema_complain(errors, "token", "is not known, used or too old");
    /* A password is held against the names of an account for its owner only. */
    static const struct account nobody = {.id = NULL};
    const char *complaint =
        account_password_complaint(errors->count == 0 ? account : &nobody, wish->password);
    if (complaint)
        schema_complain(errors, "password", "%s", complaint);
    if (strcmp(wish->password, wish->password_confirm) != 0)
        schema_complain(errors, "password", "must be the same as password_confirm");
    return true;
}

bool
study_reset(struct request *request, struct error *err)
{
    const struct reset *wish = request->input;
    struct schema_errors errors = {.arena = &request->arena};
    password_forget(request, wish->password);
    if (!check_reset(request, wish, &errors, err))
        return false;
    if (errors.count > 0)
        return schema_refuse(&errors, err);
    return account_reset_password(request, wish->uid, wish->token, wish->password, err) &&
           answer_detail(request, "Password has been reset successfully.");
}

/* The person, and what is wrong with the new password, in one answer. */
static bool
check_password_change(struct request *request, const struct account *account,
                      const struct password_wish *wish, struct error *err)
{
    struct schema_errors errors = {.arena = &request->arena};
    const char *complaint = account_password_complaint(account, wish->password);
    if (account->password && !wish->current_password)
        schema_complain(&errors, "current_password", "is required");
    else if (!prove_presence(request, account, wish->current_password, "current_password", err)) {
        if (err->code != ERROR_VALIDATION_FAILED)
            return false;
        error_clear(err);
        schema_complain(&errors, "current_password", "is wrong");
    }
    if (complaint)
        schema_complain(&errors, "password", "%s", complaint);
    return errors.count == 0 || schema_refuse(&errors, err);
}

bool
auth_change_password(struct request *request, struct error *err)
{
    const struct password_wish *wish = request->input;
    const struct account *account;
    password_forget(request, wish->password);
    if (!present_account(request, &account, err) ||
        !check_password_change(request, account, wish, err) ||
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
    if (!present_account(request, &account, err))
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
