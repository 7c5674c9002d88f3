/* The administrator's routes of API keys. */
#include <jansson.h>

#include "access/access.h"
#include "apps/app.h"
#include "apps/keys/keys.h"
#include "base/clock.h"
#include "http/route.h"

static bool
open_desk(struct request *request, struct key_desk *desk, struct error *err)
{
    *desk = (struct key_desk){.arena = &request->arena, .request = request};
    return access_store(request, &desk->store, err);
}

static bool
answer_key(struct request *request, const struct key *key)
{
    struct key_view view;
    key_view_fill(&view, key, clock_realtime_us(), &request->arena);
    response_json(request, 200, &key_view_schema, &view);
    return true;
}

static bool
answer_secret(struct request *request, int status, const struct key_made *made)
{
    struct key_view view;
    key_view_fill(&view, made->key, clock_realtime_us(), &request->arena);
    struct key_secret_view secret = {made->secret, &view};
    response_json(request, status, &key_secret_schema, &secret);
    return true;
}

static bool
list(struct request *request, struct error *err)
{
    const struct key_list_query *query = request->filter;
    struct key_page page = {query->after, query->account_id, query->revoked, query->limit + 1};
    struct key_desk desk;
    if (!open_desk(request, &desk, err))
        return false;
    const struct list *keys = key_list(&desk, &page, err);
    if (!keys)
        return false;
    struct key_list_view view;
    key_list_fill(&view, keys, query->limit, clock_realtime_us(), &request->arena);
    response_json(request, 200, &key_list_schema, &view);
    return true;
}

static bool
create(struct request *request, struct error *err)
{
    struct key_desk desk;
    struct key_made made;
    struct key wish;
    key_wish_read(request->input, clock_realtime_us(), &wish);
    return open_desk(request, &desk, err) && key_create(&desk, &wish, &made, err) &&
           answer_secret(request, 201, &made);
}

static bool
show(struct request *request, struct error *err)
{
    struct key_desk desk;
    const struct key *key;
    return open_desk(request, &desk, err) &&
           key_find(&desk, request->path_parameters[0], &key, err) && answer_key(request, key);
}

/* Members that are there, null or not, replace what is. */
static void
merge(const struct request *request, struct key *key)
{
    const struct key_wish *wish = request->input;
    const json_t *document = request->document;
    struct key wanted;
    key_wish_read(wish, clock_realtime_us(), &wanted);
    if (wanted.name)
        key->name = wanted.name;
    if (wanted.scopes.items)
        key->scopes = wanted.scopes;
    if (json_object_get(document, "models"))
        key->models = wanted.models;
    if (json_object_get(document, "rate_count")) {
        key->rate_count = wanted.rate_count;
        key->rate_seconds = wanted.rate_seconds;
    }
    if (json_object_get(document, "streams"))
        key->streams = wanted.streams;
    if (json_object_get(document, "expires_in"))
        key->expires_us = wanted.expires_us;
}

static bool
change(struct request *request, struct error *err)
{
    struct key_desk desk;
    const struct key *found;
    if (!open_desk(request, &desk, err) ||
        !key_find(&desk, request->path_parameters[0], &found, err))
        return false;
    struct key key = *found;
    merge(request, &key);
    return key_change(&desk, &key, err) && answer_key(request, &key);
}

static bool
rotate(struct request *request, struct error *err)
{
    const struct key_rotation *rotation = request->input;
    struct key_desk desk;
    struct key_made made;
    return open_desk(request, &desk, err) &&
           key_rotate(&desk, request->path_parameters[0], rotation->overlap, &made, err) &&
           answer_secret(request, 200, &made);
}

static bool
revoke(struct request *request, struct error *err)
{
    struct key_desk desk;
    const struct key *key;
    return open_desk(request, &desk, err) && key_revoke(&desk, request->path_parameters[0], err) &&
           key_find(&desk, request->path_parameters[0], &key, err) && answer_key(request, key);
}

#define ADMINISTRATOR (ROUTE_INTERNAL | ROUTE_KEY | ROUTE_UNVERSIONED | ROUTE_WAITS)

static const struct route_answer created[] = {
    {201, &key_secret_schema, NULL, "The key was made; this is the only time that it is shown."},
    {.status = 0}};

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .pattern = "/internal/keys",
        .handle = list,
        .flags = ADMINISTRATOR,
        .query = &key_list_query_schema,
        .response = &key_list_schema,
        .tag = "Keys",
        .summary = "List keys",
        .doc = "In the order they were made, a page at a time.",
        .operation_id = "key_list",
    },
    {
        .method = METHOD_POST,
        .pattern = "/internal/keys",
        .handle = create,
        .flags = ADMINISTRATOR | ROUTE_IDEMPOTENT,
        .limit = LIMIT_AUTH,
        .request = &key_wish_schema,
        .answers = created,
        .tag = "Keys",
        .summary = "Make a key",
        .doc = "Only its SHA-256 is kept.",
        .operation_id = "key_create",
    },
    {
        .method = METHOD_GET,
        .pattern = "/internal/keys/{id}",
        .handle = show,
        .flags = ADMINISTRATOR,
        .response = &key_view_schema,
        .tag = "Keys",
        .summary = "Show a key",
        .operation_id = "key_show",
    },
    {
        .method = METHOD_PATCH,
        .pattern = "/internal/keys/{id}",
        .handle = change,
        .flags = ADMINISTRATOR,
        .request = &key_change_schema,
        .response = &key_view_schema,
        .tag = "Keys",
        .summary = "Change a key",
        .doc = "Holds on every host within a second. A revoked key stays as it is.",
        .operation_id = "key_change",
    },
    {
        .method = METHOD_POST,
        .pattern = "/internal/keys/{id}/rotate",
        .handle = rotate,
        .flags = ADMINISTRATOR | ROUTE_BODY_OPTIONAL | ROUTE_IDEMPOTENT,
        .limit = LIMIT_AUTH,
        .request = &key_rotation_schema,
        .response = &key_secret_schema,
        .tag = "Keys",
        .summary = "Give a key a new secret",
        .doc = "Its id, budgets and usage stay. The old key is good for overlap more seconds, one "
               "from before that no longer.",
        .operation_id = "key_rotate",
    },
    {
        .method = METHOD_POST,
        .pattern = "/internal/keys/{id}/revoke",
        .handle = revoke,
        .flags = ADMINISTRATOR,
        .response = &key_view_schema,
        .tag = "Keys",
        .summary = "Revoke a key",
        .doc = "For good, and on every host within a second.",
        .operation_id = "key_revoke",
    },
    {.pattern = NULL},
};

const struct app keys_app = {"keys", routes, NULL};
