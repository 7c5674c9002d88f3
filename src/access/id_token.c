/* Which algorithms there are is ours to say, not the token's; what it claims is read only once its
 * signature holds. */
#include "access/id_token.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#include "access/jws.h"

enum {
    SUBJECT_MAX_BYTES = 255,
    EMAIL_MAX_BYTES = 254,
    NAME_MAX_BYTES = 200,
    PICTURE_MAX_BYTES = 512,
};

struct verification {
    const struct jwks *jwks;
    const struct id_token_rules *rules;
    struct arena *arena;
    const json_t *claims;
    struct id_token *token;
};

static enum id_token_verdict
refuse(struct verification *verification, const char *complaint)
{
    verification->token->complaint = complaint;
    return ID_TOKEN_REFUSED;
}

static const char *
text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static enum id_token_verdict
check_signature(struct verification *verification, const struct jws *jws)
{
    bool known = strcmp(jws->algorithm, "RS256") == 0 || strcmp(jws->algorithm, "ES256") == 0;
    if (!known)
        return refuse(verification, "its algorithm is not allowed");
    if (jws->type && strcasecmp(jws->type, "JWT") != 0)
        return refuse(verification, "it is another type of token");
    if (!jws->key)
        return refuse(verification, "it names no key");
    const struct jwk *key = jwks_find(verification->jwks, jws->key, jws->algorithm);
    if (!key) {
        verification->token->complaint = "its key is not known";
        return ID_TOKEN_UNKNOWN_KEY;
    }
    if (!jwk_verify(key, jws->covered, jws->covered_length, jws->signature, jws->signature_length))
        return refuse(verification, "its signature is wrong");
    verification->claims = jws->payload;
    return ID_TOKEN_GOOD;
}

static bool
is_issuer(const char *told, const char *wanted)
{
    static const char scheme[] = "https://";
    if (!told)
        return false;
    if (strcmp(told, wanted) == 0)
        return true;
    return strncmp(wanted, scheme, sizeof(scheme) - 1) == 0 &&
           strcmp(told, wanted + sizeof(scheme) - 1) == 0;
}

static bool
is_client(const struct id_token_rules *rules, const json_t *value)
{
    const char *told = json_string_value(value);
    for (const char *const *client = rules->clients; told && *client; client++)
        if (strcmp(*client, told) == 0)
            return true;
    return false;
}

/* One audience, which is ours; of several all are ours (others are not trusted). */
static bool
is_for_us(const struct verification *verification)
{
    const json_t *audience = json_object_get(verification->claims, "aud");
    const json_t *party = json_object_get(verification->claims, "azp");
    if (party && !is_client(verification->rules, party))
        return false;
    if (!json_is_array(audience))
        return is_client(verification->rules, audience);
    for (size_t i = 0; i < json_array_size(audience); i++)
        if (!is_client(verification->rules, json_array_get(audience, i)))
            return false;
    return json_array_size(audience) == 1 || (json_array_size(audience) > 1 && party);
}

/* NumericDate (RFC 7519, section 2), which may have a fraction. */
static bool
read_time(const json_t *claims, const char *name, double *seconds)
{
    const json_t *value = json_object_get(claims, name);
    *seconds = json_number_value(value);
    return json_is_number(value) && *seconds >= 0 && *seconds < 1e12;
}

static const char *
complain_of_times(const struct verification *verification)
{
    const json_t *claims = verification->claims;
    double expires, issued, not_before, now = (double)verification->rules->now_s;
    if (!read_time(claims, "exp", &expires) || !read_time(claims, "iat", &issued))
        return "exp or iat is missing or no time";
    if (expires <= now)
        return "it has expired";
    if (issued > now + ID_TOKEN_LEEWAY_S)
        return "it was issued in the future";
    if (expires <= issued)
        return "it expired before it was issued";
    if (json_object_get(claims, "nbf") &&
        (!read_time(claims, "nbf", &not_before) || not_before > now + ID_TOKEN_LEEWAY_S))
        return "it does not hold yet";
    return NULL;
}

static bool
has_nonce(const struct verification *verification)
{
    const char *wanted = verification->rules->nonce;
    const char *told = text_of(verification->claims, "nonce");
    if (!wanted)
        return true;
    return told && strlen(told) == strlen(wanted) &&
           CRYPTO_memcmp(told, wanted, strlen(wanted)) == 0;
}

static enum id_token_verdict
check_claims(struct verification *verification)
{
    const char *subject = text_of(verification->claims, "sub");
    const char *complaint = NULL;
    if (!is_issuer(text_of(verification->claims, "iss"), verification->rules->issuer))
        complaint = "it has another issuer";
    else if (!is_for_us(verification))
        complaint = "it is for somebody else";
    else if (!has_nonce(verification))
        complaint = "its nonce is another";
    else if (!subject || subject[0] == '\0' || strlen(subject) > SUBJECT_MAX_BYTES)
        complaint = "its subject is missing or too long";
    else
        complaint = complain_of_times(verification);
    return complaint ? refuse(verification, complaint) : ID_TOKEN_GOOD;
}

/* A copy of at most so many bytes; NULL for what is longer or empty. */
static const char *
bounded(const struct verification *verification, const char *name, size_t most)
{
    const char *text = text_of(verification->claims, name);
    if (!text || text[0] == '\0' || strlen(text) > most)
        return NULL;
    return arena_strdup(verification->arena, text);
}

static void
read_person(const struct verification *verification, struct id_token *token)
{
    const json_t *verified = json_object_get(verification->claims, "email_verified");
    const char *picture = bounded(verification, "picture", PICTURE_MAX_BYTES);
    const char *written = json_string_value(verified); /* some of Google's answers have a text */
    *token = (struct id_token){
        .subject = bounded(verification, "sub", SUBJECT_MAX_BYTES),
        .email = bounded(verification, "email", EMAIL_MAX_BYTES),
        .name = bounded(verification, "name", NAME_MAX_BYTES),
        .picture = picture && strncmp(picture, "https://", 8) == 0 ? picture : NULL,
        .hosted_domain = bounded(verification, "hd", EMAIL_MAX_BYTES),
        .email_verified = json_is_true(verified) || (written && strcmp(written, "true") == 0),
    };
}

enum id_token_verdict
id_token_verify(const char *text, const struct jwks *jwks, const struct id_token_rules *rules,
                struct arena *arena, struct id_token *token)
{
    *token = (struct id_token){0};
    struct verification verification = {jwks, rules, arena, NULL, token};
    struct jws jws;
    struct error err = {0};
    if (!jws_read(text, strlen(text), arena, &jws, &err))
        return refuse(&verification, "it is no signed token, or one with more in its header");
    enum id_token_verdict verdict = check_signature(&verification, &jws);
    if (verdict == ID_TOKEN_GOOD)
        verdict = check_claims(&verification);
    if (verdict == ID_TOKEN_GOOD)
        read_person(&verification, token);
    return verdict;
}
