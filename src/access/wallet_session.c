/* Sessions of wallets, in the database. */
#include "access/wallet_session.h"

#include <string.h>

#include "access/access.h"
#include "access/sign_in.h"
#include "access/wallet_session.sql.h"
#include "base/id.h"
#include "base/list.h"
#include "base/sha256.h"
#include "store/store.h"

enum { ID_BYTES = 16 };

static const struct column session_columns[] = {
    COLUMN_TEXT_OF(struct wallet_session, id),
    COLUMN_TEXT_OF(struct wallet_session, address),
    COLUMN_TEXT_OF(struct wallet_session, wallet_type),
    COLUMN_INTEGER_OF(struct wallet_session, chain_id),
    COLUMN_TEXT_OF(struct wallet_session, account_id),
    COLUMN_TEXT_OF(struct wallet_session, sign_in_id),
    COLUMN_TEXT_OF(struct wallet_session, preferences),
    COLUMN_INTEGER_OF(struct wallet_session, created_us),
    COLUMN_INTEGER_OF(struct wallet_session, last_activity_us),
    {.name = NULL}};

struct ended_row {
    const char *id, *sign_in_id;
};

static const struct column ended_columns[] = {COLUMN_TEXT_OF(struct ended_row, id),
                                              COLUMN_TEXT_OF(struct ended_row, sign_in_id),
                                              {.name = NULL}};

#define SESSION_QUERY(name)                                                                        \
    {                                                                                              \
        SQL_wallet_session_##name, session_columns, sizeof(struct wallet_session), false           \
    }

static const struct query session_add = SESSION_QUERY(add), session_prove = SESSION_QUERY(prove),
                          session_find = SESSION_QUERY(find),
                          session_newest = SESSION_QUERY(newest);
static const struct query session_end = {SQL_wallet_session_end, ended_columns,
                                         sizeof(struct ended_row), false};

/* Runs a query whose answer is a session or none. */
static bool
ask(struct request *request, const struct query *query, const char *const *parameters,
    const struct wallet_session **session, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const struct list *rows = store_query(store, query, parameters, &request->arena, err);
    *session = rows && rows->count > 0 ? rows->items : NULL;
    return rows != NULL;
}

bool
wallet_session_open(struct request *request, const struct wallet_session_wish *wish,
                    const struct wallet_session **session, struct error *err)
{
    struct arena *arena = &request->arena;
    unsigned char bytes[ID_BYTES];
    char id[2 * ID_BYTES + 1];
    random_bytes(bytes, sizeof(bytes));
    hex_format(id, bytes, sizeof(bytes));
    int64_t seconds = wish->account_id ? WALLET_SESSION_TTL_S : WALLET_WAITING_TTL_S;
    const char *parameters[] = {id,
                                wish->address,
                                wish->wallet_type,
                                store_integer(arena, wish->chain_id),
                                wish->account_id,
                                wish->sign_in_id,
                                store_integer(arena, seconds)};
    return ask(request, &session_add, parameters, session, err);
}

bool
wallet_session_prove(struct request *request, const char *id,
                     const struct wallet_session_wish *wish, const struct wallet_session **session,
                     struct error *err)
{
    const char *parameters[] = {id, wish->address, wish->account_id, wish->sign_in_id,
                                store_integer(&request->arena, WALLET_SESSION_TTL_S)};
    *session = NULL;
    if (id && !ask(request, &session_prove, parameters, session, err))
        return false;
    return *session || wallet_session_open(request, wish, session, err);
}

bool
wallet_session_find(struct request *request, const char *id, const char *account_id,
                    const char *preferences, const struct wallet_session **session,
                    struct error *err)
{
    const char *parameters[] = {id, account_id,
                                store_integer(&request->arena, WALLET_SESSION_TTL_S),
                                preferences ? preferences : "{}"};
    if (ask(request, &session_find, parameters, session, err))
        return *session || error_set(err, ERROR_NOT_FOUND, "there is no such session of yours");
    if (err->code != ERROR_CONFLICT)
        return false;
    error_clear(err);
    return error_set_field(err, &request->arena, "", "the preferences would be over 8 KB");
}

bool
wallet_session_newest(struct request *request, const char *account_id, const char *address,
                      const struct wallet_session **session, struct error *err)
{
    return ask(request, &session_newest, (const char *const[]){account_id, address}, session, err);
}

bool
wallet_session_end(struct request *request, const char *account_id, const char *address,
                   struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const struct list *rows = store_query(
        store, &session_end, (const char *const[]){account_id, address}, &request->arena, err);
    if (!rows)
        return false;
    if (rows->count == 0)
        return error_set(err, ERROR_NOT_FOUND, "this wallet of yours has no session");
    const struct ended_row *ended = rows->items;
    for (size_t i = 0; i < rows->count; i++)
        if (ended[i].sign_in_id &&
            !sign_in_end(request, ended[i].sign_in_id, account_id, "wallet_disconnected", err))
            return false;
    return true;
}
