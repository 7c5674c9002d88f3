/* The message of Sign-In with Ethereum (EIP-4361), read strictly by its ABNF: what a wallet showed
 * to its owner is all that it can mean. */
#ifndef HEARTH_ACCESS_SIWE_H
#define HEARTH_ACCESS_SIWE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/ethereum.h"
#include "base/arena.h"

enum { SIWE_MESSAGE_MAX_BYTES = 8192, SIWE_NONCE_MIN_CHARACTERS = 8 };

struct siwe {
    const char *scheme;                     /* NULL where the message has none */
    const char *domain;                     /* RFC 3986 authority that asked for the signature */
    struct ethereum_address address;        /* was written with the checksum of EIP-55 */
    const char *statement;                  /* NULL: none */
    const char *uri;                        /* what the sign-in is for */
    const char *uri_scheme, *uri_authority; /* its parts; authority is NULL where it has none */
    int64_t chain_id;
    const char *nonce;
    int64_t issued_us, expires_us, not_before_us; /* since 1970; INT64_MAX and INT64_MIN: not set */
    const char *request_id;                       /* NULL: none */
    size_t resource_count;
};

/* Reads a whole message; its texts live in the arena. Returns NULL, or the complaint, which names
 * the line and repeats nothing of the message. */
const char *siwe_parse(const char *message, size_t length, struct arena *arena, struct siwe *siwe)
    __attribute__((warn_unused_result));

/* RFC 3339's date-time at the start of text: its length, or 0. *us is since 1970; what is finer
 * than a microsecond is dropped. */
size_t siwe_time_parse(const char *text, size_t length, int64_t *us);

/* Parts of a URI of RFC 3986, borrowed from its text. */
struct siwe_uri {
    const char *scheme, *authority; /* authority NULL: it has none */
    size_t scheme_length, authority_length;
};

/* Whether the whole text is a URI, and which are its parts. */
bool siwe_uri_parse(const char *text, size_t length, struct siwe_uri *uri);

/* Whether the whole text is an authority: [ userinfo "@" ] host [ ":" port ]. */
bool siwe_authority_check(const char *text, size_t length);

/* Whether all of text is unreserved or percent-encoded characters, sub-delims of RFC 3986, or of
 * more. With SIWE_PCHAR these are its pchar. */
bool siwe_characters_check(const char *text, size_t length, const char *more);
#define SIWE_PCHAR ":@"

#endif
