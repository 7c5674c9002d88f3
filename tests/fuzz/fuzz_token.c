/* The whole check of access tokens. The text as it is can never be good; the text as header and
 * payload, signed with the right secret, is only good when it says what a token must. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/jws.h"
#include "access/signer.h"
#include "access/token.h"
#include "base/id.h"

#define SECRET "0123456789abcdef0123456789abcdef"

enum { NOW_S = 1800000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tokens *
open_once(void)
{
    static const struct settings settings = {.auth_secret = SECRET,
                                             .jwt_algorithm = "HS256",
                                             .jwt_previous_secrets = "",
                                             .jwt_key_files = "",
                                             .jwt_issuer = "hearth",
                                             .jwt_audience = "hearth"};
    static struct tokens *tokens;
    struct error err = {0};
    if (!tokens && !tokens_open(&settings, &tokens, &err))
        abort();
    return tokens;
}

static bool
verify(const char *text, size_t length, struct arena *arena, struct token_claims *claims)
{
    struct error err = {0};
    bool good = token_verify(open_once(), text, length, NOW_S, claims, arena, &err);
    if (good != (err.code == ERROR_NONE) || (!good && err.code != ERROR_TOKEN_NOT_VALID))
        abort();
    return good;
}

/* What stands before the first NUL is the header. */
static const char *
sign(const char *bytes, size_t size, struct arena *arena)
{
    struct signer signer;
    unsigned char signature[SIGNATURE_MAX_BYTES];
    const char *cut = memchr(bytes, '\0', size);
    size_t header = cut ? (size_t)(cut - bytes) : size;
    size_t rest = cut ? size - header - 1 : 0;
    const char *covered = arena_printf(arena, "%s.%s", jws_encode(bytes, header, arena),
                                       jws_encode(cut ? cut + 1 : bytes, rest, arena));
    signer_of_secret(&signer, SECRET, strlen(SECRET));
    size_t length = signer_sign(&signer, covered, strlen(covered), signature);
    return arena_printf(arena, "%s.%s", covered, jws_encode(signature, length, arena));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    struct token_claims claims;
    const char *bytes = (const char *)data;
    if (verify(bytes, size, &arena, &claims))
        abort();
    const char *text = sign(bytes, size, &arena);
    if (verify(text, strlen(text), &arena, &claims) &&
        (!uuid_is_valid(claims.account_id) || !uuid_is_valid(claims.sign_in_id) ||
         claims.expires_s + TOKEN_LEEWAY_S <= NOW_S || claims.issued_s > NOW_S + TOKEN_LEEWAY_S))
        abort();
    arena_reset(&arena);
    return 0;
}
