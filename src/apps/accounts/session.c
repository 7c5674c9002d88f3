/* How long a token is good for still, and what takes its place. */
#include "access/access.h"
#include "access/caller.h"
#include "access/credential.h"
#include "access/token.h"
#include "apps/accounts/accounts.h"
#include "base/clock.h"

#include <string.h>
#include <strings.h>

enum { REFRESH_SOON_S = 600 };

struct validation_wish {
    const char *access, *refresh;
};

struct validation {
    bool valid, has_expiry;
    int64_t expires_in;
    const char *message, *access, *refresh;
};

struct session {
    int64_t expires_in, expires_in_minutes;
    bool has_need, needs_refresh;
    const char *user_id, *message, *access, *refresh;
};

const struct schema validation_wish_schema = {
    .name = "TokenValidationWish",
    .size = sizeof(struct validation_wish),
    .fields = (const struct field[]){STRING(struct validation_wish, access, .flags = FIELD_REQUIRED,
                                            .max = SECRET_TEXT_MAX, .doc = "An access token."),
                                     STRING(struct validation_wish, refresh,
                                            .flags = FIELD_NULLABLE, .max = SECRET_TEXT_MAX,
                                            .doc = "Used up for new ones where access is dead."),
                                     {.name = NULL}},
    .doc = "A token to look at.",
};

const struct schema validation_schema = {
    .name = "TokenValidation",
    .size = sizeof(struct validation),
    .fields =
        (const struct field[]){
            BOOLEAN(struct validation, valid, .flags = FIELD_REQUIRED,
                    .doc = "Whether the caller can go on."),
            INTEGER(struct validation, expires_in, .flags = FIELD_OMITTED,
                    PRESENT(struct validation, has_expiry), .doc = "Seconds."),
            STRING(struct validation, message, .flags = FIELD_REQUIRED, .doc = "For people."),
            STRING(struct validation, access, .flags = FIELD_OMITTED,
                   .doc = "A new one in place of the dead one."),
            STRING(struct validation, refresh, .flags = FIELD_OMITTED, .doc = "Goes with it."),
            {.name = NULL}},
    .doc = "What a token is good for.",
};

const struct schema study_session_schema = {
    .name = "StudySession",
    .size = sizeof(struct session),
    .fields =
        (const struct field[]){
            INTEGER(struct session, expires_in, .flags = FIELD_REQUIRED, .doc = "Seconds."),
            INTEGER(struct session, expires_in_minutes, .flags = FIELD_REQUIRED,
                    .doc = "The same in whole minutes."),
            BOOLEAN(struct session, needs_refresh, .flags = FIELD_OMITTED,
                    PRESENT(struct session, has_need), .doc = "Less than ten minutes are left."),
            STRING(struct session, user_id, .flags = FIELD_OMITTED, .doc = "The account."),
            STRING(struct session, message, .flags = FIELD_REQUIRED, .doc = "For people."),
            STRING(struct session, access, .flags = FIELD_OMITTED, .doc = "A new access token."),
            STRING(struct session, refresh, .flags = FIELD_OMITTED, .doc = "Goes with it."),
            {.name = NULL}},
    .doc = "How long a sign-in's access token lasts.",
};

/* Seconds that an access token is good for, whose sign-in lasts; 0: it is not. */
static bool
look(struct request *request, const char *access, int64_t *left_s, struct error *err)
{
    struct token_claims claims;
    struct error unusable = {0};
    const struct caller *caller;
    int64_t now_s = clock_realtime_us() / 1000000;
    *left_s = 0;
    if (!request->access->tokens)
        return error_set(err, ERROR_UNAVAILABLE, "this needs a database: DATABASE_URL is not set");
    if (!token_verify(request->access->tokens, access, strlen(access), now_s, &claims,
                      &request->arena, &unusable))
        return true;
    const struct credential credential = {CREDENTIAL_SIGN_IN, claims.sign_in_id,
                                          strlen(claims.sign_in_id)};
    if (!credential_find(request, &credential, &caller, err)) {
        if (err->code != ERROR_UNAUTHORIZED)
            return false;
        error_clear(err);
        return true;
    }
    *left_s = claims.expires_s > now_s ? claims.expires_s - now_s : 1;
    return true;
}

bool
study_validate(struct request *request, struct error *err)
{
    const struct validation_wish *wish = request->input;
    struct validation answer = {.valid = true, .has_expiry = true, .message = "Token is valid"};
    struct sign_in renewed;
    response_header(request, "Cache-Control", "no-store");
    if (!look(request, wish->access, &answer.expires_in, err))
        return false;
    if (answer.expires_in == 0 && wish->refresh &&
        sign_in_refresh(request, wish->refresh, &renewed, err)) {
        answer.expires_in = renewed.access_expires_in_s;
        answer.message = "Token was refreshed";
        answer.access = renewed.access;
        answer.refresh = renewed.refresh;
    }
    if (err->code != ERROR_NONE && err->code != ERROR_TOKEN_NOT_VALID)
        return false;
    error_clear(err);
    int status = answer.expires_in > 0 ? 200 : 401;
    if (status == 401) {
        answer = (struct validation){.message = "Token is invalid or expired"};
        response_header(request, "WWW-Authenticate", "Bearer");
    }
    response_json(request, status, &validation_schema, &answer);
    return true;
}

bool
study_show_session(struct request *request, struct error *err)
{
    const char *header = request_header(request, "AUTHORIZATION");
    struct session answer = {.has_need = true, .user_id = request->caller->account_id};
    if (request->caller->kind != CALLER_TOKEN || !header || strlen(header) <= 7)
        return error_set(err, ERROR_INVALID_REQUEST, "an access token is needed, as Bearer");
    if (!look(request, header + 7 + strspn(header + 7, " "), &answer.expires_in, err))
        return false;
    answer.expires_in_minutes = answer.expires_in / 60;
    answer.needs_refresh = answer.expires_in < REFRESH_SOON_S;
    answer.message = answer.needs_refresh ? "Token expires soon" : "Token is valid";
    response_json(request, 200, &study_session_schema, &answer);
    return true;
}

bool
study_renew_session(struct request *request, struct error *err)
{
    const struct refresh_wish *wish = request->input;
    struct sign_in renewed;
    if (!sign_in_refresh(request, wish->refresh, &renewed, err))
        return false;
    const struct session answer = {
        .expires_in = renewed.access_expires_in_s,
        .expires_in_minutes = renewed.access_expires_in_s / 60,
        .message = "Token was refreshed",
        .access = renewed.access,
        .refresh = renewed.refresh,
    };
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &study_session_schema, &answer);
    return true;
}
