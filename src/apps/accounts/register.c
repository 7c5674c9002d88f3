/* New accounts. */
#include "apps/accounts/accounts.h"

#include <string.h>

#include <jansson.h>

#include "access/access.h"
#include "access/password.h"
#include "access/throttle.h"

/* Names that came with it, as the profile of a new account; NULL for none. */
static const char *
first_profile(const struct registration *wish, struct arena *arena)
{
    const json_t *profile = NULL;
    if (wish->first_name || wish->last_name)
        profile = schema_keep(
            json_pack("{s:s*, s:s*}", "first_name", wish->first_name, "last_name", wish->last_name),
            arena);
    if (!profile)
        return NULL;
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    schema_encode_json(&text, profile);
    return text.data;
}

bool
register_account(struct request *request, const struct registration *wish,
                 const struct account **account, struct error *err)
{
    struct arena *arena = &request->arena;
    password_forget(request, wish->password);
    if (strcmp(request->access->settings->registration, "open") != 0)
        return error_set(err, ERROR_FORBIDDEN, "accounts are made by the operator here");
    /* That a name or an address is taken is told, so it is told seldom. */
    if (!throttle_take(request, THROTTLE_REGISTRATION, NULL, err))
        return false;
    const struct account_wish made = {
        .user_name = wish->username,
        .email = wish->email,
        .password = wish->password,
        .repeated = wish->password_confirm,
        .phone_number = wish->phone_number,
        .display_name = wish->display_name,
        .profile = first_profile(wish, arena),
    };
    return account_create(request, &made, account, err);
}

bool
study_register(struct request *request, struct error *err)
{
    const struct registration *wish = request->input;
    const struct account *account;
    if (!register_account(request, wish, &account, err))
        return false;
    const struct registered answer = {account->user_name, account->email, account->phone_number};
    response_json(request, 201, &registered_schema, &answer);
    return true;
}

bool
auth_register(struct request *request, struct error *err)
{
    const struct account *account;
    if (!register_account(request, request->input, &account, err))
        return false;
    const struct account_view view = account_view(account, &request->arena);
    response_json(request, 201, &account_view_schema, &view);
    return true;
}
