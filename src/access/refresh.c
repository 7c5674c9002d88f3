/* Refresh tokens: each serves once (RFC 9700, section 4.14.2). One that comes a second time was
 * stolen, or its thief's came first; which of both, nobody can tell, so the sign-in ends. That
 * holds for two that come at once as well: a moment of grace would be a thief's moment. */
#include "access/sign_in.h"

#include <string.h>

#include "access/access.h"
#include "access/audit.h"
#include "access/sign_in.sql.h"
#include "access/sign_in_private.h"
#include "access/throttle.h"

enum { REFRESH_MAX_BYTES = 128 };

struct taken_row {
    const char *id, *account_id;
};

static const struct column taken_columns[] = {
    COLUMN_TEXT_OF(struct taken_row, id),
    COLUMN_TEXT_OF(struct taken_row, account_id),
    {.name = NULL},
};

struct found_row {
    const char *id, *account_id;
    bool is_used, is_lasting;
};

static const struct column found_columns[] = {
    COLUMN_TEXT_OF(struct found_row, id),
    COLUMN_TEXT_OF(struct found_row, account_id),
    COLUMN_BOOLEAN_OF(struct found_row, is_used),
    COLUMN_BOOLEAN_OF(struct found_row, is_lasting),
    {.name = NULL},
};

static const struct query take = {SQL_refresh_take, taken_columns, sizeof(struct taken_row), false};
static const struct query find = {SQL_refresh_find, found_columns, sizeof(struct found_row), false};

static bool
refuse(struct error *err)
{
    return error_set(err, ERROR_TOKEN_NOT_VALID, "the refresh token is not valid or has expired");
}

static bool
find_whose(struct request *request, struct store *store, const char *hash,
           const struct found_row **found, struct error *err)
{
    const struct list *rows = store_query(store, &find, &hash, &request->arena, err);
    if (!rows)
        return false;
    *found = rows->count > 0 ? rows->items : NULL;
    return true;
}

/* Of a sign-in that goes on, only a used token is not taken. */
static bool
end_reused(struct request *request, const struct found_row *found, struct error *err)
{
    bool ended;
    struct sign_in_end end = {found->id, found->account_id, "refresh token used twice"};
    if (!found->is_used || !found->is_lasting)
        return true;
    if (!sign_in_end_one(request, &end, &ended, err))
        return false;
    if (ended)
        audit_add(request, &(struct audit_entry){
                               AUDIT_TOKEN_REUSED,
                               arena_printf(&request->arena, "account:%s", found->account_id),
                               arena_printf(&request->arena, "sign-in %s was ended", found->id)});
    return true;
}

bool
sign_in_refresh(struct request *request, const char *refresh, struct sign_in *sign_in,
                struct error *err)
{
    struct store *store;
    struct arena *arena = &request->arena;
    if (!access_store(request, &store, err))
        return false;
    if (strlen(refresh) > REFRESH_MAX_BYTES)
        return refuse(err);
    struct sign_in_secret next;
    sign_in_secret_make(&next, arena);
    int64_t ttl_s = request->access->settings->refresh_token_ttl_s;
    const char *parameters[] = {sign_in_secret_hash(refresh, arena), next.hash,
                                store_integer(arena, ttl_s)};
    const struct list *rows = store_query(store, &take, parameters, arena, err);
    if (!rows)
        return false;
    if (rows->count > 0) {
        const struct taken_row *taken = rows->items;
        throttle_know(request, taken->account_id);
        *sign_in = (struct sign_in){.id = taken->id, .account_id = taken->account_id};
        sign_in_give(request, next.text, sign_in);
        return true;
    }
    const struct found_row *found;
    if (!find_whose(request, store, parameters[0], &found, err) ||
        (found && !end_reused(request, found, err)))
        return false;
    return refuse(err);
}

bool
sign_in_end_refresh(struct request *request, const char *refresh, const char *account_id,
                    const char *reason, struct error *err)
{
    struct store *store;
    bool ended;
    const struct found_row *found = NULL;
    if (!access_store(request, &store, err))
        return false;
    if (strlen(refresh) <= REFRESH_MAX_BYTES &&
        !find_whose(request, store, sign_in_secret_hash(refresh, &request->arena), &found, err))
        return false;
    if (!found || (account_id && strcmp(found->account_id, account_id) != 0))
        return refuse(err);
    return sign_in_end_one(request, &(struct sign_in_end){found->id, found->account_id, reason},
                           &ended, err);
}
