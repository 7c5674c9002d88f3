/* The changes of keys, each a transaction with its revocation and its row of the audit trail. */
#include "access/key.h"

#include <stddef.h>
#include <string.h>

#include "access/audit.h"
#include "access/credential.h"
#include "access/key.sql.h"
#include "access/snapshot.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/sha256.h"
#include "store/store.h"

static const struct column columns[] = {
    COLUMN_TEXT_OF(struct key, id),
    COLUMN_TEXT_OF(struct key, account_id),
    COLUMN_TEXT_OF(struct key, organisation_id),
    COLUMN_TEXT_OF(struct key, name),
    COLUMN_TEXT_OF(struct key, prefix),
    COLUMN_TEXTS_OF(struct key, scopes),
    COLUMN_TEXTS_OF(struct key, models),
    COLUMN_INTEGER_OF(struct key, rate_count),
    COLUMN_INTEGER_OF(struct key, rate_seconds),
    COLUMN_INTEGER_OF(struct key, streams),
    COLUMN_INTEGER_OF(struct key, expires_us),
    COLUMN_INTEGER_OF(struct key, revoked_us),
    COLUMN_INTEGER_OF(struct key, previous_until_us),
    COLUMN_INTEGER_OF(struct key, last_used_us),
    COLUMN_INTEGER_OF(struct key, created_us),
    {.name = NULL},
};

static const struct query insert_query = {SQL_key_insert, NULL, 0, false};
static const struct query find_query = {SQL_key_find, columns, sizeof(struct key), false};
static const struct query list_query = {SQL_key_list, columns, sizeof(struct key), false};
static const struct query change_query = {SQL_key_change, NULL, 0, false};
static const struct query rotate_query = {SQL_key_rotate, NULL, 0, false};
static const struct query revoke_query = {SQL_key_revoke, NULL, 0, false};

const char *
key_models_complaint(const struct list *models)
{
    const char *const *names = models->items;
    size_t bytes = 0;
    if (models->count > KEY_MODELS_MAX)
        return "must be at most 50 models";
    for (size_t i = 0; i < models->count; i++) {
        size_t length = strlen(names[i]);
        if (length == 0 || length > KEY_MODEL_BYTES)
            return "must be names of 1 to 128 bytes";
        bytes += length + 1;
    }
    return bytes > SNAPSHOT_MODELS_BYTES ? "must have at most 2500 bytes together" : NULL;
}

static const char *
texts(struct arena *arena, const struct list *list)
{
    if (!list->items)
        return NULL;
    const char **ended = arena_array(arena, list->count + 1, sizeof(*ended));
    memcpy(ended, list->items, list->count * sizeof(*ended));
    return store_texts(arena, ended);
}

/* 0 is SQL's null. */
static const char *
number(struct arena *arena, int64_t value)
{
    return value != 0 ? store_integer(arena, value) : NULL;
}

static void
hash(const char *secret, unsigned char bytes[SHA256_BYTES])
{
    struct sha256 digest;
    sha256_init(&digest);
    sha256_add(&digest, secret, strlen(secret));
    sha256_end(&digest, bytes);
}

static const char *
hash_of(struct arena *arena, const char *secret)
{
    unsigned char bytes[SHA256_BYTES];
    hash(secret, bytes);
    return store_bytes(arena, bytes, sizeof(bytes));
}

/* The host of a request knows its new secret from here on; an operator's command knows no host. */
static void
remember(const struct key_desk *desk, const char *secret)
{
    unsigned char bytes[SHA256_BYTES];
    if (!desk->request)
        return;
    hash(secret, bytes);
    credential_remember(desk->request,
                        &(struct credential){CREDENTIAL_KEY, (const char *)bytes, sizeof(bytes)});
}

/* One change of one key. */
struct change {
    const char *id;
    const struct query *query;
    const char *const *parameters;
    enum audit_event event;
    const char *detail;
    size_t rows; /* that it changed */
};

static bool
run_in(const struct key_desk *desk, struct transaction *transaction, struct change *change,
       const char *subject, struct error *err)
{
    const struct audit_entry entry = {change->event, subject, change->detail};
    const struct list *done =
        transaction_query(transaction, change->query, change->parameters, desk->arena, err);
    if (!done)
        return false;
    change->rows = done->count;
    if (change->rows == 0)
        return true;
    /* Of a new key nobody remembers anything. */
    bool is_known = change->event != AUDIT_KEY_CREATED;
    return (!is_known || credential_announce(transaction, subject, desk->arena, err)) &&
           (desk->request ? audit_add_in(transaction, desk->request, &entry, err)
                          : audit_add_operator_in(transaction, &entry, desk->arena, err));
}

static bool
run(const struct key_desk *desk, struct change *change, struct error *err)
{
    const char *subject = arena_printf(desk->arena, "key:%s", change->id);
    struct transaction *transaction = transaction_begin(desk->store, desk->arena, err);
    if (!transaction)
        return false;
    bool done = run_in(desk, transaction, change, subject, err);
    if (!transaction_end(transaction, done, err) || !done)
        return false;
    if (desk->request)
        credential_forget(desk->request, subject);
    return true;
}

/* ERROR_CONFLICT of a foreign key as what is wrong with the wish. */
static bool
refuse_owner(const struct key_desk *desk, struct error *err)
{
    bool of_account = err->reason_code && strstr(err->reason_code, "account");
    if (err->code != ERROR_CONFLICT)
        return false;
    error_clear(err);
    return error_set_field(err, desk->arena, of_account ? "account_id" : "organisation_id",
                           "must be the id of an existing %s",
                           of_account ? "account" : "organisation");
}

bool
key_create(const struct key_desk *desk, const struct key *wish, struct key_made *made,
           struct error *err)
{
    struct arena *arena = desk->arena;
    char id[UUID_TEXT_BYTES], prefix[API_KEY_PREFIX_CHARACTERS + 1];
    uuid_v7(id, clock_realtime_us());
    api_key_make(made->secret);
    api_key_prefix(made->secret, prefix);
    const char *parameters[] = {id,
                                wish->account_id,
                                wish->organisation_id,
                                wish->name,
                                prefix,
                                hash_of(arena, made->secret),
                                texts(arena, &wish->scopes),
                                texts(arena, &wish->models),
                                number(arena, wish->rate_count),
                                number(arena, wish->rate_seconds),
                                number(arena, wish->streams),
                                number(arena, wish->expires_us)};
    struct change change = {.id = id,
                            .query = &insert_query,
                            .parameters = parameters,
                            .event = AUDIT_KEY_CREATED,
                            .detail = prefix};
    if (!run(desk, &change, err))
        return refuse_owner(desk, err);
    remember(desk, made->secret);
    return key_find(desk, id, &made->key, err);
}

bool
key_find(const struct key_desk *desk, const char *id, const struct key **key, struct error *err)
{
    if (!uuid_is_valid(id))
        return error_set(err, ERROR_NOT_FOUND, "there is no such key");
    const struct list *rows = store_query(desk->store, &find_query, &id, desk->arena, err);
    if (!rows)
        return false;
    if (rows->count == 0)
        return error_set(err, ERROR_NOT_FOUND, "there is no such key");
    *key = rows->items;
    return true;
}

const struct list *
key_list(const struct key_desk *desk, const struct key_page *page, struct error *err)
{
    const char *parameters[] = {page->after, page->account_id, page->revoked ? "true" : "false",
                                store_integer(desk->arena, page->limit)};
    return store_query(desk->store, &list_query, parameters, desk->arena, err);
}

static bool
run_found(const struct key_desk *desk, struct change *change, struct error *err)
{
    if (!run(desk, change, err))
        return false;
    return change->rows > 0 ||
           error_set(err, ERROR_NOT_FOUND, "there is no such key, or it was revoked");
}

bool
key_change(const struct key_desk *desk, const struct key *key, struct error *err)
{
    struct arena *arena = desk->arena;
    const char *parameters[] = {key->id,
                                key->name,
                                texts(arena, &key->scopes),
                                texts(arena, &key->models),
                                number(arena, key->rate_count),
                                number(arena, key->rate_seconds),
                                number(arena, key->streams),
                                number(arena, key->expires_us)};
    struct change change = {.id = key->id,
                            .query = &change_query,
                            .parameters = parameters,
                            .event = AUDIT_ROLE_CHANGED,
                            .detail = parameters[2]};
    return run_found(desk, &change, err);
}

bool
key_rotate(const struct key_desk *desk, const char *id, int64_t overlap_s, struct key_made *made,
           struct error *err)
{
    struct arena *arena = desk->arena;
    char prefix[API_KEY_PREFIX_CHARACTERS + 1];
    if (!key_find(desk, id, &made->key, err))
        return false;
    api_key_make(made->secret);
    api_key_prefix(made->secret, prefix);
    const char *parameters[] = {made->key->id, hash_of(arena, made->secret), prefix,
                                store_integer(arena, overlap_s)};
    struct change change = {.id = made->key->id,
                            .query = &rotate_query,
                            .parameters = parameters,
                            .event = AUDIT_KEY_ROTATED,
                            .detail = prefix};
    if (!run_found(desk, &change, err))
        return false;
    remember(desk, made->secret);
    return key_find(desk, id, &made->key, err);
}

bool
key_revoke(const struct key_desk *desk, const char *id, struct error *err)
{
    const struct key *key;
    if (!key_find(desk, id, &key, err))
        return false;
    struct change change = {.id = key->id,
                            .query = &revoke_query,
                            .parameters = &key->id,
                            .event = AUDIT_KEY_REVOKED,
                            .detail = key->prefix};
    return run(desk, &change, err);
}
