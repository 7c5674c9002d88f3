/* No key set and no ID token breaks what reads them, and none of the tokens is good: their key is
 * made anew in each run. The first byte says which of the two the rest is. */
#include <stdlib.h>
#include <string.h>

#include "access/id_token.h"
#include "tests/lib/provider_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct jwks *
own_keys(void)
{
    static struct arena arena;
    static const struct jwks *jwks;
    cjose_err error;
    if (jwks)
        return jwks;
    cjose_jwk_t *rsa = cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\1\0\1", 3, &error);
    cjose_jwk_t *p256 = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
    const char *text =
        arena_printf(&arena, "{\"keys\":[%s,%s]}", key_text(rsa, false, "{\"kid\":\"a\"}", &arena),
                     key_text(p256, false, "{\"kid\":\"b\"}", &arena));
    jwks = jwks_parse(text, strlen(text), &arena);
    cjose_jwk_release(rsa);
    cjose_jwk_release(p256);
    return jwks;
}

static void
read_token(const char *text, struct arena *arena)
{
    static const char *const clients[] = {"us", NULL};
    struct id_token_rules rules = {
        .clients = clients, .issuer = "https://accounts.google.com", .now_s = 1795262400};
    struct id_token token;
    if (id_token_verify(text, own_keys(), &rules, arena, &token) == ID_TOKEN_GOOD ||
        !token.complaint)
        abort();
}

static void
read_keys(const char *text, size_t size, struct arena *arena)
{
    const struct jwks *jwks = jwks_parse(text, size, arena);
    for (size_t i = 0; jwks && i < jwks->count; i++)
        if (jwks_find(jwks, jwks->keys[i].id, jwks->keys[i].algorithm) != &jwks->keys[i])
            abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    if (size == 0)
        return 0;
    const char *text = arena_strndup(&arena, (const char *)bytes + 1, size - 1);
    if (bytes[0] % 2 == 0)
        read_token(text, &arena);
    else
        read_keys(text, size - 1, &arena);
    arena_release(&arena);
    return 0;
}
