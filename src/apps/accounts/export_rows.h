/* The rows of an export: what is asked of the store for each part of it, and how a client sees it.
 */
#ifndef HEARTH_APPS_ACCOUNTS_EXPORT_ROWS_H
#define HEARTH_APPS_ACCOUNTS_EXPORT_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "http/schema.h"
#include "store/store.h"

/* Where a row has a moment as microseconds (0: none), and where its text goes. */
struct export_moment {
    size_t micros, text;
};

/* A part: its query has the account's id as its only parameter. */
struct export_part {
    struct query query;
    const struct export_moment *moments; /* ended by text 0 */
};

enum export_kind {
    EXPORT_IDENTITIES,
    EXPORT_KEYS,
    EXPORT_SIGN_INS,
    EXPORT_WALLET_SESSIONS,
    EXPORT_SESSION_TOKENS,
    EXPORT_MAILS,
    EXPORT_BUDGETS,
    EXPORT_USAGE,
    EXPORT_TRACES,
    EXPORT_AUDIT,
    EXPORT_PARTS,
};

extern const struct export_part export_parts[EXPORT_PARTS];
extern const struct schema export_identity_schema, export_key_schema, export_sign_in_schema,
    export_wallet_session_schema, export_session_token_schema, export_mail_schema,
    export_budget_schema, export_usage_schema, export_trace_schema, export_audit_schema;

#endif
