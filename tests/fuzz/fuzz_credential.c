/* Credentials from headers, keys, and what is remembered of them: whatever the bytes, the answer is
 * a caller or an error, and nothing unsigned is believed. The first byte says what the rest is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "access/api_key.h"
#include "access/keyring.h"
#include "access/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *const names[] = {"HTTP_AUTHORIZATION", "HTTP_X_API_KEY", "HTTP_COOKIE"};

struct headers {
    const char *values[3];
};

static const char *
parameter(void *carrier, const char *name)
{
    const struct headers *headers = carrier;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(names[i], name) == 0)
            return headers->values[i];
    return NULL;
}

static void
present(uint8_t which, const char *text)
{
    static const struct transport transport = {.parameter = parameter};
    static const struct settings settings = {.api_key = "a-good-key"};
    struct headers headers = {{NULL}};
    headers.values[which % 3] = text;
    struct access access = {.settings = &settings, .keyring = keyring_new(&settings)};
    struct request request = {.access = &access, .transport = &transport, .carrier = &headers};
    struct presented presented;
    struct error err = {0};
    const struct caller *caller;
    if (caller_present(&request, &presented) &&
        (presented.text < text || presented.text + presented.length > text + strlen(text)))
        abort();
    if (caller_identify(&request, &caller, &err) != (err.code == ERROR_NONE))
        abort();
    if (caller && !strstr(text, "a-good-key"))
        abort();
    keyring_free(access.keyring);
    arena_release(&request.arena);
}

/* Signed here, so that what lies behind the signature is reached too. */
static void
decode(uint8_t sign, const uint8_t *bytes, size_t size)
{
    static const unsigned char name[SNAPSHOT_NAME_BYTES] = "name";
    struct arena arena = {0};
    struct hmac_key key;
    struct snapshot snapshot;
    hmac_key_derive(&key, "secret", "fuzz");
    unsigned char *copy = arena_alloc(&arena, size + SHA256_BYTES);
    memcpy(copy + SHA256_BYTES, bytes, size);
    if (sign & 1)
        hmac_sign(&key, name, sizeof(name), bytes, size, copy);
    bool good = snapshot_decode(copy, size + SHA256_BYTES, &key, name, &arena, &snapshot);
    if (good && !(sign & 1))
        abort();
    if (good) {
        size_t length;
        const void *again = snapshot_encode(&snapshot, &key, name, &arena, &length);
        struct snapshot second;
        if (!snapshot_decode(again, length, &key, name, &arena, &second) ||
            second.expires_us != snapshot.expires_us)
            abort();
    }
    arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    struct arena arena = {0};
    const char *text = arena_strndup(&arena, (const char *)bytes + 1, size - 1);
    if (bytes[0] & 0x80) {
        decode(bytes[0], bytes + 1, size - 1);
    } else {
        present(bytes[0], text);
        char prefix[API_KEY_PREFIX_CHARACTERS + 1];
        if (api_key_is_whole(text, strlen(text)))
            api_key_prefix(text, prefix);
    }
    arena_release(&arena);
    return 0;
}
