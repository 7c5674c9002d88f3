/* The routes of accounts: the study platform's, ours, and the operators'. */
#include "apps/accounts/accounts.h"
#include "apps/app.h"
#include "http/problem.h"

enum {
    BODY_MAX = 32 * 1024,
    OPEN = ROUTE_UNVERSIONED | ROUTE_WAITS,
    OWN = OPEN | ROUTE_ACCOUNT,
    INTERNAL = OPEN | ROUTE_KEY | ROUTE_INTERNAL,
};

#define CLOSED PROBLEM(403, "Accounts are made by operators here.")

static const struct route_answer study_made[] = {
    {201, &registered_schema, NULL, "The account was made; a mail asks to confirm its address."},
    CLOSED,
    {0}};
static const struct route_answer made[] = {
    {201, &account_view_schema, NULL, "The account was made; a mail asks to confirm its address."},
    CLOSED,
    {0}};
static const struct route_answer reset_content[] = {{205, NULL, NULL, "Signed out."}, {0}};
static const struct route_answer no_content[] = {{204, NULL, NULL, "Done."}, {0}};
#define STALE PROBLEM(409, "The account, or the sign-in that asks, was changed or ended meanwhile.")
static const struct route_answer changed[] = {STALE, {0}};
static const struct route_answer password_changed[] = {{204, NULL, NULL, "Done."}, STALE, {0}};
static const struct route_answer unlinked[] = {{204, NULL, NULL, "Done."},
                                               PROBLEM(404, "There is none of this provider."),
                                               PROBLEM(409, "It is the last way to sign in."),
                                               {0}};
static const struct route_answer not_valid[] = {
    {401, &validation_schema, NULL, "The token is dead and nothing takes its place."}, {0}};

static const struct route_answer refused[] = {
    PROBLEM(401, "Something of it is wrong, used or too old."), {0}};

#define STUDY(verb, path, handler, more, id, text, ...)                                            \
    {                                                                                              \
        .method = METHOD_##verb, .pattern = "/api/v1/accounts/" path, .handle = (handler),         \
        .flags = (more), .errors = ERRORS_FIELDS, .body_max_bytes = BODY_MAX,                      \
        .tag = "Accounts (study)", .summary = (text), .operation_id = "study_" id, __VA_ARGS__     \
    }
#define AUTH(verb, path, handler, more, id, text, ...)                                             \
    {                                                                                              \
        .method = METHOD_##verb, .pattern = "/api/v1/auth/" path, .handle = (handler),             \
        .flags = (more), .body_max_bytes = BODY_MAX, .tag = "Accounts", .summary = (text),         \
        .operation_id = "auth_" id, __VA_ARGS__                                                    \
    }
#define OPERATOR(verb, path, handler, id, text, ...)                                               \
    {                                                                                              \
        .method = METHOD_##verb, .pattern = "/internal/accounts" path, .handle = (handler),        \
        .flags = INTERNAL, .body_max_bytes = BODY_MAX, .tag = "Accounts", .summary = (text),       \
        .operation_id = "accounts_" id, __VA_ARGS__                                                \
    }

static const struct route routes[] = {
    STUDY(POST, "register", study_register, OPEN | ROUTE_IDEMPOTENT, "register", "Make an account",
          .request = &study_registration_schema, .answers = study_made,
          .doc = "Says by field what is taken or does not do."),
    STUDY(POST, "login", study_login, OPEN, "login", "Sign in",
          .request = &study_credentials_schema, .response = &token_pair_schema, .answers = refused,
          .doc = "By user name or e-mail address. 401 says the same whatever was wrong."),
    STUDY(POST, "logout", study_logout, OWN, "logout", "Sign out", .request = &study_logout_schema,
          .answers = reset_content, .doc = "Ends the sign-in that the refresh token belongs to."),
    STUDY(POST, "token-refresh", study_refresh, OPEN, "refresh", "New tokens for a refresh token",
          .request = &refresh_wish_schema, .response = &token_pair_schema, .answers = refused,
          .doc = "A refresh token is good once; one that was used ends the sign-in."),
    STUDY(POST, "token-validate", study_validate, OPEN, "validate", "Look at an access token",
          .request = &validation_wish_schema, .response = &validation_schema, .answers = not_valid,
          .doc = "A dead one is replaced where a refresh token comes with it."),
    STUDY(GET, "study-session-token", study_show_session, OWN, "session",
          "How long the token lasts", .response = &study_session_schema,
          .doc = "Of the access token that asks."),
    STUDY(POST, "study-session-token", study_renew_session, OWN, "session_renew",
          "Another token for a study session", .request = &refresh_wish_schema,
          .response = &study_session_schema,
          .doc = "As token-refresh, with the time that it lasts."),
    STUDY(POST, "password-reset", study_forgot, OPEN, "forgot", "Ask for a mail to set a password",
          .request = &email_wish_schema, .response = &detail_schema,
          .doc = "Answers the same whether there is such an account or not."),
    STUDY(POST, "password-reset-confirm", study_reset, OPEN, "reset", "Set a password by mail",
          .request = &study_reset_schema, .response = &detail_schema,
          .doc = "With uid and token of the mail's link; ends all sign-ins."),
    STUDY(GET, "profile", study_show_profile, OWN, "profile", "The own profile",
          .response = &profile_schema, .doc = "With what profile-detail has, as profile."),
    STUDY(PUT, "profile", study_change_profile, OWN, "profile_put", "Change the own profile",
          .request = &profile_patch_schema, .response = &profile_schema, .answers = changed,
          .doc = "As PATCH: what is not sent stays."),
    STUDY(PATCH, "profile", study_change_profile, OWN, "profile_patch", "Change the own profile",
          .request = &profile_patch_schema, .response = &profile_schema, .answers = changed,
          .doc = "What is not sent stays; null takes a member back to what a new account has."),
    STUDY(GET, "profile-detail", study_show_detail, OWN, "detail", "The profile's details",
          .response = &profile_detail_schema, .doc = "Of a new account: the defaults."),
    STUDY(PUT, "profile-detail", study_change_detail, OWN, "detail_put",
          "Change the profile's details", .request = &profile_detail_patch_schema,
          .response = &profile_detail_schema, .answers = changed,
          .doc = "As PATCH: what is not sent stays."),
    STUDY(PATCH, "profile-detail", study_change_detail, OWN, "detail_patch",
          "Change the profile's details", .request = &profile_detail_patch_schema,
          .response = &profile_detail_schema, .answers = changed, .doc = "What is not sent stays."),

    AUTH(POST, "register", auth_register, OPEN | ROUTE_IDEMPOTENT, "register", "Make an account",
         .request = &registration_schema, .answers = made,
         .doc = "Says by field what is taken or does not do; signing in is a call of its own."),
    AUTH(POST, "login", auth_login, OPEN, "login", "Sign in", .request = &credentials_schema,
         .response = &signed_in_schema, .answers = refused,
         .doc = "By user name or e-mail address, for tokens or a session cookie. 401 says the same "
                "whatever was wrong."),
    AUTH(POST, "refresh", auth_refresh, OPEN, "refresh", "New tokens for a refresh token",
         .request = &refresh_wish_schema, .response = &signed_in_schema, .answers = refused,
         .doc = "A refresh token is good once; one that was used ends the sign-in."),
    AUTH(POST, "logout", auth_logout, OWN, "logout", "Sign out", .answers = no_content,
         .doc = "Ends the sign-in that calls: its tokens and its cookie."),
    AUTH(GET, "me", auth_show_me, OWN, "me", "The own account", .response = &account_view_schema,
         .doc = "Of a key: the account it belongs to."),
    AUTH(PATCH, "me", auth_change_me, OWN, "me_change", "Change the own account",
         .request = &account_patch_schema, .response = &account_view_schema, .answers = changed,
         .doc = "What is not sent stays."),
    AUTH(POST, "password", auth_change_password, OWN, "password", "Change the password",
         .request = &password_wish_schema, .answers = password_changed,
         .doc =
             "Needs the present one, or, where there is none, a sign-in of the last ten minutes. "
             "Ends all other sign-ins."),
    AUTH(POST, "password/forgot", auth_forgot, OPEN, "forgot", "Ask for a mail to set a password",
         .request = &email_wish_schema, .response = &detail_schema,
         .doc = "Answers the same whether there is such an account or not."),
    AUTH(POST, "password/reset", auth_reset, OPEN, "reset", "Set a password by mail",
         .request = &reset_schema, .response = &detail_schema,
         .doc = "With the token of the mail's link; ends all sign-ins."),
    AUTH(POST, "email/verify", auth_ask_email, OWN, "email_ask",
         "Send the mail to verify once more", .response = &detail_schema,
         .doc = "To the address of the account, or the one that waits."),
    AUTH(POST, "email/confirm", auth_confirm_email, OPEN, "email_confirm", "Verify the address",
         .request = &token_wish_schema, .response = &detail_schema,
         .doc = "With the token of the mail's link; one that waits takes the account's place."),
    AUTH(POST, "email/undo", auth_undo_email, OPEN, "email_undo", "Keep the former address",
         .request = &token_wish_schema, .response = &detail_schema,
         .doc = "With the token that the former address got: it is the account's again, all "
                "sign-ins, identities and the password go, and a mail to set one is sent."),
    AUTH(DELETE, "account", auth_delete, OWN | ROUTE_BODY_OPTIONAL, "delete",
         "Delete the own account", .request = &proof_schema, .answers = no_content,
         .doc =
             "For good: its data, keys and sign-ins go within a second. Needs the password, or a "
             "sign-in of the last ten minutes."),
    AUTH(GET, "identities", auth_list_identities, OWN, "identities", "Who one is elsewhere",
         .response = &identities_schema, .doc = "Google accounts and wallets that sign in to it."),
    AUTH(DELETE, "identities/{provider}", auth_unlink, OWN | ROUTE_BODY_OPTIONAL, "unlink",
         "Sign in with a provider no more", .request = &proof_schema, .answers = unlinked,
         .doc = "Takes all of the provider's away (google, wallet) and ends all other sign-ins. "
                "Needs the password, or a sign-in of the last ten minutes."),
    AUTH(GET, "export", auth_export, OWN, "export", "All that is kept about oneself",
         .response = &export_schema, .doc = "As a file of JSON."),

    OPERATOR(GET, "", internal_list, "list", "Accounts", .query = &account_query_schema,
             .response = &account_page_schema, .doc = "Newest first, a page at a time."),
    OPERATOR(GET, "/{id}", internal_show, "show", "An account", .response = &account_view_schema,
             .doc = "Without secrets."),
    OPERATOR(POST, "/{id}/deactivate", internal_deactivate, "deactivate", "Close an account",
             .response = &account_view_schema,
             .doc = "Ends its sign-ins and keeps its keys from working, within a second."),
    OPERATOR(POST, "/{id}/activate", internal_activate, "activate", "Open an account again",
             .response = &account_view_schema, .doc = "Its keys work again; sign-ins begin anew."),
    OPERATOR(PUT, "/{id}/role", internal_set_role, "role",
             "Say whether an account is an operator's", .request = &role_schema,
             .response = &account_view_schema, .doc = "Known everywhere within a second."),
    {.pattern = NULL},
};

const struct app accounts_app = {"accounts", routes, NULL};
