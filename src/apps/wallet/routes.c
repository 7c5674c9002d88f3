/* Sign-in with a wallet, and what its owner sees of it. */
#include "apps/app.h"

#include <string.h>

#include "access/account.h"
#include "access/caller.h"
#include "access/presence.h"
#include "access/sign_in.h"
#include "apps/wallet/wallet.h"
#include "base/clock.h"
#include "http/problem.h"

#define METHOD_NAME "wallet"

enum { US_PER_S = 1000000 };

static bool
give_nonce(struct request *request, struct error *err)
{
    struct arena *arena = &request->arena;
    const char *nonce;
    const char *const *domains = wallet_domains(request, err);
    if (!domains)
        return false;
    size_t domain_count = 0;
    while (domains[domain_count])
        domain_count++;
    if (!wallet_nonce(request, &nonce, err))
        return false;
    json_t *chains = schema_keep(json_array(), arena);
    for (const int64_t *chain = wallet_chains(request); *chain != 0; chain++)
        json_array_append_new(chains, json_integer(*chain));
    int64_t now_us = clock_realtime_us();
    struct nonce_answer body = {
        .nonce = nonce,
        .expires_in = WALLET_NONCE_TTL_S,
        .issued_at = clock_text(arena, now_us),
        .expiration_time = clock_text(arena, now_us + WALLET_NONCE_TTL_S * (int64_t)US_PER_S),
        .version = "1",
        .domains = {(void *)domains, domain_count},
        .chain_ids = chains,
    };
    wallet_answer(request, &wallet_nonce_schema, &body);
    return true;
}

static bool
check_address(struct request *request, const struct verify_request *input,
              const struct wallet_proof *proof, struct error *err)
{
    if (!input->wallet_address ||
        strcmp(filed_address(input->wallet_address, &request->arena), proof->address) == 0)
        return true;
    return error_set_field(err, &request->arena, "wallet_address", "is not the message's");
}

static void
answer_verified(struct request *request, const struct wallet_session *session,
                const struct sign_in *sign_in)
{
    struct verify_answer body = {
        .valid = true,
        .status = WALLET_SUCCESS,
        .wallet_address = session->address,
        .session_id = session->id,
        .user_id = user_id_of(session->address, &request->arena),
        .account_id = session->account_id,
        .token = sign_in->access,
        .access_token = sign_in->access,
        .token_type = sign_in->access ? "Bearer" : NULL,
        .expires_in = sign_in->access_expires_in_s,
        .has_expires_in = sign_in->access != NULL,
        .refresh_token = sign_in->refresh,
        .refresh_expires_in = sign_in->refresh_expires_in_s,
        .csrf_token = sign_in->csrf,
    };
    wallet_answer(request, &wallet_verified_schema, &body);
}

static bool
verify(struct request *request, struct error *err)
{
    const struct verify_request *input = request->input;
    struct wallet_proof proof;
    const struct account *account;
    struct sign_in sign_in;
    const struct wallet_session *session;
    if ((request->caller && request->caller->account_id && !in_person(request, err)) ||
        !wallet_verify(request, input->message, input->signature, &proof, err) ||
        !check_address(request, input, &proof, err))
        return false;
    struct wallet_claim claim = {proof.address, input->password, false};
    if (!wallet_account(request, &claim, &account, err))
        return false;
    struct sign_in_wish sign_in_wish = {account->id, METHOD_NAME, .cookie = input->cookie};
    if (claim.is_tied)
        sign_in_wish.asked_by = request->caller->sign_in_id;
    if (!sign_in_begin(request, &sign_in_wish, &sign_in, err))
        return false;
    struct wallet_session_wish wish = {proof.address, "ethereum", proof.chain_id, account->id,
                                       sign_in.id};
    if (!wallet_session_prove(request, input->session_id, &wish, &session, err))
        return false;
    answer_verified(request, session, &sign_in);
    return true;
}

/* Whether the caller is known to own the address: then a session needs no further proof. */
static bool
owns(struct request *request, const char *address, bool *owned, struct error *err)
{
    const char *account_id = is_person(request->caller) ? request->caller->account_id : NULL;
    const struct wallet *wallet = NULL;
    if (account_id && !wallet_find(request, account_id, address, &wallet, err))
        return false;
    *owned = wallet != NULL;
    return true;
}

static bool
connect(struct request *request, struct error *err)
{
    const struct connect_request *input = request->input;
    const char *address = filed_address(input->address, &request->arena);
    const struct wallet_session *session;
    bool owned;
    if (!owns(request, address, &owned, err))
        return false;
    struct wallet_session_wish wish = {address, input->type, input->chain_id, NULL, NULL};
    if (owned) {
        wish.account_id = request->caller->account_id;
        wish.sign_in_id = request->caller->sign_in_id;
    }
    struct connect_answer body = {.status = "connected", .verified = owned};
    if (!wallet_session_open(request, &wish, &session, err) ||
        (!owned && !wallet_nonce(request, &body.nonce, err)))
        return false;
    if (!owned)
        body.status = "verification_required";
    body.session_id = session->id;
    body.wallet_address = session->address;
    body.user_id = user_id_of(session->address, &request->arena);
    body.connected_at = clock_text(&request->arena, session->created_us);
    wallet_answer(request, &wallet_connection_schema, &body);
    return true;
}

enum {
    OPEN = ROUTE_WAITS | ROUTE_UNVERSIONED,
    KNOWN = OPEN | ROUTE_KEY_OPTIONAL,
    OWN = OPEN | ROUTE_ACCOUNT,
    PREFERENCES_BODY_BYTES = 16384,
};

static const struct route_answer not_yours[] = {
    PROBLEM(404, "The caller has no such session or wallet."),
    {0},
};

static const struct route_answer not_verified[] = {
    PROBLEM(401, "The message proves nothing here, or its nonce was used."),
    PROBLEM(403, "The account is closed, nobody may register, or the caller is a key, or has to "
                 "prove that it is the person."),
    PROBLEM(409, "The wallet is another account's than the caller's."),
    {0},
};

#define NONCE_ROUTE(verb, id)                                                                      \
    {                                                                                              \
        .method = (verb), .pattern = "/api/wallet/nonce", .handle = give_nonce, .flags = OPEN,     \
        .limit = LIMIT_SIGN_IN, .response = &wallet_nonce_schema, .tag = "Wallet",                 \
        .summary = "A nonce to sign in with",                                                      \
        .doc = "For one message of Sign-In with Ethereum (EIP-4361), within ten minutes.",         \
        .operation_id = (id),                                                                      \
    }

static const struct route routes[] = {
    NONCE_ROUTE(METHOD_GET, "wallet_nonce"),
    NONCE_ROUTE(METHOD_POST, "wallet_nonce_post"),
    {
        .method = METHOD_POST,
        .pattern = "/api/wallet/verify",
        .handle = verify,
        .flags = KNOWN,
        .limit = LIMIT_SIGN_IN,
        .request = &wallet_verify_schema,
        .response = &wallet_verified_schema,
        .answers = not_verified,
        .tag = "Wallet",
        .summary = "Sign in with a signed message",
        .doc = "Makes an account at the first sign-in; a caller who has signed in ties the "
               "wallet to its account, with the password or within ten minutes of signing in. "
               "Contract wallets (EIP-1271) cannot be verified.",
        .operation_id = "wallet_verify",
    },
    {
        .method = METHOD_POST,
        .pattern = "/api/wallet/connect",
        .handle = connect,
        .flags = KNOWN,
        .limit = LIMIT_SIGN_IN,
        .request = &wallet_connect_schema,
        .response = &wallet_connection_schema,
        .tag = "Wallet",
        .summary = "Open a session of a wallet",
        .doc = "An address proves nothing: unless the caller has proved to own it before, the "
               "session waits for /api/wallet/verify.",
        .operation_id = "wallet_connect",
    },
    {
        .method = METHOD_POST,
        .pattern = "/api/wallet/disconnect",
        .handle = wallet_handle_disconnect,
        .flags = OWN,
        .request = &wallet_address_schema,
        .response = &wallet_message_schema,
        .answers = not_yours,
        .tag = "Wallet",
        .summary = "End a wallet's sessions",
        .doc = "With the sign-ins and session tokens that came of them.",
        .operation_id = "wallet_disconnect",
    },
    {
        .method = METHOD_POST,
        .pattern = "/api/wallet/auth/token",
        .handle = wallet_handle_give_token,
        .flags = OWN,
        .request = &wallet_session_id_schema,
        .response = &wallet_token_schema,
        .answers = not_yours,
        .tag = "Wallet",
        .summary = "A session token of a wallet's session",
        .operation_id = "wallet_token",
    },
    {
        .method = METHOD_GET,
        .pattern = "/api/wallet/session/{id}",
        .handle = wallet_handle_show_session,
        .flags = OWN,
        .response = &wallet_session_schema,
        .tag = "Wallet",
        .summary = "One of the caller's sessions",
        .operation_id = "wallet_session",
    },
    {
        .method = METHOD_GET,
        .pattern = "/api/wallet/user/{address}",
        .handle = wallet_handle_show_user,
        .flags = OWN,
        .response = &wallet_user_schema,
        .tag = "Wallet",
        .summary = "One of the caller's wallets",
        .operation_id = "wallet_user",
    },
    {
        .method = METHOD_GET,
        .pattern = "/api/wallet/stats/{session}",
        .handle = wallet_handle_show_stats,
        .flags = OWN,
        .response = &wallet_stats_schema,
        .tag = "Wallet",
        .summary = "Figures of one of the caller's sessions",
        .operation_id = "wallet_stats",
    },
    {
        .method = METHOD_GET,
        .pattern = "/api/wallet/connected",
        .handle = wallet_handle_list_wallets,
        .flags = OWN,
        .response = &wallets_schema,
        .tag = "Wallet",
        .summary = "The caller's wallets",
        .operation_id = "wallet_connected",
    },
    {
        .method = METHOD_POST,
        .pattern = "/api/wallet/preferences/{session}",
        .handle = wallet_handle_merge_preferences,
        .flags = OWN,
        .request = &wallet_prefer_schema,
        .response = &wallet_preferences_schema,
        .body_max_bytes = PREFERENCES_BODY_BYTES,
        .tag = "Wallet",
        .summary = "Change the preferences of a session",
        .operation_id = "wallet_preferences",
    },
    {.pattern = NULL},
};

const struct app wallet_app = {.name = "wallet", .routes = routes};
