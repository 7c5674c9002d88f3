/* A sign-in message that is taken is printable lines, its parts are in it, and the same text with
 * anything behind it is another message; no signature breaks the reader of signatures. */
#include <stdlib.h>
#include <string.h>

#include "access/siwe.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check_lines(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
            abort();
}

static void
check_parts(const char *text, const struct siwe *siwe)
{
    char address[ETHEREUM_TEXT_BYTES];
    ethereum_address_format(&siwe->address, address);
    if (!strstr(text, siwe->domain) || !strstr(text, address) || !strstr(text, siwe->uri) ||
        !strstr(text, siwe->nonce) || siwe->chain_id < 0 || siwe->nonce[0] == '\0' ||
        strspn(siwe->nonce, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") !=
            strlen(siwe->nonce))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct siwe siwe;
    struct ethereum_address signer;
    /* Exactly as long as it is: what is read beyond is seen. */
    char *exact = malloc(size + 1);
    memcpy(exact, bytes, size);
    if (!siwe_parse(exact, size, &arena, &siwe)) {
        check_lines(exact, size);
        exact[size] = '\0';
        check_parts(exact, &siwe);
        exact[size] = '\n';
        if (!siwe_parse(exact, size + 1, &arena, &siwe))
            abort();
    }
    free(exact);
    const char *text = arena_strndup(&arena, (const char *)bytes, size);
    const char *complaint = ethereum_recover("x", 1, text, &signer);
    if (!complaint && strlen(text) != 132)
        abort();
    arena_release(&arena);
    return 0;
}
