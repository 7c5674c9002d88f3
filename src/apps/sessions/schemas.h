/* What the session routes answer. */
#ifndef HEARTH_APPS_SESSIONS_SCHEMAS_H
#define HEARTH_APPS_SESSIONS_SCHEMAS_H

#include "http/schema.h"

struct session_answer {
    bool authenticated;
    const char *account_id, *session_id, *organisation_id, *method;
    bool is_admin;
    struct list scopes; /* const char * */
    const char *csrf_token;
};

struct sign_in_answer {
    const char *id, *method, *kind, *user_agent, *address, *created_at, *last_seen_at, *expires_at;
    bool current;
};

struct sign_ins_answer {
    struct list sessions; /* struct sign_in_answer */
};

struct key_set_answer {
    const json_t *keys;
};

extern const struct schema session_schema, sign_ins_schema, key_set_schema;

#endif
