/* Accounts: finding and making them. */
#include "access/account.h"

#include <string.h>
#include <strings.h>

#include "access/access.h"
#include "access/account_private.h"
#include "access/account_rules.h"
#include "access/audit.h"
#include "access/hmac.h"
#include "access/password.h"
#include "access/postman.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/store.h"

#include "access/account.sql.h"

enum { PICTURE_MAX_BYTES = 512, DISPLAY_NAME_MAX = 150, SUBJECT_MAX_BYTES = 255, PARTS = 1000000 };

static const struct column account_columns[] = {
    COLUMN_TEXT_OF(struct account, id),
    COLUMN_TEXT_OF(struct account, organisation_id),
    COLUMN_TEXT_OF(struct account, user_name),
    COLUMN_TEXT_OF(struct account, email),
    COLUMN_TEXT_OF(struct account, pending_email),
    COLUMN_TEXT_OF(struct account, display_name),
    COLUMN_TEXT_OF(struct account, picture_url),
    COLUMN_TEXT_OF(struct account, phone_number),
    COLUMN_TEXT_OF(struct account, password),
    COLUMN_TEXT_OF(struct account, profile),
    COLUMN_BOOLEAN_OF(struct account, email_verified),
    COLUMN_BOOLEAN_OF(struct account, is_admin),
    COLUMN_BOOLEAN_OF(struct account, is_active),
    COLUMN_INTEGER_OF(struct account, last_login_us),
    COLUMN_INTEGER_OF(struct account, created_us),
    COLUMN_INTEGER_OF(struct account, updated_us),
    {0},
};

struct taken {
    bool user_name, email;
};

struct stand_in {
    const char *password;
};

static const struct column stand_in_columns[] = {COLUMN_TEXT_OF(struct stand_in, password), {0}};
static const struct column taken_columns[] = {
    COLUMN_BOOLEAN_OF(struct taken, user_name),
    COLUMN_BOOLEAN_OF(struct taken, email),
    {0},
};

static const struct column identity_columns[] = {
    COLUMN_TEXT_OF(struct account_identity, provider),
    COLUMN_TEXT_OF(struct account_identity, subject),
    COLUMN_INTEGER_OF(struct account_identity, created_us),
    {0},
};

static const struct query find_query = {SQL_account_find, .columns = account_columns,
                                        .size = sizeof(struct account)};
static const struct query list_query = {SQL_account_list, .columns = account_columns,
                                        .size = sizeof(struct account), .reads = true};
static const struct query taken_query = {SQL_account_taken, .columns = taken_columns,
                                         .size = sizeof(struct taken)};
static const struct query stand_in_query = {SQL_account_stand_in, .columns = stand_in_columns,
                                            .size = sizeof(struct stand_in)};
static const struct query insert_query = {SQL_account_insert, .columns = NULL};
static const struct query insert_identity_query = {SQL_identity_insert, .columns = NULL};
static const struct query identities_query = {SQL_identity_list, .columns = identity_columns,
                                              .size = sizeof(struct account_identity)};

static bool
find(struct store *store, const char *const *parameters, struct arena *arena,
     const struct account **account, struct error *err)
{
    const struct list *rows = store_query(store, &find_query, parameters, arena, err);
    *account = rows && rows->count > 0 ? rows->items : NULL;
    return rows != NULL;
}

bool
account_look_up(struct store *store, const char *login, struct arena *arena,
                const struct account **account, struct error *err)
{
    const char *id = uuid_is_valid(login) ? login : NULL;
    const char *parameters[] = {id, login, user_name_folded(login, arena), NULL, NULL};
    return find(store, parameters, arena, account, err);
}

bool
account_find(struct request *request, const char *id, const struct account **account,
             struct error *err)
{
    struct store *store;
    *account = NULL;
    if (!access_store(request, &store, err))
        return false;
    const char *parameters[] = {id, NULL, NULL, NULL, NULL};
    return !uuid_is_valid(id) || find(store, parameters, &request->arena, account, err);
}

bool
account_find_login(struct request *request, const char *user_name_or_email,
                   const struct account **account, struct error *err)
{
    struct store *store;
    *account = NULL;
    if (!access_store(request, &store, err))
        return false;
    const char *parameters[] = {NULL, user_name_or_email,
                                user_name_folded(user_name_or_email, &request->arena), NULL, NULL};
    return find(store, parameters, &request->arena, account, err);
}

const char *
account_stand_in(struct request *request, const char *login)
{
    struct store *store;
    struct hmac_key key;
    uint32_t part;
    unsigned char digest[SHA256_BYTES];
    struct error ignored = {0};
    struct arena *arena = &request->arena;
    const char *folded = user_name_folded(login, arena);
    if (!access_store(request, &store, &ignored))
        return NULL;
    /* Nobody else knows whose it is, so nobody chooses it. */
    hmac_key_derive(&key, request->access->settings->auth_secret, "stand-in");
    hmac_sign(&key, "", 0, folded, strlen(folded), digest);
    memcpy(&part, digest, sizeof(part));
    const char *parameters[] = {store_integer(arena, part % PARTS)};
    const struct list *rows = store_query(store, &stand_in_query, parameters, arena, &ignored);
    return rows && rows->count > 0 ? ((const struct stand_in *)rows->items)->password : NULL;
}

bool
account_find_identity(struct request *request, const char *provider, const char *subject,
                      const struct account **account, struct error *err)
{
    struct store *store;
    *account = NULL;
    if (!access_store(request, &store, err))
        return false;
    const char *parameters[] = {NULL, NULL, NULL, provider, subject};
    return find(store, parameters, &request->arena, account, err);
}

const struct list *
account_list(struct store *store, const struct account_search *search, struct arena *arena,
             struct error *err)
{
    const char *parameters[] = {search->text, search->before_id,
                                store_integer(arena, search->limit)};
    return store_query(store, &list_query, parameters, arena, err);
}

const struct list *
account_identities(struct request *request, const char *id, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return NULL;
    return store_query(store, &identities_query, (const char *[]){id}, &request->arena, err);
}

bool
account_check_names(struct request *request, const struct account_names *names,
                    struct schema_errors *errors, struct error *err)
{
    struct store *store;
    const char *user_name = names->user_name, *email = names->email;
    const char *complaint = user_name ? user_name_complaint(user_name) : NULL;
    /* Else somebody could wait under another's address for him to sign in. */
    bool is_address = user_name && email_complaint(user_name) == NULL;
    if (!complaint && is_address &&
        (!names->own_email || strcasecmp(user_name, names->own_email) != 0))
        complaint = "must not be an e-mail address other than the account's own";
    if (complaint)
        schema_complain(errors, "username", "%s", complaint);
    if (email && email_complaint(email))
        schema_complain(errors, "email", "%s", email_complaint(email));
    if (errors->count > 0 || !access_store(request, &store, err))
        return errors->count > 0;
    const char *parameters[] = {user_name ? user_name_folded(user_name, &request->arena) : NULL,
                                email, names->id};
    const struct list *rows = store_query(store, &taken_query, parameters, &request->arena, err);
    if (!rows)
        return false;
    const struct taken *taken = rows->items;
    if (taken->user_name)
        schema_complain(errors, "username", "is taken");
    if (taken->email)
        schema_complain(errors, "email", "is taken");
    return true;
}

bool
account_conflict(struct arena *arena, struct error *err)
{
    const char *name = err->reason_code ? err->reason_code : "";
    if (err->code != ERROR_CONFLICT)
        return false;
    const char *field = strstr(name, "user_name")  ? "username"
                        : strstr(name, "email")    ? "email"
                        : strstr(name, "identity") ? "subject"
                                                   : NULL;
    if (!field)
        return false;
    error_clear(err);
    return error_set_field(err, arena, field, "is taken");
}

static bool
check(struct request *request, const struct account_wish *wish, const char *user_name,
      struct error *err)
{
    struct schema_errors errors = {.arena = &request->arena};
    if (wish->phone_number && phone_complaint(wish->phone_number))
        schema_complain(&errors, "phone_number", "%s", phone_complaint(wish->phone_number));
    const char *attributes[] = {user_name ? user_name : "", wish->email ? wish->email : "", NULL};
    const char *complaint = wish->password ? password_complaint(wish->password, attributes) : NULL;
    if (complaint)
        schema_complain(&errors, "password", "%s", complaint);
    if (wish->password && wish->repeated && strcmp(wish->password, wish->repeated) != 0)
        schema_complain(&errors, "password", "must be the same as password_confirm");
    if (wish->subject && strlen(wish->subject) > SUBJECT_MAX_BYTES)
        schema_complain(&errors, "subject", "must have at most %d bytes", SUBJECT_MAX_BYTES);
    const struct account_names names = {NULL, user_name, wish->email, wish->email};
    if (!account_check_names(request, &names, &errors, err))
        return false;
    return errors.count == 0 || schema_refuse(&errors, err);
}

/* What a provider says of a person may be longer than we keep. */
static const char *
shortened(const char *text, struct arena *arena)
{
    if (!text || *text == '\0')
        return NULL;
    return arena_strndup(arena, text, utf8_prefix(text, strlen(text), DISPLAY_NAME_MAX));
}

static bool
insert(struct transaction *transaction, struct request *request, const struct account_wish *wish,
       const char *const *parameters, struct error *err)
{
    struct arena *arena = &request->arena;
    const char *id = parameters[0];
    const struct post letter = {wish->is_invited ? POST_RESET : POST_VERIFY, id, wish->email};
    if (!transaction_query(transaction, &insert_query, parameters, arena, err))
        return false;
    if (wish->subject) {
        const char *identity[] = {wish->provider, wish->subject, id};
        const struct list *made =
            transaction_query(transaction, &insert_identity_query, identity, arena, err);
        if (!made)
            return false;
        if (made->count == 0)
            return error_set_field(err, arena, "subject", "is taken");
    }
    if (wish->email && !wish->email_verified && !postman_add(transaction, request, &letter, err))
        return false;
    const struct audit_entry entry = {AUDIT_ACCOUNT_CREATED, arena_printf(arena, "account:%s", id),
                                      wish->provider};
    return audit_add_in(transaction, request, &entry, err);
}

bool
account_create(struct request *request, const struct account_wish *wish,
               const struct account **account, struct error *err)
{
    struct store *store;
    struct arena *arena = &request->arena;
    const char *password = NULL;
    const char *user_name = wish->user_name ? user_name_normal(wish->user_name, arena) : NULL;
    if (!access_store(request, &store, err) || !check(request, wish, user_name, err) ||
        (wish->password && !password_hash(request, wish->password, &password, err)))
        return false;
    char id[UUID_TEXT_BYTES];
    uuid_v7(id, clock_realtime_us());
    bool has_picture = wish->picture_url && strlen(wish->picture_url) <= PICTURE_MAX_BYTES;
    bool has_phone = wish->phone_number && wish->phone_number[0] != '\0';
    const char *parameters[] = {
        id,
        user_name,
        user_name ? user_name_folded(user_name, arena) : NULL,
        wish->email,
        password,
        has_phone ? wish->phone_number : NULL,
        shortened(wish->display_name, arena),
        has_picture ? wish->picture_url : NULL,
        wish->profile,
        wish->email && wish->email_verified ? "true" : "false",
    };
    struct transaction *transaction = transaction_begin(store, arena, err);
    if (!transaction)
        return false;
    bool done = insert(transaction, request, wish, parameters, err);
    if (!transaction_end(transaction, done, err))
        return account_conflict(arena, err);
    return account_find(request, id, account, err);
}
