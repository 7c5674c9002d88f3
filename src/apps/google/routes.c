/* Sign-in with Google, by an ID token or by a browser that goes there and comes back. */
#include "apps/app.h"

#include <string.h>

#include "access/access.h"
#include "access/account.h"
#include "access/account_change.h"
#include "access/caller.h"
#include "access/google.h"
#include "access/google_flow.h"
#include "access/presence.h"
#include "access/sign_in.h"
#include "apps/google/google.h"
#include "base/strbuf.h"
#include "http/problem.h"

#define METHOD_NAME "google"

static const char *
text(const char *given)
{
    return given && given[0] != '\0' ? given : NULL;
}

static bool
verify(struct request *request, const char *token, struct id_token *person, struct error *err)
{
    if (!text(token))
        return error_set(err, ERROR_INVALID_REQUEST, "Missing token");
    return google_verify(request, token, NULL, person, err);
}

static void
answer(struct request *request, const struct account *account, const struct sign_in *sign_in)
{
    struct google_answer body = {
        .user_id = account->id,
        .email = account->email,
        .display_name = account->display_name,
        .token = sign_in->access,
        .access_token = sign_in->access,
        .token_type = sign_in->access ? "Bearer" : NULL,
        .expires_in = sign_in->access_expires_in_s,
        .has_expires_in = sign_in->access != NULL,
        .refresh_token = sign_in->refresh,
        .refresh_expires_in = sign_in->refresh_expires_in_s,
        .csrf_token = sign_in->csrf,
    };
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &google_answer_schema, &body);
}

static bool
sign_in_by_token(struct request *request, struct error *err)
{
    const struct google_request *input = request->input;
    const struct account *account;
    struct id_token person;
    struct sign_in sign_in;
    if (!verify(request, input->token, &person, err) ||
        !google_account(request, &person, &account, err))
        return false;
    struct sign_in_wish wish = {account->id, METHOD_NAME, .cookie = input->cookie};
    if (!sign_in_begin(request, &wish, &sign_in, err))
        return false;
    answer(request, account, &sign_in);
    return true;
}

static bool
link_google(struct request *request, struct error *err)
{
    const struct google_request *input = request->input;
    const struct account *account;
    struct id_token person;
    if (!present_account(request, &account, err) || !verify(request, input->token, &person, err) ||
        !prove_presence(request, account, input->password, "password", err) ||
        !account_link(request, account, METHOD_NAME, person.subject, err))
        return false;
    response_bytes(request, 204, NULL, NULL, 0);
    return true;
}

static void
redirect(struct request *request, const char *location)
{
    response_header(request, "Location", location);
    response_header(request, "Cache-Control", "no-store");
    response_bytes(request, 302, NULL, NULL, 0);
}

static bool
start(struct request *request, struct error *err)
{
    const struct google_start_query *query = request->filter;
    const char *location;
    if (!google_flow_begin(request, query->return_to, &location, err))
        return false;
    redirect(request, location);
    return true;
}

/* For a person: nobody else reads what answers a browser that has no place to go back to. */
static void
show_page(struct request *request, const struct error *err)
{
    struct strbuf page;
    strbuf_init(&page, &request->arena, 512);
    strbuf_printf(&page,
                  "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<title>Sign-in failed</title>\n</head>\n<body>\n<h1>Sign-in failed</h1>\n"
                  "<p>%s.</p>\n<p>Code: %s. Request: %s.</p>\n</body>\n</html>\n",
                  err->detail, error_info(err->code)->name, request->id);
    response_header(request, "Cache-Control", "no-store");
    response_bytes(request, error_info(err->code)->status, "text/html; charset=utf-8", page.data,
                   page.length);
}

static bool
finish(struct request *request, const struct google_flow *flow, const char *code, struct error *err)
{
    const struct account *account;
    const char *token;
    struct id_token person;
    struct sign_in sign_in;
    if (!google_flow_exchange(request, flow, code, &token, err) ||
        !google_verify(request, token, flow->nonce, &person, err) ||
        !google_account(request, &person, &account, err))
        return false;
    struct sign_in_wish wish = {account->id, METHOD_NAME, .cookie = true, .begun_here = true};
    return sign_in_begin(request, &wish, &sign_in, err);
}

/* A browser with a flow of its own goes back to where it wanted to be, with the code of what went
 * wrong in its query. */
static bool
come_back(struct request *request, struct error *err)
{
    const struct google_callback_query *query = request->filter;
    struct google_flow flow;
    if (!google_flow_take(request, query->state ? query->state : "", &flow, err)) {
        if (err->code != ERROR_INVALID_REQUEST)
            return false;
        show_page(request, err);
        return true;
    }
    const char *failure = NULL;
    if (text(query->error) || !text(query->code))
        failure = query->error && strcmp(query->error, "access_denied") == 0 ? "access_denied"
                                                                             : "provider_error";
    else if (!finish(request, &flow, query->code, err))
        failure = error_info(err->code)->name;
    error_clear(err);
    redirect(request,
             failure ? google_flow_with(flow.return_to, "sign_in_error", failure, &request->arena)
                     : flow.return_to);
    return true;
}

static const struct route_answer refusals[] = {
    PROBLEM(401, "The token is not valid."),
    PROBLEM(403, "The account is closed, nobody may register, or Google has not verified the "
                 "address."),
    PROBLEM(409, "An account has this address, or this Google account is another's."),
    {0},
};

static const struct route_answer redirects[] = {
    {302, NULL, NULL, "To the provider."},
    {0},
};

static const struct route_answer returns[] = {
    {302, NULL, NULL,
     "To where the flow was to return, signed in by cookie, or with sign_in_error in the query."},
    {400, NULL, "text/html", "This browser began no such flow."},
    {0},
};

static const struct route_answer linked[] = {
    {204, NULL, NULL, "Linked."},
    PROBLEM(403, "The caller is a key, or has to prove that it is the person."),
    PROBLEM(409, "This Google account is another's."),
    {0},
};

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .pattern = "/api/v1/auth/google",
        .handle = sign_in_by_token,
        .flags = ROUTE_WAITS | ROUTE_UNVERSIONED,
        .limit = LIMIT_SIGN_IN,
        .request = &google_request_schema,
        .response = &google_answer_schema,
        .answers = refusals,
        .tag = "Sign-in",
        .summary = "Sign in with Google's ID token",
        .doc = "Makes an account at the first sign-in.",
        .operation_id = "google_sign_in",
    },
    {
        .method = METHOD_POST,
        .pattern = "/api/v1/auth/google/link",
        .handle = link_google,
        .flags = ROUTE_WAITS | ROUTE_UNVERSIONED | ROUTE_ACCOUNT,
        .limit = LIMIT_SIGN_IN,
        .request = &google_link_schema,
        .answers = linked,
        .tag = "Sign-in",
        .summary = "Sign in with Google from now on",
        .doc =
            "Ties the Google account of the ID token to the caller's account, with its password or "
            "within ten minutes of signing in.",
        .operation_id = "google_link",
    },
    {
        .method = METHOD_GET,
        .pattern = "/api/v1/auth/google/start",
        .handle = start,
        .flags = ROUTE_WAITS | ROUTE_UNVERSIONED,
        .limit = LIMIT_SIGN_IN,
        .query = &google_start_schema,
        .answers = redirects,
        .tag = "Sign-in",
        .summary = "Send a browser to Google",
        .doc = "Begins the authorization-code flow with PKCE; the browser keeps a cookie of ten "
               "minutes.",
        .operation_id = "google_start",
    },
    {
        .method = METHOD_GET,
        .pattern = GOOGLE_CALLBACK_PATH,
        .handle = come_back,
        .flags = ROUTE_WAITS | ROUTE_UNVERSIONED,
        .limit = LIMIT_SIGN_IN,
        .query = &google_callback_schema,
        .answers = returns,
        .tag = "Sign-in",
        .summary = "Come back from Google",
        .doc = "Where the provider sends the browser: the redirect URI to register there.",
        .operation_id = "google_callback",
    },
    {.pattern = NULL},
};

const struct app google_app = {.name = "google", .routes = routes};
