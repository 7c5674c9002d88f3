/* Keys are compared by their digests: of one length, and equal time tells nothing about a key. */
#include "access/keyring.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/sha256.h"
#include "http/route.h"

enum { TENANT_HEX = 12, PREFIX_CHARACTERS = 8 };

struct key {
    unsigned char digest[SHA256_BYTES];
    char tenant[sizeof("key:") + TENANT_HEX];
    char prefix[PREFIX_CHARACTERS + sizeof("...")];
    struct caller bearer, header; /* the same caller by either header */
};

struct keyring {
    size_t count;
    struct key keys[];
};

static void
digest_of(unsigned char *bytes, const char *key, size_t length)
{
    struct sha256 digest;
    sha256_init(&digest);
    sha256_add(&digest, key, length);
    sha256_end(&digest, bytes);
}

static void
fill(struct key *key, const char *text, size_t length)
{
    digest_of(key->digest, text, length);
    memcpy(key->tenant, "key:", 4);
    hex_format(key->tenant + 4, key->digest, TENANT_HEX / 2);
    size_t shown = length < PREFIX_CHARACTERS ? length : PREFIX_CHARACTERS;
    memcpy(key->prefix, text, shown);
    memcpy(key->prefix + shown, "...", length > shown ? sizeof("...") : 0);
    key->bearer = (struct caller){.kind = CALLER_ENVIRONMENT_KEY,
                                  .tenant = key->tenant,
                                  .key_prefix = key->prefix,
                                  .method = "bearer_token",
                                  .scopes = SCOPE_ALL,
                                  .is_admin = true};
    key->header = key->bearer;
    key->header.method = "x_api_key";
}

/* The next item of a comma list without the blanks around it; NULL at the end. */
static const char *
next_item(const char **list, size_t *length)
{
    *list += strspn(*list, ", \t");
    if (**list == '\0')
        return NULL;
    const char *item = *list;
    size_t end = strcspn(item, ",");
    *list = item + end;
    while (end > 0 && (item[end - 1] == ' ' || item[end - 1] == '\t'))
        end--;
    *length = end;
    return item;
}

struct keyring *
keyring_new(const struct settings *settings)
{
    const char *lists[] = {settings->api_key ? settings->api_key : "",
                           settings->additional_api_keys ? settings->additional_api_keys : ""};
    size_t capacity = 1, length;
    for (const char *list = lists[1]; next_item(&list, &length);)
        capacity++;
    struct keyring *keyring = xcalloc(1, sizeof(*keyring) + capacity * sizeof(struct key));
    if (lists[0][0] != '\0')
        fill(&keyring->keys[keyring->count++], lists[0], strlen(lists[0]));
    const char *list = lists[1];
    for (const char *item; (item = next_item(&list, &length));)
        fill(&keyring->keys[keyring->count++], item, length);
    return keyring;
}

void
keyring_free(struct keyring *keyring)
{
    free(keyring);
}

bool
keyring_is_empty(const struct keyring *keyring)
{
    return keyring->count == 0;
}

const struct caller *
keyring_find(const struct keyring *keyring, const unsigned char digest[SHA256_BYTES], bool bearer)
{
    const struct key *found = NULL;
    for (size_t i = 0; i < keyring->count; i++)
        if (CRYPTO_memcmp(keyring->keys[i].digest, digest, SHA256_BYTES) == 0)
            found = &keyring->keys[i];
    if (!found)
        return NULL;
    return bearer ? &found->bearer : &found->header;
}

const struct caller *
keyring_development(void)
{
    static const struct caller development = {.kind = CALLER_DEVELOPMENT,
                                              .tenant = "development",
                                              .key_prefix = "development",
                                              .method = "none",
                                              .scopes = SCOPE_ALL,
                                              .is_admin = true};
    return &development;
}
