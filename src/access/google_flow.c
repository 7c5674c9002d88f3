/* Leaving for the provider and coming back. What belongs to the browser is derived from the secret
 * of its cookie, so the database knows only hashes. */
#include "access/google_flow.h"

#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "access/cookie.h"
#include "access/google.h"
#include "access/google.sql.h"
#include "access/jws.h"
#include "access/siwe.h"
#include "base/ascii.h"
#include "base/id.h"
#include "base/list.h"
#include "base/log.h"
#include "base/sha256.h"
#include "http/cors.h"
#include "http/schema.h"
#include "net/fetch.h"
#include "store/store.h"

enum {
    FLOW_TTL_S = 600,
    SECRET_BYTES = 32,
    RETURN_MAX_BYTES = 2048,
    TOKEN_MAX_BYTES = 32 * 1024,
    TOKEN_TIMEOUT_MS = 8000,
    RETRY_S = 5,
};

#define COOKIE "hearth_google"

struct flow_row {
    const char *return_to;
};

static const struct column flow_columns[] = {COLUMN_TEXT_OF(struct flow_row, return_to),
                                             {.name = NULL}};
static const struct query flow_add = {SQL_google_flow_add, NULL, 0, false};
static const struct query flow_take = {SQL_google_flow_take, flow_columns, sizeof(struct flow_row),
                                       false};

static void
digest(const char *purpose, const char *text, unsigned char bytes[static SHA256_BYTES])
{
    struct sha256 sha256;
    sha256_init(&sha256);
    sha256_add(&sha256, purpose, strlen(purpose));
    sha256_add(&sha256, text, strlen(text));
    sha256_end(&sha256, bytes);
}

static const char *
derive(const char *purpose, const char *secret, struct arena *arena)
{
    unsigned char bytes[SHA256_BYTES];
    digest(purpose, secret, bytes);
    return jws_encode(bytes, sizeof(bytes), arena);
}

static const char *
hash(const char *secret, struct arena *arena)
{
    unsigned char bytes[SHA256_BYTES];
    digest("", secret, bytes);
    return store_bytes(arena, bytes, sizeof(bytes));
}

static const char *
make_secret(struct arena *arena)
{
    unsigned char bytes[SECRET_BYTES];
    random_bytes(bytes, sizeof(bytes));
    return jws_encode(bytes, sizeof(bytes), arena);
}

/* Everything but the unreserved characters of RFC 3986 in percent-encoding. */
static const char *
encode(const char *text, struct arena *arena)
{
    struct strbuf out;
    strbuf_init(&out, arena, strlen(text) + 16);
    for (; *text != '\0'; text++) {
        bool plain = ascii_is_letter(*text) || (*text >= '0' && *text <= '9') ||
                     strchr("-._~", *text) != NULL;
        if (plain)
            strbuf_add_char(&out, *text);
        else
            strbuf_printf(&out, "%%%02X", (unsigned char)*text);
    }
    return out.data;
}

const char *
google_flow_with(const char *target, const char *name, const char *value, struct arena *arena)
{
    size_t fragment = strcspn(target, "#");
    bool has_query = memchr(target, '?', fragment) != NULL;
    return arena_printf(arena, "%.*s%c%s=%s%s", (int)fragment, target, has_query ? '&' : '?', name,
                        encode(value, arena), target + fragment);
}

static bool
is_origin_of(const char *url, const char *origin)
{
    size_t length = strlen(origin);
    return length > 0 && strncmp(url, origin, length) == 0 &&
           (url[length] == '\0' || strchr("/?#", url[length]) != NULL);
}

/* Browsers take "//host", "/\host" and what has a tab or a line's end within for other hosts: a
 * path has none of these. */
bool
google_flow_may_return(struct request *request, const char *target)
{
    const struct settings *settings = request->access->settings;
    for (const char *at = target; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~' || *at == '\\')
            return false;
    if (strlen(target) > RETURN_MAX_BYTES)
        return false;
    if (target[0] == '/')
        return target[1] != '/';
    struct siwe_uri uri;
    if (!siwe_uri_parse(target, strlen(target), &uri) || !uri.authority ||
        memchr(uri.authority, '@', uri.authority_length))
        return false;
    size_t length = (size_t)(uri.authority - target) + uri.authority_length;
    const char *origin = arena_strndup(&request->arena, target, length);
    const char *list = cors_origins(settings->allowed_origins, settings->production);
    return (!cors_allows(list, "*") && cors_allows(list, origin)) ||
           is_origin_of(target, settings->public_url);
}

/* Where the provider sends browsers back to; it must be told the same twice, and know it. */
static bool
callback_url(struct request *request, const char **url, struct error *err)
{
    const struct settings *settings = request->access->settings;
    const char *host = request_header(request, "HOST");
    const char *public_url = access_public_url(settings);
    if (public_url) {
        *url = arena_printf(&request->arena, "%s" GOOGLE_CALLBACK_PATH, public_url);
        return true;
    }
    if (settings->production || !host || !siwe_authority_check(host, strlen(host))) {
        err->lasting = true;
        return error_set(err, ERROR_UNAVAILABLE,
                         "this needs our own address: PUBLIC_URL is not "
                         "set");
    }
    *url = arena_printf(&request->arena, "%s://%s" GOOGLE_CALLBACK_PATH,
                        cookie_is_secure(request) ? "https" : "http", host);
    return true;
}

static bool
add_flow(struct request *request, const char *state, const char *secret, const char *return_to,
         struct error *err)
{
    struct arena *arena = &request->arena;
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const char *parameters[] = {hash(state, arena), hash(secret, arena), return_to,
                                store_integer(arena, FLOW_TTL_S)};
    return store_query(store, &flow_add, parameters, arena, err) != NULL;
}

bool
google_flow_begin(struct request *request, const char *return_to, const char **location,
                  struct error *err)
{
    struct arena *arena = &request->arena;
    struct google_endpoints endpoints;
    const char *callback;
    if (!google_flow_may_return(request, return_to))
        return error_set_field(err, arena, "query.return_to",
                               "must be a path of this host, or a URL of an allowed origin");
    const char *state = make_secret(arena), *secret = make_secret(arena);
    if (!google_endpoints_find(request, &endpoints, err) ||
        !callback_url(request, &callback, err) || !add_flow(request, state, secret, return_to, err))
        return false;
    const char *const parameters[][2] = {
        {"client_id", google_client(request->access->google)},
        {"redirect_uri", callback},
        {"response_type", "code"},
        {"scope", "openid email profile"},
        {"state", state},
        {"nonce", derive("nonce", secret, arena)},
        {"code_challenge", derive("", derive("verifier", secret, arena), arena)},
        {"code_challenge_method", "S256"},
    };
    *location = endpoints.authorization;
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        *location = google_flow_with(*location, parameters[i][0], parameters[i][1], arena);
    cookie_put(request, COOKIE, secret, FLOW_TTL_S);
    return true;
}

bool
google_flow_take(struct request *request, const char *state, struct google_flow *flow,
                 struct error *err)
{
    struct arena *arena = &request->arena;
    struct store *store;
    const char *secret;
    size_t length;
    if (!access_store(request, &store, err))
        return false;
    const struct list *rows = NULL;
    if (cookie_find(request, COOKIE, &secret, &length)) {
        secret = arena_strndup(arena, secret, length);
        const char *parameters[] = {hash(state, arena), hash(secret, arena)};
        rows = store_query(store, &flow_take, parameters, arena, err);
        if (!rows)
            return false;
    }
    if (!rows || rows->count == 0)
        return error_set(err, ERROR_INVALID_REQUEST,
                         "this sign-in was not begun in this browser, took too long, or is over: "
                         "begin again");
    const struct flow_row *row = rows->items;
    *flow = (struct google_flow){row->return_to, derive("nonce", secret, arena),
                                 derive("verifier", secret, arena)};
    return true;
}

/* The provider's word on a code; what it says is not repeated, as it may hold the code. */
static bool
read_answer(struct request *request, const struct fetch_answer *answer, const char **id_token,
            struct error *err)
{
    struct error ignored = {0};
    const json_t *document = schema_parse(answer->body, answer->length, &request->arena, &ignored);
    const char *refusal = json_string_value(json_object_get(document, "error"));
    *id_token = json_string_value(json_object_get(document, "id_token"));
    if (answer->status == 200 && *id_token)
        return true;
    if (answer->status == 400 && refusal && strcmp(refusal, "invalid_grant") == 0)
        return error_set(err, ERROR_TOKEN_NOT_VALID, "the provider does not take the code");
    log_line(LOG_LEVEL_WARNING, "the sign-in provider gave no ID token for a code",
             LOG_TEXT("request_id", request->id), LOG_NUMBER("status", answer->status));
    return error_set_retry(err, ERROR_AUTH_UNAVAILABLE, RETRY_S,
                           "the sign-in provider gave no answer of use");
}

bool
google_flow_exchange(struct request *request, const struct google_flow *flow, const char *code,
                     const char **id_token, struct error *err)
{
    struct arena *arena = &request->arena;
    const struct settings *settings = request->access->settings;
    struct google_endpoints endpoints;
    const char *callback;
    if (!google_endpoints_find(request, &endpoints, err) || !callback_url(request, &callback, err))
        return false;
    struct fetch_wish wish = {
        .url = endpoints.token,
        .body = arena_printf(
            arena,
            "grant_type=authorization_code&code=%s&redirect_uri=%s&client_id=%s&client_secret=%s&"
            "code_verifier=%s",
            encode(code, arena), encode(callback, arena),
            encode(google_client(request->access->google), arena),
            encode(settings->google_client_secret, arena), flow->verifier),
        .timeout_ms = TOKEN_TIMEOUT_MS,
        .max_bytes = TOKEN_MAX_BYTES,
    };
    struct fetch_answer answer;
    if (fetch(&wish, arena, &answer, err))
        return read_answer(request, &answer, id_token, err);
    error_clear(err);
    return error_set_retry(err, ERROR_AUTH_UNAVAILABLE, RETRY_S,
                           "the sign-in provider does not answer");
}
