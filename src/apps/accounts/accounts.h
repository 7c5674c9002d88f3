/* Accounts over HTTP: what the routes of the study platform (/api/v1/accounts) and ours
 * (/api/v1/auth) take and give, and what both do. */
#ifndef HEARTH_APPS_ACCOUNTS_ACCOUNTS_H
#define HEARTH_APPS_ACCOUNTS_ACCOUNTS_H

#include "access/account.h"
#include "access/presence.h"
#include "access/sign_in.h"
#include "http/request.h"
#include "http/schema.h"

enum { LOGIN_MAX = 254, SECRET_TEXT_MAX = 4096 };

/* What both families take. */
struct registration {
    const char *username, *email, *password, *password_confirm;
    const char *phone_number, *display_name, *first_name, *last_name;
};

struct credentials {
    const char *login, *username, *email, *password;
    bool cookie;
};

struct refresh_wish {
    const char *refresh;
};

struct token_pair {
    const char *access, *refresh;
};

struct email_wish {
    const char *email;
};

struct reset {
    const char *uid, *token, *password, *password_confirm;
};

struct token_wish {
    const char *token;
};

struct password_wish {
    const char *current_password, *password;
};

struct proof {
    const char *password;
};

struct account_patch {
    const char *username, *email, *display_name, *picture_url, *phone_number;
    const char *password;
};

/* What both families give. */
struct registered {
    const char *username, *email, *phone_number;
};

struct signed_in {
    const char *account_id, *access, *refresh, *token_type;
    bool has_access;
    int64_t expires_in;
    int64_t refresh_expires_in;
    const char *csrf_token;
};

struct detail {
    const char *detail;
};

struct account_view {
    const char *id, *username, *email;
    bool email_verified;
    const char *pending_email;
    const char *display_name, *picture_url, *phone_number, *organisation_id;
    bool has_password, is_admin, is_active;
    const char *last_login_at, *created_at, *updated_at;
};

extern const struct schema registration_schema, study_registration_schema, credentials_schema,
    study_credentials_schema, refresh_wish_schema, study_logout_schema, token_pair_schema,
    email_wish_schema, reset_schema, study_reset_schema, token_wish_schema, password_wish_schema,
    proof_schema, account_patch_schema, registered_schema, signed_in_schema, detail_schema,
    account_view_schema;

/* What a client sees of an account. */
struct account_view account_view(const struct account *account, struct arena *arena);

/* Begins a sign-in with a password. ERROR_UNAUTHORIZED says the same whatever was wrong. */
bool sign_in_with_password(struct request *request, const char *login, const char *password,
                           bool cookie, struct sign_in *sign_in, struct error *err)
    __attribute__((warn_unused_result));

/* Makes an account of who registers. */
bool register_account(struct request *request, const struct registration *wish,
                      const struct account **account, struct error *err)
    __attribute__((warn_unused_result));

/* Has the mail sent that a password can be set anew with, if there is such an account. */
bool ask_reset(struct request *request, const char *email, struct error *err)
    __attribute__((warn_unused_result));

/* Handlers, by file. */
bool study_register(struct request *request, struct error *err);
bool auth_register(struct request *request, struct error *err);

bool study_login(struct request *request, struct error *err);
bool auth_login(struct request *request, struct error *err);
bool study_logout(struct request *request, struct error *err);
bool auth_logout(struct request *request, struct error *err);
bool study_refresh(struct request *request, struct error *err);
bool auth_refresh(struct request *request, struct error *err);

extern const struct schema validation_wish_schema, validation_schema, study_session_schema;
bool study_validate(struct request *request, struct error *err);
bool study_show_session(struct request *request, struct error *err);
bool study_renew_session(struct request *request, struct error *err);

bool auth_change_password(struct request *request, struct error *err);
bool auth_forgot(struct request *request, struct error *err);
bool auth_reset(struct request *request, struct error *err);
bool study_forgot(struct request *request, struct error *err);
bool study_reset(struct request *request, struct error *err);
bool auth_ask_email(struct request *request, struct error *err);
bool auth_confirm_email(struct request *request, struct error *err);
bool auth_undo_email(struct request *request, struct error *err);

bool auth_show_me(struct request *request, struct error *err);
bool auth_change_me(struct request *request, struct error *err);
bool auth_delete(struct request *request, struct error *err);

extern const struct schema identities_schema;
bool auth_list_identities(struct request *request, struct error *err);
bool auth_unlink(struct request *request, struct error *err);

extern const struct schema export_schema;
bool auth_export(struct request *request, struct error *err);

extern const struct schema profile_schema, profile_detail_schema, profile_patch_schema,
    profile_detail_patch_schema;
bool study_show_profile(struct request *request, struct error *err);
bool study_change_profile(struct request *request, struct error *err);
bool study_show_detail(struct request *request, struct error *err);
bool study_change_detail(struct request *request, struct error *err);

extern const struct schema account_query_schema, account_page_schema, role_schema;
bool internal_list(struct request *request, struct error *err);
bool internal_show(struct request *request, struct error *err);
bool internal_deactivate(struct request *request, struct error *err);
bool internal_activate(struct request *request, struct error *err);
bool internal_set_role(struct request *request, struct error *err);

#endif
