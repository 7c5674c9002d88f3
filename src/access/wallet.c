/* What a signed message proves, and whose account an address is. */
#include "access/wallet.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access/access.h"
#include "access/account.h"
#include "access/account_change.h"
#include "access/audit.h"
#include "access/caller.h"
#include "access/presence.h"
#include "access/siwe.h"
#include "access/wallet.sql.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/sha256.h"
#include "http/schema.h"
#include "store/store.h"

#define PROVIDER "wallet"

enum { NONCE_BYTES = 16, AUDITED_BYTES = 8, US_PER_S = 1000000 };

struct nonce_row {
    const char *nonce;
};

static const struct column nonce_columns[] = {COLUMN_TEXT_OF(struct nonce_row, nonce),
                                              {.name = NULL}};
static const struct column wallet_columns[] = {COLUMN_TEXT_OF(struct wallet, address),
                                               COLUMN_INTEGER_OF(struct wallet, linked_us),
                                               COLUMN_INTEGER_OF(struct wallet, sessions),
                                               COLUMN_INTEGER_OF(struct wallet, last_activity_us),
                                               {.name = NULL}};

static const struct query nonce_add = {SQL_wallet_nonce_add, NULL, 0, false};
static const struct query nonce_take = {SQL_wallet_nonce_take, nonce_columns,
                                        sizeof(struct nonce_row), false};
static const struct query wallets = {SQL_wallet_list, wallet_columns, sizeof(struct wallet), false};

bool
wallet_nonce(struct request *request, const char **nonce, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    unsigned char bytes[NONCE_BYTES];
    char *text = arena_alloc(&request->arena, 2 * NONCE_BYTES + 1);
    random_bytes(bytes, sizeof(bytes));
    hex_format(text, bytes, sizeof(bytes));
    const char *parameters[] = {text, store_integer(&request->arena, WALLET_NONCE_TTL_S)};
    *nonce = text;
    return store_query(store, &nonce_add, parameters, &request->arena, err) != NULL;
}

/* Where WALLET_DOMAINS is empty. Who sends a request chooses the Host in it: only development,
 * which is called by many names, believes it. NULL where nothing says our name. */
static const char *
own_domain(struct request *request)
{
    const struct settings *settings = request->access->settings;
    const char *host = request_header(request, "HOST");
    const char *url = access_public_url(settings);
    if (!settings->production)
        return host && siwe_authority_check(host, strlen(host)) && !strchr(host, '@') ? host : "";
    const char *name = url ? strstr(url, "://") : NULL;
    return name ? arena_strndup(&request->arena, name + 3, strcspn(name + 3, "/")) : NULL;
}

const char *const *
wallet_domains(struct request *request, struct error *err)
{
    const char *list = request->access->settings->wallet_domains;
    if (list[0] == '\0')
        list = own_domain(request);
    if (!list) {
        err->lasting = true;
        error_set(err, ERROR_UNAVAILABLE, "WALLET_DOMAINS is not set");
        return NULL;
    }
    size_t count = 1;
    for (const char *at = list; *at != '\0'; at++)
        count += *at == ',';
    const char **domains = arena_array(&request->arena, count + 1, sizeof(*domains));
    char *rest = list[0] != '\0' ? arena_strdup(&request->arena, list) : NULL;
    for (size_t i = 0; rest; i++)
        domains[i] = strsep(&rest, ",");
    return domains;
}

const int64_t *
wallet_chains(struct request *request)
{
    const char *list = request->access->settings->wallet_chains;
    int64_t *chains = arena_array(&request->arena, strlen(list) + 1, sizeof(*chains));
    size_t count = 0;
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        int64_t id = strtoll(at, NULL, 10);
        if (id > 0)
            chains[count++] = id;
        at += strcspn(at, ",");
    }
    return chains;
}

static bool
is_our_chain(struct request *request, int64_t id)
{
    for (const int64_t *chain = wallet_chains(request); *chain != 0; chain++)
        if (*chain == id)
            return true;
    return false;
}

static bool
is_our_domain(const char *const *domain, const char *name)
{
    for (; name && *domain; domain++)
        if (strcasecmp(*domain, name) == 0)
            return true;
    return false;
}

/* The page that asks and what the sign-in is for are one place: a message that another site showed
 * cannot be used here. */
static const char *
complain_of_place(struct request *request, const char *const *domains, const struct siwe *siwe)
{
    if (!is_our_domain(domains, siwe->domain))
        return "the message is for another domain";
    if (strcasecmp(siwe->uri_scheme, "https") != 0 && strcasecmp(siwe->uri_scheme, "http") != 0)
        return "the message's URI is not of the web";
    if (!siwe->uri_authority || strcasecmp(siwe->uri_authority, siwe->domain) != 0)
        return "the message's URI is of another domain";
    if (siwe->scheme && strcasecmp(siwe->scheme, siwe->uri_scheme) != 0)
        return "the message's scheme is not that of its URI";
    if (!is_our_chain(request, siwe->chain_id))
        return "the message is for a chain that is not taken here";
    return NULL;
}

static const char *
complain_of_time(const struct siwe *siwe, int64_t now_us)
{
    int64_t clock_us = WALLET_CLOCK_S * (int64_t)US_PER_S;
    if (siwe->issued_us > now_us + clock_us)
        return "the message was issued in the future";
    if (siwe->issued_us < now_us - clock_us - WALLET_NONCE_TTL_S * (int64_t)US_PER_S)
        return "the message was issued too long ago";
    if (siwe->expires_us <= now_us)
        return "the message has expired";
    if (siwe->not_before_us > now_us)
        return "the message does not hold yet";
    return NULL;
}

/* Which wallet it was stays with nobody: it may have no account, and have been named by another.
 * What was refused for one of them can be told to belong together all the same. */
static const char *
audited_name(struct request *request, const char *address)
{
    unsigned char signature[SHA256_BYTES];
    char text[2 * AUDITED_BYTES + 1];
    hmac_sign(&request->access->wallet_key, "", 0, address, strlen(address), signature);
    hex_format(text, signature, AUDITED_BYTES);
    return arena_printf(&request->arena, "wallet:%s", text);
}

static bool
refuse(struct request *request, const char *address, const char *complaint, struct error *err)
{
    struct audit_entry entry = {AUDIT_SIGN_IN_FAILED, audited_name(request, address), complaint};
    audit_add(request, &entry);
    return error_set(err, ERROR_UNAUTHORIZED, "%s", complaint);
}

static bool
take_nonce(struct request *request, struct store *store, const char *nonce, bool *taken,
           struct error *err)
{
    const struct list *rows =
        store_query(store, &nonce_take, (const char *const[]){nonce}, &request->arena, err);
    *taken = rows && rows->count == 1;
    return rows != NULL;
}

bool
wallet_verify(struct request *request, const char *message, const char *signature,
              struct wallet_proof *proof, struct error *err)
{
    struct store *store;
    struct siwe siwe;
    struct ethereum_address signer;
    bool taken;
    if (!access_store(request, &store, err))
        return false;
    const char *const *domains = wallet_domains(request, err);
    if (!domains)
        return false;
    struct schema_errors errors = {.arena = &request->arena};
    const char *complaint = siwe_parse(message, strlen(message), &request->arena, &siwe);
    if (complaint)
        schema_complain(&errors, "message", "%s", complaint);
    complaint = ethereum_recover(message, strlen(message), signature, &signer);
    if (complaint)
        schema_complain(&errors, "signature", "%s", complaint);
    if (errors.count > 0)
        return schema_refuse(&errors, err);
    ethereum_address_file(&siwe.address, proof->address);
    proof->chain_id = siwe.chain_id;
    if (memcmp(&signer, &siwe.address, sizeof(signer)) != 0)
        complaint = "the signature is not by the key of the address (those of contract wallets, "
                    "EIP-1271, cannot be checked here)";
    if (!complaint)
        complaint = complain_of_place(request, domains, &siwe);
    if (!complaint)
        complaint = complain_of_time(&siwe, clock_realtime_us());
    if (complaint)
        return refuse(request, proof->address, complaint, err);
    if (!take_nonce(request, store, siwe.nonce, &taken, err))
        return false;
    return taken || refuse(request, proof->address,
                           "the nonce is not known here, was used, or is too old", err);
}

/* "0x7099...79C8", as wallets show it. */
static const char *
short_name(const char *address, struct arena *arena)
{
    struct ethereum_address parsed;
    char text[ETHEREUM_TEXT_BYTES];
    if (!ethereum_address_parse(address, strlen(address), &parsed))
        return address;
    ethereum_address_format(&parsed, text);
    return arena_printf(arena, "%.6s...%s", text, text + ETHEREUM_ADDRESS_LENGTH - 4);
}

static bool
create(struct request *request, const char *address, const struct account **account,
       struct error *err)
{
    if (strcmp(request->access->settings->registration, "open") != 0)
        return error_set(err, ERROR_FORBIDDEN, "nobody can register here");
    struct account_wish wish = {
        .display_name = short_name(address, &request->arena),
        .provider = PROVIDER,
        .subject = address,
    };
    if (account_create(request, &wish, account, err))
        return true;
    /* Of two first sign-ins at once one makes the account, the other finds it. */
    if (err->code != ERROR_VALIDATION_FAILED && err->code != ERROR_CONFLICT)
        return false;
    struct error again = {0};
    if (!account_find_identity(request, PROVIDER, address, account, &again) || !*account)
        return false;
    error_clear(err);
    return true;
}

/* Ties the address to the caller's own account: from now on its owner signs in to that, so it takes
 * the person. */
static bool
tie(struct request *request, struct wallet_claim *claim, const struct account **account,
    struct error *err)
{
    claim->is_tied = true;
    return present_account(request, account, err) &&
           prove_presence(request, *account, claim->password, "password", err) &&
           account_link(request, *account, PROVIDER, claim->address, err);
}

static bool
find_or_create(struct request *request, struct wallet_claim *claim, const struct account **account,
               struct error *err)
{
    const char *own = request->caller ? request->caller->account_id : NULL;
    if (own && !in_person(request, err))
        return false;
    if (!account_find_identity(request, PROVIDER, claim->address, account, err))
        return false;
    if (*account && own && strcmp((*account)->id, own) != 0)
        return error_set(err, ERROR_CONFLICT, "this wallet is tied to another account");
    if (*account)
        return true;
    return own ? tie(request, claim, account, err) : create(request, claim->address, account, err);
}

bool
wallet_account(struct request *request, struct wallet_claim *claim, const struct account **account,
               struct error *err)
{
    if (!find_or_create(request, claim, account, err))
        return false;
    return (*account)->is_active || error_set(err, ERROR_FORBIDDEN, "this account is closed");
}

const struct list *
wallet_list(struct request *request, const char *account_id, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return NULL;
    return store_query(store, &wallets, (const char *const[]){account_id}, &request->arena, err);
}

bool
wallet_find(struct request *request, const char *account_id, const char *address,
            const struct wallet **wallet, struct error *err)
{
    const struct list *list = wallet_list(request, account_id, err);
    const struct wallet *rows = list ? list->items : NULL;
    *wallet = NULL;
    for (size_t i = 0; list && i < list->count; i++)
        if (strcmp(rows[i].address, address) == 0)
            *wallet = &rows[i];
    return list != NULL;
}
