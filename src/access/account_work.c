/* What all changes of an account do: hold it, note what was done, and tell whom it concerns. */
#include "access/account_work.h"

#include <string.h>

#include "access/access.h"
#include "access/account.h"
#include "access/account_change.sql.h"
#include "access/caller.h"
#include "access/credential.h"

struct sign_in_id {
    const char *id;
};

static const struct column held_columns[] = {
    COLUMN_TEXT_OF(struct account_held, id),
    COLUMN_TEXT_OF(struct account_held, email),
    COLUMN_TEXT_OF(struct account_held, pending_email),
    COLUMN_TEXT_OF(struct account_held, password),
    COLUMN_BOOLEAN_OF(struct account_held, email_verified),
    {.name = NULL},
};
static const struct column sign_in_columns[] = {COLUMN_TEXT_OF(struct sign_in_id, id),
                                                {.name = NULL}};

static const struct query hold_query = {SQL_account_hold, .columns = held_columns,
                                        .size = sizeof(struct account_held)};
static const struct query hold_sign_in_query = {
    SQL_account_hold_sign_in, .columns = sign_in_columns, .size = sizeof(struct sign_in_id)};

/* Of changes of one account the later begins when the earlier is done, and sees what it left. */
static bool
hold(struct account_work *work, struct error *err)
{
    const struct list *rows = transaction_query(
        work->transaction, &hold_query, (const char *[]){work->id}, &work->request->arena, err);
    if (rows && rows->count > 0)
        work->held = *(const struct account_held *)rows->items;
    return rows || !transaction_end(work->transaction, false, err);
}

bool
account_begin(struct request *request, const char *id, struct account_work *work, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    *work = (struct account_work){.request = request};
    work->id = id;
    work->subject = arena_printf(&request->arena, "account:%s", id);
    work->transaction = transaction_begin(store, &request->arena, err);
    return work->transaction && hold(work, err);
}

bool
account_end(const struct account_work *work, bool done, struct error *err)
{
    return transaction_end(work->transaction, done, err);
}

/* As account_end(), of a change that credentials depend on: told to every worker. */
bool
account_end_for_all(const struct account_work *work, bool done, struct error *err)
{
    done = done && credential_revoke(work->transaction, work->request, work->subject, err);
    if (!account_end(work, done, err))
        return false;
    credential_forget(work->request, work->subject);
    return true;
}

/* *count is how many rows were changed. */
bool
account_run(const struct account_work *work, const struct query *query,
            const char *const *parameters, size_t *count, struct error *err)
{
    const struct list *changed =
        transaction_query(work->transaction, query, parameters, &work->request->arena, err);
    if (changed && count)
        *count = changed->count;
    return changed != NULL;
}

bool
account_note(const struct account_work *work, enum audit_event event, const char *detail,
             struct error *err)
{
    const struct audit_entry entry = {event, work->subject, detail};
    return audit_add_in(work->transaction, work->request, &entry, err);
}

bool
account_tell(const struct account_work *work, enum post_kind kind, const char *email,
             struct error *err)
{
    return !email || postman_add(work->transaction, work->request,
                                 &(struct post){kind, work->id, email}, err);
}

bool
account_gone(struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "there is no such account");
}

bool
account_is_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* What was read, and proved, before the change began must hold still: a link of a mail may have
 * given the account back to its owner meanwhile, and ended the sign-in that asks. */
bool
account_check_unchanged(const struct account_work *work, const struct account *account,
                        struct error *err)
{
    struct request *request = work->request;
    const char *sign_in_id = request->caller ? request->caller->sign_in_id : NULL;
    if (!work->held.id)
        return account_gone(err);
    if (!account_is_same(work->held.email, account->email))
        return error_set(err, ERROR_CONFLICT, "the account was changed a moment ago");
    if (!sign_in_id || !account_is_same(request->caller->account_id, work->id))
        return true;
    const struct list *rows =
        transaction_query(work->transaction, &hold_sign_in_query,
                          (const char *[]){work->id, sign_in_id}, &request->arena, err);
    return rows &&
           (rows->count > 0 || error_set(err, ERROR_CONFLICT, "the sign-in ended a moment ago"));
}

bool
account_bad_token(struct request *request, struct error *err)
{
    return error_set_field(err, &request->arena, "token", "is not known, used or too old");
}
