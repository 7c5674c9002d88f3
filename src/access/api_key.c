/* Making and checking the text of API keys. */
#include "access/api_key.h"

#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "host/hash.h"

enum { RANDOM_BYTES = 32, CHECKED = API_KEY_CHARACTERS - API_KEY_CHECK_CHARACTERS };

/* RFC 4648, section 5, without padding; out is not terminated. */
static void
base64url(const unsigned char *bytes, size_t count, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < count; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            *out++ = alphabet[bits >> (held - 6) & 63];
    }
    if (held > 0)
        *out = alphabet[bits << (6 - held) & 63];
}

/* Against typing errors, not against people: any hash does that stays what it is. */
static void
checksum(const char *text, char check[API_KEY_CHECK_CHARACTERS])
{
    uint64_t hash = hash_bytes(text, CHECKED);
    const unsigned char bytes[] = {(unsigned char)(hash >> 24), (unsigned char)(hash >> 16),
                                   (unsigned char)(hash >> 8), (unsigned char)hash};
    base64url(bytes, sizeof(bytes), check);
}

void
api_key_make(char text[API_KEY_CHARACTERS + 1])
{
    unsigned char bytes[RANDOM_BYTES];
    size_t start = sizeof(API_KEY_START) - 1;
    random_bytes(bytes, sizeof(bytes));
    memcpy(text, API_KEY_START, start);
    base64url(bytes, sizeof(bytes), text + start);
    checksum(text, text + CHECKED);
    text[API_KEY_CHARACTERS] = '\0';
    explicit_bzero(bytes, sizeof(bytes));
}

bool
api_key_is_whole(const char *text, size_t length)
{
    char check[API_KEY_CHECK_CHARACTERS];
    if (length != API_KEY_CHARACTERS || memcmp(text, API_KEY_START, sizeof(API_KEY_START) - 1) != 0)
        return false;
    checksum(text, check);
    return memcmp(check, text + CHECKED, sizeof(check)) == 0;
}

void
api_key_prefix(const char *text, char prefix[API_KEY_PREFIX_CHARACTERS + 1])
{
    memcpy(prefix, text, API_KEY_PREFIX_CHARACTERS);
    prefix[API_KEY_PREFIX_CHARACTERS] = '\0';
}
