/* The address of an account: asked for, verified, undone. */
#include <strings.h>

#include "access/access.h"
#include "access/account_change.h"
#include "access/account_change.sql.h"
#include "access/account_private.h"
#include "access/account_work.h"
#include "access/identity.h"
#include "access/sign_in.h"
#include "net/mail.h"

static const struct query set_email_query = {SQL_account_set_email, .columns = NULL};
static const struct query set_pending_query = {SQL_account_set_pending_email, .columns = NULL};
static const struct query undo_email_query = {SQL_account_undo_email, .columns = NULL};
static const struct query verify_email_query = {SQL_account_verify_email, .columns = NULL};

/* Who typed an address wrong gives nobody at that one a way into the account. */
bool
account_change_email(const struct account_work *work, const char *email, struct error *err)
{
    const struct account_held *held = &work->held;
    const char *parameters[] = {work->id, email};
    if (held->email && strcasecmp(held->email, email) == 0)
        return account_run(work, &set_pending_query, (const char *[]){work->id, NULL}, NULL, err);
    if (!mail_is_configured(work->request->access->settings))
        return account_run(work, &set_email_query, parameters, NULL, err);
    return account_run(work, &set_pending_query, parameters, NULL, err) &&
           account_tell(work, POST_VERIFY, email, err) &&
           account_tell(work, held->email_verified ? POST_EMAIL_UNDO : POST_EMAIL_CHANGED,
                        held->email, err);
}

bool
account_ask_email(struct request *request, const struct account *account, struct error *err)
{
    struct account_work work;
    if (!account_begin(request, account->id, &work, err))
        return false;
    const char *email = work.held.pending_email;
    if (!email && !work.held.email_verified)
        email = work.held.email;
    return account_end(&work, account_tell(&work, POST_VERIFY, email, err), err);
}

/* The week of whoever reads the former address begins when it is the account's no more, however
 * long the other one waited. */
static bool
tell_former(const struct account_work *work, const char *email, struct error *err)
{
    const struct account_held *held = &work->held;
    bool is_former = held->email && held->email_verified && strcasecmp(held->email, email) != 0;
    return !is_former || account_tell(work, POST_EMAIL_UNDO, held->email, err);
}

bool
account_verify_email(struct request *request, const char *token, struct error *err)
{
    struct account_work work;
    struct post_token found;
    if (!postman_look(request, POST_VERIFY, token, &found, err))
        return false;
    if (!found.account_id)
        return account_bad_token(request, err);
    if (!account_begin(request, found.account_id, &work, err))
        return false;
    size_t count = 0;
    const char *parameters[] = {work.id, found.email};
    bool done = postman_take(work.transaction, request, POST_VERIFY, token, &found, err) &&
                (found.account_id || account_bad_token(request, err)) &&
                account_run(&work, &verify_email_query, parameters, &count, err) &&
                (count > 0 || account_bad_token(request, err)) &&
                tell_former(&work, found.email, err) &&
                account_note(&work, AUDIT_EMAIL_VERIFIED, NULL, err);
    return account_end(&work, done, err) || account_conflict(&request->arena, err);
}

bool
account_undo_email(struct request *request, const char *token, struct error *err)
{
    struct account_work work;
    struct post_token found;
    if (!postman_look(request, POST_EMAIL_UNDO, token, &found, err))
        return false;
    if (!found.account_id)
        return account_bad_token(request, err);
    if (!account_begin(request, found.account_id, &work, err))
        return false;
    const char *parameters[] = {work.id, found.email};
    const struct sign_in_end_all ended = {work.id, NULL, "e-mail address restored"};
    bool done = postman_take(work.transaction, request, POST_EMAIL_UNDO, token, &found, err) &&
                (found.account_id || account_bad_token(request, err)) &&
                account_run(&work, &undo_email_query, parameters, NULL, err) &&
                identity_remove_all_in(work.transaction, request, work.id, err) &&
                sign_in_end_all_in(work.transaction, request, &ended, err) &&
                identity_end_sessions_in(work.transaction, request, work.id, NULL, err) &&
                postman_drop(work.transaction, request, POST_RESET, work.id, err) &&
                account_tell(&work, POST_RESET, found.email, err) &&
                account_note(&work, AUDIT_ACCOUNT_CHANGED, "e-mail address restored", err);
    return account_end_for_all(&work, done, err) || account_conflict(&request->arena, err);
}
