/* Making and checking the hashes of passwords, bounded over all workers of the host. */
#include "access/password.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "access/access.h"
#include "base/clock.h"
#include "host/permit.h"

enum { WAIT_MS = 1000, HOLD_MS = 10000, BYTES_MAX = 4 * PASSWORD_MAX_CHARACTERS };

#define PERMIT_NAME "argon2id"

/* Each takes PASSWORD_MEMORY and a core while it lasts: a flood of logins must not take all. */
static bool
take_turn(struct request *request, struct permit *permit, struct error *err)
{
    if (!request->may_wait)
        return error_set(err, ERROR_WOULD_WAIT, "passwords are checked on the waiting lane");
    struct host *host = request->access->host;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (!permit_take(host, PERMIT_NAME, cores, HOLD_MS, permit)) {
        int64_t left_ms = end_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            return error_set_retry(err, ERROR_OVERLOADED, 1,
                                   "as many passwords are being checked as there are cores");
        permit_wait(host, PERMIT_NAME, left_ms);
    }
    return true;
}

static size_t
memory_bytes(const struct settings *settings)
{
    return (size_t)settings->password_memory_kib * 1024;
}

static bool
hash(const struct settings *settings, const char *password, char *phc)
{
    return crypto_pwhash_str_alg(phc, password, strlen(password),
                                 (unsigned long long)settings->password_passes,
                                 memory_bytes(settings), crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool
password_hash(struct request *request, const char *password, const char **phc, struct error *err)
{
    struct permit permit;
    if (!take_turn(request, &permit, err))
        return false;
    char *text = arena_alloc(&request->arena, crypto_pwhash_STRBYTES);
    bool made = hash(request->access->settings, password, text);
    permit_release(&permit);
    *phc = text;
    return made || error_set_retry(err, ERROR_OVERLOADED, 1, "there is no memory for a password");
}

bool
password_verify(struct request *request, const char *phc, const char *password, bool *right,
                bool *rehash, struct error *err)
{
    const struct settings *settings = request->access->settings;
    struct permit permit;
    *right = *rehash = false;
    if (!take_turn(request, &permit, err))
        return false;
    char unused[crypto_pwhash_STRBYTES];
    bool done = true;
    if (strlen(password) > BYTES_MAX) /* nobody's, whether there is such an account or not */
        done = hash(settings, "", unused);
    else if (phc)
        *right = crypto_pwhash_str_verify(phc, password, strlen(password)) == 0;
    else
        done = hash(settings, password, unused);
    permit_release(&permit);
    *rehash =
        *right && crypto_pwhash_str_needs_rehash(phc, (unsigned long long)settings->password_passes,
                                                 memory_bytes(settings)) != 0;
    return done || error_set_retry(err, ERROR_OVERLOADED, 1, "there is no memory for a password");
}

static void
wipe_text(void *text)
{
    sodium_memzero(text, strlen(text));
}

struct region {
    void *bytes;
    size_t length;
};

static void
wipe_region(void *data)
{
    const struct region *region = data;
    sodium_memzero(region->bytes, region->length);
}

void
password_forget(struct request *request, const char *password)
{
    if (password)
        arena_defer(&request->arena, wipe_text, (char *)password);
    if (!request->body)
        return;
    struct region *body = arena_alloc(&request->arena, sizeof(*body));
    *body = (struct region){(char *)request->body, request->body_length};
    arena_defer(&request->arena, wipe_region, body);
}
