/* Beginning, listing and ending sign-ins. */
#include "access/sign_in.h"

#include <string.h>

#include "access/access.h"
#include "access/audit.h"
#include "access/caller.h"
#include "access/cookie.h"
#include "access/credential.h"
#include "access/csrf.h"
#include "access/jws.h"
#include "access/sign_in.sql.h"
#include "access/sign_in_private.h"
#include "access/throttle.h"
#include "access/token.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"

enum { SECRET_BYTES = 32, USER_AGENT_BYTES = 400, SESSION_TTLS_MAX = 4 };

struct id_row {
    const char *id;
};

static const struct column id_columns[] = {COLUMN_TEXT_OF(struct id_row, id), {.name = NULL}};

static const struct column list_columns[] = {
    COLUMN_TEXT_OF(struct sign_in_row, id),
    COLUMN_TEXT_OF(struct sign_in_row, method),
    COLUMN_TEXT_OF(struct sign_in_row, user_agent),
    COLUMN_TEXT_OF(struct sign_in_row, address),
    COLUMN_INTEGER_OF(struct sign_in_row, created_us),
    COLUMN_INTEGER_OF(struct sign_in_row, last_seen_us),
    COLUMN_INTEGER_OF(struct sign_in_row, expires_us),
    COLUMN_BOOLEAN_OF(struct sign_in_row, is_cookie),
    {.name = NULL},
};

static const struct query insert = {SQL_sign_in_insert, id_columns, sizeof(struct id_row), false};
static const struct query identity_lasts = {SQL_sign_in_identity_lasts, id_columns,
                                            sizeof(struct id_row), false};
static const struct query end_one = {SQL_sign_in_end, NULL, 0, false};
static const struct query crowd_out = {SQL_sign_in_crowd_out, id_columns, sizeof(struct id_row),
                                       false};
static const struct query drop_ended = {SQL_sign_in_drop_ended, NULL, 0, false};
static const struct query exists = {SQL_sign_in_exists, id_columns, sizeof(struct id_row), false};
static const struct query end_all = {SQL_sign_in_end_all, id_columns, sizeof(struct id_row), false};
static const struct query list_all = {SQL_sign_in_list, list_columns, sizeof(struct sign_in_row),
                                      false};

const char *
sign_in_secret_hash(const char *text, struct arena *arena)
{
    struct sha256 digest;
    unsigned char hash[SHA256_BYTES];
    sha256_init(&digest);
    sha256_add(&digest, text, strlen(text));
    sha256_end(&digest, hash);
    return store_bytes(arena, hash, sizeof(hash));
}

void
sign_in_secret_make(struct sign_in_secret *secret, struct arena *arena)
{
    unsigned char bytes[SECRET_BYTES];
    random_bytes(bytes, sizeof(bytes));
    secret->text = jws_encode(bytes, sizeof(bytes), arena);
    secret->hash = sign_in_secret_hash(secret->text, arena);
}

void
sign_in_give(struct request *request, const char *refresh, struct sign_in *sign_in)
{
    const struct settings *settings = request->access->settings;
    int64_t now_us = clock_realtime_us();
    char *id = arena_alloc(&request->arena, UUID_TEXT_BYTES);
    uuid_v7(id, now_us);
    struct token_claims claims = {
        .account_id = sign_in->account_id,
        .sign_in_id = sign_in->id,
        .id = id,
        .issued_s = now_us / 1000000,
        .expires_s = now_us / 1000000 + settings->access_token_ttl_s,
    };
    sign_in->access = token_issue(request->access->tokens, &claims, &request->arena);
    sign_in->access_expires_in_s = settings->access_token_ttl_s;
    sign_in->refresh = refresh;
    sign_in->refresh_expires_in_s = settings->refresh_token_ttl_s;
    credential_remember(request,
                        &(struct credential){CREDENTIAL_SIGN_IN, sign_in->id, strlen(sign_in->id)});
}

/* As it was sent, but never more than the store takes, nor what it cannot read. */
static const char *
user_agent_of(struct request *request)
{
    const char *text = request_header(request, "USER_AGENT");
    size_t count;
    if (!text)
        return NULL;
    size_t length = strnlen(text, USER_AGENT_BYTES);
    if (!utf8_count(text, length, &count))
        length = count;
    return arena_strndup(&request->arena, text, length);
}

static const char *
subject_of(struct request *request, const char *kind, const char *id)
{
    return arena_printf(&request->arena, "%s:%s", kind, id);
}

/* Those that a committed transaction ended are refused here at once. */
static void
forget_all(struct request *request, const struct list *ended)
{
    const struct id_row *row = ended->items;
    for (size_t i = 0; i < ended->count; i++)
        credential_forget(request, subject_of(request, "sign_in", row[i].id));
}

static bool
revoke_all(struct transaction *transaction, struct request *request, const struct list *ended,
           struct error *err)
{
    const struct id_row *row = ended->items;
    for (size_t i = 0; i < ended->count; i++)
        if (!credential_revoke(transaction, request, subject_of(request, "sign_in", row[i].id),
                               err))
            return false;
    return true;
}

/* A sign-in that is to begin. */
struct beginning {
    const struct sign_in_wish *wish;
    const char *const *parameters; /* of the insert; the first is its id */
    const struct list *crowded_out;
};

/* Makes room: a program that signs in anew for each call leaves no more rows than a person. */
static bool
bound(struct transaction *transaction, struct request *request, struct beginning *beginning,
      struct error *err)
{
    const char *account_id = beginning->wish->account_id;
    struct arena *arena = &request->arena;
    const char *most = store_integer(arena, request->access->settings->sign_ins_per_account);
    const char *crowd[] = {account_id, beginning->parameters[0], most, "too many sign-ins"};
    const struct list *ended = transaction_query(transaction, &crowd_out, crowd, arena, err);
    beginning->crowded_out = ended;
    return ended && revoke_all(transaction, request, ended, err) &&
           transaction_query(transaction, &drop_ended, (const char *[]){account_id, most}, arena,
                             err);
}

/* The identity that it was made by, which may have been taken away just before the insert got hold
 * of the account. */
static bool
check_identity(struct transaction *transaction, struct request *request,
               const struct sign_in_wish *wish, struct error *err)
{
    if (strcmp(wish->method, "password") == 0)
        return true;
    const char *parameters[] = {wish->account_id, wish->method};
    const struct list *rows =
        transaction_query(transaction, &identity_lasts, parameters, &request->arena, err);
    return rows && (rows->count > 0 ||
                    error_set(err, ERROR_UNAUTHORIZED, "the account has no such sign-in any more"));
}

/* The row and its line of the audit trail, both or neither. */
static bool
insert_in(struct transaction *transaction, struct request *request, struct beginning *beginning,
          struct error *err)
{
    const struct sign_in_wish *wish = beginning->wish;
    const struct list *rows =
        transaction_query(transaction, &insert, beginning->parameters, &request->arena, err);
    if (!rows)
        return false;
    if (rows->count == 0)
        return error_set(err, ERROR_UNAUTHORIZED,
                         "the account was closed, or has another password");
    if (!check_identity(transaction, request, wish, err) ||
        !bound(transaction, request, beginning, err))
        return false;
    struct audit_entry entry = {AUDIT_SIGN_IN, subject_of(request, "account", wish->account_id),
                                wish->method};
    return audit_add_in(transaction, request, &entry, err);
}

static bool
run_insert(struct request *request, struct store *store, const struct sign_in_wish *wish,
           const char *const *parameters, struct error *err)
{
    struct beginning beginning = {.wish = wish, .parameters = parameters};
    struct transaction *transaction = transaction_begin(store, &request->arena, err);
    if (!transaction)
        return false;
    bool done = insert_in(transaction, request, &beginning, err);
    if (!transaction_end(transaction, done, err) || !done)
        return false;
    forget_all(request, beginning.crowded_out);
    return true;
}

/* The browser keeps the cookie as long as a session may last at all; that it was not used for
 * SESSION_TTL is seen here. */
static void
give_cookie(struct request *request, const char *secret, struct sign_in *sign_in)
{
    int64_t ttl_s = request->access->settings->session_ttl_s;
    cookie_set(request, secret, SESSION_TTLS_MAX * ttl_s);
    sign_in->refresh_expires_in_s = ttl_s;
    sign_in->csrf = csrf_token(request, sign_in->id);
    credential_remember(request, &(struct credential){CREDENTIAL_COOKIE, secret, strlen(secret)});
}

bool
sign_in_begin(struct request *request, const struct sign_in_wish *wish, struct sign_in *sign_in,
              struct error *err)
{
    struct store *store;
    struct arena *arena = &request->arena;
    const struct settings *settings = request->access->settings;
    if (!access_store(request, &store, err) ||
        (wish->cookie && !wish->begun_here && !csrf_check_origin(request, err)))
        return false;
    char *id = arena_alloc(arena, UUID_TEXT_BYTES);
    uuid_v7(id, clock_realtime_us());
    struct sign_in_secret secret;
    sign_in_secret_make(&secret, arena);
    int64_t ttl_s = wish->cookie ? settings->session_ttl_s : settings->refresh_token_ttl_s;
    const char *parameters[] = {id,
                                wish->account_id,
                                wish->method,
                                wish->cookie ? secret.hash : NULL,
                                user_agent_of(request),
                                caller_address(settings, request),
                                wish->cookie ? NULL : secret.hash,
                                store_integer(arena, ttl_s),
                                wish->password,
                                wish->asked_by};
    if (!run_insert(request, store, wish, parameters, err))
        return false;
    throttle_know(request, wish->account_id);
    *sign_in = (struct sign_in){.id = id, .account_id = wish->account_id};
    if (wish->cookie)
        give_cookie(request, secret.text, sign_in);
    else
        sign_in_give(request, secret.text, sign_in);
    return true;
}

static bool
end_in(struct transaction *transaction, struct request *request, const struct sign_in_end *end,
       bool *ended, struct error *err)
{
    const char *parameters[] = {end->id, end->account_id, end->reason};
    const struct list *rows =
        transaction_query(transaction, &end_one, parameters, &request->arena, err);
    if (!rows)
        return false;
    *ended = rows->count > 0;
    if (*ended) {
        struct audit_entry entry = {AUDIT_SIGN_OUT, subject_of(request, "account", end->account_id),
                                    end->reason};
        return credential_revoke(transaction, request, subject_of(request, "sign_in", end->id),
                                 err) &&
               audit_add_in(transaction, request, &entry, err);
    }
    rows = transaction_query(transaction, &exists, parameters, &request->arena, err);
    if (rows && rows->count == 0)
        return error_set(err, ERROR_NOT_FOUND, "there is no such sign-in");
    return rows != NULL;
}

bool
sign_in_end_one(struct request *request, const struct sign_in_end *end, bool *ended,
                struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    struct transaction *transaction = transaction_begin(store, &request->arena, err);
    if (!transaction)
        return false;
    bool done = end_in(transaction, request, end, ended, err);
    if (!transaction_end(transaction, done, err) || !done)
        return false;
    if (*ended)
        credential_forget(request, subject_of(request, "sign_in", end->id));
    return true;
}

bool
sign_in_end(struct request *request, const char *sign_in_id, const char *account_id,
            const char *reason, struct error *err)
{
    bool ended;
    if (!uuid_is_valid(sign_in_id))
        return error_set(err, ERROR_NOT_FOUND, "there is no such sign-in");
    return sign_in_end_one(request, &(struct sign_in_end){sign_in_id, account_id, reason}, &ended,
                           err);
}

/* Those that it ended; NULL with err. */
static const struct list *
end_all_in(struct transaction *transaction, struct request *request,
           const struct sign_in_end_all *wish, struct error *err)
{
    const char *parameters[] = {wish->account_id, wish->except_id, wish->reason};
    const struct list *rows =
        transaction_query(transaction, &end_all, parameters, &request->arena, err);
    if (!rows || !revoke_all(transaction, request, rows, err))
        return NULL;
    if (rows->count == 0)
        return rows;
    struct audit_entry entry = {
        AUDIT_SIGN_OUT, subject_of(request, "account", wish->account_id),
        arena_printf(&request->arena, "%s, %zu of them", wish->reason, rows->count)};
    return audit_add_in(transaction, request, &entry, err) ? rows : NULL;
}

bool
sign_in_end_all_in(struct transaction *transaction, struct request *request,
                   const struct sign_in_end_all *wish, struct error *err)
{
    return end_all_in(transaction, request, wish, err) != NULL;
}

bool
sign_in_end_all(struct request *request, const char *account_id, const char *except_id,
                const char *reason, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    struct transaction *transaction = transaction_begin(store, &request->arena, err);
    if (!transaction)
        return false;
    struct sign_in_end_all wish = {account_id, except_id, reason};
    const struct list *ended = end_all_in(transaction, request, &wish, err);
    if (!transaction_end(transaction, ended != NULL, err) || !ended)
        return false;
    forget_all(request, ended);
    return true;
}

void
sign_in_forget_cookie(struct request *request)
{
    cookie_clear(request);
}

const struct list *
sign_in_list(struct request *request, const char *account_id, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return NULL;
    return store_query(store, &list_all, &account_id, &request->arena, err);
}
