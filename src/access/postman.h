/* Mails to the people of accounts. A mail is a row that is written with the change it belongs to; a
 * duty of the caretaker sends it. Its token has 256 random bits and exists in clear in the mail
 * alone: it is made for each try to send it, and the row keeps its hash. A token is good once, for
 * a time, and for the address it was sent to. */
#ifndef HEARTH_ACCESS_POSTMAN_H
#define HEARTH_ACCESS_POSTMAN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "http/request.h"

struct access;
struct transaction;

enum post_kind {
    POST_VERIFY,           /* a link to show that the address is theirs: good for a day */
    POST_RESET,            /* a link to set another password: good for an hour */
    POST_PASSWORD_CHANGED, /* to tell: no link */
    POST_EMAIL_CHANGED,    /* to tell an address that nobody verified: no link */
    POST_EMAIL_UNDO,       /* a link for the former address to stay: good for a week */
};

struct post {
    enum post_kind kind;
    const char *account_id, *email;
};

/* Has a mail sent when the transaction commits. Nothing where mail is not set up. */
bool postman_add(struct transaction *transaction, struct request *request, const struct post *post,
                 struct error *err) __attribute__((warn_unused_result));

/* The same with POST_RESET for the account of an address, whether there is one or not, which takes
 * as long. *account_id is NULL where there is none; the caller tells nobody. */
bool postman_add_reset(struct request *request, const char *email, const char **account_id,
                       struct error *err) __attribute__((warn_unused_result));

/* Whom a token is of: *account_id is NULL where it is not known, was used, has expired, or went to
 * another address than the account has now (POST_EMAIL_UNDO: had) or is to have (POST_VERIFY). */
struct post_token {
    const char *account_id, *email, *mail_id;
};
bool postman_look(struct request *request, enum post_kind kind, const char *token,
                  struct post_token *found, struct error *err) __attribute__((warn_unused_result));

/* As postman_look(), and it is used up; with it go all others of its kind and account, of
 * POST_EMAIL_UNDO those after it: who came first has the last word. */
bool postman_take(struct transaction *transaction, struct request *request, enum post_kind kind,
                  const char *token, struct post_token *found, struct error *err)
    __attribute__((warn_unused_result));

/* All tokens of a kind that the account has are worth nothing from now on. */
bool postman_drop(struct transaction *transaction, struct request *request, enum post_kind kind,
                  const char *account_id, struct error *err) __attribute__((warn_unused_result));

/* A duty of the caretaker: sends what is due, a few at a time. Given up after a day,
 * POST_EMAIL_UNDO when its token has expired. */
void postman_deliver(struct access *access, struct arena *arena);

#endif
