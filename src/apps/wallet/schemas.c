/* The rows of wallets and sessions. */
#include "apps/wallet/wallet.h"

#include <string.h>

#include "access/password.h"
#include "access/siwe.h"

enum {
    ADDRESS_MAX = 64,
    SIGNATURE_MAX = 16384,
    SESSION_ID_MAX = 128,
    TOKEN_MAX = 256,
};

#define TEXT(T, member, text) STRING(T, member, .flags = FIELD_REQUIRED, .doc = (text))
#define MAY_LACK(T, member, text) STRING(T, member, .flags = FIELD_OMITTED, .doc = (text))
#define NULLABLE(T, member, text)                                                                  \
    STRING(T, member, .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = (text))
#define COUNT(T, member, text)                                                                     \
    INTEGER(T, member, .flags = FIELD_REQUIRED, .max = INT64_MAX, .doc = (text))
#define STATUS(T) TEXT(T, status, "success.")

static const char *
check_address(const char *text)
{
    struct ethereum_address address;
    return ethereum_address_parse(text, strlen(text), &address)
               ? NULL
               : "must be 0x and 40 hexadecimal digits, with the right checksum (EIP-55) or in one "
                 "case";
}

#define ADDRESS(T, member, ...)                                                                    \
    STRING(T, member, .max = ADDRESS_MAX, .check = check_address,                                  \
           .pattern_hint = "^0x[0-9a-fA-F]{40}$", __VA_ARGS__)

const struct schema wallet_nonce_schema = {
    .name = "WalletNonce",
    .size = sizeof(struct nonce_answer),
    .fields =
        (const struct field[]){
            TEXT(struct nonce_answer, nonce, "For the message's line Nonce, once."),
            COUNT(struct nonce_answer, expires_in, "Seconds that it may be used."),
            TEXT(struct nonce_answer, issued_at, "Our time."),
            TEXT(struct nonce_answer, expiration_time, "When it is over."),
            TEXT(struct nonce_answer, version, "Of the message."),
            STRINGS(struct nonce_answer, domains, .flags = FIELD_REQUIRED,
                    .doc = "That the message may be for."),
            JSON(struct nonce_answer, chain_ids, .flags = FIELD_REQUIRED,
                 .doc = "That the message may name."),
            {.name = NULL}},
};

const struct schema wallet_verify_schema = {
    .name = "WalletVerifyRequest",
    .size = sizeof(struct verify_request),
    .fields =
        (const struct field[]){
            STRING(struct verify_request, message, .flags = FIELD_REQUIRED, .min = 1,
                   .max = SIWE_MESSAGE_MAX_BYTES,
                   .doc = "The message that was signed (EIP-4361), byte for byte."),
            STRING(struct verify_request, signature, .flags = FIELD_REQUIRED, .min = 1,
                   .max = SIGNATURE_MAX, .doc = "0x and the 65 bytes of personal_sign (EIP-191)."),
            ADDRESS(struct verify_request, wallet_address,
                    .doc = "Must be the message's where it is given."),
            STRING(struct verify_request, session_id, .max = SESSION_ID_MAX,
                   .doc = "A session that waits for this proof; without one a new one begins."),
            STRING(struct verify_request, password, .max = PASSWORD_TEXT_MAX,
                   .doc = "The caller's own, to tie the wallet to its account; not needed within "
                          "ten minutes of signing in."),
            BOOLEAN(struct verify_request, cookie, .default_json = "false",
                    .doc = "Whether to begin a browser's session by cookie instead of tokens."),
            {.name = NULL}},
};

const struct schema wallet_verified_schema = {
    .name = "WalletVerified",
    .size = sizeof(struct verify_answer),
    .fields =
        (const struct field[]){
            BOOLEAN(struct verify_answer, valid, .flags = FIELD_REQUIRED,
                    .doc = "Always true: what is not valid is answered 401 or 422."),
            STATUS(struct verify_answer),
            TEXT(struct verify_answer, wallet_address, "In small letters."),
            TEXT(struct verify_answer, session_id, "The wallet's session."),
            TEXT(struct verify_answer, user_id, "What applications call the owner of the address."),
            TEXT(struct verify_answer, account_id, "The account."),
            MAY_LACK(struct verify_answer, token, "The access token, for Authorization: Bearer."),
            MAY_LACK(struct verify_answer, access_token, "The same."),
            MAY_LACK(struct verify_answer, token_type, "Bearer."),
            INTEGER(struct verify_answer, expires_in, .flags = FIELD_OMITTED, .max = INT64_MAX,
                    PRESENT(struct verify_answer, has_expires_in),
                    .doc = "Seconds that the access token holds."),
            MAY_LACK(struct verify_answer, refresh_token, "Gets the next tokens, once."),
            COUNT(struct verify_answer, refresh_expires_in,
                  "Seconds that the refresh token, or the session, holds."),
            MAY_LACK(struct verify_answer, csrf_token, "What X-CSRF-Token repeats, with a cookie."),
            {.name = NULL}},
};

static const struct connect_request connect_initial = {.type = "ethereum", .chain_id = 8453};

const struct schema wallet_connect_schema = {
    .name = "WalletConnectRequest",
    .size = sizeof(struct connect_request),
    .initial = &connect_initial,
    .fields =
        (const struct field[]){ADDRESS(struct connect_request, address, .flags = FIELD_REQUIRED,
                                       .doc = "The wallet's."),
                               STRING(struct connect_request, type, .max = 32,
                                      .default_json = "\"ethereum\"",
                                      .doc = "Kind of wallet, as the page names it."),
                               INTEGER(struct connect_request, chain_id, .min = 1, .max = INT64_MAX,
                                       .default_json = "8453", .doc = "The chain that it is on."),
                               STRING(struct connect_request, user_agent, .max = 1024,
                                      .doc = "Taken and not kept: the header says the same."),
                               {.name = NULL}},
};

const struct schema wallet_connection_schema = {
    .name = "WalletConnection",
    .size = sizeof(struct connect_answer),
    .fields =
        (const struct field[]){
            TEXT(struct connect_answer, session_id, "The wallet's session."),
            TEXT(struct connect_answer, user_id,
                 "What applications call the owner of the address."),
            TEXT(struct connect_answer, wallet_address, "In small letters."),
            TEXT(struct connect_answer, connected_at, "When it began."),
            TEXT(struct connect_answer, status,
                 "connected, or verification_required: then the session allows nothing until "
                 "/api/wallet/verify has it with a signature, and is over in ten minutes."),
            BOOLEAN(struct connect_answer, verified, .flags = FIELD_REQUIRED,
                    .doc = "Whether the caller has proved to own the address."),
            MAY_LACK(struct connect_answer, nonce,
                     "For the message to sign, where verification is required."),
            {.name = NULL}},
};

const struct schema wallet_address_schema = {
    .name = "WalletAddressRequest",
    .size = sizeof(struct address_request),
    .fields = (const struct field[]){ADDRESS(struct address_request, address,
                                             .flags = FIELD_REQUIRED, .doc = "The wallet's."),
                                     {.name = NULL}},
};

const struct schema wallet_session_id_schema = {
    .name = "WalletSessionRequest",
    .size = sizeof(struct session_id_request),
    .fields = (const struct field[]){STRING(struct session_id_request, session_id,
                                            .flags = FIELD_REQUIRED, .min = 1,
                                            .max = SESSION_ID_MAX, .doc = "The wallet's session."),
                                     {.name = NULL}},
};

const struct schema wallet_message_schema = {
    .name = "WalletMessage",
    .size = sizeof(struct message_answer),
    .fields = (const struct field[]){TEXT(struct message_answer, message, "What was done."),
                                     STATUS(struct message_answer),
                                     {.name = NULL}},
};

const struct schema wallet_token_schema = {
    .name = "WalletToken",
    .size = sizeof(struct token_answer),
    .fields = (const struct field[]){TEXT(struct token_answer, token, "A session token."),
                                     STATUS(struct token_answer),
                                     COUNT(struct token_answer, expires_in,
                                           "Seconds from its last use that it holds."),
                                     {.name = NULL}},
};

static const struct schema session_view_schema = {
    .name = "WalletSession",
    .size = sizeof(struct session_view),
    .fields =
        (const struct field[]){
            TEXT(struct session_view, session_id, "Its name."),
            TEXT(struct session_view, wallet_address, "In small letters."),
            TEXT(struct session_view, wallet_type, "As the page named it."),
            COUNT(struct session_view, chain_id, "The chain."),
            TEXT(struct session_view, user_id, "What applications call the owner of the address."),
            TEXT(struct session_view, account_id, "The account."),
            BOOLEAN(struct session_view, verified, .flags = FIELD_REQUIRED,
                    .doc = "Whether the account has proved to own the address: here always."),
            TEXT(struct session_view, created_at, "When it began."),
            TEXT(struct session_view, last_activity, "When it was used last."),
            JSON(struct session_view, preferences, .flags = FIELD_REQUIRED,
                 .doc = "notifications, theme, language, and what was merged in."),
            {.name = NULL}},
};

const struct schema wallet_session_schema = {
    .name = "WalletSessionAnswer",
    .size = sizeof(struct session_answer),
    .fields = (const struct field[]){OBJECT(struct session_answer, session, &session_view_schema,
                                            .flags = FIELD_REQUIRED),
                                     STATUS(struct session_answer),
                                     {.name = NULL}},
};

static const struct schema user_view_schema = {
    .name = "WalletUser",
    .size = sizeof(struct user_view),
    .fields =
        (const struct field[]){
            TEXT(struct user_view, user_id, "What applications call the owner of the address."),
            TEXT(struct user_view, account_id, "The account."),
            TEXT(struct user_view, wallet_address, "In small letters."),
            TEXT(struct user_view, linked_at, "When the address was proved first."),
            NULLABLE(struct user_view, last_activity, "Of its sessions; null without any."),
            COUNT(struct user_view, sessions, "How many last."),
            {.name = NULL}},
};

const struct schema wallet_user_schema = {
    .name = "WalletUserAnswer",
    .size = sizeof(struct user_answer),
    .fields = (const struct field[]){OBJECT(struct user_answer, user, &user_view_schema,
                                            .flags = FIELD_REQUIRED),
                                     STATUS(struct user_answer),
                                     {.name = NULL}},
};

const struct schema wallets_schema = {
    .name = "WalletsAnswer",
    .size = sizeof(struct wallets_answer),
    .fields = (const struct field[]){ARRAY(struct wallets_answer, wallets, &user_view_schema,
                                           .flags = FIELD_REQUIRED, .doc = "The caller's."),
                                     STATUS(struct wallets_answer),
                                     {.name = NULL}},
};

static const struct schema stats_view_schema = {
    .name = "WalletStats",
    .size = sizeof(struct stats_view),
    .fields = (const struct field[]){TEXT(struct stats_view, session_id, "Its name."),
                                     TEXT(struct stats_view, wallet_address, "In small letters."),
                                     TEXT(struct stats_view, connected_at, "When it began."),
                                     TEXT(struct stats_view, last_activity, "When it was used."),
                                     COUNT(struct stats_view, connected_seconds, "Since it began."),
                                     COUNT(struct stats_view, sessions, "Of this wallet."),
                                     {.name = NULL}},
};

const struct schema wallet_stats_schema = {
    .name = "WalletStatsAnswer",
    .size = sizeof(struct stats_answer),
    .fields = (const struct field[]){OBJECT(struct stats_answer, stats, &stats_view_schema,
                                            .flags = FIELD_REQUIRED),
                                     STATUS(struct stats_answer),
                                     {.name = NULL}},
};

/* Any object: what is in it is the application's. */
const struct schema wallet_prefer_schema = {
    .name = "WalletPreferencesRequest",
    .size = 1,
    .fields = (const struct field[]){{.name = NULL}},
    .doc = "Any members, merged into those that there are.",
};

const struct schema wallet_preferences_schema = {
    .name = "WalletPreferences",
    .size = sizeof(struct preferences_answer),
    .fields = (const struct field[]){TEXT(struct preferences_answer, message, "What was done."),
                                     STATUS(struct preferences_answer),
                                     JSON(struct preferences_answer, preferences,
                                          .flags = FIELD_REQUIRED, .doc = "As they are now."),
                                     {.name = NULL}},
};

static const struct create_request create_initial = {.user_id = "anonymous"};

const struct schema session_create_schema = {
    .name = "SessionCreateRequest",
    .size = sizeof(struct create_request),
    .initial = &create_initial,
    .fields =
        (const struct field[]){
            STRING(struct create_request, user_id, .max = 128, .default_json = "\"anonymous\"",
                   .doc = "anonymous, or a name of the caller: its account, or its wallet's "
                          "user_id."),
            ADDRESS(struct create_request, wallet_address,
                    .doc = "A wallet of the caller's account."),
            {.name = NULL}},
};

const struct schema session_created_schema = {
    .name = "SessionCreated",
    .size = sizeof(struct create_answer),
    .fields =
        (const struct field[]){
            TEXT(struct create_answer, session_token, "32 random bytes in base64url."),
            COUNT(struct create_answer, expires_in, "Seconds from its last use that it holds."),
            {.name = NULL}},
};

const struct schema session_token_request_schema = {
    .name = "SessionTokenRequest",
    .size = sizeof(struct session_token_request),
    .fields = (const struct field[]){STRING(struct session_token_request, session_token,
                                            .flags = FIELD_REQUIRED, .min = 1, .max = TOKEN_MAX,
                                            .doc = "As it was given."),
                                     {.name = NULL}},
};

const struct schema session_valid_schema = {
    .name = "SessionValid",
    .size = sizeof(struct validate_answer),
    .fields =
        (const struct field[]){
            BOOLEAN(struct validate_answer, valid, .flags = FIELD_REQUIRED,
                    .doc = "Always true: what is not valid is answered 401."),
            TEXT(struct validate_answer, user_id,
                 "anonymous, the wallet's user_id, or the account."),
            NULLABLE(struct validate_answer, account_id, "null: nobody known."),
            NULLABLE(struct validate_answer, wallet_address, "null: of no wallet."),
            TEXT(struct validate_answer, created_at, "When it began."),
            TEXT(struct validate_answer, last_activity, "Now."),
            {.name = NULL}},
};

const struct schema session_end_schema = {
    .name = "SessionEnded",
    .size = sizeof(struct end_answer),
    .fields = (const struct field[]){BOOLEAN(struct end_answer, success, .flags = FIELD_REQUIRED,
                                             .doc = "Whether there was such a session."),
                                     {.name = NULL}},
};
