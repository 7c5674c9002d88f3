/* All that is kept about a person, for them (GDPR, articles 15 and 20). */
#include "access/access.h"
#include "access/audit.h"
#include "access/caller.h"
#include "apps/accounts/accounts.h"
#include "base/clock.h"
#include "store/store.h"

#include <string.h>

#include "apps/accounts/export.sql.h"

struct key_row {
    const char *id, *name, *prefix, *scopes;
    int64_t created_us, expires_us, revoked_us, last_used_us;
    const char *created_at, *expires_at, *revoked_at, *last_used_at;
};

struct sign_in_export {
    const char *id, *method, *user_agent, *address;
    int64_t created_us, last_seen_us, ended_us;
    const char *created_at, *last_seen_at, *ended_at;
};

struct usage_row {
    const char *month, *model, *operation;
    int64_t calls, input, output, cost_micros;
};

struct audit_export {
    const char *event, *actor, *subject, *detail, *address;
    int64_t at_us;
    const char *at;
};

struct identity_export {
    const char *provider, *subject, *created_at;
};

struct export
{
    struct account_view *account;
    const json_t *profile;
    struct list identities, keys, sign_ins, usage, audit;
};

static const struct column key_columns[] = {
    COLUMN_TEXT_OF(struct key_row, id),
    COLUMN_TEXT_OF(struct key_row, name),
    COLUMN_TEXT_OF(struct key_row, prefix),
    COLUMN_TEXT_OF(struct key_row, scopes),
    COLUMN_INTEGER_OF(struct key_row, created_us),
    COLUMN_INTEGER_OF(struct key_row, expires_us),
    COLUMN_INTEGER_OF(struct key_row, revoked_us),
    COLUMN_INTEGER_OF(struct key_row, last_used_us),
    {0},
};
static const struct column sign_in_columns[] = {
    COLUMN_TEXT_OF(struct sign_in_export, id),
    COLUMN_TEXT_OF(struct sign_in_export, method),
    COLUMN_TEXT_OF(struct sign_in_export, user_agent),
    COLUMN_TEXT_OF(struct sign_in_export, address),
    COLUMN_INTEGER_OF(struct sign_in_export, created_us),
    COLUMN_INTEGER_OF(struct sign_in_export, last_seen_us),
    COLUMN_INTEGER_OF(struct sign_in_export, ended_us),
    {0},
};
static const struct column usage_columns[] = {
    COLUMN_TEXT_OF(struct usage_row, month),          COLUMN_TEXT_OF(struct usage_row, model),
    COLUMN_TEXT_OF(struct usage_row, operation),      COLUMN_INTEGER_OF(struct usage_row, calls),
    COLUMN_INTEGER_OF(struct usage_row, input),       COLUMN_INTEGER_OF(struct usage_row, output),
    COLUMN_INTEGER_OF(struct usage_row, cost_micros), {0},
};
static const struct column audit_columns[] = {
    COLUMN_TEXT_OF(struct audit_export, event),
    COLUMN_TEXT_OF(struct audit_export, actor),
    COLUMN_TEXT_OF(struct audit_export, subject),
    COLUMN_TEXT_OF(struct audit_export, detail),
    COLUMN_TEXT_OF(struct audit_export, address),
    COLUMN_INTEGER_OF(struct audit_export, at_us),
    {0},
};

static const struct query keys_query = {SQL_export_keys, .columns = key_columns,
                                        .size = sizeof(struct key_row)};
static const struct query sign_ins_query = {SQL_export_sign_ins, .columns = sign_in_columns,
                                            .size = sizeof(struct sign_in_export)};
static const struct query usage_query = {SQL_export_usage, .columns = usage_columns,
                                         .size = sizeof(struct usage_row)};
static const struct query audit_query = {SQL_export_audit, .columns = audit_columns,
                                         .size = sizeof(struct audit_export)};

#define TEXT(T, m, text) STRING(T, m, .flags = FIELD_NULLABLE, .doc = (text))
#define COUNT(m, text)                                                                             \
    INTEGER(struct usage_row, m, .flags = FIELD_REQUIRED, .max = INT64_MAX, .doc = (text))

static const struct schema identity_export_schema = {
    .name = "ExportedIdentity",
    .size = sizeof(struct identity_export),
    .fields = (const struct field[]){TEXT(struct identity_export, provider, "google or wallet."),
                                     TEXT(struct identity_export, subject, "Who it is there."),
                                     TEXT(struct identity_export, created_at, "Since when."),
                                     {.name = NULL}},
    .doc = "A sign-in elsewhere that leads here.",
};

static const struct schema key_export_schema = {
    .name = "ExportedKey",
    .size = sizeof(struct key_row),
    .fields = (const struct field[]){TEXT(struct key_row, id, "A UUID."),
                                     TEXT(struct key_row, name, "As it was named."),
                                     TEXT(struct key_row, prefix, "How it begins."),
                                     TEXT(struct key_row, scopes, "What it may, as a comma list."),
                                     TEXT(struct key_row, created_at, "When."),
                                     TEXT(struct key_row, expires_at, "When."),
                                     TEXT(struct key_row, revoked_at, "When."),
                                     TEXT(struct key_row, last_used_at, "When."),
                                     {.name = NULL}},
    .doc = "An API key, without its secret.",
};

static const struct schema sign_in_export_schema = {
    .name = "ExportedSignIn",
    .size = sizeof(struct sign_in_export),
    .fields = (const struct field[]){TEXT(struct sign_in_export, id, "A UUID."),
                                     TEXT(struct sign_in_export, method, "How."),
                                     TEXT(struct sign_in_export, user_agent, "With what."),
                                     TEXT(struct sign_in_export, address, "From where."),
                                     TEXT(struct sign_in_export, created_at, "When."),
                                     TEXT(struct sign_in_export, last_seen_at, "When."),
                                     TEXT(struct sign_in_export, ended_at, "When."),
                                     {.name = NULL}},
    .doc = "A sign-in.",
};

static const struct schema usage_export_schema = {
    .name = "ExportedUsage",
    .size = sizeof(struct usage_row),
    .fields = (const struct field[]){TEXT(struct usage_row, month, "YYYY-MM, in UTC."),
                                     TEXT(struct usage_row, model, "What was asked."),
                                     TEXT(struct usage_row, operation, "For what."),
                                     COUNT(calls, "How often."),
                                     COUNT(input, "Tokens of questions."),
                                     COUNT(output, "Tokens of answers."),
                                     COUNT(cost_micros, "Millionths of the currency unit."),
                                     {.name = NULL}},
    .doc = "What was used in a month.",
};

static const struct schema audit_export_schema = {
    .name = "ExportedAudit",
    .size = sizeof(struct audit_export),
    .fields = (const struct field[]){TEXT(struct audit_export, at, "When."),
                                     TEXT(struct audit_export, event, "What."),
                                     TEXT(struct audit_export, actor, "By whom."),
                                     TEXT(struct audit_export, subject, "About whom."),
                                     TEXT(struct audit_export, detail, "More of it."),
                                     TEXT(struct audit_export, address, "From where."),
                                     {.name = NULL}},
    .doc = "A row of the audit trail.",
};

const struct schema export_schema = {
    .name = "AccountExport",
    .size = sizeof(struct export),
    .fields =
        (const struct field[]){
            OBJECT(struct export, account, &account_view_schema, .flags = FIELD_REQUIRED,
                   .doc = "The account."),
            JSON(struct export, profile, .flags = FIELD_REQUIRED,
                 .doc = "What applications keep of it."),
            ARRAY(struct export, identities, &identity_export_schema, .flags = FIELD_REQUIRED,
                  .doc = "Sign-ins elsewhere that lead here."),
            ARRAY(struct export, keys, &key_export_schema, .flags = FIELD_REQUIRED,
                  .doc = "API keys."),
            ARRAY(struct export, sign_ins, &sign_in_export_schema, .flags = FIELD_REQUIRED,
                  .doc = "Sign-ins, the newest thousand."),
            ARRAY(struct export, usage, &usage_export_schema, .flags = FIELD_REQUIRED,
                  .doc = "Usage."),
            ARRAY(struct export, audit, &audit_export_schema, .flags = FIELD_REQUIRED,
                  .doc = "The audit trail, the newest thousand rows."),
            {.name = NULL}},
    .doc = "All that is kept about a person.",
};

static const char *
moment(int64_t micros, struct arena *arena)
{
    return micros != 0 ? clock_text(arena, micros) : NULL;
}

static bool
ask(struct request *request, const struct query *query, const char *const *parameters,
    struct list *found, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const struct list *rows = store_query(store, query, parameters, &request->arena, err);
    if (rows)
        *found = *rows;
    return rows != NULL;
}

static bool
add_identities(struct request *request, const char *id, struct export *all, struct error *err)
{
    struct arena *arena = &request->arena;
    const struct list *rows = account_identities(request, id, err);
    if (!rows)
        return false;
    const struct account_identity *from = rows->items;
    struct identity_export *to = arena_array(arena, rows->count, sizeof(*to));
    for (size_t i = 0; i < rows->count; i++)
        to[i] = (struct identity_export){from[i].provider, from[i].subject,
                                         moment(from[i].created_us, arena)};
    all->identities = (struct list){to, rows->count};
    return true;
}

static void
write_times(struct export *all, struct arena *arena)
{
    struct key_row *key = all->keys.items;
    for (size_t i = 0; i < all->keys.count; i++) {
        key[i].created_at = moment(key[i].created_us, arena);
        key[i].expires_at = moment(key[i].expires_us, arena);
        key[i].revoked_at = moment(key[i].revoked_us, arena);
        key[i].last_used_at = moment(key[i].last_used_us, arena);
    }
    struct sign_in_export *sign_in = all->sign_ins.items;
    for (size_t i = 0; i < all->sign_ins.count; i++) {
        sign_in[i].created_at = moment(sign_in[i].created_us, arena);
        sign_in[i].last_seen_at = moment(sign_in[i].last_seen_us, arena);
        sign_in[i].ended_at = moment(sign_in[i].ended_us, arena);
    }
    struct audit_export *audit = all->audit.items;
    for (size_t i = 0; i < all->audit.count; i++)
        audit[i].at = moment(audit[i].at_us, arena);
}

bool
auth_export(struct request *request, struct error *err)
{
    struct arena *arena = &request->arena;
    const struct account *account;
    struct export all = {0};
    if (!present_account(request, PRESENCE_PERSON, &account, err))
        return false;
    const char *subject = arena_printf(arena, "account:%s", account->id);
    const char *about[] = {subject, store_integer(arena, account->created_us)};
    struct account_view view = account_view(account, arena);
    all.account = &view;
    all.profile = schema_parse(account->profile, strlen(account->profile), arena, err);
    if (!all.profile || !add_identities(request, account->id, &all, err) ||
        !ask(request, &keys_query, &account->id, &all.keys, err) ||
        !ask(request, &sign_ins_query, &account->id, &all.sign_ins, err) ||
        !ask(request, &usage_query, &account->id, &all.usage, err) ||
        !ask(request, &audit_query, about, &all.audit, err))
        return false;
    write_times(&all, arena);
    audit_add(request, &(struct audit_entry){AUDIT_ACCOUNT_EXPORTED, subject, NULL});
    response_header(request, "Content-Disposition", "attachment; filename=\"account.json\"");
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &export_schema, &all);
    return true;
}
