/* The signatures of tokens: HMAC by libsodium, Ed25519 and RSA by OpenSSL. */
#include "access/signer.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>
#include <sys/stat.h>

#include "access/jws.h"
#include "base/sha256.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, ED25519_BYTES = 32, MODULUS_MAX_BYTES = 1024 };

static void
set_id(struct signer *signer, const unsigned char *digest)
{
    sodium_bin2base64(signer->id, sizeof(signer->id), digest, SHA256_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* The kid of a secret is a MAC of a fixed text by it: it tells no more of it than a token does. */
void
signer_of_secret(struct signer *signer, const char *secret, size_t length)
{
    *signer = (struct signer){.algorithm = "HS256", .can_sign = true};
    crypto_auth_hmacsha256_init(&signer->secret, (const unsigned char *)secret, length);
    unsigned char digest[crypto_auth_hmacsha256_BYTES];
    size_t made = signer_sign(signer, "hearth kid", strlen("hearth kid"), digest);
    set_id(signer, digest);
    memset(signer->id + made / 2, '\0', sizeof(signer->id) - made / 2);
}

static const char *
encode_number(const EVP_PKEY *pair, const char *name, struct arena *arena)
{
    BIGNUM *number = NULL;
    unsigned char bytes[MODULUS_MAX_BYTES];
    if (!EVP_PKEY_get_bn_param(pair, name, &number) || BN_num_bytes(number) > MODULUS_MAX_BYTES) {
        BN_free(number);
        return "";
    }
    int length = BN_bn2bin(number, bytes);
    BN_free(number);
    return jws_encode(bytes, (size_t)length, arena);
}

/* The members of RFC 7638, in its order, without braces' rest: what the thumbprint is over. */
static const char *
thumbprint_text(const EVP_PKEY *pair, struct arena *arena)
{
    if (EVP_PKEY_get_base_id(pair) == EVP_PKEY_RSA)
        return arena_printf(arena, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}",
                            encode_number(pair, OSSL_PKEY_PARAM_RSA_E, arena),
                            encode_number(pair, OSSL_PKEY_PARAM_RSA_N, arena));
    unsigned char key[ED25519_BYTES] = {0};
    size_t length = sizeof(key);
    EVP_PKEY_get_raw_public_key(pair, key, &length);
    return arena_printf(arena, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}",
                        jws_encode(key, sizeof(key), arena));
}

const char *
signer_public_key(const struct signer *signer, struct arena *arena)
{
    if (!signer->pair)
        return NULL;
    const char *members = thumbprint_text(signer->pair, arena);
    return arena_printf(arena, "%.*s,\"alg\":\"%s\",\"kid\":\"%s\",\"use\":\"sig\"}",
                        (int)strlen(members) - 1, members, signer->algorithm, signer->id);
}

/* An encrypted key is not asked for on a terminal. */
static int
no_passphrase(char *buffer, int size, int writing, void *data)
{
    (void)buffer, (void)size, (void)writing, (void)data;
    return -1;
}

static EVP_PKEY *
read_pair(FILE *file, bool *is_private)
{
    EVP_PKEY *pair = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    *is_private = pair != NULL;
    if (!pair) {
        rewind(file);
        pair = PEM_read_PUBKEY(file, NULL, no_passphrase, NULL);
    }
    ERR_clear_error();
    return pair;
}

static const char *
algorithm_of(const EVP_PKEY *pair)
{
    int bits = EVP_PKEY_get_bits(pair);
    if (EVP_PKEY_get_base_id(pair) == EVP_PKEY_ED25519)
        return "EdDSA";
    if (EVP_PKEY_get_base_id(pair) == EVP_PKEY_RSA && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
        return "RS256";
    return NULL;
}

static bool
check_pair(struct signer *signer, const char *path, mode_t mode, struct error *err)
{
    if (!signer->pair)
        return error_set(err, ERROR_INTERNAL, "\"%s\" holds no key in PEM, or an encrypted one",
                         path);
    if (signer->can_sign && (mode & (S_IWGRP | S_IRWXO)))
        return error_set(err, ERROR_INTERNAL,
                         "\"%s\" holds a private key that others may read or change", path);
    signer->algorithm = algorithm_of(signer->pair);
    return signer->algorithm ||
           error_set(err, ERROR_INTERNAL, "\"%s\" is neither Ed25519 nor RSA of %d to %d bits",
                     path, RSA_BITS_MIN, RSA_BITS_MAX);
}

bool
signer_of_file(struct signer *signer, const char *path, struct error *err)
{
    *signer = (struct signer){0};
    FILE *file = fopen(path, "re");
    struct stat status;
    if (!file || fstat(fileno(file), &status) != 0) {
        if (file)
            fclose(file);
        return error_set(err, ERROR_INTERNAL, "the key file \"%s\" cannot be read", path);
    }
    signer->pair = read_pair(file, &signer->can_sign);
    fclose(file);
    if (!check_pair(signer, path, status.st_mode, err)) {
        signer_release(signer);
        return false;
    }
    struct arena arena = {0};
    const char *text = thumbprint_text(signer->pair, &arena);
    struct sha256 digest;
    unsigned char bytes[SHA256_BYTES];
    sha256_init(&digest);
    sha256_add(&digest, text, strlen(text));
    sha256_end(&digest, bytes);
    set_id(signer, bytes);
    arena_release(&arena);
    return true;
}

void
signer_release(struct signer *signer)
{
    EVP_PKEY_free(signer->pair);
    sodium_memzero(signer, sizeof(*signer));
}

static void
authenticate(const struct signer *signer, const char *text, size_t length, unsigned char *signature)
{
    crypto_auth_hmacsha256_state state = signer->secret;
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, length);
    crypto_auth_hmacsha256_final(&state, signature);
    sodium_memzero(&state, sizeof(state));
}

/* RS256 is over SHA-256; Ed25519 takes the text as it is. */
static const EVP_MD *
digest_of(const struct signer *signer)
{
    return strcmp(signer->algorithm, "RS256") == 0 ? EVP_sha256() : NULL;
}

size_t
signer_sign(const struct signer *signer, const char *text, size_t length, unsigned char *signature)
{
    if (!signer->can_sign)
        return 0;
    if (!signer->pair) {
        authenticate(signer, text, length, signature);
        return crypto_auth_hmacsha256_BYTES;
    }
    size_t made = SIGNATURE_MAX_BYTES;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context &&
                EVP_DigestSignInit(context, NULL, digest_of(signer), NULL, signer->pair) == 1 &&
                EVP_DigestSign(context, signature, &made, (const unsigned char *)text, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return done ? made : 0;
}

bool
signer_verify(const struct signer *signer, const char *text, size_t length,
              const unsigned char *signature, size_t signature_length)
{
    if (!signer->pair) {
        unsigned char right[crypto_auth_hmacsha256_BYTES];
        authenticate(signer, text, length, right);
        return signature_length == sizeof(right) &&
               sodium_memcmp(signature, right, sizeof(right)) == 0;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool right = context &&
                 EVP_DigestVerifyInit(context, NULL, digest_of(signer), NULL, signer->pair) == 1 &&
                 EVP_DigestVerify(context, signature, signature_length, (const unsigned char *)text,
                                  length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return right;
}
