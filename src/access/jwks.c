/* Keys by libcjose, after checks of our own on what it does not look at: use, algorithm, size. */
#include "access/jwks.h"

#include <cjose/base64.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/schema.h"

enum {
    ID_MAX_BYTES = 256,
    RSA_MIN_BITS = 2048,
    RSA_MAX_BITS = 8192,
    EXPONENT_MAX_BITS = 32,
    P256_BYTES = 32,
    NUMBER_MAX_CHARACTERS = 2048, /* in base64url; 8192 bits need 1366 */
};

static const char *
member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* A number in base64url: its bits, and its last byte. 0: none. */
static size_t
number_bits(const char *text, unsigned *last)
{
    uint8_t *bytes = NULL;
    size_t length = 0, zeros = 0, bits = 0;
    cjose_err error;
    if (!text || strlen(text) > NUMBER_MAX_CHARACTERS ||
        !cjose_base64url_decode(text, strlen(text), &bytes, &length, &error))
        return 0;
    while (zeros < length && bytes[zeros] == 0)
        zeros++;
    if (zeros < length) {
        bits = (length - zeros) * 8;
        for (unsigned top = bytes[zeros]; !(top & 0x80); top <<= 1)
            bits--;
        *last = bytes[length - 1];
    }
    free(bytes);
    return bits;
}

static bool
is_rsa(const json_t *object)
{
    unsigned modulus_end = 0, exponent_end = 0;
    size_t modulus = number_bits(member(object, "n"), &modulus_end);
    size_t exponent = number_bits(member(object, "e"), &exponent_end);
    return modulus >= RSA_MIN_BITS && modulus <= RSA_MAX_BITS && modulus_end % 2 == 1 &&
           exponent > 1 && exponent <= EXPONENT_MAX_BITS && exponent_end % 2 == 1;
}

static bool
is_p256(const json_t *object)
{
    const char *curve = member(object, "crv");
    unsigned last;
    return curve && strcmp(curve, "P-256") == 0 &&
           number_bits(member(object, "x"), &last) <= 8 * (size_t)P256_BYTES &&
           number_bits(member(object, "y"), &last) <= 8 * (size_t)P256_BYTES;
}

static const struct kind {
    const char *type, *algorithm;
    bool (*fits)(const json_t *object);
    const char *members[4]; /* beside the type: all that is imported */
} kinds[] = {
    {"RSA", "RS256", is_rsa, {"n", "e"}},
    {"EC", "ES256", is_p256, {"crv", "x", "y"}},
};

static const struct kind *
kind_of(const json_t *object)
{
    const char *type = member(object, "kty");
    for (size_t i = 0; type && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].type, type) == 0)
            return &kinds[i];
    return NULL;
}

/* Absent, or this text. */
static bool
says(const json_t *object, const char *name, const char *wanted)
{
    const json_t *value = json_object_get(object, name);
    return !value || (json_is_string(value) && strcmp(json_string_value(value), wanted) == 0);
}

static bool
may_verify(const json_t *object)
{
    const json_t *operations = json_object_get(object, "key_ops");
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const char *operation = json_string_value(json_array_get(operations, i));
        if (operation && strcmp(operation, "verify") == 0)
            return true;
    }
    return operations == NULL;
}

static cjose_jwk_t *
import(const struct kind *kind, const json_t *object)
{
    cjose_err error;
    json_auto_t *bare = json_pack("{s:s}", "kty", kind->type);
    for (const char *const *name = kind->members; *name; name++)
        json_object_set(bare, *name, json_object_get(object, *name));
    return cjose_jwk_import_json((cjose_header_t *)bare, &error);
}

static void
release(void *key)
{
    cjose_jwk_release(key);
}

static void
take(struct jwks *jwks, const json_t *object, struct arena *arena)
{
    const struct kind *kind = kind_of(object);
    const char *id = member(object, "kid");
    if (!kind || !id || id[0] == '\0' || strlen(id) > ID_MAX_BYTES || !says(object, "use", "sig") ||
        !says(object, "alg", kind->algorithm) || !may_verify(object) || !kind->fits(object) ||
        jwks_find(jwks, id, kind->algorithm))
        return;
    cjose_jwk_t *key = import(kind, object);
    if (!key)
        return;
    arena_defer(arena, release, key);
    jwks->keys[jwks->count++] = (struct jwk){arena_strdup(arena, id), kind->algorithm, key};
}

const struct jwks *
jwks_parse(const char *text, size_t length, struct arena *arena)
{
    struct error err = {0};
    const json_t *document = schema_parse(text, length, arena, &err);
    const json_t *keys = json_object_get(document, "keys");
    struct jwks *jwks = arena_alloc(arena, sizeof(*jwks));
    for (size_t i = 0; i < json_array_size(keys) && jwks->count < JWKS_KEYS_MAX; i++)
        take(jwks, json_array_get(keys, i), arena);
    return jwks->count > 0 ? jwks : NULL;
}

const struct jwk *
jwks_find(const struct jwks *jwks, const char *id, const char *algorithm)
{
    for (size_t i = 0; i < jwks->count; i++)
        if (strcmp(jwks->keys[i].id, id) == 0 && strcmp(jwks->keys[i].algorithm, algorithm) == 0)
            return &jwks->keys[i];
    return NULL;
}
