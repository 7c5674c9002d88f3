/* The one vocabulary of failure. A function that can fail returns false (or NULL) and fills the
 * caller's struct error once, where the failure is first known; callers pass it up untouched and
 * only the dispatcher logs it and answers with it (RFC 9457). */
#ifndef HEARTH_BASE_ERROR_H
#define HEARTH_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name, HTTP status, machine code, worth retrying, title */
#define ERRORS(X)                                                                                  \
    X(MALFORMED_REQUEST, 400, "malformed_request", false, "Malformed request")                     \
    X(UNSUPPORTED_VERSION, 400, "api_version_not_supported", false, "API version not supported")   \
    X(INVALID_REQUEST, 400, "invalid_request", false, "Invalid request")                           \
    X(CONTEXT_TOO_LONG, 400, "context_length_exceeded", false, "Text too long for the model")      \
    X(CONTENT_REFUSED, 400, "content_policy_violation", false, "Refused by the model's provider")  \
    X(GUARD_REFUSED, 400, "input_refused", false, "Input refused")                                 \
    X(UNAUTHORIZED, 401, "authentication_failed", false, "Authentication failed")                  \
    X(TOKEN_NOT_VALID, 401, "token_not_valid", false, "Token not valid")                           \
    X(BUDGET_EXHAUSTED, 402, "budget_exhausted", false, "Budget exhausted")                        \
    X(FORBIDDEN, 403, "permission_denied", false, "Access denied")                                 \
    X(CSRF, 403, "csrf_failed", false, "Cross-site request refused")                               \
    X(MODEL_NOT_ALLOWED, 403, "model_not_allowed", false, "Model not allowed")                     \
    X(NOT_FOUND, 404, "not_found", false, "Not found")                                             \
    X(MODEL_NOT_FOUND, 404, "model_not_found", false, "Model not found")                           \
    X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", false, "Method not allowed")                  \
    X(NOT_ACCEPTABLE, 406, "not_acceptable", false, "Not acceptable")                              \
    X(REQUEST_TIMEOUT, 408, "request_timeout", true, "Request timeout")                            \
    X(CONFLICT, 409, "conflict", false, "Conflict")                                                \
    X(IDEMPOTENCY_IN_PROGRESS, 409, "idempotency_in_progress", true,                               \
      "The same request is in progress")                                                           \
    X(LENGTH_REQUIRED, 411, "length_required", false, "Length required")                           \
    X(REQUEST_TOO_LARGE, 413, "request_too_large", false, "Request too large")                     \
    X(URI_TOO_LONG, 414, "uri_too_long", false, "URI too long")                                    \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", false, "Unsupported media type")      \
    X(VALIDATION_FAILED, 422, "validation_failed", false, "Validation failed")                     \
    X(IDEMPOTENCY_MISMATCH, 422, "idempotency_key_reused", false,                                  \
      "Idempotency key reused for another request")                                                \
    X(RATE_LIMITED, 429, "rate_limited", true, "Rate limit exceeded")                              \
    X(PROVIDER_RATE_LIMITED, 429, "provider_rate_limited", true, "The model is rate limited")      \
    X(HEADERS_TOO_LARGE, 431, "headers_too_large", false, "Request headers too large")             \
    X(CLIENT_CLOSED, 499, "client_closed", false, "Client closed the request")                     \
    X(INTERNAL, 500, "internal_error", false, "Internal server error")                             \
    X(UPSTREAM_ERROR, 502, "upstream_error", true, "The model's provider failed")                  \
    X(UPSTREAM_INVALID, 502, "upstream_invalid_answer", true, "The model's answer was not usable") \
    X(UPSTREAM_INCOMPLETE, 502, "upstream_incomplete", true, "The model's answer broke off")       \
    X(CIRCUIT_OPEN, 503, "circuit_open", true, "The model is resting after failures")              \
    X(OVERLOADED, 503, "overloaded", true, "All workers are busy")                                 \
    X(UNAVAILABLE, 503, "service_unavailable", true, "Service unavailable")                        \
    X(AUTH_UNAVAILABLE, 503, "auth_backend_unavailable", true,                                     \
      "Credentials cannot be checked now")                                                         \
    X(UPSTREAM_TIMEOUT, 504, "upstream_timeout", true, "The model did not answer in time")

enum error_code {
    ERROR_NONE = 0,
#define X(name, status, code, retryable, title) ERROR_##name,
    ERRORS(X)
#undef X
    /* Not an answer: the work cannot go on without waiting. The dispatcher runs the handler again
     * on the waiting lane (design: a front thread never waits). */
    ERROR_WOULD_WAIT,
};

/* One bad field. Both texts and the next one live in the request's arena. */
struct field_error {
    const char *path; /* "requests[3].text", "query.limit", "" for the body itself */
    const char *message;
    struct field_error *next;
};

/* One try at a model. Texts live in the request's arena or are constant. */
struct error_attempt {
    const char *model;
    const char *outcome; /* a machine code: "rate_limited", "timeout" */
    int64_t milliseconds;
};

struct error {
    enum error_code code;
    char detail[400];           /* one sentence for the client; never a secret */
    int retry_after_s;          /* 0: not known */
    int64_t retry_after_ms;     /* the same, where it is known more finely; 0: it is not */
    long long limit, limit_s;   /* with ERROR_RATE_LIMITED: requests in seconds; 0: not known */
    struct field_error *fields; /* all of them at once, in document order; may be NULL */
    const struct error_attempt *attempts; /* in the arena: what was tried at models, in order */
    size_t attempt_count;
    /* With ERROR_INVALID_REQUEST: what the model's provider calls it; with ERROR_CONFLICT of the
     * store: the constraint's name. In the arena, may be NULL. */
    const char *reason_code;
    bool retried; /* tried again already: clients are told not to do so at once */
    bool lasting; /* the same until somebody mends it: clients are told not to try again */
};

struct arena;

/* Fills err and returns false, so that a failure is one statement. err must be empty. */
bool error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set(), telling the client when to come back. */
bool error_set_retry(struct error *err, enum error_code code, int retry_after_s, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));

/* As error_set() with ERROR_VALIDATION_FAILED, naming the one bad field; path and message are
 * copied to the arena. */
bool error_set_field(struct error *err, struct arena *arena, const char *path, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));

/* clang's analyzer sees one file at a time. This tells it what the three return, without which it
 * follows failures as if they were successes. */
#ifdef __clang_analyzer__
static inline bool
error_is_told(bool told)
{
    (void)told;
    return false;
}
#define error_set(...) error_is_told(error_set(__VA_ARGS__))
#define error_set_retry(...) error_is_told(error_set_retry(__VA_ARGS__))
#define error_set_field(...) error_is_told(error_set_field(__VA_ARGS__))
#endif

static inline void
error_clear(struct error *err)
{
    *err = (struct error){0};
}

struct error_info {
    const char *name; /* machine code */
    const char *title;
    int status;
    bool retryable;
};

/* What is known of a code; never NULL. ERROR_NONE and ERROR_WOULD_WAIT read as internal errors. */
const struct error_info *error_info(enum error_code code);

#endif
