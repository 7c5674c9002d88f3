/* Session tokens of applications' front ends. */
#include "apps/app.h"

#include <string.h>

#include "access/caller.h"
#include "access/presence.h"
#include "access/session_token.h"
#include "apps/wallet/wallet.h"
#include "base/clock.h"
#include "http/problem.h"

#define ANONYMOUS "anonymous"

/* The wallet that the session is for, which must be the account's. */
static bool
check_wallet(struct request *request, const char *account_id, const char *address,
             struct error *err)
{
    const struct wallet *wallet = NULL;
    if (!address)
        return true;
    if (!account_id)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "a session of a wallet needs its owner's credential");
    if (!wallet_find(request, account_id, address, &wallet, err))
        return false;
    return wallet || error_set(err, ERROR_FORBIDDEN, "this wallet is not tied to your account");
}

/* Nobody has a session in another's name. */
static bool
check_name(struct request *request, const char *account_id, const char *user_id, struct error *err)
{
    if (strcmp(user_id, ANONYMOUS) == 0)
        return true;
    if (!account_id)
        return error_set(err, ERROR_UNAUTHORIZED, "a session in a name needs its credential");
    if (strcmp(user_id, account_id) == 0)
        return true;
    const struct list *rows = wallet_list(request, account_id, err);
    const struct wallet *wallets = rows ? rows->items : NULL;
    for (size_t i = 0; rows && i < rows->count; i++)
        if (strcmp(user_id_of(wallets[i].address, &request->arena), user_id) == 0)
            return true;
    return rows && error_set(err, ERROR_FORBIDDEN, "this is another's name");
}

static bool
create(struct request *request, struct error *err)
{
    const struct create_request *input = request->input;
    const struct caller *caller = request->caller;
    const char *account_id = caller ? caller->account_id : NULL;
    const char *address =
        input->wallet_address ? filed_address(input->wallet_address, &request->arena) : NULL;
    const char *user_id = input->user_id ? input->user_id : ANONYMOUS;
    const char *token;
    /* It would outlive the key. */
    if (account_id && !in_person(request, err))
        return false;
    if (!check_name(request, account_id, user_id, err) ||
        !check_wallet(request, account_id, address, err))
        return false;
    struct session_token_wish wish = {.account_id = account_id,
                                      .sign_in_id = caller ? caller->sign_in_id : NULL,
                                      .address = address};
    if (!session_token_add(request, &wish, &token, err))
        return false;
    wallet_answer(request, &session_created_schema,
                  &(struct create_answer){token, SESSION_TOKEN_TTL_S});
    return true;
}

static bool
validate(struct request *request, struct error *err)
{
    const struct session_token_request *input = request->input;
    const struct session_token *session;
    if (!session_token_find(request, input->session_token, &session, err))
        return false;
    if (!session)
        return error_set(err, ERROR_UNAUTHORIZED, "there is no such session, or it is over");
    struct validate_answer body = {
        .valid = true,
        .user_id = session->account_id ? session->account_id : ANONYMOUS,
        .account_id = session->account_id,
        .wallet_address = session->address,
        .created_at = clock_text(&request->arena, session->created_us),
        .last_activity = clock_text(&request->arena, session->last_activity_us),
    };
    if (session->address)
        body.user_id = user_id_of(session->address, &request->arena);
    wallet_answer(request, &session_valid_schema, &body);
    return true;
}

static bool
end(struct request *request, struct error *err)
{
    const struct session_token_request *input = request->input;
    struct end_answer body;
    if (!session_token_end(request, input->session_token, &body.success, err))
        return false;
    wallet_answer(request, &session_end_schema, &body);
    return true;
}

static const struct route_answer over[] = {
    PROBLEM(401, "There is no such session, or it is over."),
    {0},
};

enum { OPEN = ROUTE_WAITS | ROUTE_UNVERSIONED };

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .pattern = "/api/session/create",
        .handle = create,
        .flags = OPEN | ROUTE_KEY_OPTIONAL | ROUTE_BODY_OPTIONAL,
        .limit = LIMIT_SIGN_IN,
        .request = &session_create_schema,
        .response = &session_created_schema,
        .tag = "Session",
        .summary = "Begin a session of a front end",
        .doc = "Of the caller's account; without a credential of nobody known.",
        .operation_id = "session_token_create",
    },
    {
        .method = METHOD_POST,
        .pattern = "/api/session/validate",
        .handle = validate,
        .flags = OPEN,
        .request = &session_token_request_schema,
        .response = &session_valid_schema,
        .answers = over,
        .tag = "Session",
        .summary = "Whose a session is",
        .doc = "The token is the credential; it holds 24 hours from its last use.",
        .operation_id = "session_token_validate",
    },
    {
        .method = METHOD_POST,
        .pattern = "/api/session/end",
        .handle = end,
        .flags = OPEN,
        .request = &session_token_request_schema,
        .response = &session_end_schema,
        .tag = "Session",
        .summary = "End a session",
        .operation_id = "session_token_end",
    },
    {.pattern = NULL},
};

const struct app session_tokens_app = {.name = "session_tokens", .routes = routes};
