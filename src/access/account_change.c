/* Changes of accounts: each is one transaction with all that follows from it. */
#include "access/account_change.h"

#include <string.h>

#include "access/access.h"
#include "access/account.sql.h"
#include "access/account_change.sql.h"
#include "access/account_private.h"
#include "access/account_rules.h"
#include "access/account_work.h"
#include "access/credential.h"
#include "access/identity.h"
#include "access/password.h"
#include "access/postman.h"
#include "access/sign_in.h"
#include "access/throttle.h"
#include "base/id.h"
#include "net/mail.h"
#include "store/store.h"

static const struct query update_query = {SQL_account_update, .columns = NULL};
static const struct query set_pending_query = {SQL_account_set_pending_email, .columns = NULL};
static const struct query set_password_query = {SQL_account_set_password, .columns = NULL};
static const struct query rehash_query = {SQL_account_rehash, .columns = NULL};
static const struct query set_active_query = {SQL_account_set_active, .columns = NULL};
static const struct query set_admin_query = {SQL_account_set_admin, .columns = NULL};
static const struct query verify_email_query = {SQL_account_verify_email, .columns = NULL};
static const struct query clear_budgets_query = {SQL_account_clear_budgets, .columns = NULL};
static const struct query link_query = {SQL_identity_insert, .columns = NULL};
static const struct query delete_query = {SQL_account_delete, .columns = NULL};

bool
account_check_change(struct request *request, const struct account *account,
                     const struct account_change *change, struct schema_errors *errors,
                     struct error *err)
{
    const char *user_name =
        change->user_name ? user_name_normal(change->user_name, &request->arena) : NULL;
    const char *own = mail_is_configured(request->access->settings) || !change->email
                          ? account->email
                          : change->email;
    const struct account_names names = {account->id, user_name, change->email, own};
    const char *phone = change->phone_number;
    if (phone && phone_complaint(phone))
        schema_complain(errors, "phone_number", "%s", phone_complaint(phone));
    return (!user_name && !change->email) || account_check_names(request, &names, errors, err);
}

bool
account_change(struct request *request, const struct account *account,
               const struct account_change *change, struct error *err)
{
    struct account_work work;
    struct arena *arena = &request->arena;
    const char *user_name = change->user_name ? user_name_normal(change->user_name, arena) : NULL;
    struct schema_errors errors = {.arena = arena};
    if (!account_check_change(request, account, change, &errors, err) ||
        (errors.count > 0 && !schema_refuse(&errors, err)) ||
        !account_begin(request, account->id, &work, err))
        return false;
    const char *parameters[] = {account->id,
                                user_name,
                                user_name ? user_name_folded(user_name, arena) : NULL,
                                change->phone_number,
                                change->display_name,
                                change->picture_url,
                                change->profile};
    size_t count = 0;
    bool done =
        account_check_unchanged(&work, account, err) &&
        account_run(&work, &update_query, parameters, &count, err) &&
        (count > 0 || account_gone(err)) &&
        (!change->email || account_change_email(&work, change->email, err)) &&
        account_note(&work, AUDIT_ACCOUNT_CHANGED, change->email ? "e-mail address" : NULL, err);
    return account_end(&work, done, err) || account_conflict(arena, err);
}

const char *
account_password_complaint(const struct account *account, const char *password)
{
    const char *attributes[4] = {NULL};
    size_t count = 0;
    if (account->user_name)
        attributes[count++] = account->user_name;
    if (account->email)
        attributes[count++] = account->email;
    if (account->display_name)
        attributes[count++] = account->display_name;
    return password_complaint(password, attributes);
}

/* Refuses a password that does not keep the rules; else *phc is what is kept of it. */
static bool
hash(struct request *request, const struct account *account, const char *password, const char **phc,
     struct error *err)
{
    const char *complaint = account_password_complaint(account, password);
    if (complaint)
        return error_set_field(err, &request->arena, "password", "%s", complaint);
    return password_hash(request, password, phc, err);
}

/* What follows from another password. An address that waits may be somebody else's wish. */
static bool
lock_out(const struct account_work *work, const char *except_sign_in_id, struct error *err)
{
    const struct sign_in_end_all ended = {work->id, except_sign_in_id, "password changed"};
    return sign_in_end_all_in(work->transaction, work->request, &ended, err) &&
           identity_end_sessions_in(work->transaction, work->request, work->id, except_sign_in_id,
                                    err) &&
           postman_drop(work->transaction, work->request, POST_RESET, work->id, err) &&
           account_run(work, &set_pending_query, (const char *[]){work->id, NULL}, NULL, err) &&
           account_tell(work, POST_PASSWORD_CHANGED, work->held.email, err);
}

bool
account_change_password(struct request *request, const struct account *account,
                        const char *password, const char *except_sign_in_id, struct error *err)
{
    struct account_work work;
    const char *phc;
    if (!hash(request, account, password, &phc, err) ||
        !account_begin(request, account->id, &work, err))
        return false;
    const char *parameters[] = {account->id, phc};
    bool done = account_check_unchanged(&work, account, err) &&
                (account_is_same(work.held.password, account->password) ||
                 error_set(err, ERROR_CONFLICT, "it was changed a moment ago")) &&
                account_run(&work, &set_password_query, parameters, NULL, err) &&
                lock_out(&work, except_sign_in_id, err) &&
                account_note(&work, AUDIT_PASSWORD_CHANGED, NULL, err);
    return account_end_for_all(&work, done, err);
}

const char *
account_rehash(struct request *request, const struct account *account, const char *password)
{
    struct store *store;
    struct error ignored = {0};
    const char *phc;
    if (!access_store(request, &store, &ignored) ||
        !password_hash(request, password, &phc, &ignored))
        return account->password;
    const char *parameters[] = {account->id, phc, account->password};
    const struct list *changed =
        store_query(store, &rehash_query, parameters, &request->arena, &ignored);
    if (!changed)
        return account->password;
    return changed->count > 0 ? phc : NULL;
}

bool
account_reset_password(struct request *request, const char *id, const char *token,
                       const char *password, struct error *err)
{
    struct account_work work;
    struct post_token found;
    const struct account *account;
    const char *phc;
    if (!postman_look(request, POST_RESET, token, &found, err))
        return false;
    if (!found.account_id || (id && strcmp(id, found.account_id) != 0))
        return account_bad_token(request, err);
    if (!account_find(request, found.account_id, &account, err))
        return false;
    if (!account)
        return account_bad_token(request, err);
    if (!hash(request, account, password, &phc, err) ||
        !account_begin(request, account->id, &work, err))
        return false;
    const char *parameters[] = {account->id, phc};
    const char *verified[] = {account->id, found.email};
    bool done = postman_take(work.transaction, request, POST_RESET, token, &found, err) &&
                (found.account_id || account_bad_token(request, err)) &&
                account_run(&work, &set_password_query, parameters, NULL, err) &&
                account_run(&work, &verify_email_query, verified, NULL, err) &&
                identity_remove_all_in(work.transaction, request, account->id, err) &&
                lock_out(&work, NULL, err) &&
                account_note(&work, AUDIT_PASSWORD_CHANGED, "reset", err);
    if (!account_end_for_all(&work, done, err))
        return false;
    throttle_know(request, account->id);
    return true;
}

bool
account_link(struct request *request, const struct account *account, const char *provider,
             const char *subject, struct error *err)
{
    struct account_work work;
    const struct account *owner;
    size_t count = 0;
    const char *parameters[] = {provider, subject, account->id};
    if (!account_begin(request, account->id, &work, err))
        return false;
    bool done = account_check_unchanged(&work, account, err) &&
                account_run(&work, &link_query, parameters, &count, err) &&
                (count == 0 || account_note(&work, AUDIT_ACCOUNT_CHANGED, provider, err));
    if (!account_end(&work, done, err))
        return false;
    if (count > 0)
        return true;
    if (!account_find_identity(request, provider, subject, &owner, err))
        return false;
    return (owner && strcmp(owner->id, account->id) == 0) ||
           error_set(err, ERROR_CONFLICT, "this %s sign-in belongs to another account", provider);
}

bool
account_delete(struct request *request, const struct account *account, struct error *err)
{
    struct account_work work;
    if (!account_begin(request, account->id, &work, err))
        return false;
    size_t count = 0;
    const char *parameters[] = {account->id};
    bool done = account_run(&work, &clear_budgets_query, parameters, NULL, err) &&
                account_run(&work, &delete_query, parameters, &count, err) &&
                (count > 0 || account_gone(err)) &&
                account_note(&work, AUDIT_ACCOUNT_DELETED, NULL, err);
    return account_end_for_all(&work, done, err);
}

bool
account_set(struct request *request, const char *id, enum account_switch which, bool on,
            struct error *err)
{
    struct account_work work;
    if (!uuid_is_valid(id))
        return account_gone(err);
    if (!account_begin(request, id, &work, err))
        return false;
    bool is_role = which == ACCOUNT_ADMIN;
    const char *detail = is_role ? (on ? "admin" : "no admin") : (on ? "activated" : "deactivated");
    const char *parameters[] = {id, on ? "true" : "false"};
    const struct sign_in_end_all ended = {id, NULL, "deactivated"};
    size_t count = 0;
    bool done =
        account_run(&work, is_role ? &set_admin_query : &set_active_query, parameters, &count,
                    err) &&
        (count > 0 || account_gone(err)) &&
        (is_role || on || sign_in_end_all_in(work.transaction, request, &ended, err)) &&
        credential_revoke(work.transaction, request, work.subject, err) &&
        account_note(&work, is_role ? AUDIT_ROLE_CHANGED : AUDIT_ACCOUNT_CHANGED, detail, err);
    return account_end_for_all(&work, done, err);
}
