/* GET /v1/models and /v1/models/{id}: what callers may name as a model, in the shape of OpenAI's
 * list or, to who sends the header anthropic-version, of Anthropic's. */
#include <string.h>

#include "apps/gateway/gateway.h"
#include "apps/service.h"
#include "http/problem.h"
#include "nlp/embedding.h"

/* A model in either shape: the members of the other are absent. */
struct model_entry {
    const char *id;
    const char *object;
    int64_t created;
    bool has_created;
    const char *owned_by;
    const char *type, *display_name, *created_at;
};

struct model_list {
    const char *object;
    struct list data; /* struct model_entry */
    bool has_more, has_has_more;
    const char *first_id, *last_id;
};

#define TEXT(T, member, text) STRING(T, member, .flags = FIELD_OMITTED, .doc = (text))

const struct schema model_schema = {
    .name = "Model",
    .size = sizeof(struct model_entry),
    .fields = (const struct field[]){STRING(struct model_entry, id, .flags = FIELD_REQUIRED,
                                            .doc = "What requests say as model."),
                                     TEXT(struct model_entry, object, "OpenAI's shape: model."),
                                     INTEGER(struct model_entry, created, .flags = FIELD_OMITTED,
                                             PRESENT(struct model_entry, has_created),
                                             .doc = "OpenAI's shape: 0, which is not known."),
                                     TEXT(struct model_entry, owned_by,
                                          "OpenAI's shape: the provider that is asked, or hearth."),
                                     TEXT(struct model_entry, type, "Anthropic's shape: model."),
                                     TEXT(struct model_entry, display_name,
                                          "Anthropic's shape: what the provider calls it."),
                                     TEXT(struct model_entry, created_at,
                                          "Anthropic's shape: 1970, which is not known."),
                                     {.name = NULL}},
    .doc = "A model, or another name of one.",
};

const struct schema model_list_schema = {
    .name = "ModelList",
    .size = sizeof(struct model_list),
    .fields =
        (const struct field[]){
            TEXT(struct model_list, object, "OpenAI's shape: list."),
            ARRAY(struct model_list, data, &model_schema, .flags = FIELD_REQUIRED,
                  .doc = "All of them."),
            BOOLEAN(struct model_list, has_more, .flags = FIELD_OMITTED,
                    PRESENT(struct model_list, has_has_more),
                    .doc = "Anthropic's shape: false, all are on one page."),
            TEXT(struct model_list, first_id, "Anthropic's shape: the first one's id."),
            TEXT(struct model_list, last_id, "Anthropic's shape: the last one's id."),
            {.name = NULL}},
    .doc = "The models that may be asked.",
};

/* Which shape, and where the entries go. */
struct listing {
    enum error_style style;
    struct model_entry *entries;
    size_t count;
};

static void
add_entry(struct listing *listing, const char *id, const char *owner, const char *title)
{
    struct model_entry entry = {.id = id};
    if (listing->style == ERRORS_ANTHROPIC) {
        entry.type = "model";
        entry.display_name = title;
        entry.created_at = "1970-01-01T00:00:00Z";
    } else {
        entry.object = "model";
        entry.has_created = true;
        entry.owned_by = owner;
    }
    listing->entries[listing->count++] = entry;
}

/* Local models answer operations, not chats: they are not for callers to name. */
static bool
is_for_callers(const struct model_settings *model)
{
    return model->provider->kind != PROVIDER_LOCAL;
}

static size_t
count_names(const struct settings *settings)
{
    size_t count = 1;
    for (size_t i = 0; i < settings->model_count; i++) {
        const char *const *alias = settings->models[i].aliases;
        for (count++; alias && *alias; alias++)
            count++;
    }
    return count;
}

static struct listing
list_models(const struct request *request, struct arena *arena)
{
    const struct settings *settings = request->service->settings;
    struct listing listing = {
        .style = problem_style(request),
        .entries = arena_array(arena, count_names(settings), sizeof(struct model_entry)),
    };
    for (size_t i = 0; i < settings->model_count; i++) {
        const struct model_settings *model = &settings->models[i];
        if (!is_for_callers(model) || !caller_may_ask(request->caller, model))
            continue;
        add_entry(&listing, model->name, model->provider->name, model->id);
        for (const char *const *alias = model->aliases; alias && *alias; alias++)
            add_entry(&listing, *alias, model->provider->name, model->id);
    }
    add_entry(&listing, EMBEDDING_MODEL, "hearth", "Local embeddings");
    return listing;
}

bool
gateway_models(struct request *request, struct error *err)
{
    (void)err;
    struct listing listing = list_models(request, &request->arena);
    struct model_list list = {.data = {listing.entries, listing.count}};
    if (listing.style == ERRORS_ANTHROPIC) {
        list.has_has_more = true;
        list.first_id = listing.entries[0].id;
        list.last_id = listing.entries[listing.count - 1].id;
    } else {
        list.object = "list";
    }
    response_json(request, 200, &model_list_schema, &list);
    return true;
}

bool
gateway_model(struct request *request, struct error *err)
{
    const char *id = request->path_parameters[0];
    struct listing listing = list_models(request, &request->arena);
    for (size_t i = 0; i < listing.count; i++) {
        if (strcmp(listing.entries[i].id, id) != 0)
            continue;
        response_json(request, 200, &model_schema, &listing.entries[i]);
        return true;
    }
    return error_set(err, ERROR_MODEL_NOT_FOUND, "there is no model \"%s\"", id);
}
