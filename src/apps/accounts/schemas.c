/* What both families of account routes take and give, as rows. */
#include "apps/accounts/accounts.h"

#include <string.h>

#include "access/account_rules.h"
#include "access/password.h"
#include "base/clock.h"

/* Bounds only: rules are told by whom they belong to, all at once. */
#define PASSWORD(T, m, flag, text)                                                                 \
    STRING(T, m, .flags = (flag), .max = PASSWORD_TEXT_MAX, .doc = (text))
#define TOKEN(T, m, flag, text) STRING(T, m, .flags = (flag), .max = SECRET_TEXT_MAX, .doc = (text))

enum { NAME_MAX_CHARACTERS = 150 };

static const char new_password[] =
    "9 to 128 characters, not all digits, not common, and not like the name or address.";
static const char user_name[] =
    "3 to 30 letters, digits and @ . + - _, unique without regard to case.";

#define REGISTRATION_FIELDS                                                                        \
    STRING(struct registration, email, .flags = FIELD_REQUIRED | FIELD_TRIMMED, .max = LOGIN_MAX,  \
           .doc = "Where mail reaches the person; unique."),                                       \
        PASSWORD(struct registration, password, FIELD_REQUIRED, new_password),                     \
        STRING(struct registration, phone_number, .flags = FIELD_NULLABLE, .max = 17,              \
               .doc = "+ and 9 to 15 digits."),                                                    \
        STRING(struct registration, first_name, .flags = FIELD_NULLABLE, .max = 150,               \
               .doc = "Kept in the profile."),                                                     \
        STRING(struct registration, last_name, .flags = FIELD_NULLABLE, .max = 150,                \
               .doc = "Kept in the profile.")

const struct schema study_registration_schema = {
    .name = "StudyRegistration",
    .size = sizeof(struct registration),
    .fields = (const struct field[]){STRING(struct registration, username, .flags = FIELD_REQUIRED,
                                            .max = LOGIN_MAX, .doc = user_name),
                                     REGISTRATION_FIELDS,
                                     PASSWORD(struct registration, password_confirm, FIELD_REQUIRED,
                                              "The same again."),
                                     {.name = NULL}},
    .doc = "A new account.",
    .example =
        "{\"username\":\"ada\",\"email\":\"ada@example.com\",\"password\":\"a long phrase of "
        "words\",\"password_confirm\":\"a long phrase of words\"}",
};

const struct schema registration_schema = {
    .name = "Registration",
    .size = sizeof(struct registration),
    .fields =
        (const struct field[]){STRING(struct registration, username, .flags = FIELD_NULLABLE,
                                      .max = LOGIN_MAX, .doc = user_name),
                               REGISTRATION_FIELDS,
                               STRING(struct registration, display_name,
                                      .flags = FIELD_NULLABLE | FIELD_TRIMMED,
                                      .max = NAME_MAX_CHARACTERS, .doc = "What others are shown."),
                               {.name = NULL}},
    .doc = "A new account.",
    .example = "{\"email\":\"ada@example.com\",\"password\":\"a long phrase of words\"}",
};

const struct schema study_credentials_schema = {
    .name = "StudyCredentials",
    .size = sizeof(struct credentials),
    .fields =
        (const struct field[]){
            STRING(struct credentials, username, .flags = FIELD_REQUIRED, .min = 1,
                   .max = LOGIN_MAX, .doc = "User name or e-mail address."),
            PASSWORD(struct credentials, password, FIELD_REQUIRED, "The password."),
            {.name = NULL}},
    .doc = "Who signs in.",
    .example = "{\"username\":\"ada\",\"password\":\"a long phrase of words\"}",
};

static void
check_credentials(const void *value, struct schema_errors *errors)
{
    const struct credentials *wish = value;
    if ((wish->login != NULL) + (wish->username != NULL) + (wish->email != NULL) != 1)
        schema_complain(errors, "login", "is needed, or email or username in its place");
}

const struct schema credentials_schema = {
    .name = "Credentials",
    .size = sizeof(struct credentials),
    .check = check_credentials,
    .fields =
        (const struct field[]){
            STRING(struct credentials, login, .min = 1, .max = LOGIN_MAX,
                   .doc = "User name or e-mail address."),
            STRING(struct credentials, email, .min = 1, .max = LOGIN_MAX,
                   .doc = "In place of login."),
            STRING(struct credentials, username, .min = 1, .max = LOGIN_MAX,
                   .doc = "In place of login."),
            PASSWORD(struct credentials, password, FIELD_REQUIRED, "The password."),
            BOOLEAN(struct credentials, cookie,
                    .doc = "Set a session cookie, for a browser, instead of giving tokens.",
                    .default_json = "false"),
            {.name = NULL}},
    .doc = "Who signs in.",
    .example = "{\"login\":\"ada@example.com\",\"password\":\"a long phrase of words\"}",
};

const struct schema refresh_wish_schema = {
    .name = "RefreshWish",
    .size = sizeof(struct refresh_wish),
    .fields = (const struct field[]){TOKEN(struct refresh_wish, refresh, FIELD_REQUIRED,
                                           "A refresh token; good once."),
                                     {.name = NULL}},
    .doc = "A refresh token.",
};

const struct schema study_logout_schema = {
    .name = "StudyLogout",
    .size = sizeof(struct refresh_wish),
    .fields = (const struct field[]){TOKEN(struct refresh_wish, refresh, FIELD_NULLABLE,
                                           "The refresh token of the sign-in; needed."),
                                     {.name = NULL}},
    .doc = "Which sign-in is to end.",
};

const struct schema token_pair_schema = {
    .name = "TokenPair",
    .size = sizeof(struct token_pair),
    .fields = (const struct field[]){STRING(struct token_pair, refresh, .flags = FIELD_REQUIRED,
                                            .doc = "For new tokens, once."),
                                     STRING(struct token_pair, access, .flags = FIELD_REQUIRED,
                                            .doc = "For Authorization: Bearer."),
                                     {.name = NULL}},
    .doc = "Tokens of a sign-in.",
};

const struct schema email_wish_schema = {
    .name = "EmailWish",
    .size = sizeof(struct email_wish),
    .fields = (const struct field[]){STRING(struct email_wish, email,
                                            .flags = FIELD_REQUIRED | FIELD_TRIMMED,
                                            .max = LOGIN_MAX, .check = email_complaint,
                                            .doc = "The address of the account."),
                                     {.name = NULL}},
    .doc = "Whose password is to be set anew.",
    .example = "{\"email\":\"ada@example.com\"}",
};

const struct schema study_reset_schema = {
    .name = "StudyPasswordReset",
    .size = sizeof(struct reset),
    .fields =
        (const struct field[]){
            STRING(struct reset, uid, .flags = FIELD_REQUIRED, .max = 64,
                   .doc = "The parameter uid of the mail's link."),
            TOKEN(struct reset, token, FIELD_REQUIRED, "Its parameter token."),
            PASSWORD(struct reset, password, FIELD_REQUIRED, new_password),
            PASSWORD(struct reset, password_confirm, FIELD_REQUIRED, "The same again."),
            {.name = NULL}},
    .doc = "Another password, with the token of a mail.",
};

const struct schema reset_schema = {
    .name = "PasswordReset",
    .size = sizeof(struct reset),
    .fields = (const struct field[]){TOKEN(struct reset, token, FIELD_REQUIRED,
                                           "The parameter token of the mail's link."),
                                     PASSWORD(struct reset, password, FIELD_REQUIRED, new_password),
                                     {.name = NULL}},
    .doc = "Another password, with the token of a mail.",
};

const struct schema token_wish_schema = {
    .name = "MailToken",
    .size = sizeof(struct token_wish),
    .fields = (const struct field[]){TOKEN(struct token_wish, token, FIELD_REQUIRED,
                                           "The parameter token of the mail's link."),
                                     {.name = NULL}},
    .doc = "The token of a mail.",
};

const struct schema password_wish_schema = {
    .name = "PasswordChange",
    .size = sizeof(struct password_wish),
    .fields = (const struct field[]){PASSWORD(struct password_wish, current_password, 0,
                                              "The present one, where the account has one."),
                                     PASSWORD(struct password_wish, password, FIELD_REQUIRED,
                                              new_password),
                                     {.name = NULL}},
    .doc = "Another password.",
};

const struct schema proof_schema = {
    .name = "Proof",
    .size = sizeof(struct proof),
    .fields = (const struct field[]){PASSWORD(struct proof, password, 0,
                                              "Needed unless the caller signed in within ten "
                                              "minutes."),
                                     {.name = NULL}},
    .doc = "That it is the person who wants this.",
};

static const char *
check_picture(const char *text)
{
    bool is_address = strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("\"<>\\", *at))
            is_address = false;
    return text[0] == '\0' || is_address ? NULL : "must be an http or https address";
}

const struct schema account_patch_schema = {
    .name = "AccountPatch",
    .size = sizeof(struct account_patch),
    .fields =
        (const struct field[]){
            STRING(struct account_patch, username, .max = LOGIN_MAX, .check = user_name_complaint,
                   .doc = user_name),
            STRING(struct account_patch, email, .flags = FIELD_TRIMMED, .max = LOGIN_MAX,
                   .check = email_complaint,
                   .doc =
                       "Another address: needs password or a sign-in of the last ten minutes, and "
                       "waits as pending_email until it is verified. The present one drops it."),
            STRING(struct account_patch, display_name, .flags = FIELD_TRIMMED,
                   .max = NAME_MAX_CHARACTERS, .doc = "Empty: none."),
            STRING(struct account_patch, picture_url, .max = 512, .check = check_picture,
                   .pattern_hint = "https://host/path", .doc = "Empty: none."),
            STRING(struct account_patch, phone_number, .max = 17, .check = phone_complaint,
                   .doc = "Empty: none."),
            PASSWORD(struct account_patch, password, 0, "The present one, for another address."),
            {.name = NULL}},
    .doc = "What is to change; the rest stays.",
    .example = "{\"display_name\":\"Ada Lovelace\"}",
};

const struct schema registered_schema = {
    .name = "Registered",
    .size = sizeof(struct registered),
    .fields =
        (const struct field[]){
            STRING(struct registered, username, .flags = FIELD_REQUIRED,
                   .doc = "In its normal form (Unicode's NFKC)."),
            STRING(struct registered, email, .flags = FIELD_REQUIRED, .doc = "As sent."),
            STRING(struct registered, phone_number, .flags = FIELD_OMITTED, .doc = "As sent."),
            {.name = NULL}},
    .doc = "The account that was made.",
};

const struct schema signed_in_schema = {
    .name = "SignedIn",
    .size = sizeof(struct signed_in),
    .fields =
        (const struct field[]){
            STRING(struct signed_in, account_id, .flags = FIELD_REQUIRED, .doc = "Who it is."),
            STRING(struct signed_in, access, .flags = FIELD_OMITTED,
                   .doc = "For Authorization: Bearer; not with a cookie."),
            STRING(struct signed_in, refresh, .flags = FIELD_OMITTED,
                   .doc = "For new tokens, once; not with a cookie."),
            STRING(struct signed_in, token_type, .flags = FIELD_OMITTED, .doc = "Bearer."),
            INTEGER(struct signed_in, expires_in, .flags = FIELD_OMITTED,
                    PRESENT(struct signed_in, has_access), .max = INT64_MAX,
                    .doc = "Seconds that access is good for."),
            INTEGER(struct signed_in, refresh_expires_in, .flags = FIELD_REQUIRED, .max = INT64_MAX,
                    .doc = "Seconds until the next refresh must be, or the session ends."),
            STRING(struct signed_in, csrf_token, .flags = FIELD_OMITTED,
                   .doc = "With a cookie: what the header X-CSRF-Token of each change repeats."),
            {.name = NULL}},
    .doc = "A sign-in.",
};

const struct schema detail_schema = {
    .name = "Detail",
    .size = sizeof(struct detail),
    .fields = (const struct field[]){STRING(struct detail, detail, .flags = FIELD_REQUIRED,
                                            .doc = "What was done, for people."),
                                     {.name = NULL}},
    .doc = "That it was done.",
};

#define TEXT(m, text) STRING(struct account_view, m, .flags = FIELD_NULLABLE, .doc = (text))
#define TRUTH(m, text) BOOLEAN(struct account_view, m, .flags = FIELD_REQUIRED, .doc = (text))

const struct schema account_view_schema = {
    .name = "Account",
    .size = sizeof(struct account_view),
    .fields =
        (const struct field[]){
            STRING(struct account_view, id, .flags = FIELD_REQUIRED, .doc = "A UUID."),
            TEXT(username, "Unique without regard to case."),
            TEXT(email, "Likewise."),
            TRUTH(email_verified, "Whether mail was shown to reach the person there."),
            TEXT(pending_email, "Takes the place of email when it is verified."),
            TEXT(display_name, "What others are shown."),
            TEXT(picture_url, "A picture."),
            TEXT(phone_number, "+ and digits."),
            TEXT(organisation_id, "Whose member it is."),
            TRUTH(has_password, "false: signs in with Google or a wallet alone."),
            TRUTH(is_admin, "Whether it may what operators may."),
            TRUTH(is_active, "Whether it may sign in."),
            TEXT(last_login_at, "When it signed in last."),
            TEXT(created_at, "When it was made."),
            TEXT(updated_at, "When it changed last."),
            {.name = NULL}},
    .doc = "An account.",
};

static const char *
moment(int64_t micros, struct arena *arena)
{
    return micros != 0 ? clock_text(arena, micros) : NULL;
}

struct account_view
account_view(const struct account *account, struct arena *arena)
{
    return (struct account_view){
        .id = account->id,
        .username = account->user_name,
        .email = account->email,
        .email_verified = account->email_verified,
        .pending_email = account->pending_email,
        .display_name = account->display_name,
        .picture_url = account->picture_url,
        .phone_number = account->phone_number,
        .organisation_id = account->organisation_id,
        .has_password = account->password != NULL,
        .is_admin = account->is_admin,
        .is_active = account->is_active,
        .last_login_at = moment(account->last_login_us, arena),
        .created_at = moment(account->created_us, arena),
        .updated_at = moment(account->updated_us, arena),
    };
}
