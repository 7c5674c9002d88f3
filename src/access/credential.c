/* Looking a credential up: in host memory, else in the database, else in memory for as long as an
 * outage may last. */
#include "access/credential.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "access/access.h"
#include "access/credential.sql.h"
#include "access/limits.h"
#include "access/snapshot.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/forgetting.h"
#include "host/l1.h"
#include "host/sighting.h"
#include "http/scope.h"
#include "store/store.h"

enum {
    FRESH_US = 1000000,    /* within which every host has to know of a revocation */
    UNKNOWN_S = 5,         /* how long an unknown credential is remembered as such */
    KEPT_S = 86400,        /* how long a snapshot is kept without being asked for anew */
    RETRY_S = 2,           /* when to come back while the database is away */
    L1_TAG = 0x63726564,   /* which no operation has */
    SUBJECT_BYTES = 8 + 40 /* "account:" and an id */
};
#define SECOND_US INT64_C(1000000)

struct credential_row {
    const char *key_id, *account_id, *sign_in_id, *organisation_id;
    struct list scopes, models;
    int64_t rate_count, rate_seconds, streams, expires_us;
    bool is_ended, is_active, is_admin, has_budget;
};

static const struct column columns[] = {
    COLUMN_TEXT_OF(struct credential_row, key_id),
    COLUMN_TEXT_OF(struct credential_row, account_id),
    COLUMN_TEXT_OF(struct credential_row, sign_in_id),
    COLUMN_TEXT_OF(struct credential_row, organisation_id),
    COLUMN_TEXTS_OF(struct credential_row, scopes),
    COLUMN_TEXTS_OF(struct credential_row, models),
    COLUMN_INTEGER_OF(struct credential_row, rate_count),
    COLUMN_INTEGER_OF(struct credential_row, rate_seconds),
    COLUMN_INTEGER_OF(struct credential_row, streams),
    COLUMN_INTEGER_OF(struct credential_row, expires_us),
    COLUMN_BOOLEAN_OF(struct credential_row, is_ended),
    COLUMN_BOOLEAN_OF(struct credential_row, is_active),
    COLUMN_BOOLEAN_OF(struct credential_row, is_admin),
    COLUMN_BOOLEAN_OF(struct credential_row, has_budget),
    {.name = NULL},
};

static const struct kind {
    const char *noun;
    enum caller_kind caller;
    struct query query;
    bool can_be_made_up; /* else it comes from a token whose signature was verified */
} kinds[] = {
    [CREDENTIAL_KEY] = {"the API key",
                        CALLER_KEY,
                        {SQL_credential_key, columns, sizeof(struct credential_row), false},
                        true},
    [CREDENTIAL_COOKIE] = {"the session",
                           CALLER_SESSION,
                           {SQL_credential_cookie, columns, sizeof(struct credential_row), false},
                           true},
    [CREDENTIAL_SIGN_IN] = {"the sign-in",
                            CALLER_TOKEN,
                            {SQL_credential_sign_in, columns, sizeof(struct credential_row), false},
                            false},
};

struct lookup {
    struct request *request;
    const struct access *access;
    const struct credential *credential;
    const struct kind *kind;
    unsigned char hash[SHA256_BYTES]; /* of the text, as the database has it */
    unsigned char name[SNAPSHOT_NAME_BYTES];
    int64_t now_us; /* monotonic: when the request began */
};

/* A name is as good as random, as those of kept answers are, and another one for each kind. */
static void
begin(struct lookup *lookup)
{
    const struct credential *credential = lookup->credential;
    if (credential->kind == CREDENTIAL_KEY) {
        assert(credential->length == sizeof(lookup->hash));
        memcpy(lookup->hash, credential->text, sizeof(lookup->hash));
    } else {
        struct sha256 digest;
        sha256_init(&digest);
        sha256_add(&digest, credential->text, credential->length);
        sha256_end(&digest, lookup->hash);
    }
    memcpy(lookup->name, lookup->hash, sizeof(lookup->name));
    lookup->name[0] ^= (unsigned char)(credential->kind + 1);
}

static bool
holds(struct host *host, const char *kind, const char *id, int64_t taken_us)
{
    char subject[SUBJECT_BYTES];
    if (!id)
        return true;
    size_t length = strnlen(id, SUBJECT_BYTES - 10);
    memcpy(stpcpy(subject, kind), id, length);
    subject[strlen(kind) + length] = '\0';
    return forgetting_holds(host, subject, taken_us);
}

/* false: there is no snapshot. */
static bool
recall(const struct lookup *lookup, struct snapshot *snapshot)
{
    struct arena *arena = &lookup->request->arena;
    const void *bytes;
    size_t length;
    return l1_get(lookup->access->host, lookup->name, clock_realtime_us(), arena, &bytes,
                  &length) &&
           snapshot_decode(bytes, length, &lookup->access->snapshot_key, lookup->name, arena,
                           snapshot);
}

/* false: something of it was revoked or changed since. */
static bool
still_holds(const struct lookup *lookup, const struct snapshot *snapshot)
{
    struct host *host = lookup->access->host;
    const struct caller *caller = &snapshot->caller;
    return holds(host, "key:", caller->key_id, snapshot->taken_us) &&
           holds(host, "account:", caller->account_id, snapshot->taken_us) &&
           holds(host, "sign_in:", caller->sign_in_id, snapshot->taken_us);
}

/* When the snapshot was last known to hold. */
static int64_t
known_us(const struct lookup *lookup, const struct snapshot *snapshot)
{
    int64_t followed_us = forgetting_followed_us(lookup->access->host);
    return snapshot->taken_us > followed_us ? snapshot->taken_us : followed_us;
}

/* A sign-in goes on while it is used: an end that has come since may have been put off. */
static bool
may_go_on(const struct lookup *lookup, const struct snapshot *snapshot)
{
    int64_t now_us = clock_realtime_us();
    int64_t taken_us = now_us - (lookup->now_us - snapshot->taken_us);
    return snapshot->caller.sign_in_id && taken_us < snapshot->expires_us &&
           snapshot->expires_us <= now_us;
}

static bool
is_fresh(const struct lookup *lookup, const struct snapshot *snapshot)
{
    return lookup->now_us - known_us(lookup, snapshot) < FRESH_US && !may_go_on(lookup, snapshot);
}

/* An unknown credential may have been made since; it is never refused for want of a database. */
static bool
is_within_grace(const struct lookup *lookup, const struct snapshot *snapshot)
{
    int64_t grace_us = lookup->access->settings->auth_grace_s * SECOND_US;
    return snapshot->state != SNAPSHOT_UNKNOWN &&
           lookup->now_us - known_us(lookup, snapshot) < grace_us;
}

static unsigned
scopes_of(const struct lookup *lookup, const struct credential_row *row)
{
    unsigned scopes = 0, most = ~0U;
    if (row->account_id) {
        most = scope_parse_list(lookup->access->settings->account_scopes);
        most = row->is_admin ? most | SCOPE_ADMIN : most & ~(unsigned)SCOPE_ADMIN;
    }
    if (!row->scopes.items)
        return row->account_id ? most : 0;
    const char *const *names = row->scopes.items;
    for (size_t i = 0; i < row->scopes.count; i++)
        scopes |= scope_parse(names[i], strlen(names[i]));
    /* A key may do no more than the account that it belongs to. */
    return scopes & most;
}

static void
fill(const struct lookup *lookup, const struct credential_row *row, struct snapshot *snapshot)
{
    struct arena *arena = &lookup->request->arena;
    unsigned scopes = scopes_of(lookup, row);
    snapshot->state = row->is_ended     ? SNAPSHOT_ENDED
                      : !row->is_active ? SNAPSHOT_CLOSED
                                        : SNAPSHOT_GOOD;
    snapshot->expires_us = row->expires_us;
    snapshot->caller = (struct caller){
        .kind = lookup->kind->caller,
        .tenant = row->account_id ? arena_printf(arena, "account:%s", row->account_id)
                                  : arena_printf(arena, "key:%s", row->key_id),
        .key_id = row->key_id,
        .account_id = row->account_id,
        .organisation_id = row->organisation_id,
        .sign_in_id = row->sign_in_id,
        .scopes = scopes,
        .is_admin = (scopes & SCOPE_ADMIN) != 0,
        .models = row->models.items,
        .rate = {row->rate_count, row->rate_seconds},
        .streams = row->streams,
        .has_budget = row->has_budget,
    };
}

static void
keep(const struct lookup *lookup, const struct snapshot *snapshot)
{
    size_t length;
    const void *bytes = snapshot_encode(snapshot, &lookup->access->snapshot_key, lookup->name,
                                        &lookup->request->arena, &length);
    int64_t kept_s = snapshot->state == SNAPSHOT_UNKNOWN ? UNKNOWN_S : KEPT_S;
    l1_put(lookup->access->host, lookup->name, bytes, length, L1_TAG,
           clock_realtime_us() + kept_s * SECOND_US);
}

static bool
ask(const struct lookup *lookup, struct snapshot *snapshot, struct error *err)
{
    struct arena *arena = &lookup->request->arena;
    const char *parameter =
        lookup->credential->kind == CREDENTIAL_SIGN_IN
            ? arena_strndup(arena, lookup->credential->text, lookup->credential->length)
            : store_bytes(arena, lookup->hash, sizeof(lookup->hash));
    *snapshot = (struct snapshot){.state = SNAPSHOT_UNKNOWN, .taken_us = clock_monotonic_us()};
    const struct list *rows =
        store_query(lookup->access->store, &lookup->kind->query, &parameter, arena, err);
    if (!rows)
        return false;
    if (rows->count > 0)
        fill(lookup, rows->items, snapshot);
    keep(lookup, snapshot);
    return true;
}

static bool
unavailable(struct error *err)
{
    error_clear(err);
    return error_set_retry(err, ERROR_AUTH_UNAVAILABLE, RETRY_S,
                           "it cannot be told now who is calling; try again later");
}

/* Fills the snapshot by the best that there is. */
static bool
find(const struct lookup *lookup, struct snapshot *snapshot, struct error *err)
{
    struct snapshot asked;
    bool recalled = recall(lookup, snapshot);
    bool remembered = recalled && still_holds(lookup, snapshot);
    if (remembered && is_fresh(lookup, snapshot))
        return true;
    bool lasts = remembered && is_within_grace(lookup, snapshot);
    if (store_is_down(lookup->access->store))
        return lasts || unavailable(err);
    if (!lookup->request->may_wait)
        return error_set(err, ERROR_WOULD_WAIT, "the database knows this credential");
    /* What was changed since is asked for anew, but nobody made it up. */
    bool is_known = recalled && snapshot->state != SNAPSHOT_UNKNOWN;
    bool may_be_made_up = lookup->kind->can_be_made_up && !is_known;
    if (may_be_made_up && !limits_may_look_up(lookup->request, err))
        return false;
    if (ask(lookup, &asked, err)) {
        *snapshot = asked;
        if (asked.state == SNAPSHOT_UNKNOWN && lookup->kind->can_be_made_up)
            limits_note_unknown(lookup->request);
        return true;
    }
    if (!lasts)
        return unavailable(err);
    error_clear(err);
    return true;
}

static bool
judge(const struct lookup *lookup, const struct snapshot *snapshot, struct error *err)
{
    static const char *const faults[] = {
        [SNAPSHOT_UNKNOWN] = "is not valid",
        [SNAPSHOT_ENDED] = "was revoked",
        [SNAPSHOT_CLOSED] = "belongs to an account that was closed",
    };
    const char *fault = faults[snapshot->state];
    if (snapshot->state == SNAPSHOT_GOOD) {
        if (snapshot->expires_us == 0 || clock_realtime_us() < snapshot->expires_us)
            return true;
        fault = "has expired";
    }
    return error_set(err, ERROR_UNAUTHORIZED, "%s %s", lookup->kind->noun, fault);
}

void
credential_remember(struct request *request, const struct credential *credential)
{
    struct lookup lookup = {.request = request,
                            .access = request->access,
                            .credential = credential,
                            .kind = &kinds[credential->kind]};
    struct snapshot snapshot;
    struct error err = {0};
    if (!lookup.access->store || store_is_down(lookup.access->store))
        return;
    begin(&lookup);
    if (!ask(&lookup, &snapshot, &err))
        error_clear(&err);
}

bool
credential_find(struct request *request, const struct credential *credential,
                const struct caller **caller, struct error *err)
{
    struct lookup lookup = {.request = request,
                            .access = request->access,
                            .credential = credential,
                            .kind = &kinds[credential->kind],
                            .now_us = request->timing.started_us};
    if (!lookup.access->store)
        return error_set(err, ERROR_UNAUTHORIZED, "%s is not valid", lookup.kind->noun);
    begin(&lookup);
    struct snapshot *snapshot = arena_alloc(&request->arena, sizeof(*snapshot));
    if (!find(&lookup, snapshot, err) || !judge(&lookup, snapshot, err))
        return false;
    const struct caller *found = &snapshot->caller;
    sighting_note(lookup.access->host, found->key_id ? found->key_id : found->sign_in_id,
                  clock_realtime_us());
    *caller = found;
    return true;
}

bool
credential_announce(struct transaction *transaction, const char *subject, struct arena *arena,
                    struct error *err)
{
    static const struct query add = {SQL_revocation_add, NULL, 0, false};
    return transaction_query(transaction, &add, &subject, arena, err) != NULL;
}

bool
credential_revoke(struct transaction *transaction, struct request *request, const char *subject,
                  struct error *err)
{
    return credential_announce(transaction, subject, &request->arena, err);
}

void
credential_forget(const struct request *request, const char *subject)
{
    forgetting_mark(request->access->host, subject, clock_monotonic_us());
}
