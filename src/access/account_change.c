/* Changes of accounts: each is one transaction with all that follows from it. */
#include "access/account_change.h"

#include <string.h>
#include <strings.h>

#include "access/access.h"
#include "access/account_private.h"
#include "access/account_rules.h"
#include "access/audit.h"
#include "access/caller.h"
#include "access/credential.h"
#include "access/identity.h"
#include "access/password.h"
#include "access/postman.h"
#include "access/sign_in.h"
#include "access/throttle.h"
#include "net/mail.h"
#include "base/id.h"
#include "store/store.h"

#include "access/account_change.sql.h"

/* What of an account a change depends on, as it is while nobody else changes it. */
struct held {
    const char *id, *email, *pending_email, *password;
    bool email_verified;
};

struct sign_in_id {
    const char *id;
};

static const struct column held_columns[] = {
    COLUMN_TEXT_OF(struct held, id),
    COLUMN_TEXT_OF(struct held, email),
    COLUMN_TEXT_OF(struct held, pending_email),
    COLUMN_TEXT_OF(struct held, password),
    COLUMN_BOOLEAN_OF(struct held, email_verified),
    {.name = NULL},
};
static const struct column sign_in_columns[] = {COLUMN_TEXT_OF(struct sign_in_id, id),
                                                {.name = NULL}};

static const struct query hold_query = {SQL_account_hold, .columns = held_columns,
                                        .size = sizeof(struct held)};
static const struct query hold_sign_in_query = {
    SQL_account_hold_sign_in, .columns = sign_in_columns, .size = sizeof(struct sign_in_id)};
static const struct query update_query = {SQL_account_update, .columns = NULL};
static const struct query set_email_query = {SQL_account_set_email, .columns = NULL};
static const struct query set_pending_query = {SQL_account_set_pending_email, .columns = NULL};
static const struct query undo_email_query = {SQL_account_undo_email, .columns = NULL};
static const struct query set_password_query = {SQL_account_set_password, .columns = NULL};
static const struct query rehash_query = {SQL_account_rehash, .columns = NULL};
static const struct query set_active_query = {SQL_account_set_active, .columns = NULL};
static const struct query set_admin_query = {SQL_account_set_admin, .columns = NULL};
static const struct query verify_email_query = {SQL_account_verify_email, .columns = NULL};
static const struct query clear_budgets_query = {SQL_account_clear_budgets, .columns = NULL};
static const struct query delete_query = {SQL_account_delete, .columns = NULL};

/* A change under way. */
struct work {
    struct request *request;
    struct transaction *transaction;
    const char *id;
    const char *subject; /* "account:<id>" */
    struct held held;    /* nothing where there is no such account */
};

/* Of changes of one account the later begins when the earlier is done, and sees what it left. */
static bool
hold(struct work *work, struct error *err)
{
    const struct list *rows = transaction_query(
        work->transaction, &hold_query, (const char *[]){work->id}, &work->request->arena, err);
    if (rows && rows->count > 0)
        work->held = *(const struct held *)rows->items;
    return rows || !transaction_end(work->transaction, false, err);
}

static bool
begin(struct request *request, const char *id, struct work *work, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    *work = (struct work){.request = request};
    work->id = id;
    work->subject = arena_printf(&request->arena, "account:%s", id);
    work->transaction = transaction_begin(store, &request->arena, err);
    return work->transaction && hold(work, err);
}

static bool
end(const struct work *work, bool done, struct error *err)
{
    return transaction_end(work->transaction, done, err);
}

/* As end(), of a change that credentials depend on: told to every worker. */
static bool
end_for_all(const struct work *work, bool done, struct error *err)
{
    done = done && credential_revoke(work->transaction, work->request, work->subject, err);
    if (!end(work, done, err))
        return false;
    credential_forget(work->request, work->subject);
    return true;
}

/* *count is how many rows were changed. */
static bool
run(const struct work *work, const struct query *query, const char *const *parameters,
    size_t *count, struct error *err)
{
    const struct list *changed =
        transaction_query(work->transaction, query, parameters, &work->request->arena, err);
    if (changed && count)
        *count = changed->count;
    return changed != NULL;
}

static bool
note(const struct work *work, enum audit_event event, const char *detail, struct error *err)
{
    const struct audit_entry entry = {event, work->subject, detail};
    return audit_add_in(work->transaction, work->request, &entry, err);
}

static bool
tell(const struct work *work, enum post_kind kind, const char *email, struct error *err)
{
    return !email || postman_add(work->transaction, work->request,
                                 &(struct post){kind, work->id, email}, err);
}

static bool
gone(struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "there is no such account");
}

static bool
is_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* What was read, and proved, before the change began must hold still: a link of a mail may have
 * given the account back to its owner meanwhile, and ended the sign-in that asks. */
static bool
check_unchanged(const struct work *work, const struct account *account, struct error *err)
{
    struct request *request = work->request;
    const char *sign_in_id = request->caller ? request->caller->sign_in_id : NULL;
    if (!work->held.id)
        return gone(err);
    if (!is_same(work->held.email, account->email))
        return error_set(err, ERROR_CONFLICT, "the account was changed a moment ago");
    if (!sign_in_id)
        return true;
    const struct list *rows =
        transaction_query(work->transaction, &hold_sign_in_query,
                          (const char *[]){work->id, sign_in_id}, &request->arena, err);
    return rows &&
           (rows->count > 0 || error_set(err, ERROR_CONFLICT, "the sign-in ended a moment ago"));
}

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

/* Who typed an address wrong gives nobody at that one a way into the account. */
static bool
change_email(const struct work *work, const char *email, struct error *err)
{
    const struct held *held = &work->held;
    const char *parameters[] = {work->id, email};
    if (held->email && strcasecmp(held->email, email) == 0)
        return run(work, &set_pending_query, (const char *[]){work->id, NULL}, NULL, err);
    if (!mail_is_configured(work->request->access->settings))
        return run(work, &set_email_query, parameters, NULL, err);
    return run(work, &set_pending_query, parameters, NULL, err) &&
           tell(work, POST_VERIFY, email, err) &&
           tell(work, held->email_verified ? POST_EMAIL_UNDO : POST_EMAIL_CHANGED, held->email,
                err);
}

bool
account_change(struct request *request, const struct account *account,
               const struct account_change *change, struct error *err)
{
    struct work work;
    struct arena *arena = &request->arena;
    const char *user_name = change->user_name ? user_name_normal(change->user_name, arena) : NULL;
    struct schema_errors errors = {.arena = arena};
    if (!account_check_change(request, account, change, &errors, err) ||
        (errors.count > 0 && !schema_refuse(&errors, err)) ||
        !begin(request, account->id, &work, err))
        return false;
    const char *parameters[] = {account->id,
                                user_name,
                                user_name ? user_name_folded(user_name, arena) : NULL,
                                change->phone_number,
                                change->display_name,
                                change->picture_url,
                                change->profile};
    size_t count = 0;
    bool done = check_unchanged(&work, account, err) &&
                run(&work, &update_query, parameters, &count, err) && (count > 0 || gone(err)) &&
                (!change->email || change_email(&work, change->email, err)) &&
                note(&work, AUDIT_ACCOUNT_CHANGED, change->email ? "e-mail address" : NULL, err);
    return end(&work, done, err) || account_conflict(arena, err);
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
lock_out(const struct work *work, const char *except_sign_in_id, struct error *err)
{
    const struct sign_in_end_all ended = {work->id, except_sign_in_id, "password changed"};
    return sign_in_end_all_in(work->transaction, work->request, &ended, err) &&
           identity_end_sessions_in(work->transaction, work->request, work->id, except_sign_in_id,
                                    err) &&
           postman_drop(work->transaction, work->request, POST_RESET, work->id, err) &&
           run(work, &set_pending_query, (const char *[]){work->id, NULL}, NULL, err) &&
           tell(work, POST_PASSWORD_CHANGED, work->held.email, err);
}

bool
account_change_password(struct request *request, const struct account *account,
                        const char *password, const char *except_sign_in_id, struct error *err)
{
    struct work work;
    const char *phc;
    if (!hash(request, account, password, &phc, err) || !begin(request, account->id, &work, err))
        return false;
    const char *parameters[] = {account->id, phc};
    bool done = check_unchanged(&work, account, err) &&
                (is_same(work.held.password, account->password) ||
                 error_set(err, ERROR_CONFLICT, "it was changed a moment ago")) &&
                run(&work, &set_password_query, parameters, NULL, err) &&
                lock_out(&work, except_sign_in_id, err) &&
                note(&work, AUDIT_PASSWORD_CHANGED, NULL, err);
    return end_for_all(&work, done, err);
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

static bool
bad_token(struct request *request, struct error *err)
{
    return error_set_field(err, &request->arena, "token", "is not known, used or too old");
}

bool
account_reset_password(struct request *request, const char *id, const char *token,
                       const char *password, struct error *err)
{
    struct work work;
    struct post_token found;
    const struct account *account;
    const char *phc;
    if (!postman_look(request, POST_RESET, token, &found, err))
        return false;
    if (!found.account_id || (id && strcmp(id, found.account_id) != 0))
        return bad_token(request, err);
    if (!account_find(request, found.account_id, &account, err))
        return false;
    if (!account)
        return bad_token(request, err);
    if (!hash(request, account, password, &phc, err) || !begin(request, account->id, &work, err))
        return false;
    const char *parameters[] = {account->id, phc};
    const char *verified[] = {account->id, found.email};
    bool done = postman_take(work.transaction, request, POST_RESET, token, &found, err) &&
                (found.account_id || bad_token(request, err)) &&
                run(&work, &set_password_query, parameters, NULL, err) &&
                run(&work, &verify_email_query, verified, NULL, err) &&
                identity_remove_all_in(work.transaction, request, account->id, err) &&
                lock_out(&work, NULL, err) && note(&work, AUDIT_PASSWORD_CHANGED, "reset", err);
    if (!end_for_all(&work, done, err))
        return false;
    throttle_know(request, account->id);
    return true;
}

bool
account_ask_email(struct request *request, const struct account *account, struct error *err)
{
    struct work work;
    if (!begin(request, account->id, &work, err))
        return false;
    const char *email = work.held.pending_email;
    if (!email && !work.held.email_verified)
        email = work.held.email;
    return end(&work, tell(&work, POST_VERIFY, email, err), err);
}

/* The week of whoever reads the former address begins when it is the account's no more, however
 * long the other one waited. */
static bool
tell_former(const struct work *work, const char *email, struct error *err)
{
    const struct held *held = &work->held;
    bool is_former = held->email && held->email_verified && strcasecmp(held->email, email) != 0;
    return !is_former || tell(work, POST_EMAIL_UNDO, held->email, err);
}

bool
account_verify_email(struct request *request, const char *token, struct error *err)
{
    struct work work;
    struct post_token found;
    if (!postman_look(request, POST_VERIFY, token, &found, err))
        return false;
    if (!found.account_id)
        return bad_token(request, err);
    if (!begin(request, found.account_id, &work, err))
        return false;
    size_t count = 0;
    const char *parameters[] = {work.id, found.email};
    bool done = postman_take(work.transaction, request, POST_VERIFY, token, &found, err) &&
                (found.account_id || bad_token(request, err)) &&
                run(&work, &verify_email_query, parameters, &count, err) &&
                (count > 0 || bad_token(request, err)) && tell_former(&work, found.email, err) &&
                note(&work, AUDIT_EMAIL_VERIFIED, NULL, err);
    return end(&work, done, err) || account_conflict(&request->arena, err);
}

bool
account_undo_email(struct request *request, const char *token, struct error *err)
{
    struct work work;
    struct post_token found;
    if (!postman_look(request, POST_EMAIL_UNDO, token, &found, err))
        return false;
    if (!found.account_id)
        return bad_token(request, err);
    if (!begin(request, found.account_id, &work, err))
        return false;
    const char *parameters[] = {work.id, found.email};
    const struct sign_in_end_all ended = {work.id, NULL, "e-mail address restored"};
    bool done = postman_take(work.transaction, request, POST_EMAIL_UNDO, token, &found, err) &&
                (found.account_id || bad_token(request, err)) &&
                run(&work, &undo_email_query, parameters, NULL, err) &&
                identity_remove_all_in(work.transaction, request, work.id, err) &&
                sign_in_end_all_in(work.transaction, request, &ended, err) &&
                identity_end_sessions_in(work.transaction, request, work.id, NULL, err) &&
                postman_drop(work.transaction, request, POST_RESET, work.id, err) &&
                tell(&work, POST_RESET, found.email, err) &&
                note(&work, AUDIT_ACCOUNT_CHANGED, "e-mail address restored", err);
    return end_for_all(&work, done, err) || account_conflict(&request->arena, err);
}

bool
account_delete(struct request *request, const struct account *account, struct error *err)
{
    struct work work;
    if (!begin(request, account->id, &work, err))
        return false;
    size_t count = 0;
    const char *parameters[] = {account->id};
    bool done = run(&work, &clear_budgets_query, parameters, NULL, err) &&
                run(&work, &delete_query, parameters, &count, err) && (count > 0 || gone(err)) &&
                note(&work, AUDIT_ACCOUNT_DELETED, NULL, err);
    return end_for_all(&work, done, err);
}

bool
account_set(struct request *request, const char *id, enum account_switch which, bool on,
            struct error *err)
{
    struct work work;
    if (!uuid_is_valid(id))
        return gone(err);
    if (!begin(request, id, &work, err))
        return false;
    bool is_role = which == ACCOUNT_ADMIN;
    const char *detail = is_role ? (on ? "admin" : "no admin") : (on ? "activated" : "deactivated");
    const char *parameters[] = {id, on ? "true" : "false"};
    const struct sign_in_end_all ended = {id, NULL, "deactivated"};
    size_t count = 0;
    bool done =
        run(&work, is_role ? &set_admin_query : &set_active_query, parameters, &count, err) &&
        (count > 0 || gone(err)) &&
        (is_role || on || sign_in_end_all_in(work.transaction, request, &ended, err)) &&
        credential_revoke(work.transaction, request, work.subject, err) &&
        note(&work, is_role ? AUDIT_ROLE_CHANGED : AUDIT_ACCOUNT_CHANGED, detail, err);
    return end_for_all(&work, done, err);
}
