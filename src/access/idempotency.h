/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a request that is sent twice is
 * done once. The first one with a key takes it in the database before anything is done; its
 * complete answer is kept there for IDEMPOTENCY_TTL, encrypted, and told again to who repeats the
 * request, streams too. It goes on when its client leaves. What failed gives the key back. */
#ifndef HEARTH_ACCESS_IDEMPOTENCY_H
#define HEARTH_ACCESS_IDEMPOTENCY_H

#include <stdbool.h>

#include "access/access.h"
#include "base/error.h"
#include "base/id.h"
#include "base/sha256.h"
#include "http/recording.h"
#include "http/request.h"

enum idempotency_verdict {
    IDEMPOTENCY_PROCEED,  /* the request is to be answered; idempotency_end() follows */
    IDEMPOTENCY_ANSWERED, /* it has its answer: the one that was kept */
    IDEMPOTENCY_REFUSED,  /* err tells why */
};

struct idempotency {
    bool held;
    const char *key;
    size_t key_length;
    unsigned char hash[SHA256_BYTES], fingerprint[SHA256_BYTES];
    char holder[UUID_TEXT_BYTES];
    struct recording recording;
};

/* For a route of ROUTE_IDEMPOTENT. Proceeds without holding anything where the request has no key
 * or the process no database. Refused with ERROR_MALFORMED_REQUEST: the header is no text of 1 to
 * 255 printable characters; ERROR_IDEMPOTENCY_IN_PROGRESS: the first request is being answered, or
 * died while it was: then err->lasting; ERROR_IDEMPOTENCY_MISMATCH: the key came with another
 * request before; ERROR_WOULD_WAIT on the front lane, ERROR_UNAVAILABLE without an answer of the
 * database. */
enum idempotency_verdict idempotency_begin(struct request *request, struct idempotency *idempotency,
                                           struct error *err) __attribute__((warn_unused_result));

/* Keeps the answer when it is complete and a success, gives the key back otherwise: later, where
 * the database does not answer. Before a plain response is sent, after a stream was. */
void idempotency_end(struct request *request, struct idempotency *idempotency);

/* Gives back the keys that could not be given back at their time. A duty of the caretaker. */
void idempotency_drain(struct access *access, struct arena *arena);

#endif
