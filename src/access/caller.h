/* Who is calling. */
#ifndef HEARTH_ACCESS_CALLER_H
#define HEARTH_ACCESS_CALLER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/settings.h"
#include "http/request.h"

struct caller {
    const char *tenant;     /* what its cached answers and limits are filed under; no secret */
    const char *key_prefix; /* first 8 characters and "...", or the whole of a shorter key */
    const char *method;     /* "bearer_token", "x_api_key", "none" */
};

/* The keys of the settings, prepared for comparison in constant time. */
struct keyring;
struct keyring *keyring_new(const struct settings *settings);
void keyring_free(struct keyring *keyring);
bool keyring_is_empty(const struct keyring *keyring);

/* Reads Authorization: Bearer, else X-API-Key. *caller is NULL when there is no credential and
 * keys are configured; without configured keys everybody is the tenant "development". false with
 * ERROR_UNAUTHORIZED for a wrong one. */
bool caller_identify(const struct keyring *keyring, struct request *request,
                     const struct caller **caller, struct error *err)
    __attribute__((warn_unused_result));

/* The address that limits count: the peer's, or the last untrusted one of X-Forwarded-For when the
 * peer is in TRUSTED_PROXIES. */
const char *caller_address(const struct settings *settings, struct request *request);

#endif
