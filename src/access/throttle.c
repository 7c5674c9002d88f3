/* Counts of failures in the store, under hashes of what failed. */
#include "access/throttle.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

#include "access/access.h"
#include "access/account_rules.h"
#include "access/caller.h"
#include "access/cookie.h"
#include "access/sign_in_private.h"
#include "base/sha256.h"
#include "store/store.h"

#include "access/throttle.sql.h"

enum { KNOWN_S = 30 * 86400 };

/* The try number free, and each one after it, is followed by a wait. */
struct policy {
    int64_t free, first_ms, most_ms, counts_s;
};

static const struct policy policies[] = {
    [THROTTLE_PAIR] = {10, 1000, 900000, 3600},
    [THROTTLE_BROWSER] = {10, 1000, 900000, 3600},
    [THROTTLE_LOGIN] = {30, 1000, 60000, 3600},
    [THROTTLE_ADDRESS] = {30, 1000, 900000, 3600},
    [THROTTLE_PASSWORD] = {10, 1000, 900000, 3600},
    [THROTTLE_MAIL] = {3, 60000, 3600000, 86400},
    [THROTTLE_MAIL_ADDRESS] = {20, 10000, 900000, 3600},
    [THROTTLE_REGISTRATION] = {20, 10000, 900000, 3600},
    [THROTTLE_EXPORT] = {10, 10000, 900000, 3600},
};

struct look {
    int64_t wait_us;
};

struct known {
    bool by_network, by_cookie;
};

struct taken {
    int64_t failures;
};

static const struct column look_columns[] = {COLUMN_INTEGER_OF(struct look, wait_us), {0}};
static const struct column known_columns[] = {
    COLUMN_BOOLEAN_OF(struct known, by_network), COLUMN_BOOLEAN_OF(struct known, by_cookie), {0}};
static const struct column taken_columns[] = {COLUMN_INTEGER_OF(struct taken, failures), {0}};
static const struct query look_query = {SQL_throttle_look, .columns = look_columns,
                                        .size = sizeof(struct look)};
static const struct query take_query = {SQL_throttle_take, .columns = taken_columns,
                                        .size = sizeof(struct taken)};
static const struct query known_query = {SQL_throttle_known, .columns = known_columns,
                                         .size = sizeof(struct known)};
static const struct query know_query = {SQL_throttle_know, .columns = NULL};
static const struct query succeed_query = {SQL_throttle_succeed, .columns = NULL};
static const struct query give_back_query = {SQL_throttle_give_back, .columns = NULL};

static bool
is_off(const struct request *request)
{
    return !request->access->settings->rate_limiting;
}

/* The network of an address: itself, or the first half of an IPv6 address. */
static void
add_network(struct sha256 *digest, const char *text)
{
    struct in6_addr address;
    if (inet_pton(AF_INET6, text, &address) != 1)
        sha256_add_piece(digest, text, strlen(text));
    else if (IN6_IS_ADDR_V4MAPPED(&address)) {
        char plain[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, address.s6_addr + 12, plain, sizeof(plain));
        sha256_add_piece(digest, plain, strlen(plain));
    } else
        sha256_add_piece(digest, address.s6_addr, 8);
}

/* The key of a count, as a parameter. */
static const char *
key_of(struct request *request, enum throttle throttle, const char *subject)
{
    struct sha256 digest;
    unsigned char bytes[SHA256_BYTES];
    const char kind = (char)throttle;
    sha256_init(&digest);
    sha256_add_piece(&digest, &kind, 1);
    if (subject) {
        const char *folded = user_name_folded(subject, &request->arena);
        sha256_add_piece(&digest, folded, strlen(folded));
    }
    if (!subject || throttle == THROTTLE_PAIR || throttle == THROTTLE_KNOWN)
        add_network(&digest, caller_address(request->access->settings, request));
    sha256_end(&digest, bytes);
    return store_bytes(&request->arena, bytes, SHA256_BYTES / 2);
}

static bool
refuse(int64_t wait_us, struct error *err)
{
    int64_t wait_ms = wait_us / 1000 + 1;
    int64_t wait_s = wait_ms / 1000 + (wait_ms % 1000 > 0);
    err->retry_after_ms = wait_ms;
    return error_set_retry(err, ERROR_RATE_LIMITED, wait_s < INT_MAX ? (int)wait_s : INT_MAX,
                           "too many tries; try again in %lld seconds", (long long)wait_s);
}

static const struct look *
look(struct request *request, struct store *store, const char *const *keys, struct error *err)
{
    const struct list *rows = store_query(store, &look_query, keys, &request->arena, err);
    return rows ? rows->items : NULL;
}

/* 1: counted, 0: refused, -1: it cannot be told. */
static int
take(struct request *request, struct store *store, enum throttle throttle, const char *key,
     struct error *err)
{
    struct arena *arena = &request->arena;
    const struct policy *policy = &policies[throttle];
    const char *parameters[] = {
        key, store_integer(arena, policy->free), store_integer(arena, policy->first_ms),
        store_integer(arena, policy->most_ms), store_integer(arena, policy->counts_s)};
    const struct list *rows = store_query(store, &take_query, parameters, arena, err);
    return rows ? rows->count > 0 : -1;
}

static bool
take_or_refuse(struct request *request, struct store *store, enum throttle throttle,
               const char *key, struct error *err)
{
    int taken = take(request, store, throttle, key, err);
    if (taken != 0)
        return taken > 0;
    const struct look *seen = look(request, store, (const char *[]){key, NULL, NULL}, err);
    return seen && refuse(seen->wait_us, err);
}

/* What cannot be written only makes later tries wait longer. */
static void
change(struct request *request, const struct query *query, const char *const *parameters)
{
    struct store *store;
    struct error ignored = {0};
    if (!is_off(request) && access_store(request, &store, &ignored))
        (void)!store_query(store, query, parameters, &request->arena, &ignored);
}

bool
throttle_take(struct request *request, enum throttle throttle, const char *subject,
              struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    return is_off(request) ||
           take_or_refuse(request, store, throttle, key_of(request, throttle, subject), err);
}

void
throttle_give_back(struct request *request, enum throttle throttle, const char *subject)
{
    change(request, &give_back_query, (const char *[]){key_of(request, throttle, subject)});
}

void
throttle_know(struct request *request, const char *account_id)
{
    change(request, &know_query,
           (const char *[]){key_of(request, THROTTLE_KNOWN, account_id),
                            store_integer(&request->arena, KNOWN_S)});
}

/* Of a login without an account nothing is known, which takes as long to find out. *browser is the
 * session cookie's secret where that is the account's. */
static bool
find_known(struct request *request, struct store *store, const char *account_id,
           struct throttle_try *try, const char **browser, struct error *err)
{
    const char *secret = NULL;
    struct arena *arena = &request->arena;
    size_t length = 0;
    if (cookie_read(request, &secret, &length))
        secret = arena_strndup(arena, secret, length);
    const char *parameters[] = {key_of(request, THROTTLE_KNOWN, account_id ? account_id : ""),
                                secret ? sign_in_secret_hash(secret, arena) : NULL, account_id,
                                store_integer(arena, KNOWN_S)};
    const struct list *rows = store_query(store, &known_query, parameters, arena, err);
    if (!rows)
        return false;
    const struct known *known = rows->items;
    try->is_known = known->by_network || known->by_cookie;
    *browser = known->by_cookie ? secret : NULL;
    return true;
}

/* What is refused is not counted, nor what was right; but of the login here all is forgotten then.
 */
static void
give_back(struct request *request, const struct throttle_try *try)
{
    const char *const keys[] = {try->own, try->all, try->address};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i])
            change(request, &give_back_query, &keys[i]);
}

bool
throttle_begin(struct request *request, const char *login, const char *account_id,
               struct throttle_try *try, struct error *err)
{
    struct store *store;
    const char *browser;
    *try = (struct throttle_try){0};
    if (!access_store(request, &store, err))
        return false;
    if (is_off(request))
        return true;
    if (!find_known(request, store, account_id, try, &browser, err))
        return false;
    /* Who shares the network of a browser that was signed in does not keep its owner out either. */
    try->own = browser ? key_of(request, THROTTLE_BROWSER, browser)
                       : key_of(request, THROTTLE_PAIR, login);
    const char *all = try->is_known ? NULL : key_of(request, THROTTLE_LOGIN, login);
    const char *address = browser ? NULL : key_of(request, THROTTLE_ADDRESS, NULL);
    const struct look *seen = look(request, store, (const char *[]){try->own, all, address}, err);
    if (!seen)
        return false;
    if (seen->wait_us > 0)
        return refuse(seen->wait_us, err);
    if (!take_or_refuse(request, store, browser ? THROTTLE_BROWSER : THROTTLE_PAIR, try->own, err))
        return false;
    if (all && !take_or_refuse(request, store, THROTTLE_LOGIN, all, err)) {
        give_back(request, try);
        return false;
    }
    try->all = all;
    if (address && !take_or_refuse(request, store, THROTTLE_ADDRESS, address, err)) {
        give_back(request, try);
        return false;
    }
    try->address = address;
    return true;
}

void
throttle_end(struct request *request, const struct throttle_try *try, enum throttle_outcome outcome)
{
    struct error ignored = {0};
    struct store *store;
    if (is_off(request) || !access_store(request, &store, &ignored))
        return;
    struct throttle_try counted = *try;
    if (outcome == THROTTLE_RIGHT) {
        change(request, &succeed_query, &try->own);
        counted.own = NULL;
    }
    if (outcome != THROTTLE_WRONG)
        give_back(request, &counted);
    else if (!try->address)
        (void)take(request, store, THROTTLE_ADDRESS, key_of(request, THROTTLE_ADDRESS, NULL),
                   &ignored);
}
