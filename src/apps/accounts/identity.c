/* Who one is elsewhere. */
#include "access/identity.h"

#include "apps/accounts/accounts.h"
#include "base/clock.h"

struct identity_view {
    const char *provider, *subject, *created_at;
};

struct identities {
    struct list identities;
};

static const struct schema identity_schema = {
    .name = "Identity",
    .size = sizeof(struct identity_view),
    .fields = (const struct field[]){STRING(struct identity_view, provider, .flags = FIELD_REQUIRED,
                                            .doc = "google or wallet."),
                                     STRING(struct identity_view, subject, .flags = FIELD_REQUIRED,
                                            .doc = "Google's id of the person, or the address."),
                                     STRING(struct identity_view, created_at,
                                            .flags = FIELD_REQUIRED, .doc = "When it was tied."),
                                     {.name = NULL}},
};

const struct schema identities_schema = {
    .name = "Identities",
    .size = sizeof(struct identities),
    .fields = (const struct field[]){ARRAY(struct identities, identities, &identity_schema,
                                           .flags = FIELD_REQUIRED, .doc = "Oldest first."),
                                     {.name = NULL}},
};

bool
auth_list_identities(struct request *request, struct error *err)
{
    const struct account *account;
    if (!present_account(request, &account, err))
        return false;
    const struct list *rows = account_identities(request, account->id, err);
    if (!rows)
        return false;
    const struct account_identity *row = rows->items;
    struct identity_view *views = arena_array(&request->arena, rows->count + 1, sizeof(*views));
    for (size_t i = 0; i < rows->count; i++)
        views[i] = (struct identity_view){row[i].provider, row[i].subject,
                                          clock_text(&request->arena, row[i].created_us)};
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &identities_schema, &(struct identities){{views, rows->count}});
    return true;
}

bool
auth_unlink(struct request *request, struct error *err)
{
    const struct proof *wish = request->input;
    const struct account *account;
    if (!present_account(request, &account, err) ||
        !prove_presence(request, account, wish->password, "password", err) ||
        !identity_remove(request, account, request->path_parameters[0], err))
        return false;
    response_bytes(request, 204, NULL, NULL, 0);
    return true;
}
