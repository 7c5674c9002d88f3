/* A signature, a block of numbers, and texts that each end with NUL. */
#include "access/snapshot.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/strbuf.h"

enum { FORMAT = 1, TEXTS = 5, NO_MODELS = 0xffff };

struct numbers {
    int64_t expires_us, taken_us, rate_count, rate_seconds, streams;
    uint32_t scopes;
    uint16_t models;
    uint8_t version, state, kind, is_admin, has_budget, padding[5];
};
_Static_assert(sizeof(struct numbers) == 56, "no bytes of it are undefined");

static void
add_text(struct strbuf *out, const char *text)
{
    strbuf_add(out, text ? text : "", text ? strlen(text) + 1 : 1);
}

const void *
snapshot_encode(const struct snapshot *snapshot, const struct hmac_key *key,
                const unsigned char name[SNAPSHOT_NAME_BYTES], struct arena *arena, size_t *length)
{
    const struct caller *caller = &snapshot->caller;
    struct numbers numbers = {.expires_us = snapshot->expires_us,
                              .taken_us = snapshot->taken_us,
                              .rate_count = caller->rate.count,
                              .rate_seconds = caller->rate.seconds,
                              .streams = caller->streams,
                              .scopes = caller->scopes,
                              .models = NO_MODELS,
                              .version = FORMAT,
                              .state = (uint8_t)snapshot->state,
                              .kind = (uint8_t)caller->kind,
                              .is_admin = caller->is_admin,
                              .has_budget = caller->has_budget};
    if (caller->models)
        for (numbers.models = 0; caller->models[numbers.models];)
            numbers.models++;
    struct strbuf out;
    unsigned char signature[SHA256_BYTES] = {0};
    strbuf_init(&out, arena, 512);
    strbuf_add(&out, (const char *)signature, sizeof(signature));
    strbuf_add(&out, (const char *)&numbers, sizeof(numbers));
    const char *texts[TEXTS] = {caller->tenant, caller->key_id, caller->account_id,
                                caller->organisation_id, caller->sign_in_id};
    for (size_t i = 0; i < TEXTS; i++)
        add_text(&out, texts[i]);
    for (const char *const *model = caller->models; model && *model; model++)
        add_text(&out, *model);
    hmac_sign(key, name, SNAPSHOT_NAME_BYTES, out.data + SHA256_BYTES, out.length - SHA256_BYTES,
              signature);
    memcpy(out.data, signature, sizeof(signature));
    *length = out.length;
    return out.data;
}

/* The next text; NULL at the end of the bytes. */
static const char *
next_text(const char **at, const char *end)
{
    const char *text = *at;
    const char *nul = memchr(text, '\0', (size_t)(end - text));
    if (!nul)
        return NULL;
    *at = nul + 1;
    return text;
}

static bool
read_texts(const char *at, const char *end, size_t models, struct arena *arena,
           struct caller *caller)
{
    const char **texts[TEXTS] = {&caller->tenant, &caller->key_id, &caller->account_id,
                                 &caller->organisation_id, &caller->sign_in_id};
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = next_text(&at, end);
        if (!text)
            return false;
        *texts[i] = *text ? text : NULL;
    }
    if (models == NO_MODELS)
        return at == end;
    if (models > SNAPSHOT_MODELS_MAX)
        return false;
    const char **list = arena_array(arena, models + 1, sizeof(*list));
    for (size_t i = 0; i < models; i++)
        if (!(list[i] = next_text(&at, end)))
            return false;
    caller->models = list;
    return at == end;
}

bool
snapshot_decode(const void *bytes, size_t length, const struct hmac_key *key,
                const unsigned char name[SNAPSHOT_NAME_BYTES], struct arena *arena,
                struct snapshot *snapshot)
{
    unsigned char signature[SHA256_BYTES];
    struct numbers numbers;
    if (length < sizeof(signature) + sizeof(numbers))
        return false;
    const char *signed_part = (const char *)bytes + sizeof(signature);
    hmac_sign(key, name, SNAPSHOT_NAME_BYTES, signed_part, length - sizeof(signature), signature);
    if (CRYPTO_memcmp(signature, bytes, sizeof(signature)) != 0)
        return false;
    memcpy(&numbers, signed_part, sizeof(numbers));
    if (numbers.version != FORMAT || numbers.state >= SNAPSHOT_STATES ||
        numbers.kind > CALLER_SESSION)
        return false;
    *snapshot = (struct snapshot){.state = (enum snapshot_state)numbers.state,
                                  .expires_us = numbers.expires_us,
                                  .taken_us = numbers.taken_us,
                                  .caller = {.kind = (enum caller_kind)numbers.kind,
                                             .scopes = numbers.scopes,
                                             .is_admin = numbers.is_admin != 0,
                                             .rate = {numbers.rate_count, numbers.rate_seconds},
                                             .streams = numbers.streams,
                                             .has_budget = numbers.has_budget != 0}};
    return read_texts(signed_part + sizeof(numbers), (const char *)bytes + length, numbers.models,
                      arena, &snapshot->caller);
}
