/* Keys by OpenSSL, after checks of their use, algorithm and size. libcjose is not asked: its reader
 * of base64url ends the process on some texts (an assertion of 0.6.2.1). */
#include "access/jwks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <string.h>

#include "http/schema.h"

enum {
    ID_MAX_BYTES = 128,
    RSA_MIN_BITS = 2048,
    RSA_MAX_BITS = 8192,
    EXPONENT_MAX_BITS = 32,
    NUMBER_MAX_BYTES = RSA_MAX_BITS / 8 + 8, /* some write zeros before it */
    P256_BYTES = 32,
    P256_SIGNATURE_BYTES = 64,
    DER_MAX_BYTES = 80,
};

static const char *
member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* A number in base64url; NULL for none. The caller owns it. */
static BIGNUM *
read_number(const json_t *object, const char *name)
{
    unsigned char bytes[NUMBER_MAX_BYTES];
    size_t length;
    const char *text = member(object, name);
    if (!text || sodium_base642bin(bytes, sizeof(bytes), text, strlen(text), NULL, &length, NULL,
                                   sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return NULL;
    return BN_bin2bn(bytes, (int)length, NULL);
}

/* The key of these parameters, or NULL; frees the builder. */
static EVP_PKEY *
build(OSSL_PARAM_BLD *builder, const char *type)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    ERR_clear_error();
    return key;
}

static EVP_PKEY *
read_rsa(const json_t *object)
{
    EVP_PKEY *key = NULL;
    BIGNUM *modulus = read_number(object, "n"), *exponent = read_number(object, "e");
    if (modulus && exponent && BN_num_bits(modulus) >= RSA_MIN_BITS &&
        BN_num_bits(modulus) <= RSA_MAX_BITS && BN_is_odd(modulus) && BN_num_bits(exponent) > 1 &&
        BN_num_bits(exponent) <= EXPONENT_MAX_BITS && BN_is_odd(exponent)) {
        OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
        key = build(builder, "RSA");
    }
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* The point as OpenSSL takes it: 4, x, y. That it is on the curve is checked there. */
static EVP_PKEY *
read_p256(const json_t *object)
{
    unsigned char point[1 + 2 * P256_BYTES] = {4};
    const char *curve = member(object, "crv");
    if (!curve || strcmp(curve, "P-256") != 0)
        return NULL;
    BIGNUM *x = read_number(object, "x"), *y = read_number(object, "y");
    bool fits = x && y && BN_bn2binpad(x, point + 1, P256_BYTES) == P256_BYTES &&
                BN_bn2binpad(y, point + 1 + P256_BYTES, P256_BYTES) == P256_BYTES;
    BN_free(x);
    BN_free(y);
    if (!fits)
        return NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
    return build(builder, "EC");
}

static const struct kind {
    const char *type, *algorithm;
    EVP_PKEY *(*read)(const json_t *object);
} kinds[] = {{"RSA", "RS256", read_rsa}, {"EC", "ES256", read_p256}};

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

static void
release(void *key)
{
    EVP_PKEY_free(key);
}

static void
take(struct jwks *jwks, const json_t *object, struct arena *arena)
{
    const struct kind *kind = kind_of(object);
    const char *id = member(object, "kid");
    if (!kind || !id || id[0] == '\0' || strlen(id) > ID_MAX_BYTES || !says(object, "use", "sig") ||
        !says(object, "alg", kind->algorithm) || !may_verify(object) ||
        jwks_find(jwks, id, kind->algorithm))
        return;
    EVP_PKEY *key = kind->read(object);
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

/* RFC 7518, section 3.4, has r and s one after another; OpenSSL takes them in DER. */
static int
encode_pair(const unsigned char *pair, unsigned char *der)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(pair, P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(pair + P256_BYTES, P256_BYTES, NULL);
    ECDSA_SIG_set0(signature, r, s);
    int length = i2d_ECDSA_SIG(signature, &der);
    ECDSA_SIG_free(signature);
    return length;
}

bool
jwk_verify(const struct jwk *key, const char *text, size_t length, const unsigned char *signature,
           size_t signature_length)
{
    unsigned char der[DER_MAX_BYTES];
    if (strcmp(key->algorithm, "ES256") == 0) {
        if (signature_length != P256_SIGNATURE_BYTES)
            return false;
        int encoded = encode_pair(signature, der);
        signature = der;
        signature_length = encoded > 0 ? (size_t)encoded : 0;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool right = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->key) == 1 &&
                 EVP_DigestVerify(context, signature, signature_length, (const unsigned char *)text,
                                  length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return right;
}
