/* API keys in the database: made, listed, changed, rotated and revoked. All of it waits. What is
 * changed is told to all hosts and written to the audit trail with it. */
#ifndef HEARTH_ACCESS_KEY_H
#define HEARTH_ACCESS_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "access/api_key.h"
#include "base/list.h"
#include "http/request.h"

struct store;

/* Who works at keys: a request, or an operator on the command line. */
struct key_desk {
    struct store *store;
    struct arena *arena;
    struct request *request; /* NULL: an operator */
};

struct key {
    const char *id, *account_id, *organisation_id, *name,
        *prefix;                               /* the second and third or NULL */
    struct list scopes;                        /* const char * */
    struct list models;                        /* items NULL: all */
    int64_t rate_count, rate_seconds, streams; /* 0: as the settings say */
    /* Time of day; 0 for none. previous_until_us: the key before the last rotation is good so long.
     */
    int64_t expires_us, revoked_us, previous_until_us, last_used_us, created_us;
};

/* A key that has just got its secret. */
struct key_made {
    char secret[API_KEY_CHARACTERS + 1]; /* shown once, kept nowhere */
    const struct key *key;
};

enum {
    KEY_NAME_CHARACTERS = 100,
    KEY_MODELS_MAX = 50,
    KEY_MODEL_BYTES = 128,
    KEY_OVERLAP_MAX_S = 30 * 86400,
};

/* NULL, or what is wrong with a list of models: too many, too long, or empty names. */
const char *key_models_complaint(const struct list *models);

/* ERROR_VALIDATION_FAILED where the account or organisation is not there. */
bool key_create(const struct key_desk *desk, const struct key *wish, struct key_made *made,
                struct error *err) __attribute__((warn_unused_result));

/* ERROR_NOT_FOUND where there is none. */
bool key_find(const struct key_desk *desk, const char *id, const struct key **key,
              struct error *err) __attribute__((warn_unused_result));

struct key_page {
    const char *after;      /* an id, or NULL */
    const char *account_id; /* or NULL: any */
    bool revoked;           /* those too */
    int64_t limit;
};

/* struct key in the order they were made. NULL with err. */
const struct list *key_list(const struct key_desk *desk, const struct key_page *page,
                            struct error *err) __attribute__((warn_unused_result));

/* Gives a key that was found and changed by the caller its new name, scopes, models, rate, streams
 * and end. ERROR_NOT_FOUND also for one that was revoked. */
bool key_change(const struct key_desk *desk, const struct key *key, struct error *err)
    __attribute__((warn_unused_result));

/* A new secret; the old one is good for overlap_s more seconds, and one from before that no longer.
 * ERROR_NOT_FOUND also for one that was revoked. */
bool key_rotate(const struct key_desk *desk, const char *id, int64_t overlap_s,
                struct key_made *made, struct error *err) __attribute__((warn_unused_result));

/* For good. Of one that was revoked before, nothing changes. */
bool key_revoke(const struct key_desk *desk, const char *id, struct error *err)
    __attribute__((warn_unused_result));

#endif
