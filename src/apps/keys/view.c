/* Keys between how they are stored and how they are shown. */
#include <stddef.h>

#include "apps/keys/keys.h"
#include "base/clock.h"

static const char *
time_text(int64_t time_us, struct arena *arena)
{
    return time_us != 0 ? clock_text(arena, time_us) : NULL;
}

static const char *
status_of(const struct key *key, int64_t now_us)
{
    if (key->revoked_us != 0)
        return "revoked";
    return key->expires_us != 0 && key->expires_us <= now_us ? "expired" : "active";
}

void
key_view_fill(struct key_view *view, const struct key *key, int64_t now_us, struct arena *arena)
{
    *view = (struct key_view){
        .id = key->id,
        .name = key->name,
        .prefix = key->prefix,
        .status = status_of(key, now_us),
        .account_id = key->account_id,
        .organisation_id = key->organisation_id,
        .scopes = key->scopes,
        .models = key->models,
        .has_rate = key->rate_count != 0,
        .rate_count = key->rate_count,
        .rate_seconds = key->rate_seconds,
        .has_streams = key->streams != 0,
        .streams = key->streams,
        .created_at = time_text(key->created_us, arena),
        .expires_at = time_text(key->expires_us, arena),
        .last_used_at = time_text(key->last_used_us, arena),
        .revoked_at = time_text(key->revoked_us, arena),
        .previous_until = time_text(key->previous_until_us, arena),
    };
}

void
key_list_fill(struct key_list_view *view, const struct list *keys, int64_t limit, int64_t now_us,
              struct arena *arena)
{
    const struct key *key = keys->items;
    size_t count = keys->count < (size_t)limit ? keys->count : (size_t)limit;
    struct key_view *views = arena_array(arena, count + 1, sizeof(*views));
    for (size_t i = 0; i < count; i++)
        key_view_fill(&views[i], &key[i], now_us, arena);
    *view = (struct key_list_view){.keys = {views, count},
                                   .next = keys->count > count ? views[count - 1].id : NULL};
}

void
key_wish_read(const struct key_wish *wish, int64_t now_us, struct key *key)
{
    *key = (struct key){
        .name = wish->name,
        .account_id = wish->account_id,
        .organisation_id = wish->organisation_id,
        .scopes = wish->scopes,
        .models = wish->models,
        .rate_count = wish->rate_count,
        .rate_seconds = wish->rate_seconds,
        .streams = wish->streams,
        .expires_us = wish->has_expires_in ? now_us + wish->expires_in * 1000000 : 0,
    };
}
