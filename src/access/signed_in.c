/* From a token or a cookie to its caller. */
#include "access/signed_in.h"

#include <string.h>

#include "access/access.h"
#include "access/cookie.h"
#include "access/credential.h"
#include "access/token.h"
#include "base/clock.h"

bool
signed_in_is_token(const char *text, size_t length)
{
    const char *dot = memchr(text, '.', length);
    return dot && memchr(dot + 1, '.', length - (size_t)(dot + 1 - text));
}

static bool
find(struct request *request, const struct credential *credential, const char *method,
     const struct caller **caller, struct error *err)
{
    const struct caller *found;
    if (!credential_find(request, credential, &found, err))
        return false;
    struct caller *known = arena_alloc(&request->arena, sizeof(*known));
    *known = *found;
    known->method = method;
    known->key_prefix = known->tenant;
    *caller = known;
    return true;
}

/* A program that goes on with a token after its end guesses nothing, so it is not counted as one.
 */
static bool
refuse(struct error *err)
{
    error_clear(err);
    return error_set(err, ERROR_TOKEN_NOT_VALID, "the sign-in of this token has ended");
}

bool
signed_in_by_token(struct request *request, const char *text, size_t length,
                   const struct caller **caller, struct error *err)
{
    struct token_claims claims;
    const struct tokens *tokens = request->access->tokens;
    if (!tokens)
        return error_set(err, ERROR_TOKEN_NOT_VALID, "the token is not valid");
    if (!token_verify(tokens, text, length, clock_realtime_us() / 1000000, &claims, &request->arena,
                      err))
        return false;
    struct credential credential = {CREDENTIAL_SIGN_IN, claims.sign_in_id,
                                    strlen(claims.sign_in_id)};
    if (!find(request, &credential, "bearer_token", caller, err))
        return err->code == ERROR_UNAUTHORIZED ? refuse(err) : false;
    if (strcmp((*caller)->account_id, claims.account_id) == 0)
        return true;
    *caller = NULL;
    return refuse(err);
}

bool
signed_in_by_cookie(struct request *request, const struct caller **caller, struct error *err)
{
    const char *secret;
    size_t length;
    *caller = NULL;
    if (!request->access->tokens || !cookie_read(request, &secret, &length))
        return true;
    struct credential credential = {CREDENTIAL_COOKIE, secret, length};
    if (find(request, &credential, "cookie", caller, err))
        return true;
    if (err->code != ERROR_UNAUTHORIZED)
        return false;
    error_clear(err);
    return true;
}
