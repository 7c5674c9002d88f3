/* Sign-in with Ethereum (EIP-4361): nonces, messages that prove who owns an address, and accounts
 * of addresses. All of it needs the waiting lane and a database. */
#ifndef HEARTH_ACCESS_WALLET_H
#define HEARTH_ACCESS_WALLET_H

#include <stdbool.h>
#include <stdint.h>

#include "access/ethereum.h"
#include "base/error.h"
#include "base/list.h"
#include "http/request.h"

struct account;

enum {
    WALLET_NONCE_TTL_S = 600,
    WALLET_CLOCK_S = 300, /* how far a wallet's clock may be from ours */
};

/* A nonce for one message, 32 letters and digits, in the arena. */
bool wallet_nonce(struct request *request, const char **nonce, struct error *err)
    __attribute__((warn_unused_result));

/* The domains that messages may be for: WALLET_DOMAINS; where that is empty, in production the host
 * of PUBLIC_URL, else the host that the request names. In the arena, NULL-terminated. NULL with
 * ERROR_UNAVAILABLE, which lasts, where production has neither setting. */
const char *const *wallet_domains(struct request *request, struct error *err)
    __attribute__((warn_unused_result));

/* The chains that messages may name (WALLET_CHAINS), in the arena, ended by 0. */
const int64_t *wallet_chains(struct request *request);

struct wallet_proof {
    char address[ETHEREUM_TEXT_BYTES]; /* in small letters */
    int64_t chain_id;
};

/* Checks a signed message: that it is for one of our domains and chains and for now, and was signed
 * by the owner of the address it names; then its nonce is used up, so of two with one nonce one
 * passes. false with ERROR_VALIDATION_FAILED for what is no such message or signature, and
 * ERROR_UNAUTHORIZED for one that proves nothing here; both say why. The latter is audited. */
bool wallet_verify(struct request *request, const char *message, const char *signature,
                   struct wallet_proof *proof, struct error *err)
    __attribute__((warn_unused_result));

struct wallet_claim {
    const char *address;  /* proved, in small letters */
    const char *password; /* of the caller's own account, to tie the address to it; or NULL */
    bool is_tied;         /* set where that was done just now */
};

/* The account of an address that was proved; the first time one is made, or the address is tied to
 * the caller's own account where it has one: for that they prove their presence (presence.h).
 * ERROR_CONFLICT where it is another's than the caller's, ERROR_FORBIDDEN where the caller is a key
 * of an account, the account may not sign in, or nobody may register. */
bool wallet_account(struct request *request, struct wallet_claim *claim,
                    const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

/* A wallet of an account. */
struct wallet {
    const char *address; /* in small letters */
    int64_t linked_us;
    int64_t sessions, last_activity_us; /* those that last; 0 where there is none */
};

/* Those of an account, as struct wallet, oldest first; NULL with err. */
const struct list *wallet_list(struct request *request, const char *account_id, struct error *err)
    __attribute__((warn_unused_result));

/* One of them; *wallet is NULL where the account has no such one. */
bool wallet_find(struct request *request, const char *account_id, const char *address,
                 const struct wallet **wallet, struct error *err)
    __attribute__((warn_unused_result));

#endif
