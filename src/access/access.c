/* Opening and closing what this layer holds, in the order in which its parts need each other. */
#include "access/access.h"

#include <stdlib.h>
#include <string.h>

#include "access/caretaker.h"
#include "access/google.h"
#include "access/keyring.h"
#include "access/secret.h"
#include "access/token.h"
#include "base/arena.h"
#include "host/process.h"

#define UNSET_URL "http://localhost" /* what PUBLIC_URL is by itself */

static bool
derive_keys(struct access *access, struct error *err)
{
    struct arena arena = {0};
    const char *secret;
    bool known = secret_read(access->settings, &arena, &secret, err);
    if (known) {
        hmac_key_derive(&access->snapshot_key, secret, "snapshots of credentials");
        hmac_key_derive(&access->idempotency_key, secret, "requests with an Idempotency-Key");
        hmac_key_derive(&access->wallet_key, secret, "wallets whose sign-in was refused");
    }
    arena_release(&arena);
    return known;
}

static bool
open_database_parts(struct access *access, struct error *err)
{
    return derive_keys(access, err) && tokens_open(access->settings, &access->tokens, err);
}

struct access *
access_open(const struct settings *settings, struct host *host, struct cache *cache,
            struct store *store, struct error *err)
{
    struct access *access = xcalloc(1, sizeof(*access));
    *access = (struct access){.settings = settings,
                              .host = host,
                              .cache = cache,
                              .store = store,
                              .process = process_self(),
                              .keyring = keyring_new(settings),
                              .google = google_open(settings)};
    if (settings->production && keyring_is_empty(access->keyring) && !store) {
        error_set(err, ERROR_INTERNAL,
                  "neither API_KEY nor DATABASE_URL is set, and production or ENFORCE_AUTH needs "
                  "one of them");
        access_close(access);
        return NULL;
    }
    if (store && !open_database_parts(access, err)) {
        access_close(access);
        return NULL;
    }
    return access;
}

bool
access_attend(struct access *access, struct error *err)
{
    return !access->store || caretaker_open(access, caretaker_duties, &access->caretaker, err);
}

void
access_close(struct access *access)
{
    if (!access)
        return;
    caretaker_close(access->caretaker);
    tokens_close(access->tokens);
    free(access->follower.ids);
    google_close(access->google);
    keyring_free(access->keyring);
    explicit_bzero(&access->snapshot_key, sizeof(access->snapshot_key));
    explicit_bzero(&access->idempotency_key, sizeof(access->idempotency_key));
    explicit_bzero(&access->wallet_key, sizeof(access->wallet_key));
    free(access);
}

const char *
access_public_url(const struct settings *settings)
{
    const char *url = settings->public_url;
    return url[0] == '\0' || strcmp(url, UNSET_URL) == 0 ? NULL : url;
}

bool
access_store(struct request *request, struct store **store, struct error *err)
{
    *store = request->access->store;
    if (!*store) {
        err->lasting = true;
        return error_set(err, ERROR_UNAVAILABLE, "this needs a database: DATABASE_URL is not set");
    }
    if (!request->may_wait)
        return error_set(err, ERROR_WOULD_WAIT, "the database is asked on the waiting lane");
    return true;
}
