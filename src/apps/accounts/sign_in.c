/* Signing in and out, and new tokens for old ones. */
#include "access/sign_in.h"

#include "access/audit.h"
#include "access/caller.h"
#include "access/account_change.h"
#include "access/password.h"
#include "access/throttle.h"
#include "apps/accounts/accounts.h"

struct verdict {
    bool right, rehash;
};

/* One answer for all that may be wrong. */
static bool
refuse(struct request *request, const struct account *account, struct error *err)
{
    const char *subject = account ? arena_printf(&request->arena, "account:%s", account->id) : NULL;
    audit_add(request, &(struct audit_entry){AUDIT_SIGN_IN_FAILED, subject, "password"});
    return error_set(err, ERROR_UNAUTHORIZED, "Invalid credentials");
}

/* Two sign-ins at once may both find that the settings have changed: the hash that the other one
 * keeps is verified as well. */
static const char *
renewed(struct request *request, const struct account *account, const char *password,
        struct error *err)
{
    bool right, rehash;
    const struct account *present;
    const char *phc = account_rehash(request, account, password);
    if (phc)
        return phc;
    if (!account_find(request, account->id, &present, err))
        return NULL;
    if (!present || !present->password)
        return "";
    if (!password_verify(request, present->password, password, &right, &rehash, err))
        return NULL;
    return right ? present->password : "";
}

/* Without such an account as much work is done for nothing, at the cost of a hash that is kept:
 * what the settings make today may cost another time. */
static bool
verify(struct request *request, const char *login, const struct account *account,
       const char *password, struct verdict *verdict, struct error *err)
{
    const char *stand_in = account_stand_in(request, login);
    bool is_own = account && account->password;
    if (!password_verify(request, is_own ? account->password : stand_in, password, &verdict->right,
                         &verdict->rehash, err))
        return false;
    verdict->right = verdict->right && is_own && account->is_active;
    return true;
}

bool
sign_in_with_password(struct request *request, const char *login, const char *password, bool cookie,
                      struct sign_in *sign_in, struct error *err)
{
    const struct account *account = NULL;
    struct throttle_try try;
    struct verdict verdict = {false, false};
    password_forget(request, password);
    if (!account_find_login(request, login, &account, err) ||
        !throttle_begin(request, login, account ? account->id : NULL, &try, err))
        return false;
    if (!verify(request, login, account, password, &verdict, err)) {
        throttle_end(request, &try, THROTTLE_UNKNOWN);
        return false;
    }
    throttle_end(request, &try, verdict.right ? THROTTLE_RIGHT : THROTTLE_WRONG);
    if (!verdict.right)
        return refuse(request, account, err);
    const char *phc = verdict.rehash ? renewed(request, account, password, err) : account->password;
    const struct sign_in_wish wish = {account->id, "password", .cookie = cookie, .password = phc};
    if (!phc || sign_in_begin(request, &wish, sign_in, err))
        return phc != NULL;
    if (err->code != ERROR_UNAUTHORIZED)
        return false;
    error_clear(err);
    return refuse(request, account, err);
}

static void
answer_pair(struct request *request, const struct sign_in *sign_in)
{
    const struct token_pair answer = {sign_in->access, sign_in->refresh};
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &token_pair_schema, &answer);
}

static void
answer_signed_in(struct request *request, const struct sign_in *sign_in)
{
    const struct signed_in answer = {
        .account_id = sign_in->account_id,
        .access = sign_in->access,
        .refresh = sign_in->refresh,
        .token_type = sign_in->access ? "Bearer" : NULL,
        .has_access = sign_in->access != NULL,
        .expires_in = sign_in->access_expires_in_s,
        .refresh_expires_in = sign_in->refresh_expires_in_s,
        .csrf_token = sign_in->csrf,
    };
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &signed_in_schema, &answer);
}

bool
study_login(struct request *request, struct error *err)
{
    const struct credentials *wish = request->input;
    struct sign_in sign_in;
    if (!sign_in_with_password(request, wish->username, wish->password, false, &sign_in, err))
        return false;
    answer_pair(request, &sign_in);
    return true;
}

bool
auth_login(struct request *request, struct error *err)
{
    const struct credentials *wish = request->input;
    const char *login = wish->login ? wish->login : wish->email ? wish->email : wish->username;
    struct sign_in sign_in;
    if (!sign_in_with_password(request, login, wish->password, wish->cookie, &sign_in, err))
        return false;
    answer_signed_in(request, &sign_in);
    return true;
}

bool
study_refresh(struct request *request, struct error *err)
{
    const struct refresh_wish *wish = request->input;
    struct sign_in sign_in;
    if (!sign_in_refresh(request, wish->refresh, &sign_in, err))
        return false;
    answer_pair(request, &sign_in);
    return true;
}

bool
auth_refresh(struct request *request, struct error *err)
{
    const struct refresh_wish *wish = request->input;
    struct sign_in sign_in;
    if (!sign_in_refresh(request, wish->refresh, &sign_in, err))
        return false;
    answer_signed_in(request, &sign_in);
    return true;
}

/* 205 and 400 as the study platform's clients know them. */
bool
study_logout(struct request *request, struct error *err)
{
    const struct refresh_wish *wish = request->input;
    if (!wish->refresh || wish->refresh[0] == '\0')
        return error_set(err, ERROR_INVALID_REQUEST, "Refresh token is required.");
    if (!sign_in_end_refresh(request, wish->refresh, request->caller->account_id, "logout", err)) {
        if (err->code != ERROR_TOKEN_NOT_VALID)
            return false;
        error_clear(err);
        return error_set(err, ERROR_INVALID_REQUEST, "Invalid token.");
    }
    response_bytes(request, 205, NULL, NULL, 0);
    return true;
}

bool
auth_logout(struct request *request, struct error *err)
{
    const struct caller *caller = request->caller;
    if (!caller->sign_in_id)
        return error_set(err, ERROR_FORBIDDEN, "this is for a person who has signed in, not a key");
    if (!sign_in_end(request, caller->sign_in_id, caller->account_id, "logout", err))
        return false;
    if (caller->kind == CALLER_SESSION)
        sign_in_forget_cookie(request);
    response_bytes(request, 204, NULL, NULL, 0);
    return true;
}
