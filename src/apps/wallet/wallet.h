/* Wallets and sessions: what their routes take and give. */
#ifndef HEARTH_APPS_WALLET_WALLET_H
#define HEARTH_APPS_WALLET_WALLET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "access/wallet.h"
#include "access/wallet_session.h"
#include "http/schema.h"

struct nonce_answer {
    const char *nonce, *issued_at, *expiration_time, *version;
    int64_t expires_in;
    struct list domains; /* const char * */
    const json_t *chain_ids;
};

struct verify_request {
    const char *message, *signature, *wallet_address, *session_id, *password;
    bool cookie;
};

struct verify_answer {
    bool valid;
    const char *status, *wallet_address, *session_id, *user_id, *account_id;
    const char *token, *access_token, *token_type, *refresh_token,
        *csrf_token; /* NULL: not given */
    int64_t expires_in, refresh_expires_in;
    bool has_expires_in;
};

struct connect_request {
    const char *address, *type, *user_agent;
    int64_t chain_id;
};

struct connect_answer {
    const char *session_id, *user_id, *wallet_address, *connected_at, *status, *nonce;
    bool verified;
};

struct address_request {
    const char *address;
};

struct session_id_request {
    const char *session_id;
};

struct message_answer {
    const char *message, *status;
};

struct token_answer {
    const char *token, *status;
    int64_t expires_in;
};

struct session_view {
    const char *session_id, *wallet_address, *wallet_type, *user_id, *account_id, *created_at,
        *last_activity;
    int64_t chain_id;
    bool verified;
    const json_t *preferences;
};

struct session_answer {
    struct session_view *session;
    const char *status;
};

struct user_view {
    const char *user_id, *account_id, *wallet_address, *linked_at, *last_activity;
    int64_t sessions;
};

struct user_answer {
    struct user_view *user;
    const char *status;
};

struct stats_view {
    const char *session_id, *wallet_address, *connected_at, *last_activity;
    int64_t connected_seconds, sessions;
};

struct stats_answer {
    struct stats_view *stats;
    const char *status;
};

struct wallets_answer {
    struct list wallets; /* struct user_view */
    const char *status;
};

struct preferences_answer {
    const char *message, *status;
    const json_t *preferences;
};

struct create_request {
    const char *user_id, *wallet_address;
};

struct create_answer {
    const char *session_token;
    int64_t expires_in;
};

struct session_token_request {
    const char *session_token;
};

struct validate_answer {
    bool valid;
    const char *user_id, *account_id, *wallet_address, *created_at, *last_activity;
};

struct end_answer {
    bool success;
};

extern const struct schema wallet_nonce_schema, wallet_verify_schema, wallet_verified_schema,
    wallet_connect_schema, wallet_connection_schema, wallet_address_schema,
    wallet_session_id_schema, wallet_message_schema, wallet_token_schema, wallet_session_schema,
    wallet_user_schema, wallet_stats_schema, wallets_schema, wallet_prefer_schema,
    wallet_preferences_schema, session_create_schema, session_created_schema,
    session_token_request_schema, session_valid_schema, session_end_schema;

#define WALLET_SUCCESS "success" /* what the member status says */

/* Answers what is nobody else's: it is kept in no cache. */
void wallet_answer(struct request *request, const struct schema *schema, const void *body);

/* Handlers of the routes that are for owners only: rows of routes.c. */
bool wallet_handle_disconnect(struct request *request, struct error *err);
bool wallet_handle_give_token(struct request *request, struct error *err);
bool wallet_handle_show_session(struct request *request, struct error *err);
bool wallet_handle_show_user(struct request *request, struct error *err);
bool wallet_handle_show_stats(struct request *request, struct error *err);
bool wallet_handle_list_wallets(struct request *request, struct error *err);
bool wallet_handle_merge_preferences(struct request *request, struct error *err);

/* The name by which applications know the owner of an address: 16 hexadecimal digits of its
 * SHA-256. It proves nothing: everybody can work it out. */
const char *user_id_of(const char *address, struct arena *arena);

/* An address as it is filed, in small letters; NULL for what is none. */
const char *filed_address(const char *text, struct arena *arena);

const struct session_view *session_view_of(const struct wallet_session *session,
                                           struct arena *arena);
struct user_view user_view_of(const struct wallet *wallet, const char *account_id,
                              struct arena *arena);

#endif
