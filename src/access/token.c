/* Issuing and checking access tokens. A key is found by its kid and verifies by its own algorithm
 * only, so that no header can make one kind of key be used as another (RFC 8725, 3.1). */
#include "access/token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access/jws.h"
#include "access/secret.h"
#include "access/signer.h"
#include "base/id.h"
#include "base/strbuf.h"
#include "http/schema.h"

enum { SIGNERS_MAX = 16, SECRET_MIN_BYTES = 32, ID_MAX_BYTES = 64 };

#define TOKEN_TYPE "at+jwt" /* RFC 9068, section 2.1 */

struct tokens {
    const char *issuer, *audience; /* of the settings */
    crypto_auth_hmacsha256_state secret;
    size_t count;
    struct signer signers[SIGNERS_MAX]; /* the first one signs */
    struct arena arena;
    const char *public_keys;
};

static bool
add_secret(struct tokens *tokens, const struct settings *settings, const char *secret,
           size_t length, struct error *err)
{
    if (tokens->count == SIGNERS_MAX)
        return error_set(err, ERROR_INTERNAL, "more than %d secrets sign tokens", SIGNERS_MAX);
    if (settings->production && length < SECRET_MIN_BYTES)
        return error_set(err, ERROR_INTERNAL,
                         "AUTH_SECRET and JWT_PREVIOUS_SECRETS need %d bytes each in production",
                         SECRET_MIN_BYTES);
    signer_of_secret(&tokens->signers[tokens->count++], secret, length);
    return true;
}

static bool
add_file(struct tokens *tokens, const struct settings *settings, const char *path,
         struct error *err)
{
    if (tokens->count == SIGNERS_MAX)
        return error_set(err, ERROR_INTERNAL, "more than %d key files sign tokens", SIGNERS_MAX);
    struct signer *signer = &tokens->signers[tokens->count];
    if (!signer_of_file(signer, path, err))
        return false;
    bool is_first = tokens->count++ == 0;
    if (is_first && (!signer->can_sign || strcmp(signer->algorithm, settings->jwt_algorithm) != 0))
        return error_set(err, ERROR_INTERNAL, "\"%s\" is no private key for %s", path,
                         settings->jwt_algorithm);
    return true;
}

static bool
add_list(struct tokens *tokens, const struct settings *settings, const char *list, bool are_files,
         struct error *err)
{
    for (const char *item = list; *item;) {
        size_t length = strcspn(item, ",");
        const char *text = arena_strndup(&tokens->arena, item, length);
        if (length > 0 && !(are_files ? add_file(tokens, settings, text, err)
                                      : add_secret(tokens, settings, text, length, err)))
            return false;
        item += length + (item[length] == ',');
    }
    return true;
}

static bool
add_keys(struct tokens *tokens, const struct settings *settings, struct error *err)
{
    const char *secret;
    if (!secret_read(settings, &tokens->arena, &secret, err))
        return false;
    crypto_auth_hmacsha256_init(&tokens->secret, (const unsigned char *)secret, strlen(secret));
    if (strcmp(settings->jwt_algorithm, "HS256") == 0)
        return add_secret(tokens, settings, secret, strlen(secret), err) &&
               add_list(tokens, settings, settings->jwt_previous_secrets, false, err);
    if (!add_list(tokens, settings, settings->jwt_key_files, true, err))
        return false;
    return tokens->count > 0 ||
           error_set(err, ERROR_INTERNAL, "JWT_ALGORITHM %s needs a private key in JWT_KEY_FILES",
                     settings->jwt_algorithm);
}

static const char *
list_public_keys(struct tokens *tokens)
{
    struct strbuf text;
    strbuf_init(&text, &tokens->arena, 512);
    strbuf_add_text(&text, "{\"keys\":[");
    size_t listed = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        const char *key = signer_public_key(&tokens->signers[i], &tokens->arena);
        if (key)
            strbuf_printf(&text, "%s%s", listed++ ? "," : "", key);
    }
    strbuf_add_text(&text, "]}");
    return text.data;
}

bool
tokens_open(const struct settings *settings, struct tokens **tokens, struct error *err)
{
    *tokens = NULL;
    if (sodium_init() < 0)
        return error_set(err, ERROR_INTERNAL, "libsodium cannot be used");
    struct tokens *opened = xcalloc(1, sizeof(*opened));
    opened->issuer = settings->jwt_issuer;
    opened->audience = settings->jwt_audience;
    if (!add_keys(opened, settings, err)) {
        tokens_close(opened);
        return false;
    }
    opened->public_keys = list_public_keys(opened);
    *tokens = opened;
    return true;
}

void
tokens_close(struct tokens *tokens)
{
    if (!tokens)
        return;
    for (size_t i = 0; i < tokens->count; i++)
        signer_release(&tokens->signers[i]);
    sodium_memzero(&tokens->secret, sizeof(tokens->secret));
    arena_release(&tokens->arena);
    free(tokens);
}

const char *
tokens_public_keys(const struct tokens *tokens)
{
    return tokens->public_keys;
}

const char *
tokens_mark(const struct tokens *tokens, const char *purpose, const char *text, struct arena *arena)
{
    crypto_auth_hmacsha256_state state = tokens->secret;
    unsigned char mark[crypto_auth_hmacsha256_BYTES];
    /* With its NUL, which stands in no token: so no mark is a token's signature. */
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
    crypto_auth_hmacsha256_final(&state, mark);
    sodium_memzero(&state, sizeof(state));
    return jws_encode(mark, sizeof(mark), arena);
}

static void
add_text(struct strbuf *text, const char *name, const char *value)
{
    strbuf_printf(text, "%s\"%s\":", text->length > 1 ? "," : "", name);
    schema_encode_string(text, value, strlen(value));
}

static const char *
payload_of(const struct tokens *tokens, const struct token_claims *claims, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 512);
    strbuf_add_char(&text, '{');
    add_text(&text, "iss", tokens->issuer);
    add_text(&text, "aud", tokens->audience);
    add_text(&text, "sub", claims->account_id);
    add_text(&text, "user_id", claims->account_id);
    add_text(&text, "sid", claims->sign_in_id);
    add_text(&text, "jti", claims->id);
    add_text(&text, "token_type", "access");
    strbuf_printf(&text, ",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld}", (long long)claims->issued_s,
                  (long long)claims->issued_s, (long long)claims->expires_s);
    return text.data;
}

const char *
token_issue(const struct tokens *tokens, const struct token_claims *claims, struct arena *arena)
{
    const struct signer *signer = &tokens->signers[0];
    const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"%s\"}",
                                      signer->algorithm, signer->id, TOKEN_TYPE);
    const char *payload = payload_of(tokens, claims, arena);
    const char *covered = arena_printf(arena, "%s.%s", jws_encode(header, strlen(header), arena),
                                       jws_encode(payload, strlen(payload), arena));
    unsigned char signature[SIGNATURE_MAX_BYTES];
    size_t length = signer_sign(signer, covered, strlen(covered), signature);
    return arena_printf(arena, "%s.%s", covered, jws_encode(signature, length, arena));
}

static bool
refuse(struct error *err, const char *reason)
{
    return error_set(err, ERROR_TOKEN_NOT_VALID, "the token %s", reason);
}

/* Without a kid it can only be of the key that signs now. */
static const struct signer *
find_signer(const struct tokens *tokens, const char *key)
{
    if (!key)
        return &tokens->signers[0];
    for (size_t i = 0; i < tokens->count; i++)
        if (strcmp(tokens->signers[i].id, key) == 0)
            return &tokens->signers[i];
    return NULL;
}

static bool
check_signature(const struct tokens *tokens, const struct jws *jws, struct error *err)
{
    const struct signer *signer = find_signer(tokens, jws->key);
    if (!signer)
        return refuse(err, "is signed with a key that is not known");
    if (strcmp(jws->algorithm, signer->algorithm) != 0)
        return refuse(err, "is signed in a way that is not taken");
    if (!signer_verify(signer, jws->covered, jws->covered_length, jws->signature,
                       jws->signature_length))
        return refuse(err, "has a wrong signature");
    return true;
}

static const char *
text_of(const json_t *payload, const char *name)
{
    const char *text = json_string_value(json_object_get(payload, name));
    return text ? text : "";
}

static bool
is_for(const json_t *audience, const char *name)
{
    if (json_is_string(audience))
        return strcmp(json_string_value(audience), name) == 0;
    for (size_t i = 0; i < json_array_size(audience); i++) {
        const char *one = json_string_value(json_array_get(audience, i));
        if (one && strcmp(one, name) == 0)
            return true;
    }
    return false;
}

static bool
check_kind(const struct tokens *tokens, const struct jws *jws, struct error *err)
{
    const char *type = jws->type ? jws->type : "";
    if (strncasecmp(type, "application/", 12) == 0)
        type += 12;
    if (strcasecmp(type, TOKEN_TYPE) != 0 ||
        strcmp(text_of(jws->payload, "token_type"), "access") != 0)
        return refuse(err, "is no access token");
    if (strcmp(text_of(jws->payload, "iss"), tokens->issuer) != 0)
        return refuse(err, "is of another issuer");
    if (!is_for(json_object_get(jws->payload, "aud"), tokens->audience))
        return refuse(err, "is for another audience");
    return true;
}

static bool
read_time(const json_t *payload, const char *name, int64_t *time_s)
{
    const json_t *value = json_object_get(payload, name);
    *time_s = json_integer_value(value);
    return json_is_integer(value) && *time_s > 0 && *time_s < INT64_C(1) << 40;
}

static bool
check_time(const json_t *payload, int64_t now_s, struct token_claims *claims, struct error *err)
{
    int64_t begin_s;
    if (!read_time(payload, "iat", &claims->issued_s) || !read_time(payload, "nbf", &begin_s) ||
        !read_time(payload, "exp", &claims->expires_s))
        return refuse(err, "does not say when it is good");
    if (claims->expires_s + TOKEN_LEEWAY_S <= now_s)
        return refuse(err, "has expired");
    if (begin_s > now_s + TOKEN_LEEWAY_S || claims->issued_s > now_s + TOKEN_LEEWAY_S)
        return refuse(err, "is not good yet");
    return true;
}

static bool
check_names(const json_t *payload, struct token_claims *claims, struct error *err)
{
    claims->account_id = text_of(payload, "sub");
    claims->sign_in_id = text_of(payload, "sid");
    claims->id = text_of(payload, "jti");
    if (!uuid_is_valid(claims->account_id) || !uuid_is_valid(claims->sign_in_id) ||
        claims->id[0] == '\0' || strlen(claims->id) > ID_MAX_BYTES ||
        strcmp(text_of(payload, "user_id"), claims->account_id) != 0)
        return refuse(err, "does not say whose it is");
    return true;
}

bool
token_verify(const struct tokens *tokens, const char *text, size_t length, int64_t now_s,
             struct token_claims *claims, struct arena *arena, struct error *err)
{
    *claims = (struct token_claims){0};
    struct jws jws;
    return jws_read(text, length, arena, &jws, err) && check_signature(tokens, &jws, err) &&
           check_kind(tokens, &jws, err) && check_time(jws.payload, now_s, claims, err) &&
           check_names(jws.payload, claims, err);
}
