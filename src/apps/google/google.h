/* Sign-in with Google: what its routes take and give. */
#ifndef HEARTH_APPS_GOOGLE_GOOGLE_H
#define HEARTH_APPS_GOOGLE_GOOGLE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/schema.h"

struct google_request {
    const char *token, *password;
    bool cookie;
};

struct google_answer {
    const char *user_id, *email, *display_name;
    const char *token, *access_token, *token_type, *refresh_token,
        *csrf_token; /* NULL: not given */
    int64_t expires_in, refresh_expires_in;
    bool has_expires_in;
};

struct google_start_query {
    const char *return_to;
};

struct google_callback_query {
    const char *state, *code, *error;
};

extern const struct schema google_request_schema, google_answer_schema, google_link_schema,
    google_start_schema, google_callback_schema;

#endif
