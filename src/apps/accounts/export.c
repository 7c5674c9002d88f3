/* All that is kept about a person, for them (GDPR, articles 15 and 20). */
#include "access/access.h"
#include "access/audit.h"
#include "access/caller.h"
#include "access/throttle.h"
#include "apps/accounts/accounts.h"
#include "apps/accounts/export_rows.h"
#include "base/clock.h"

#include <string.h>

struct export
{
    struct account_view *account;
    const json_t *profile;
    struct list identities, keys, sign_ins, wallet_sessions, session_tokens, mails, budgets, usage,
        traces, audit;
};

#define PART(m, row, text)                                                                         \
    ARRAY(struct export, m, &export_##row##_schema, .flags = FIELD_REQUIRED, .doc = (text))

const struct schema export_schema = {
    .name = "AccountExport",
    .size = sizeof(struct export),
    .fields =
        (const struct field[]){
            OBJECT(struct export, account, &account_view_schema, .flags = FIELD_REQUIRED,
                   .doc = "The account."),
            JSON(struct export, profile, .flags = FIELD_REQUIRED,
                 .doc = "What applications keep of it."),
            PART(identities, identity, "Sign-ins elsewhere that lead here."),
            PART(keys, key, "API keys."),
            PART(sign_ins, sign_in, "Sign-ins, the ended ones of 30 days too."),
            PART(wallet_sessions, wallet_session, "Sessions of wallets."),
            PART(session_tokens, session_token, "Session tokens."),
            PART(mails, mail, "Mails that are to be sent or hold a link."),
            PART(budgets, budget, "Budgets of the account and its keys."),
            PART(usage, usage, "Usage, by month, key, model and operation."),
            PART(traces, trace,
                 "Bodies of calls, where the operator keeps them; the newest hundred."),
            PART(audit, audit, "The audit trail, the newest ten thousand rows."),
            {.name = NULL}},
    .doc = "All that is kept about a person.",
};

static const size_t places[EXPORT_PARTS] = {
    [EXPORT_IDENTITIES] = offsetof(struct export, identities),
    [EXPORT_KEYS] = offsetof(struct export, keys),
    [EXPORT_SIGN_INS] = offsetof(struct export, sign_ins),
    [EXPORT_WALLET_SESSIONS] = offsetof(struct export, wallet_sessions),
    [EXPORT_SESSION_TOKENS] = offsetof(struct export, session_tokens),
    [EXPORT_MAILS] = offsetof(struct export, mails),
    [EXPORT_BUDGETS] = offsetof(struct export, budgets),
    [EXPORT_USAGE] = offsetof(struct export, usage),
    [EXPORT_TRACES] = offsetof(struct export, traces),
    [EXPORT_AUDIT] = offsetof(struct export, audit),
};

static void
write_moments(const struct export_part *part, const struct list *rows, struct arena *arena)
{
    for (size_t i = 0; i < rows->count; i++) {
        char *row = (char *)rows->items + i * part->query.size;
        for (const struct export_moment *moment = part->moments; moment->text != 0; moment++) {
            int64_t micros = *(const int64_t *)(const void *)(row + moment->micros);
            const char *text = micros != 0 ? clock_text(arena, micros) : NULL;
            memcpy(row + moment->text, &text, sizeof(text));
        }
    }
}

static bool
read_part(struct request *request, const char *account_id, enum export_kind kind,
          struct export *all, struct error *err)
{
    struct store *store;
    const struct export_part *part = &export_parts[kind];
    if (!access_store(request, &store, err))
        return false;
    const struct list *rows = store_query(store, &part->query, &account_id, &request->arena, err);
    if (!rows)
        return false;
    write_moments(part, rows, &request->arena);
    memcpy((char *)all + places[kind], rows, sizeof(*rows));
    return true;
}

bool
auth_export(struct request *request, struct error *err)
{
    struct arena *arena = &request->arena;
    const struct account *account;
    struct export all = {0};
    if (!present_account(request, &account, err) ||
        !throttle_take(request, THROTTLE_EXPORT, account->id, err))
        return false;
    struct account_view view = account_view(account, arena);
    all.account = &view;
    all.profile = schema_parse(account->profile, strlen(account->profile), arena, err);
    if (!all.profile)
        return false;
    for (int kind = 0; kind < EXPORT_PARTS; kind++)
        if (!read_part(request, account->id, (enum export_kind)kind, &all, err))
            return false;
    const char *subject = arena_printf(arena, "account:%s", account->id);
    audit_add(request, &(struct audit_entry){AUDIT_ACCOUNT_EXPORTED, subject, NULL});
    response_header(request, "Content-Disposition", "attachment; filename=\"account.json\"");
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, &export_schema, &all);
    return true;
}
