/* Whoever signed in sees who they are and where else they are signed in, and ends that; and others
 * get the keys that verify our tokens. Logging in and out are routes of accounts. */
#include <string.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/csrf.h"
#include "http/scope.h"
#include "access/sign_in.h"
#include "access/token.h"
#include "apps/app.h"
#include "apps/sessions/schemas.h"
#include "base/clock.h"

static struct list
names_of(unsigned scopes, struct arena *arena)
{
    struct list names = {(void *)scope_list(scopes, arena), 0};
    while (((const char *const *)names.items)[names.count])
        names.count++;
    return names;
}

static bool
show_session(struct request *request, struct error *err)
{
    (void)err;
    const struct caller *caller = request->caller;
    struct session_answer answer = {
        .authenticated = true,
        .account_id = caller->account_id,
        .session_id = caller->sign_in_id,
        .organisation_id = caller->organisation_id,
        .method = caller->method,
        .is_admin = caller->is_admin,
        .scopes = names_of(caller->scopes, &request->arena),
    };
    if (caller->kind == CALLER_SESSION)
        answer.csrf_token = csrf_token(request, caller->sign_in_id);
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &session_schema, &answer);
    return true;
}

static struct sign_in_answer
describe(struct request *request, const struct sign_in_row *row)
{
    struct arena *arena = &request->arena;
    const char *current = request->caller->sign_in_id;
    return (struct sign_in_answer){
        .id = row->id,
        .method = row->method,
        .kind = row->is_cookie ? "cookie" : "tokens",
        .user_agent = row->user_agent,
        .address = row->address,
        .created_at = clock_text(arena, row->created_us),
        .last_seen_at = clock_text(arena, row->last_seen_us),
        .expires_at = clock_text(arena, row->expires_us),
        .current = current && strcmp(row->id, current) == 0,
    };
}

static bool
list_sessions(struct request *request, struct error *err)
{
    const struct list *rows = sign_in_list(request, request->caller->account_id, err);
    if (!rows)
        return false;
    const struct sign_in_row *row = rows->items;
    struct sign_in_answer *described =
        arena_array(&request->arena, rows->count + 1, sizeof(*described));
    for (size_t i = 0; i < rows->count; i++)
        described[i] = describe(request, &row[i]);
    struct sign_ins_answer answer = {{described, rows->count}};
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &sign_ins_schema, &answer);
    return true;
}

/* A key is given to programs for some of what its owner may; deciding where its owner is signed in
 * is none of that. */
static bool
is_in_person(struct request *request, struct error *err)
{
    return request->caller->sign_in_id ||
           error_set(err, ERROR_FORBIDDEN, "sign-ins are ended by who signed in, not by a key");
}

static bool
end_session(struct request *request, struct error *err)
{
    const char *id = request->path_parameters[0];
    const struct caller *caller = request->caller;
    if (!is_in_person(request, err) ||
        !sign_in_end(request, id, caller->account_id, "ended by its owner", err))
        return false;
    if (caller->kind == CALLER_SESSION && strcmp(id, caller->sign_in_id) == 0)
        sign_in_forget_cookie(request);
    response_bytes(request, 204, NULL, NULL, 0);
    return true;
}

static bool
end_others(struct request *request, struct error *err)
{
    const struct caller *caller = request->caller;
    if (!is_in_person(request, err) ||
        !sign_in_end_all(request, caller->account_id, caller->sign_in_id, "ended by its owner",
                         err))
        return false;
    response_bytes(request, 204, NULL, NULL, 0);
    return true;
}

static bool
show_keys(struct request *request, struct error *err)
{
    (void)err;
    const struct tokens *tokens = request->access->tokens;
    const char *keys = tokens ? tokens_public_keys(tokens) : "{\"keys\":[]}";
    response_header(request, "Cache-Control", "public, max-age=300");
    response_document(request, "application/jwk-set+json", keys, strlen(keys));
    return true;
}

static const struct route_answer ended_answers[] = {
    {204, NULL, NULL, "Ended; refused everywhere within a second."},
    {.status = 0},
};

static const struct route_answer keys_answers[] = {
    {200, &key_set_schema, "application/jwk-set+json", "A JWK set (RFC 7517)."},
    {.status = 0},
};

static const struct route routes[] = {
    {.method = METHOD_GET,
     .pattern = "/api/v1/auth/session",
     .handle = show_session,
     .flags = ROUTE_ACCOUNT | ROUTE_UNVERSIONED,
     .response = &session_schema,
     .tag = "Sessions",
     .summary = "Who am I",
     .doc = "By cookie, access token or the key of an account. With a cookie also the token that "
            "the header X-CSRF-Token has to repeat in requests that change something.",
     .operation_id = "session_show"},
    {.method = METHOD_GET,
     .pattern = "/api/v1/auth/sessions",
     .handle = list_sessions,
     .flags = ROUTE_ACCOUNT | ROUTE_UNVERSIONED | ROUTE_WAITS,
     .response = &sign_ins_schema,
     .tag = "Sessions",
     .summary = "Where am I signed in",
     .doc = "The newest 200 sign-ins that last. When one was last seen is written every minute or "
            "so.",
     .operation_id = "session_list"},
    {.method = METHOD_DELETE,
     .pattern = "/api/v1/auth/sessions",
     .handle = end_others,
     .flags = ROUTE_ACCOUNT | ROUTE_UNVERSIONED | ROUTE_WAITS,
     .answers = ended_answers,
     .tag = "Sessions",
     .summary = "Sign out everywhere else",
     .doc = "Ends all sign-ins but the one that asks.",
     .operation_id = "session_end_others"},
    {.method = METHOD_DELETE,
     .pattern = "/api/v1/auth/sessions/{id}",
     .handle = end_session,
     .flags = ROUTE_ACCOUNT | ROUTE_UNVERSIONED | ROUTE_WAITS,
     .answers = ended_answers,
     .tag = "Sessions",
     .summary = "End a sign-in",
     .doc = "One of one's own, this one too. Another's is not found.",
     .operation_id = "session_end"},
    {.method = METHOD_GET,
     .pattern = "/.well-known/jwks.json",
     .handle = show_keys,
     .flags = ROUTE_UNVERSIONED,
     .answers = keys_answers,
     .tag = "Sessions",
     .summary = "Public keys of access tokens",
     .doc = "For others who verify them. Empty where they are signed with a secret (HS256).",
     .operation_id = "token_keys"},
    {.pattern = NULL},
};

const struct app sessions_app = {"sessions", routes, NULL};
