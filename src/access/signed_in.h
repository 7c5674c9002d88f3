/* The callers whom a sign-in makes: by its access token, or by its session's cookie. That it still
 * lasts is known without a query where the host remembers it (credential.h). */
#ifndef HEARTH_ACCESS_SIGNED_IN_H
#define HEARTH_ACCESS_SIGNED_IN_H

#include <stdbool.h>
#include <stddef.h>

#include "access/caller.h"

/* Whether a bearer's text is a token of any kind rather than a key, which has no dots. */
bool signed_in_is_token(const char *text, size_t length);

/* false with ERROR_TOKEN_NOT_VALID for a token that is not good or whose sign-in has ended, and as
 * credential_find() where that cannot be told. */
bool signed_in_by_token(struct request *request, const char *text, size_t length,
                        const struct caller **caller, struct error *err)
    __attribute__((warn_unused_result));

/* *caller is NULL without a cookie, and with one whose session is over: a browser goes on sending
 * it without being asked. false as credential_find() otherwise. */
bool signed_in_by_cookie(struct request *request, const struct caller **caller, struct error *err)
    __attribute__((warn_unused_result));

#endif
