/* Reading a request's credential and its address. */
#include "access/caller.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "access/access.h"
#include "access/api_key.h"
#include "access/credential.h"
#include "access/keyring.h"
#include "access/signed_in.h"

/* The token of "Bearer token", NULL for another scheme. */
static const char *
bearer_token(const char *authorization)
{
    if (strncasecmp(authorization, "Bearer", 6) != 0 ||
        (authorization[6] != ' ' && authorization[6] != '\0'))
        return NULL;
    return authorization + 6 + strspn(authorization + 6, " ");
}

bool
caller_present(const struct request *request, struct presented *presented)
{
    const char *authorization = request_header(request, "AUTHORIZATION");
    const char *text = authorization ? bearer_token(authorization) : NULL;
    presented->bearer = text != NULL;
    if (!presented->bearer)
        text = request_header(request, "X_API_KEY");
    if (!text || (!presented->bearer && text[0] == '\0'))
        return false;
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    presented->text = text;
    presented->length = length;
    return true;
}

/* The caller of a key of the database, as it came. */
static bool
find_key(struct request *request, const struct presented *presented,
         const unsigned char digest[SHA256_BYTES], const struct caller **caller, struct error *err)
{
    const struct credential credential = {CREDENTIAL_KEY, (const char *)digest, SHA256_BYTES};
    const struct caller *found;
    if (!credential_find(request, &credential, &found, err))
        return false;
    char *prefix = arena_alloc(&request->arena, API_KEY_PREFIX_CHARACTERS + sizeof("..."));
    api_key_prefix(presented->text, prefix);
    memcpy(prefix + API_KEY_PREFIX_CHARACTERS, "...", sizeof("..."));
    struct caller *filled = arena_alloc(&request->arena, sizeof(*filled));
    *filled = *found;
    filled->key_prefix = prefix;
    filled->method = presented->bearer ? "bearer_token" : "x_api_key";
    *caller = filled;
    return true;
}

bool
caller_identify(struct request *request, const struct caller **caller, struct error *err)
{
    const struct access *access = request->access;
    struct presented presented;
    *caller = NULL;
    if (keyring_is_empty(access->keyring) && !access->store) {
        *caller = keyring_development();
        return true;
    }
    if (!caller_present(request, &presented))
        return request_header(request, "AUTHORIZATION") ||
               signed_in_by_cookie(request, caller, err);
    unsigned char digest[SHA256_BYTES];
    struct sha256 sha256;
    sha256_init(&sha256);
    sha256_add(&sha256, presented.text, presented.length);
    sha256_end(&sha256, digest);
    *caller = keyring_find(access->keyring, digest, presented.bearer);
    if (*caller)
        return true;
    if (presented.bearer && access->tokens && signed_in_is_token(presented.text, presented.length))
        return signed_in_by_token(request, presented.text, presented.length, caller, err);
    if (access->store && api_key_is_whole(presented.text, presented.length))
        return find_key(request, &presented, digest, caller, err);
    return error_set(err, ERROR_UNAUTHORIZED, "the API key is not valid");
}

bool
caller_may_ask(const struct caller *caller, const struct model_settings *model)
{
    if (!caller || !caller->models || model->provider->kind == PROVIDER_LOCAL)
        return true;
    for (const char *const *allowed = caller->models; *allowed; allowed++) {
        if (strcmp(*allowed, model->name) == 0)
            return true;
        for (const char *const *alias = model->aliases; alias && *alias; alias++)
            if (strcmp(*allowed, *alias) == 0)
                return true;
    }
    return false;
}

bool
caller_narrow(const struct caller *caller, const struct model_settings **model, struct arena *arena,
              struct error *err)
{
    const struct model_settings *whole = *model;
    if (!caller_may_ask(caller, whole))
        return error_set(err, ERROR_MODEL_NOT_ALLOWED,
                         "this credential may not ask for the model \"%s\"", whole->name);
    size_t kept = 0, count = 0;
    for (; whole->fallbacks[count]; count++)
        kept += caller_may_ask(caller, whole->fallbacks[count]);
    if (kept == count)
        return true;
    struct model_settings *narrowed = arena_alloc(arena, sizeof(*narrowed));
    *narrowed = *whole;
    kept = 0;
    for (size_t i = 0; i < count; i++)
        if (caller_may_ask(caller, whole->fallbacks[i]))
            narrowed->fallbacks[kept++] = whole->fallbacks[i];
    narrowed->fallbacks[kept] = NULL;
    *model = narrowed;
    return true;
}

/* An address in IPv6 form: an IPv4 address is mapped, so that both compare alike. */
static bool
parse_address(const char *text, size_t length, struct in6_addr *address)
{
    char copy[INET6_ADDRSTRLEN];
    if (length == 0 || length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (inet_pton(AF_INET6, copy, address) == 1)
        return true;
    *address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    return inet_pton(AF_INET, copy, address->s6_addr + 12) == 1;
}

static bool
in_network(const struct in6_addr *address, const struct in6_addr *network, int bits)
{
    int bytes = bits / 8, rest = bits % 8;
    if (memcmp(address, network, (size_t)bytes) != 0)
        return false;
    int mask = 0xff << (8 - rest) & 0xff;
    return rest == 0 || ((address->s6_addr[bytes] ^ network->s6_addr[bytes]) & mask) == 0;
}

/* The /n of a network, counted in the mapped form; -1 for what is none. */
static int
prefix_bits(const char *text, size_t length, bool is_ipv4)
{
    int bits = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || bits > 128)
            return -1;
        bits = bits * 10 + (text[i] - '0');
    }
    bits += is_ipv4 ? 96 : 0;
    return length == 0 || bits > 128 ? -1 : bits;
}

static bool
is_trusted(const char *proxies, const struct in6_addr *address)
{
    for (const char *at = proxies + strspn(proxies, ", "); *at; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ", ");
        const char *slash = memchr(at, '/', length);
        size_t host = slash ? (size_t)(slash - at) : length;
        struct in6_addr network;
        if (parse_address(at, host, &network)) {
            bool is_ipv4 = !memchr(at, ':', host);
            int bits = slash ? prefix_bits(slash + 1, length - host - 1, is_ipv4) : 128;
            if (bits >= 0 && in_network(address, &network, bits))
                return true;
        }
        at += length;
    }
    return false;
}

const char *
caller_address(const struct settings *settings, struct request *request)
{
    const char *peer = request->remote_address;
    const char *proxies = settings->trusted_proxies;
    struct in6_addr address;
    if (!proxies || proxies[0] == '\0' || !parse_address(peer, strlen(peer), &address) ||
        !is_trusted(proxies, &address))
        return peer;
    const char *list = request_header(request, "X_FORWARDED_FOR");
    if (!list)
        return peer;
    /* From the right: each proxy appends whom it saw, so only what stands right of the last
     * untrusted address was written by proxies of ours. */
    const char *found = peer;
    for (const char *end = list + strlen(list); end > list;) {
        const char *start = memrchr(list, ',', (size_t)(end - list));
        const char *item = start ? start + 1 : list;
        item += strspn(item, " \t");
        size_t length = item < end ? strcspn(item, ", \t") : 0;
        if (!parse_address(item, length, &address))
            return found;
        found = arena_strndup(&request->arena, item, length);
        if (!is_trusted(proxies, &address))
            return found;
        end = start ? start : list;
    }
    return found;
}
