/* Accounts for operators. */
#include "access/access.h"
#include "access/account_change.h"
#include "apps/accounts/accounts.h"
#include "base/id.h"

enum { PAGE = 50, PAGE_MAX = 200 };

struct account_query {
    const char *search, *before;
    int64_t limit;
};

struct account_page {
    struct list accounts;
    const char *next;
};

struct role {
    bool is_admin;
};

static const struct account_query query_initial = {.limit = PAGE};

static const char *
check_id(const char *text)
{
    return uuid_is_valid(text) ? NULL : "must be a UUID";
}

const struct schema account_query_schema = {
    .name = "AccountQuery",
    .size = sizeof(struct account_query),
    .initial = &query_initial,
    .fields = (const struct field[]){STRING(struct account_query, search, .max = LOGIN_MAX,
                                            .doc = "In the user name or e-mail address."),
                                     STRING(struct account_query, before, .check = check_id,
                                            .doc = "next of the page before."),
                                     INTEGER(struct account_query, limit, .min = 1, .max = PAGE_MAX,
                                             .default_json = "50", .doc = "Accounts on a page."),
                                     {.name = NULL}},
};

const struct schema account_page_schema = {
    .name = "AccountPage",
    .size = sizeof(struct account_page),
    .fields = (const struct field[]){ARRAY(struct account_page, accounts, &account_view_schema,
                                           .flags = FIELD_REQUIRED, .doc = "Newest first."),
                                     STRING(struct account_page, next, .flags = FIELD_NULLABLE,
                                            .doc = "For before; null: there are no more."),
                                     {.name = NULL}},
    .doc = "Accounts.",
};

const struct schema role_schema = {
    .name = "AccountRole",
    .size = sizeof(struct role),
    .fields = (const struct field[]){BOOLEAN(struct role, is_admin, .flags = FIELD_REQUIRED,
                                             .doc = "Whether it may what operators may."),
                                     {.name = NULL}},
    .doc = "What an account may.",
    .example = "{\"is_admin\":true}",
};

bool
internal_list(struct request *request, struct error *err)
{
    const struct account_query *query = request->filter;
    const struct account_search search = {query->search, query->before, query->limit};
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const struct list *rows = account_list(store, &search, &request->arena, err);
    if (!rows)
        return false;
    const struct account *from = rows->items;
    struct account_view *to = arena_array(&request->arena, rows->count, sizeof(*to));
    for (size_t i = 0; i < rows->count; i++)
        to[i] = account_view(&from[i], &request->arena);
    bool is_full = rows->count > 0 && (int64_t)rows->count == query->limit;
    const struct account_page answer = {{to, rows->count}, is_full ? to[rows->count - 1].id : NULL};
    response_json(request, 200, &account_page_schema, &answer);
    return true;
}

bool
internal_show(struct request *request, struct error *err)
{
    const struct account *account;
    if (!account_find(request, request->path_parameters[0], &account, err))
        return false;
    if (!account)
        return error_set(err, ERROR_NOT_FOUND, "there is no such account");
    const struct account_view view = account_view(account, &request->arena);
    response_json(request, 200, &account_view_schema, &view);
    return true;
}

static bool
set(struct request *request, enum account_switch which, bool on, struct error *err)
{
    return account_set(request, request->path_parameters[0], which, on, err) &&
           internal_show(request, err);
}

bool
internal_deactivate(struct request *request, struct error *err)
{
    return set(request, ACCOUNT_ACTIVE, false, err);
}

bool
internal_activate(struct request *request, struct error *err)
{
    return set(request, ACCOUNT_ACTIVE, true, err);
}

bool
internal_set_role(struct request *request, struct error *err)
{
    const struct role *wish = request->input;
    return set(request, ACCOUNT_ADMIN, wish->is_admin, err);
}
