/* The outbox, its letters and their tokens. */
#include "access/postman.h"

#include <inttypes.h>
#include <string.h>

#include "access/access.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/sha256.h"
#include "net/mail.h"
#include "store/store.h"

#include "access/postman.sql.h"

enum { DAY_S = 86400, HOUR_S = 3600, TOKEN_BYTES = 32, DELIVERIES = 8, NAME_BYTES = 120 };

/* Letters by kind. Texts hold "%name" (with the space before it), "%app", "%link" and
 * "%former", which is empty unless the mail goes to an address that takes a verified one's place.
 */
static const struct letter {
    const char *kind, *path; /* of the link; NULL: none */
    int64_t good_s;          /* the token */
    const char *subject, *text;
} letters[] = {
    [POST_VERIFY] = {"verify", "/verify-email", DAY_S, "Confirm your e-mail address",
                     "Hello%name,\n\n"
                     "this address was given for an account at %app. If that was you, confirm it "
                     "with this link within a day:\n\n"
                     "%link\n\n"
                     "%formerIf it was not you, ignore this mail.\n"},
    [POST_RESET] = {"reset", "/reset-password", HOUR_S, "Set a new password",
                    "Hello%name,\n\n"
                    "somebody wants to set a new password for your account at %app. If that was "
                    "you, do so with this link within an hour:\n\n"
                    "%link\n\n"
                    "If it was not you, ignore this mail: your password stays as it is.\n"},
    [POST_PASSWORD_CHANGED] = {"password_changed", NULL, DAY_S, "Your password was changed",
                               "Hello%name,\n\n"
                               "the password of your account at %app was changed, and everybody "
                               "else who had signed in with it was signed out. If it was not you, "
                               "set a new one at once:\n\n"
                               "%link\n"},
    [POST_EMAIL_CHANGED] = {"email_changed", NULL, DAY_S, "Your e-mail address is to change",
                            "Hello%name,\n\n"
                            "your account at %app is to have another e-mail address. If it was not "
                            "you who asked for that, set a new password at once:\n\n"
                            "%link\n"},
    [POST_EMAIL_UNDO] =
        {"email_undo", "/undo-email", 7 * DAY_S, "Your e-mail address changes",
         "Hello%name,\n\n"
         "your account at %app gets another e-mail address as soon as that is "
         "confirmed, or has got it just now. If it was not you who asked for it, "
         "this link keeps the account yours. It is good for a week, signs everybody "
         "out and has you set a new password:\n\n"
         "%link\n\n"
         "If it was you, ignore this mail.\n"},
};

static const char former[] =
    "The address that this one takes the place of gets a link that undoes the change. It is good for "
    "a week: until then whoever reads mail there can take the account back, and nobody can call that "
    "off.\n\n";

struct delivery {
    const char *id, *account_id, *kind, *email, *name;
    int64_t tries;
    bool is_late, has_former;
};

static const struct column delivery_columns[] = {
    COLUMN_TEXT_OF(struct delivery, id),
    COLUMN_TEXT_OF(struct delivery, account_id),
    COLUMN_TEXT_OF(struct delivery, kind),
    COLUMN_TEXT_OF(struct delivery, email),
    COLUMN_INTEGER_OF(struct delivery, tries),
    COLUMN_BOOLEAN_OF(struct delivery, is_late),
    COLUMN_TEXT_OF(struct delivery, name),
    COLUMN_BOOLEAN_OF(struct delivery, has_former),
    {0},
};

static const struct column token_columns[] = {COLUMN_TEXT_OF(struct post_token, account_id),
                                              COLUMN_TEXT_OF(struct post_token, email),
                                              COLUMN_TEXT_OF(struct post_token, mail_id),
                                              {0}};
static const struct column id_columns[] = {COLUMN_TEXT_OF(struct post_token, account_id), {0}};

static const struct query insert_query = {SQL_mail_insert, .columns = NULL};
static const struct query insert_reset_query = {SQL_mail_insert_reset, .columns = id_columns,
                                                .size = sizeof(struct post_token)};
static const struct query claim_query = {SQL_mail_claim, .columns = delivery_columns,
                                         .size = sizeof(struct delivery)};
static const struct query sent_query = {SQL_mail_sent, .columns = NULL};
static const struct query delete_query = {SQL_mail_delete, .columns = NULL};
static const struct query take_query = {SQL_mail_take, .columns = token_columns,
                                        .size = sizeof(struct post_token)};
static const struct query look_query = {SQL_mail_look, .columns = token_columns,
                                        .size = sizeof(struct post_token)};
static const struct query drop_query = {SQL_mail_drop, .columns = NULL};

bool
postman_add(struct transaction *transaction, struct request *request, const struct post *post,
            struct error *err)
{
    struct arena *arena = &request->arena;
    char id[UUID_TEXT_BYTES];
    if (!mail_is_configured(request->access->settings))
        return true;
    uuid_v7(id, clock_realtime_us());
    const struct letter *letter = &letters[post->kind];
    const char *parameters[] = {id, post->account_id, letter->kind, post->email,
                                store_integer(arena, letter->good_s)};
    return transaction_query(transaction, &insert_query, parameters, arena, err) != NULL;
}

bool
postman_add_reset(struct request *request, const char *email, const char **account_id,
                  struct error *err)
{
    struct store *store;
    struct arena *arena = &request->arena;
    char id[UUID_TEXT_BYTES];
    *account_id = NULL;
    if (!access_store(request, &store, err))
        return false;
    if (!mail_is_configured(request->access->settings))
        return error_set(err, ERROR_UNAVAILABLE, "mail is not set up here");
    uuid_v7(id, clock_realtime_us());
    const char *parameters[] = {id, email, store_integer(arena, letters[POST_RESET].good_s)};
    const struct list *rows = store_query(store, &insert_reset_query, parameters, arena, err);
    if (rows && rows->count > 0)
        *account_id = ((const struct post_token *)rows->items)->account_id;
    return rows != NULL;
}

static const char *
hash_of(const char *token, struct arena *arena)
{
    struct sha256 digest;
    unsigned char bytes[SHA256_BYTES];
    sha256_init(&digest);
    sha256_add(&digest, token, strlen(token));
    sha256_end(&digest, bytes);
    return store_bytes(arena, bytes, sizeof(bytes));
}

static void
first_token(const struct list *rows, struct post_token *found)
{
    *found = (struct post_token){0};
    if (rows && rows->count > 0)
        *found = *(const struct post_token *)rows->items;
}

bool
postman_look(struct request *request, enum post_kind kind, const char *token,
             struct post_token *found, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const char *parameters[] = {hash_of(token, &request->arena), letters[kind].kind};
    const struct list *rows = store_query(store, &look_query, parameters, &request->arena, err);
    first_token(rows, found);
    return rows != NULL;
}

static bool
drop(struct transaction *transaction, struct request *request, const char *const *parameters,
     struct error *err)
{
    return transaction_query(transaction, &drop_query, parameters, &request->arena, err) != NULL;
}

bool
postman_drop(struct transaction *transaction, struct request *request, enum post_kind kind,
             const char *account_id, struct error *err)
{
    return drop(transaction, request, (const char *[]){account_id, letters[kind].kind, NULL}, err);
}

bool
postman_take(struct transaction *transaction, struct request *request, enum post_kind kind,
             const char *token, struct post_token *found, struct error *err)
{
    const char *parameters[] = {hash_of(token, &request->arena), letters[kind].kind};
    const struct list *rows =
        transaction_query(transaction, &take_query, parameters, &request->arena, err);
    first_token(rows, found);
    const char *since = kind == POST_EMAIL_UNDO ? found->mail_id : NULL;
    const char *others[] = {found->account_id, letters[kind].kind, since};
    return rows && (!found->account_id || drop(transaction, request, others, err));
}

/* Replaces the first of the words that a text holds, as often as it does. */
static const char *
fill_in(const char *text, const char *const (*words)[2], struct arena *arena)
{
    struct strbuf out;
    strbuf_init(&out, arena, 1024);
    while (*text) {
        const char *const(*word)[2] = words;
        while ((*word)[0] && strncmp(text, (*word)[0], strlen((*word)[0])) != 0)
            word++;
        if ((*word)[0])
            strbuf_add_text(&out, (*word)[1]);
        else
            strbuf_add_char(&out, *text);
        text += (*word)[0] ? strlen((*word)[0]) : 1;
    }
    return out.data;
}

static const struct letter *
letter_of(const char *kind)
{
    const struct letter *letter = letters;
    while (strcmp(letter->kind, kind) != 0)
        letter++;
    return letter;
}

/* Whoever chose a user name does not choose what else a mail says: programs that show mails make
 * links of what looks like a host or an address. */
static const char *
greeted(const char *name, struct arena *arena)
{
    bool is_plain = name && strlen(name) <= NAME_BYTES && !strpbrk(name, ".@/:<> \r\n\t");
    return is_plain ? arena_printf(arena, " %s", name) : "";
}

static bool
send_letter(struct access *access, const struct delivery *delivery, const char *token,
            struct arena *arena, struct error *err)
{
    const struct settings *settings = access->settings;
    const struct letter *letter = letter_of(delivery->kind);
    const char *link = settings->public_url;
    if (letter->path)
        /* Behind "#": no browser sends that on, so no web server logs a token. */
        link = arena_printf(arena, "%s%s#uid=%s&token=%s", settings->public_url, letter->path,
                            delivery->account_id, token);
    const char *const words[][2] = {{"%name", greeted(delivery->name, arena)},
                                    {"%app", settings->app_name},
                                    {"%link", link},
                                    {"%former", delivery->has_former ? former : ""},
                                    {NULL, NULL}};
    const struct mail mail = {delivery->id, delivery->email, letter->subject,
                              fill_in(letter->text, words, arena)};
    return mail_send(settings, &mail, err);
}

static void
settle(struct access *access, const struct delivery *delivery, const struct error *err,
       struct arena *arena)
{
    struct error ignored = {0};
    bool is_sent = err->code == ERROR_NONE;
    bool is_over = !is_sent && (err->lasting || delivery->is_late);
    bool has_token = letter_of(delivery->kind)->path != NULL;
    if (is_sent || is_over) {
        const struct query *query = is_sent && has_token ? &sent_query : &delete_query;
        (void)!store_query(access->store, query, (const char *[]){delivery->id}, arena, &ignored);
    }
    if (!is_sent)
        log_line(is_over ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
                 is_over ? "a mail is given up" : "a mail was not sent",
                 LOG_TEXT("mail", delivery->id), LOG_TEXT("kind", delivery->kind),
                 LOG_TEXT("domain", strrchr(delivery->email, '@')),
                 LOG_NUMBER("tries", delivery->tries), LOG_TEXT("reason", err->detail));
}

/* false: none is due. */
static bool
deliver_one(struct access *access, struct arena *arena)
{
    struct error err = {0};
    unsigned char bytes[TOKEN_BYTES];
    char token[2 * TOKEN_BYTES + 1];
    random_bytes(bytes, sizeof(bytes));
    hex_format(token, bytes, sizeof(bytes));
    const struct list *rows = store_query(access->store, &claim_query,
                                          (const char *[]){hash_of(token, arena)}, arena, &err);
    if (!rows || rows->count == 0)
        return false;
    const struct delivery *delivery = rows->items;
    if (!delivery->account_id || !delivery->email) {
        (void)!store_query(access->store, &delete_query, (const char *[]){delivery->id}, arena,
                           &err);
        return true;
    }
    (void)!send_letter(access, delivery, token, arena, &err);
    settle(access, delivery, &err, arena);
    return true;
}

void
postman_deliver(struct access *access, struct arena *arena)
{
    if (!mail_is_configured(access->settings) || store_is_down(access->store))
        return;
    for (int i = 0; i < DELIVERIES && deliver_one(access, arena); i++)
        continue;
}
