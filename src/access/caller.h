/* Who is calling, and what they may do. */
#ifndef HEARTH_ACCESS_CALLER_H
#define HEARTH_ACCESS_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/settings.h"
#include "http/request.h"

enum caller_kind {
    CALLER_DEVELOPMENT,     /* everybody, where nothing is configured that could tell */
    CALLER_ENVIRONMENT_KEY, /* API_KEY, ADDITIONAL_API_KEYS */
    CALLER_KEY,             /* a key of the database */
    CALLER_TOKEN,           /* an access token of a signed-in account */
    CALLER_SESSION,         /* a browser's cookie */
};

struct caller {
    enum caller_kind kind;
    /* What its cached answers, limits and usage are filed under; no secret: "development",
     * "key:<12 hex>" of the settings, "key:<uuid>", or "account:<uuid>" for tokens, sessions and
     * the keys of an account. */
    const char *tenant;
    const char *key_prefix; /* first 8 characters and "...", or the whole of a shorter key */
    const char *method;     /* "bearer_token", "x_api_key", "cookie", "none" */
    const char *key_id, *account_id, *organisation_id, *sign_in_id; /* UUIDs, or NULL */
    unsigned scopes; /* enum scope; keys of the settings and development have all */
    bool is_admin;
    const char *const *models; /* what may be asked for, NULL-terminated; NULL: all */
    struct rate rate;          /* of all its requests together; count 0: those of the classes */
    int64_t streams;           /* at once; 0: the setting STREAMS_PER_CALLER */
    bool has_budget;           /* of its own, its account's, or its organisation's */
};

/* A credential as a request's headers give it. */
struct presented {
    const char *text; /* without blanks behind it; not NUL-terminated */
    size_t length;
    bool bearer; /* in Authorization: Bearer, else in X-API-Key */
};

/* Reads Authorization: Bearer, else X-API-Key. false: there is neither. */
bool caller_present(const struct request *request, struct presented *presented);

/* Who presents what caller_present() reads. *caller is NULL when there is no credential and
 * something could tell it; otherwise everybody is the tenant "development". false with
 *   ERROR_UNAUTHORIZED: it is wrong, expired or revoked;
 *   ERROR_WOULD_WAIT: it takes the waiting lane to tell;
 *   ERROR_AUTH_UNAVAILABLE: it cannot be told now.
 * The caller lives as long as the request. */
bool caller_identify(struct request *request, const struct caller **caller, struct error *err)
    __attribute__((warn_unused_result));

/* Whether this caller may ask for a model: one of its names, or of its aliases, is in the list.
 * NULL may ask for all; local ways are no models and everybody's. */
bool caller_may_ask(const struct caller *caller, const struct model_settings *model);

/* Leaves of *model's chain what this caller may ask for, in a copy in the arena where it is not all
 * of it. false with ERROR_MODEL_NOT_ALLOWED where *model itself is not. */
bool caller_narrow(const struct caller *caller, const struct model_settings **model,
                   struct arena *arena, struct error *err) __attribute__((warn_unused_result));

/* The address that limits count: the peer's, or the last untrusted one of X-Forwarded-For when the
 * peer is in TRUSTED_PROXIES. */
const char *caller_address(const struct settings *settings, struct request *request);

#endif
