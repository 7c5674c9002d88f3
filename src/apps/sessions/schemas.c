/* The rows of the session routes' answers. */
#include "apps/sessions/schemas.h"

static const char *const methods[] = {"password", "google", "wallet", NULL};
static const char *const kinds[] = {"cookie", "tokens", NULL};

const struct schema session_schema = {
    .name = "Session",
    .size = sizeof(struct session_answer),
    .fields =
        (const struct field[]){
            BOOLEAN(struct session_answer, authenticated, .flags = FIELD_REQUIRED,
                    .doc = "True: others get 401."),
            STRING(struct session_answer, account_id, .flags = FIELD_REQUIRED, .doc = "A UUID."),
            STRING(struct session_answer, session_id, .flags = FIELD_NULLABLE,
                   .doc = "The sign-in; null for a key."),
            STRING(struct session_answer, organisation_id, .flags = FIELD_NULLABLE,
                   .doc = "The account's, or null."),
            STRING(struct session_answer, method, .flags = FIELD_REQUIRED,
                   .doc = "How this request says who it is: cookie, bearer_token or x_api_key."),
            BOOLEAN(struct session_answer, is_admin, .flags = FIELD_REQUIRED,
                    .doc = "Whether the internal routes are open."),
            STRINGS(struct session_answer, scopes, .flags = FIELD_REQUIRED,
                    .doc = "What may be asked for."),
            STRING(struct session_answer, csrf_token, .flags = FIELD_OMITTED,
                   .doc = "With a cookie: what X-CSRF-Token repeats."),
            {.name = NULL}},
};

static const struct schema sign_in_schema = {
    .name = "SignIn",
    .size = sizeof(struct sign_in_answer),
    .fields =
        (const struct field[]){
            STRING(struct sign_in_answer, id, .flags = FIELD_REQUIRED, .doc = "A UUID."),
            STRING(struct sign_in_answer, method, .flags = FIELD_REQUIRED, .choices = methods,
                   .doc = "How one signed in."),
            STRING(struct sign_in_answer, kind, .flags = FIELD_REQUIRED, .choices = kinds,
                   .doc = "A browser's session, or access and refresh tokens."),
            STRING(struct sign_in_answer, user_agent, .flags = FIELD_NULLABLE,
                   .doc = "What the program called itself then."),
            STRING(struct sign_in_answer, address, .flags = FIELD_NULLABLE,
                   .doc = "Where it came from then."),
            STRING(struct sign_in_answer, created_at, .flags = FIELD_REQUIRED,
                   .doc = "RFC 3339, in UTC."),
            STRING(struct sign_in_answer, last_seen_at, .flags = FIELD_REQUIRED,
                   .doc = "The last request, about."),
            STRING(struct sign_in_answer, expires_at, .flags = FIELD_REQUIRED,
                   .doc = "Its end unless it is used."),
            BOOLEAN(struct sign_in_answer, current, .flags = FIELD_REQUIRED,
                    .doc = "Whether it is the one that asks."),
            {.name = NULL}},
};

const struct schema sign_ins_schema = {
    .name = "SignIns",
    .size = sizeof(struct sign_ins_answer),
    .fields = (const struct field[]){ARRAY(struct sign_ins_answer, sessions, &sign_in_schema,
                                           .flags = FIELD_REQUIRED, .doc = "The newest first."),
                                     {.name = NULL}},
};

const struct schema key_set_schema = {
    .name = "KeySet",
    .size = sizeof(struct key_set_answer),
    .fields = (const struct field[]){JSON(struct key_set_answer, keys, .flags = FIELD_REQUIRED,
                                          .doc = "JWKs, each with kty, kid, alg and use."),
                                     {.name = NULL}},
};
