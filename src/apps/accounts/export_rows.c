/* The parts of an export. */
#include "apps/accounts/export_rows.h"

#include "apps/accounts/export.sql.h"

#define TEXT(T, m, text) STRING(T, m, .flags = FIELD_NULLABLE, .doc = (text))
#define COUNT(T, m, text)                                                                          \
    INTEGER(T, m, .flags = FIELD_REQUIRED, .min = INT64_MIN, .max = INT64_MAX, .doc = (text))
#define MOMENT(T, m)                                                                               \
    {                                                                                              \
        offsetof(T, m##_us), offsetof(T, m##_at)                                                   \
    }

struct export_identity {
    const char *provider, *subject, *created_at;
    int64_t created_us;
};

static const struct column identity_columns[] = {
    COLUMN_TEXT_OF(struct export_identity, provider),
    COLUMN_TEXT_OF(struct export_identity, subject),
    COLUMN_INTEGER_OF(struct export_identity, created_us),
    {0},
};
static const struct export_moment identity_moments[] = {MOMENT(struct export_identity, created),
                                                        {0}};

const struct schema export_identity_schema = {
    .name = "ExportedIdentity",
    .size = sizeof(struct export_identity),
    .fields = (const struct field[]){TEXT(struct export_identity, provider, "google or wallet."),
                                     TEXT(struct export_identity, subject, "Who it is there."),
                                     TEXT(struct export_identity, created_at, "Since when."),
                                     {.name = NULL}},
    .doc = "A sign-in elsewhere that leads here.",
};

struct export_key {
    const char *id, *name, *prefix, *scopes, *models, *created_at, *expires_at, *revoked_at,
        *rotated_at, *last_used_at;
    int64_t created_us, expires_us, revoked_us, rotated_us, last_used_us;
};

static const struct column key_columns[] = {
    COLUMN_TEXT_OF(struct export_key, id),
    COLUMN_TEXT_OF(struct export_key, name),
    COLUMN_TEXT_OF(struct export_key, prefix),
    COLUMN_TEXT_OF(struct export_key, scopes),
    COLUMN_TEXT_OF(struct export_key, models),
    COLUMN_INTEGER_OF(struct export_key, created_us),
    COLUMN_INTEGER_OF(struct export_key, expires_us),
    COLUMN_INTEGER_OF(struct export_key, revoked_us),
    COLUMN_INTEGER_OF(struct export_key, rotated_us),
    COLUMN_INTEGER_OF(struct export_key, last_used_us),
    {0},
};
static const struct export_moment key_moments[] = {
    MOMENT(struct export_key, created),   MOMENT(struct export_key, expires),
    MOMENT(struct export_key, revoked),   MOMENT(struct export_key, rotated),
    MOMENT(struct export_key, last_used), {0}};

const struct schema export_key_schema = {
    .name = "ExportedKey",
    .size = sizeof(struct export_key),
    .fields =
        (const struct field[]){
            TEXT(struct export_key, id, "A UUID."),
            TEXT(struct export_key, name, "As it was named."),
            TEXT(struct export_key, prefix, "How it begins."),
            TEXT(struct export_key, scopes, "What it may, as a comma list."),
            TEXT(struct export_key, models, "What it may ask, as a comma list; null: all."),
            TEXT(struct export_key, created_at, "When."),
            TEXT(struct export_key, expires_at, "When."),
            TEXT(struct export_key, revoked_at, "When."),
            TEXT(struct export_key, rotated_at, "When."),
            TEXT(struct export_key, last_used_at, "When."),
            {.name = NULL}},
    .doc = "An API key, without its secret.",
};

struct export_sign_in {
    const char *id, *method, *user_agent, *address, *end_reason, *created_at, *last_seen_at,
        *expires_at, *ended_at;
    int64_t created_us, last_seen_us, expires_us, ended_us;
};

static const struct column sign_in_columns[] = {
    COLUMN_TEXT_OF(struct export_sign_in, id),
    COLUMN_TEXT_OF(struct export_sign_in, method),
    COLUMN_TEXT_OF(struct export_sign_in, user_agent),
    COLUMN_TEXT_OF(struct export_sign_in, address),
    COLUMN_TEXT_OF(struct export_sign_in, end_reason),
    COLUMN_INTEGER_OF(struct export_sign_in, created_us),
    COLUMN_INTEGER_OF(struct export_sign_in, last_seen_us),
    COLUMN_INTEGER_OF(struct export_sign_in, expires_us),
    COLUMN_INTEGER_OF(struct export_sign_in, ended_us),
    {0},
};
static const struct export_moment sign_in_moments[] = {MOMENT(struct export_sign_in, created),
                                                       MOMENT(struct export_sign_in, last_seen),
                                                       MOMENT(struct export_sign_in, expires),
                                                       MOMENT(struct export_sign_in, ended),
                                                       {0}};

const struct schema export_sign_in_schema = {
    .name = "ExportedSignIn",
    .size = sizeof(struct export_sign_in),
    .fields = (const struct field[]){TEXT(struct export_sign_in, id, "A UUID."),
                                     TEXT(struct export_sign_in, method, "How."),
                                     TEXT(struct export_sign_in, user_agent, "With what."),
                                     TEXT(struct export_sign_in, address, "From where."),
                                     TEXT(struct export_sign_in, end_reason, "Why it ended."),
                                     TEXT(struct export_sign_in, created_at, "When."),
                                     TEXT(struct export_sign_in, last_seen_at, "When."),
                                     TEXT(struct export_sign_in, expires_at, "When."),
                                     TEXT(struct export_sign_in, ended_at, "When."),
                                     {.name = NULL}},
    .doc = "A sign-in.",
};

struct export_wallet_session {
    const char *address, *wallet_type, *preferences, *created_at, *last_activity_at, *expires_at;
    int64_t chain_id, created_us, last_activity_us, expires_us;
};

static const struct column wallet_session_columns[] = {
    COLUMN_TEXT_OF(struct export_wallet_session, address),
    COLUMN_TEXT_OF(struct export_wallet_session, wallet_type),
    COLUMN_INTEGER_OF(struct export_wallet_session, chain_id),
    COLUMN_TEXT_OF(struct export_wallet_session, preferences),
    COLUMN_INTEGER_OF(struct export_wallet_session, created_us),
    COLUMN_INTEGER_OF(struct export_wallet_session, last_activity_us),
    COLUMN_INTEGER_OF(struct export_wallet_session, expires_us),
    {0},
};
static const struct export_moment wallet_session_moments[] = {
    MOMENT(struct export_wallet_session, created),
    MOMENT(struct export_wallet_session, last_activity),
    MOMENT(struct export_wallet_session, expires),
    {0}};

const struct schema export_wallet_session_schema = {
    .name = "ExportedWalletSession",
    .size = sizeof(struct export_wallet_session),
    .fields = (const struct field[]){TEXT(struct export_wallet_session, address, "The wallet's."),
                                     TEXT(struct export_wallet_session, wallet_type, "Which kind."),
                                     COUNT(struct export_wallet_session, chain_id, "Which chain."),
                                     TEXT(struct export_wallet_session, preferences,
                                          "What applications keep of it, as JSON."),
                                     TEXT(struct export_wallet_session, created_at, "When."),
                                     TEXT(struct export_wallet_session, last_activity_at, "When."),
                                     TEXT(struct export_wallet_session, expires_at, "When."),
                                     {.name = NULL}},
    .doc = "A wallet's session.",
};

struct export_session_token {
    const char *address, *created_at, *last_activity_at, *expires_at;
    int64_t created_us, last_activity_us, expires_us;
};

static const struct column session_token_columns[] = {
    COLUMN_TEXT_OF(struct export_session_token, address),
    COLUMN_INTEGER_OF(struct export_session_token, created_us),
    COLUMN_INTEGER_OF(struct export_session_token, last_activity_us),
    COLUMN_INTEGER_OF(struct export_session_token, expires_us),
    {0},
};
static const struct export_moment session_token_moments[] = {
    MOMENT(struct export_session_token, created),
    MOMENT(struct export_session_token, last_activity),
    MOMENT(struct export_session_token, expires),
    {0}};

const struct schema export_session_token_schema = {
    .name = "ExportedSessionToken",
    .size = sizeof(struct export_session_token),
    .fields = (const struct field[]){TEXT(struct export_session_token, address,
                                          "Of the wallet that it is for."),
                                     TEXT(struct export_session_token, created_at, "When."),
                                     TEXT(struct export_session_token, last_activity_at, "When."),
                                     TEXT(struct export_session_token, expires_at, "When."),
                                     {.name = NULL}},
    .doc = "A session token of an application, without its secret.",
};

struct export_mail {
    const char *kind, *email, *created_at, *expires_at;
    int64_t tries, created_us, expires_us;
};

static const struct column mail_columns[] = {
    COLUMN_TEXT_OF(struct export_mail, kind),
    COLUMN_TEXT_OF(struct export_mail, email),
    COLUMN_INTEGER_OF(struct export_mail, tries),
    COLUMN_INTEGER_OF(struct export_mail, created_us),
    COLUMN_INTEGER_OF(struct export_mail, expires_us),
    {0},
};
static const struct export_moment mail_moments[] = {
    MOMENT(struct export_mail, created), MOMENT(struct export_mail, expires), {0}};

const struct schema export_mail_schema = {
    .name = "ExportedMail",
    .size = sizeof(struct export_mail),
    .fields = (const struct field[]){TEXT(struct export_mail, kind, "What for."),
                                     TEXT(struct export_mail, email, "To where."),
                                     COUNT(struct export_mail, tries, "How often it was tried."),
                                     TEXT(struct export_mail, created_at, "When."),
                                     TEXT(struct export_mail, expires_at,
                                          "When its link is good no more."),
                                     {.name = NULL}},
    .doc = "A mail that is to be sent or holds a link that is good still.",
};

struct export_budget {
    const char *owner, *unit, *period, *since_at;
    int64_t most, spent, since_us;
};

static const struct column budget_columns[] = {
    COLUMN_TEXT_OF(struct export_budget, owner),
    COLUMN_TEXT_OF(struct export_budget, unit),
    COLUMN_TEXT_OF(struct export_budget, period),
    COLUMN_INTEGER_OF(struct export_budget, most),
    COLUMN_INTEGER_OF(struct export_budget, spent),
    COLUMN_INTEGER_OF(struct export_budget, since_us),
    {0},
};
static const struct export_moment budget_moments[] = {MOMENT(struct export_budget, since), {0}};

const struct schema export_budget_schema = {
    .name = "ExportedBudget",
    .size = sizeof(struct export_budget),
    .fields = (const struct field[]){TEXT(struct export_budget, owner, "Whose."),
                                     TEXT(struct export_budget, unit, "Of what."),
                                     TEXT(struct export_budget, period, "For how long."),
                                     COUNT(struct export_budget, most, "How much there is."),
                                     COUNT(struct export_budget, spent, "How much was spent."),
                                     TEXT(struct export_budget, since_at, "Since when."),
                                     {.name = NULL}},
    .doc = "A budget, of the account or of one of its keys.",
};

struct export_usage {
    const char *month, *caller, *model, *operation;
    int64_t calls, input, output, cost_micros;
};

static const struct column usage_columns[] = {
    COLUMN_TEXT_OF(struct export_usage, month),
    COLUMN_TEXT_OF(struct export_usage, caller),
    COLUMN_TEXT_OF(struct export_usage, model),
    COLUMN_TEXT_OF(struct export_usage, operation),
    COLUMN_INTEGER_OF(struct export_usage, calls),
    COLUMN_INTEGER_OF(struct export_usage, input),
    COLUMN_INTEGER_OF(struct export_usage, output),
    COLUMN_INTEGER_OF(struct export_usage, cost_micros),
    {0},
};
static const struct export_moment usage_moments[] = {{0}};

const struct schema export_usage_schema = {
    .name = "ExportedUsage",
    .size = sizeof(struct export_usage),
    .fields =
        (const struct field[]){
            TEXT(struct export_usage, month, "YYYY-MM, in UTC."),
            TEXT(struct export_usage, caller, "With which key, or signed in."),
            TEXT(struct export_usage, model, "What was asked."),
            TEXT(struct export_usage, operation, "For what."),
            COUNT(struct export_usage, calls, "How often."),
            COUNT(struct export_usage, input, "Tokens of questions."),
            COUNT(struct export_usage, output, "Tokens of answers."),
            COUNT(struct export_usage, cost_micros, "Millionths of the currency unit."),
            {.name = NULL}},
    .doc = "What was used in a month.",
};

struct export_trace {
    const char *request_id, *route, *question, *answer, *at;
    int64_t status, at_us;
};

static const struct column trace_columns[] = {
    COLUMN_TEXT_OF(struct export_trace, request_id),
    COLUMN_TEXT_OF(struct export_trace, route),
    COLUMN_INTEGER_OF(struct export_trace, status),
    COLUMN_TEXT_OF(struct export_trace, question),
    COLUMN_TEXT_OF(struct export_trace, answer),
    COLUMN_INTEGER_OF(struct export_trace, at_us),
    {0},
};
static const struct export_moment trace_moments[] = {
    {offsetof(struct export_trace, at_us), offsetof(struct export_trace, at)}, {0}};

const struct schema export_trace_schema = {
    .name = "ExportedTrace",
    .size = sizeof(struct export_trace),
    .fields = (const struct field[]){TEXT(struct export_trace, request_id, "Which."),
                                     TEXT(struct export_trace, route, "Where."),
                                     COUNT(struct export_trace, status, "The answer's."),
                                     TEXT(struct export_trace, question, "What was sent."),
                                     TEXT(struct export_trace, answer, "What came back."),
                                     TEXT(struct export_trace, at, "When."),
                                     {.name = NULL}},
    .doc = "A call whose bodies were kept, redacted.",
};

struct export_audit {
    const char *event, *actor, *subject, *detail, *address, *at;
    int64_t at_us;
};

static const struct column audit_columns[] = {
    COLUMN_TEXT_OF(struct export_audit, event),
    COLUMN_TEXT_OF(struct export_audit, actor),
    COLUMN_TEXT_OF(struct export_audit, subject),
    COLUMN_TEXT_OF(struct export_audit, detail),
    COLUMN_TEXT_OF(struct export_audit, address),
    COLUMN_INTEGER_OF(struct export_audit, at_us),
    {0},
};
static const struct export_moment audit_moments[] = {
    {offsetof(struct export_audit, at_us), offsetof(struct export_audit, at)}, {0}};

const struct schema export_audit_schema = {
    .name = "ExportedAudit",
    .size = sizeof(struct export_audit),
    .fields =
        (const struct field[]){
            TEXT(struct export_audit, event, "What."),
            TEXT(struct export_audit, actor, "By whom: of others only what they are."),
            TEXT(struct export_audit, subject, "About whom, likewise."),
            TEXT(struct export_audit, detail, "More of it."),
            TEXT(struct export_audit, address, "From where, where it was the account's person."),
            TEXT(struct export_audit, at, "When."),
            {.name = NULL}},
    .doc = "A row of the audit trail.",
};

#define PART(name, row)                                                                            \
    {                                                                                              \
        {SQL_export_##name, .columns = row##_columns, .size = sizeof(struct export_##row)},        \
            row##_moments                                                                          \
    }

const struct export_part export_parts[EXPORT_PARTS] = {
    [EXPORT_IDENTITIES] = PART(identities, identity),
    [EXPORT_KEYS] = PART(keys, key),
    [EXPORT_SIGN_INS] = PART(sign_ins, sign_in),
    [EXPORT_WALLET_SESSIONS] = PART(wallet_sessions, wallet_session),
    [EXPORT_SESSION_TOKENS] = PART(session_tokens, session_token),
    [EXPORT_MAILS] = PART(mails, mail),
    [EXPORT_BUDGETS] = PART(budgets, budget),
    [EXPORT_USAGE] = PART(usage, usage),
    [EXPORT_TRACES] = PART(traces, trace),
    [EXPORT_AUDIT] = PART(audit, audit),
};
