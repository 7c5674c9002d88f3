/* Whose account a person of the provider's is. */
#include "access/google.h"

#include <string.h>
#include <strings.h>

#include "access/access.h"
#include "access/account.h"
#include "access/account_change.h"

#define PROVIDER "google"
#define CLOSED "this account is closed"

/* Google gives addresses of its own domain, and those of organisations (hd); another address with a
 * Google account may have got a new owner since Google asked. */
static bool
is_given_by_google(const struct id_token *token)
{
    static const char *const domains[] = {"gmail.com", "googlemail.com"};
    const char *domain = strrchr(token->email, '@');
    if (!domain)
        return false;
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
        if (strcasecmp(domain + 1, domains[i]) == 0)
            return true;
    return token->hosted_domain && strcasecmp(domain + 1, token->hosted_domain) == 0;
}

static bool
link_known(struct request *request, const struct id_token *token, const struct account *account,
           struct error *err)
{
    bool is_same = account->email && strcasecmp(account->email, token->email) == 0;
    if (!is_same || !account->email_verified || !is_given_by_google(token))
        return error_set(err, ERROR_CONFLICT,
                         "an account with this e-mail address exists: sign in to it as before and "
                         "link Google there");
    if (!account->is_active)
        return error_set(err, ERROR_FORBIDDEN, "%s", CLOSED);
    return account_link(request, account, PROVIDER, token->subject, err);
}

static bool
create(struct request *request, const struct id_token *token, const struct account **account,
       struct error *err)
{
    if (strcmp(request->access->settings->registration, "open") != 0)
        return error_set(err, ERROR_FORBIDDEN, "nobody can register here");
    struct account_wish wish = {
        .email = token->email,
        .display_name = token->name,
        .picture_url = token->picture,
        .email_verified = true,
        .provider = PROVIDER,
        .subject = token->subject,
    };
    if (account_create(request, &wish, account, err))
        return true;
    /* Of two first sign-ins at once one makes the account, the other finds it. */
    if (err->code != ERROR_VALIDATION_FAILED)
        return false;
    struct error again = {0};
    if (!account_find_identity(request, PROVIDER, token->subject, account, &again) || !*account)
        return false;
    error_clear(err);
    return true;
}

static bool
find_or_create(struct request *request, const struct id_token *token,
               const struct account **account, struct error *err)
{
    if (!account_find_identity(request, PROVIDER, token->subject, account, err) || *account)
        return *account != NULL;
    if (!token->email || !token->email_verified)
        return error_set(err, ERROR_FORBIDDEN, "Google has not verified this e-mail address");
    if (!account_find_login(request, token->email, account, err))
        return false;
    return *account ? link_known(request, token, *account, err)
                    : create(request, token, account, err);
}

bool
google_account(struct request *request, const struct id_token *token,
               const struct account **account, struct error *err)
{
    if (!find_or_create(request, token, account, err))
        return false;
    return (*account)->is_active || error_set(err, ERROR_FORBIDDEN, "%s", CLOSED);
}
