/* Session tokens, in the database by their SHA-256. */
#include "access/session_token.h"

#include <string.h>

#include "access/access.h"
#include "access/jws.h"
#include "access/session_token.sql.h"
#include "base/id.h"
#include "base/list.h"
#include "base/sha256.h"
#include "store/store.h"

enum { SECRET_BYTES = 32 };

struct outcome_row {
    const char *outcome;
};

static const struct column token_columns[] = {
    COLUMN_TEXT_OF(struct session_token, account_id),
    COLUMN_TEXT_OF(struct session_token, address),
    COLUMN_INTEGER_OF(struct session_token, created_us),
    COLUMN_INTEGER_OF(struct session_token, last_activity_us),
    {.name = NULL}};
static const struct column outcome_columns[] = {COLUMN_TEXT_OF(struct outcome_row, outcome),
                                                {.name = NULL}};

static const struct query token_add = {SQL_session_token_add, NULL, 0, false};
static const struct query token_find = {SQL_session_token_find, token_columns,
                                        sizeof(struct session_token), false};
static const struct query token_end = {SQL_session_token_end, outcome_columns,
                                       sizeof(struct outcome_row), false};

static const char *
hash(const char *token, struct arena *arena)
{
    unsigned char bytes[SHA256_BYTES];
    struct sha256 digest;
    sha256_init(&digest);
    sha256_add(&digest, token, strlen(token));
    sha256_end(&digest, bytes);
    return store_bytes(arena, bytes, sizeof(bytes));
}

bool
session_token_add(struct request *request, const struct session_token_wish *wish,
                  const char **token, struct error *err)
{
    struct arena *arena = &request->arena;
    struct store *store;
    unsigned char secret[SECRET_BYTES];
    if (!access_store(request, &store, err))
        return false;
    random_bytes(secret, sizeof(secret));
    *token = jws_encode(secret, sizeof(secret), arena);
    const char *parameters[] = {hash(*token, arena), wish->account_id,
                                wish->sign_in_id,    wish->wallet_session_id,
                                wish->address,       store_integer(arena, SESSION_TOKEN_TTL_S)};
    return store_query(store, &token_add, parameters, arena, err) != NULL;
}

bool
session_token_find(struct request *request, const char *token, const struct session_token **session,
                   struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const char *parameters[] = {hash(token, &request->arena),
                                store_integer(&request->arena, SESSION_TOKEN_TTL_S)};
    const struct list *rows = store_query(store, &token_find, parameters, &request->arena, err);
    *session = rows && rows->count > 0 ? rows->items : NULL;
    return rows != NULL;
}

bool
session_token_end(struct request *request, const char *token, bool *ended, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const struct list *rows =
        store_query(store, &token_end, (const char *const[]){hash(token, &request->arena)},
                    &request->arena, err);
    *ended = rows && rows->count > 0;
    return rows != NULL;
}
