/* Taking, keeping, telling again and giving back. */
#include "access/idempotency.h"

#include <sodium.h>
#include <string.h>

#include "access/access.h"
#include "access/backlog.h"
#include "access/caller.h"
#include "access/idempotency.sql.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/route.h"
#include "store/query.h"
#include "store/store.h"

enum {
    KEY_MAX_BYTES = 255,
    HELD_S = 900, /* longer than any answer takes */
    RETRY_S = 1,
    KEPT_MAX_BYTES = 512 * 1024,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    SEAL_BYTES = NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
};
_Static_assert(SHA256_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a digest is a key");

static const char backlog_name[] = "idempotency";

struct kept {
    struct bytes fingerprint;
    int64_t status; /* 0: being answered */
    const char *content_type;
    struct bytes body;
    bool held;
};

static const struct column kept_columns[] = {
    COLUMN_BYTES_OF(struct kept, fingerprint), COLUMN_INTEGER_OF(struct kept, status),
    COLUMN_TEXT_OF(struct kept, content_type), COLUMN_BYTES_OF(struct kept, body),
    COLUMN_BOOLEAN_OF(struct kept, held),      {0}};

struct taken {
    const char *holder;
};
static const struct column taken_columns[] = {COLUMN_TEXT_OF(struct taken, holder), {0}};

static const struct query take_query = {SQL_idempotency_take, .columns = taken_columns,
                                        .size = sizeof(struct taken)};
static const struct query find_query = {SQL_idempotency_find, .columns = kept_columns,
                                        .size = sizeof(struct kept)};
static const struct query keep_query = {SQL_idempotency_keep, .columns = NULL};
static const struct query release_all_query = {SQL_idempotency_release_all, .columns = NULL};
static const struct query release_query = {SQL_idempotency_release, .columns = NULL};

/* The key without the quotes that the draft wants and most clients leave out; false for none that
 * may be one. */
static bool
read_key(const char *value, struct idempotency *idempotency)
{
    size_t length = strlen(value);
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value++;
        length -= 2;
    }
    if (length == 0 || length > KEY_MAX_BYTES)
        return false;
    for (size_t i = 0; i < length; i++)
        if (value[i] < 0x20 || value[i] > 0x7e)
            return false;
    idempotency->key = value;
    idempotency->key_length = length;
    return true;
}

/* Whose key it is: equal keys of two callers are two keys. So are those of two keys of one account
 * that may not ask the same models: an answer of one may be none for the other. */
static void
add_owner(struct request *request, struct sha256 *sha256)
{
    const struct caller *caller = request->caller;
    const char *whose =
        caller ? caller->tenant : caller_address(request->access->settings, request);
    sha256_add_piece(sha256, whose, strlen(whose));
    if (!caller || !caller->models)
        return;
    for (const char *const *model = caller->models; *model; model++)
        sha256_add_piece(sha256, *model, strlen(*model));
    sha256_add_piece(sha256, "models", 6);
}

enum purpose { PURPOSE_KEY, PURPOSE_REQUEST, PURPOSE_BODY };

/* With a secret that the database has not: who reads its rows can neither try passwords on them nor
 * guess at keys. */
static void
sign(const struct request *request, enum purpose purpose, struct sha256 *sha256,
     unsigned char *signature)
{
    unsigned char digest[SHA256_BYTES];
    const unsigned char first = (unsigned char)purpose;
    sha256_end(sha256, digest);
    hmac_sign(&request->access->idempotency_key, &first, sizeof(first), digest, sizeof(digest),
              signature);
}

static void
digest_key(struct request *request, enum purpose purpose, const struct idempotency *idempotency,
           unsigned char *digest)
{
    struct sha256 sha256;
    sha256_init(&sha256);
    add_owner(request, &sha256);
    sha256_add_piece(&sha256, idempotency->key, idempotency->key_length);
    sign(request, purpose, &sha256, digest);
}

/* Two bodies that say the same in JSON are one request, whatever the order of their members. */
static void
digest_request(struct request *request, unsigned char *digest)
{
    const char *body = request->body ? request->body : "";
    size_t length = request->body_length;
    char *sorted = NULL;
    if (request->document)
        sorted = json_dumps(request->document, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (sorted) {
        body = sorted;
        length = strlen(sorted);
    }
    struct sha256 sha256;
    sha256_init(&sha256);
    sha256_add_piece(&sha256, request->method_name, strlen(request->method_name));
    sha256_add_piece(&sha256, request->path, strlen(request->path));
    sha256_add_piece(&sha256, request->query, strlen(request->query));
    sha256_add_piece(&sha256, body, length);
    sha256_add_piece(&sha256, "stream", request_wants_stream(request) ? 6 : 0);
    sign(request, PURPOSE_REQUEST, &sha256, digest);
    free(sorted);
}

/* What is kept can be read with the client's key alone, which the database has only a digest of. */
static void
secret_of(struct request *request, const struct idempotency *idempotency, unsigned char *secret)
{
    digest_key(request, PURPOSE_BODY, idempotency, secret);
}

static unsigned char *
seal(struct request *request, const struct idempotency *idempotency, struct strbuf *body)
{
    unsigned char secret[SHA256_BYTES];
    unsigned char *sealed = arena_alloc(&request->arena, body->length + SEAL_BYTES);
    secret_of(request, idempotency, secret);
    random_bytes(sealed, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed + NONCE_BYTES, NULL, (const unsigned char *)body->data, body->length,
        idempotency->fingerprint, SHA256_BYTES, NULL, sealed, secret);
    sodium_memzero(secret, sizeof(secret));
    return sealed;
}

static bool
unseal(struct request *request, const struct idempotency *idempotency, const struct bytes *sealed,
       struct strbuf *body)
{
    unsigned char secret[SHA256_BYTES];
    if (sealed->length < SEAL_BYTES)
        return false;
    size_t length = sealed->length - SEAL_BYTES;
    unsigned char *plain = arena_alloc(&request->arena, length + 1);
    secret_of(request, idempotency, secret);
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, NULL, NULL, sealed->data + NONCE_BYTES, sealed->length - NONCE_BYTES,
        idempotency->fingerprint, SHA256_BYTES, sealed->data, secret);
    sodium_memzero(secret, sizeof(secret));
    *body = (struct strbuf){&request->arena, (char *)plain, length, length + 1};
    return failed == 0;
}

static enum idempotency_verdict
refuse(enum error_code code, int retry_after_s, const char *why, struct error *err)
{
    error_set_retry(err, code, retry_after_s, "%s", why);
    err->lasting = retry_after_s == 0;
    return IDEMPOTENCY_REFUSED;
}

static enum idempotency_verdict
tell_again(struct request *request, const struct idempotency *idempotency, const struct kept *kept,
           struct error *err)
{
    if (kept->fingerprint.length != SHA256_BYTES ||
        memcmp(kept->fingerprint.data, idempotency->fingerprint, SHA256_BYTES) != 0)
        return refuse(ERROR_IDEMPOTENCY_MISMATCH, 0,
                      "this Idempotency-Key came with another request before", err);
    if (kept->status == 0 && kept->held)
        return refuse(ERROR_IDEMPOTENCY_IN_PROGRESS, RETRY_S,
                      "the first request with this Idempotency-Key is still being answered", err);
    if (kept->status == 0)
        return refuse(ERROR_IDEMPOTENCY_IN_PROGRESS, 0,
                      "the first request with this Idempotency-Key was cut short, and whether it "
                      "was done is not known; a new key does it anew",
                      err);
    if (!kept->body.data)
        return refuse(ERROR_IDEMPOTENCY_IN_PROGRESS, 0,
                      "the first request with this Idempotency-Key was answered, with more than is "
                      "kept; a new key does it anew",
                      err);
    struct strbuf body;
    if (!unseal(request, idempotency, &kept->body, &body)) {
        error_set(err, ERROR_INTERNAL, "the answer kept for this Idempotency-Key cannot be read");
        return IDEMPOTENCY_REFUSED;
    }
    response_header(request, "Idempotency-Replayed", "true");
    response_bytes(request, (int)kept->status, kept->content_type, body.data, body.length);
    return IDEMPOTENCY_ANSWERED;
}

/* Leaves it to the caretaker. */
static void
release_later(struct request *request, const struct idempotency *idempotency)
{
    struct error err = {0};
    struct arena *arena = &request->arena;
    const char *hash = store_bytes(arena, idempotency->hash, SHA256_BYTES);
    const char *line =
        arena_printf(arena, "{\"hash\":\"\\%s\",\"holder\":\"%s\"}", hash, idempotency->holder);
    if (!backlog_add(request->access->settings, backlog_name, line, strlen(line), &err))
        log_line(LOG_LEVEL_WARNING, "an Idempotency-Key could not be given back",
                 LOG_TEXT("request_id", request->id), LOG_TEXT("detail", err.detail));
}

/* Once more where the row went away between two queries: its holder has just given it back. */
static enum idempotency_verdict
take_or_find(struct request *request, struct idempotency *idempotency, struct error *err)
{
    struct arena *arena = &request->arena;
    struct store *store = request->access->store;
    const char *hash = store_bytes(arena, idempotency->hash, SHA256_BYTES);
    const char *take[] = {hash, store_bytes(arena, idempotency->fingerprint, SHA256_BYTES),
                          idempotency->holder, store_integer(arena, HELD_S),
                          store_integer(arena, request->access->settings->idempotency_ttl_s)};
    for (int tries = 0; tries < 3; tries++) {
        const struct list *taken = store_query(store, &take_query, take, arena, err);
        if (!taken) {
            /* It may be taken all the same, as soon as the database goes on. */
            release_later(request, idempotency);
            return IDEMPOTENCY_REFUSED;
        }
        if (taken->count > 0) {
            idempotency->held = true;
            return IDEMPOTENCY_PROCEED;
        }
        const struct list *kept = store_query(store, &find_query, &hash, arena, err);
        if (!kept)
            return IDEMPOTENCY_REFUSED;
        if (kept->count > 0)
            return tell_again(request, idempotency, kept->items, err);
    }
    return refuse(ERROR_IDEMPOTENCY_IN_PROGRESS, RETRY_S,
                  "others use this Idempotency-Key at the same time", err);
}

enum idempotency_verdict
idempotency_begin(struct request *request, struct idempotency *idempotency, struct error *err)
{
    const char *value = request_header(request, "IDEMPOTENCY_KEY");
    *idempotency = (struct idempotency){0};
    if (!value || !request->access->store)
        return IDEMPOTENCY_PROCEED;
    if (!read_key(value, idempotency)) {
        error_set_field(err, &request->arena, "header.Idempotency-Key",
                        "must be 1 to %d printable characters", KEY_MAX_BYTES);
        err->code = ERROR_MALFORMED_REQUEST;
        return IDEMPOTENCY_REFUSED;
    }
    if (!request->may_wait) {
        error_set(err, ERROR_WOULD_WAIT, "the key is in the database");
        return IDEMPOTENCY_REFUSED;
    }
    digest_key(request, PURPOSE_KEY, idempotency, idempotency->hash);
    digest_request(request, idempotency->fingerprint);
    uuid_v7(idempotency->holder, clock_realtime_us());
    enum idempotency_verdict verdict = take_or_find(request, idempotency, err);
    if (idempotency->held) {
        idempotency->recording.max_bytes = KEPT_MAX_BYTES;
        strbuf_init(&idempotency->recording.bytes, &request->arena, 1);
        request->recording = &idempotency->recording;
    }
    return verdict;
}

/* What was sent, or is to be; NULL when it is more than is kept. */
static struct strbuf *
answer_of(struct request *request, struct idempotency *idempotency)
{
    struct recording *recording = &idempotency->recording;
    const struct response *response = &request->response;
    if (!response->begun && response->body)
        recording_add(recording, response->body, response->body_length);
    return recording->is_cut ? NULL : &recording->bytes;
}

void
idempotency_end(struct request *request, struct idempotency *idempotency)
{
    const struct response *response = &request->response;
    struct arena *arena = &request->arena;
    if (!idempotency->held)
        return;
    request->recording = NULL;
    bool good = response->status >= 200 && response->status < 300 && !response->incomplete;
    const char *parameters[5] = {store_bytes(arena, idempotency->hash, SHA256_BYTES),
                                 idempotency->holder};
    if (good) {
        struct strbuf *body = answer_of(request, idempotency);
        parameters[2] = store_integer(arena, response->status);
        parameters[3] = response->content_type;
        if (body)
            parameters[4] =
                store_bytes(arena, seal(request, idempotency, body), body->length + SEAL_BYTES);
    }
    struct error err = {0};
    if (store_query(request->access->store, good ? &keep_query : &release_query, parameters, arena,
                    &err))
        return;
    if (good)
        log_line(LOG_LEVEL_WARNING, "an answer could not be kept for its Idempotency-Key",
                 LOG_TEXT("request_id", request->id), LOG_TEXT("detail", err.detail));
    else
        release_later(request, idempotency);
}

static bool
release_all(void *context, const char *lines, struct arena *arena, struct error *err)
{
    return store_query(context, &release_all_query, &lines, arena, err) != NULL;
}

void
idempotency_drain(struct access *access, struct arena *arena)
{
    (void)arena;
    if (access->store && !store_is_down(access->store))
        backlog_drain(access->settings, backlog_name, release_all, access->store);
}
