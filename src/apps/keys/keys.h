/* API keys as they are asked for and shown, to administrators and on the command line. */
#ifndef HEARTH_APPS_KEYS_KEYS_H
#define HEARTH_APPS_KEYS_KEYS_H

#include "access/key.h"
#include "http/schema.h"

struct key_view {
    const char *id, *name, *prefix, *status; /* "active", "expired", "revoked" */
    const char *account_id, *organisation_id;
    struct list scopes, models;
    bool has_rate, has_streams;
    int64_t rate_count, rate_seconds, streams;
    const char *created_at, *expires_at, *last_used_at, *revoked_at, *previous_until;
};

/* A key with its secret, which is shown this once. */
struct key_secret_view {
    const char *key;
    struct key_view *details;
};

struct key_list_view {
    struct list keys; /* struct key_view */
    const char *next; /* NULL at the end */
};

struct key_wish {
    const char *name;
    struct list scopes, models;
    bool has_rate_count, has_rate_seconds, has_streams, has_expires_in;
    int64_t rate_count, rate_seconds, streams, expires_in;
    const char *account_id, *organisation_id;
};

struct key_rotation {
    int64_t overlap;
};

struct key_list_query {
    int64_t limit;
    const char *after, *account_id;
    bool revoked;
};

extern const struct schema key_view_schema, key_secret_schema, key_list_schema, key_wish_schema,
    key_change_schema, key_rotation_schema, key_list_query_schema;

/* now_us is the time of day. Texts go to the arena. */
void key_view_fill(struct key_view *view, const struct key *key, int64_t now_us,
                   struct arena *arena);

/* A page of keys, of which one more than the page holds were asked for. */
void key_list_fill(struct key_list_view *view, const struct list *keys, int64_t limit,
                   int64_t now_us, struct arena *arena);

/* A key as a wish that passed the schema says it. */
void key_wish_read(const struct key_wish *wish, int64_t now_us, struct key *key);

#endif
