/* The rows of sign-in with Google. */
#include "apps/google/google.h"

#include "access/password.h"

enum { TOKEN_MAX = 8192, CODE_MAX = 4096, STATE_MAX = 256 };

/* That there is a token is the handler's to say, as clients know its words. */
const struct schema google_request_schema = {
    .name = "GoogleSignInRequest",
    .size = sizeof(struct google_request),
    .fields =
        (const struct field[]){
            STRING(struct google_request, token, .max = TOKEN_MAX, .flags = FIELD_NULLABLE,
                   .doc = "The ID token that Google gave for one of our client ids."),
            BOOLEAN(struct google_request, cookie, .default_json = "false",
                    .doc = "Whether to begin a browser's session by cookie instead of tokens."),
            {.name = NULL}},
    .example = "{\"token\":\"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln\"}",
};

#define MAY_LACK(member, text)                                                                     \
    STRING(struct google_answer, member, .flags = FIELD_OMITTED, .doc = (text))

const struct schema google_answer_schema = {
    .name = "GoogleSignIn",
    .size = sizeof(struct google_answer),
    .fields =
        (const struct field[]){
            STRING(struct google_answer, user_id, .flags = FIELD_REQUIRED, .doc = "The account."),
            STRING(struct google_answer, email, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   .doc = "Its address."),
            STRING(struct google_answer, display_name, .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   .doc = "What it is called."),
            MAY_LACK(token, "The access token, for Authorization: Bearer."),
            MAY_LACK(access_token, "The same."),
            MAY_LACK(token_type, "Bearer."),
            INTEGER(struct google_answer, expires_in, .flags = FIELD_OMITTED, .max = INT64_MAX,
                    PRESENT(struct google_answer, has_expires_in),
                    .doc = "Seconds that the access token holds."),
            MAY_LACK(refresh_token, "Gets the next tokens, once."),
            INTEGER(struct google_answer, refresh_expires_in, .flags = FIELD_REQUIRED,
                    .max = INT64_MAX,
                    .doc = "Seconds that the refresh token, or the session, holds."),
            MAY_LACK(csrf_token, "What X-CSRF-Token repeats, with a cookie."),
            {.name = NULL}},
};

const struct schema google_link_schema = {
    .name = "GoogleLinkRequest",
    .size = sizeof(struct google_request),
    .fields =
        (const struct field[]){STRING(struct google_request, token, .max = TOKEN_MAX,
                                      .flags = FIELD_NULLABLE,
                                      .doc = "The ID token that Google gave."),
                               STRING(struct google_request, password, .max = PASSWORD_TEXT_MAX,
                                      .doc = "Of the account; not needed within ten minutes "
                                             "of signing in."),
                               {.name = NULL}},
};

static const struct google_start_query start = {"/"};

const struct schema google_start_schema = {
    .name = "GoogleStartQuery",
    .size = sizeof(struct google_start_query),
    .initial = &start,
    .fields =
        (const struct field[]){
            STRING(struct google_start_query, return_to, .max = 2048, .default_json = "\"/\"",
                   .doc = "Where the browser goes afterwards: a path of this host, or a URL of an "
                          "allowed origin."),
            {.name = NULL}},
};

const struct schema google_callback_schema = {
    .name = "GoogleCallbackQuery",
    .size = sizeof(struct google_callback_query),
    .fields = (const struct field[]){STRING(struct google_callback_query, state, .max = STATE_MAX,
                                            .doc = "As the flow was begun with."),
                                     STRING(struct google_callback_query, code, .max = CODE_MAX,
                                            .doc = "What the provider gave."),
                                     STRING(struct google_callback_query, error, .max = STATE_MAX,
                                            .doc = "Why it gave none."),
                                     {.name = NULL}},
};
