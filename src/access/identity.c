/* Taking identities away, with what came of them. */
#include "access/identity.h"

#include <string.h>

#include "access/access.h"
#include "access/account.h"
#include "access/audit.h"
#include "access/caller.h"
#include "access/identity.sql.h"
#include "access/sign_in.h"
#include "store/store.h"

static const struct query lock_query = {SQL_identity_lock, .columns = NULL};
static const struct query remove_query = {SQL_identity_remove, .columns = NULL};
static const struct query remove_all_query = {SQL_identity_remove_all, .columns = NULL};
static const struct query end_sessions_query = {SQL_identity_end_sessions, .columns = NULL};
static const struct query end_tokens_query = {SQL_identity_end_session_tokens, .columns = NULL};

bool
identity_end_sessions_in(struct transaction *transaction, struct request *request,
                         const char *account_id, const char *except_sign_in_id, struct error *err)
{
    const char *sessions[] = {account_id, except_sign_in_id};
    const char *tokens[] = {account_id};
    return transaction_query(transaction, &end_sessions_query, sessions, &request->arena, err) &&
           transaction_query(transaction, &end_tokens_query, tokens, &request->arena, err);
}

static bool
note(struct transaction *transaction, struct request *request, const char *account_id,
     const char *detail, struct error *err)
{
    const struct audit_entry entry = {
        AUDIT_ACCOUNT_CHANGED, arena_printf(&request->arena, "account:%s", account_id), detail};
    return audit_add_in(transaction, request, &entry, err);
}

bool
identity_remove_all_in(struct transaction *transaction, struct request *request,
                       const char *account_id, struct error *err)
{
    const struct list *removed = transaction_query(
        transaction, &remove_all_query, (const char *const[]){account_id}, &request->arena, err);
    if (!removed)
        return false;
    return removed->count == 0 ||
           note(transaction, request, account_id,
                arena_printf(&request->arena, "identities removed, %zu of them", removed->count),
                err);
}

static bool
remove_in(struct transaction *transaction, struct request *request, const char *account_id,
          const char *provider, struct error *err)
{
    struct arena *arena = &request->arena;
    const char *sign_in_id = request->caller->sign_in_id;
    const char *owner[] = {account_id}, *parameters[] = {account_id, provider};
    const struct sign_in_end_all ended = {account_id, sign_in_id, "identity removed"};
    if (!transaction_query(transaction, &lock_query, owner, arena, err))
        return false;
    const struct list *removed =
        transaction_query(transaction, &remove_query, parameters, arena, err);
    if (!removed)
        return false;
    if (removed->count == 0)
        return error_set(err, ERROR_CONFLICT, "this is the last way to sign in to the account");
    return identity_end_sessions_in(transaction, request, account_id, NULL, err) &&
           sign_in_end_all_in(transaction, request, &ended, err) &&
           note(transaction, request, account_id,
                arena_printf(arena, "identity removed: %s", provider), err);
}

static bool
has(const struct list *identities, const char *provider)
{
    const struct account_identity *identity = identities->items;
    for (size_t i = 0; i < identities->count; i++)
        if (strcmp(identity[i].provider, provider) == 0)
            return true;
    return false;
}

bool
identity_remove(struct request *request, const struct account *account, const char *provider,
                struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const struct list *identities = account_identities(request, account->id, err);
    if (!identities)
        return false;
    if (!has(identities, provider))
        return error_set(err, ERROR_NOT_FOUND, "the account has no such sign-in");
    struct transaction *transaction = transaction_begin(store, &request->arena, err);
    if (!transaction)
        return false;
    bool done = remove_in(transaction, request, account->id, provider, err);
    return transaction_end(transaction, done, err) && done;
}
