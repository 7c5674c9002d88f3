/* The audit trail: who did what to whom, append-only. Nothing here fails a request: what cannot be
 * written now waits in a file (backlog.h), and what cannot wait there is logged. */
#ifndef HEARTH_ACCESS_AUDIT_H
#define HEARTH_ACCESS_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "http/request.h"
#include "http/schema.h"

struct access;
struct store;
struct transaction;

enum audit_event {
    AUDIT_SIGN_IN,
    AUDIT_SIGN_IN_FAILED,
    AUDIT_SIGN_OUT,
    AUDIT_TOKEN_REUSED,
    AUDIT_ACCOUNT_CREATED,
    AUDIT_ACCOUNT_CHANGED,
    AUDIT_ACCOUNT_DELETED,
    AUDIT_ACCOUNT_EXPORTED,
    AUDIT_PASSWORD_CHANGED,
    AUDIT_PASSWORD_RESET_ASKED,
    AUDIT_EMAIL_VERIFIED,
    AUDIT_ROLE_CHANGED,
    AUDIT_KEY_CREATED,
    AUDIT_KEY_ROTATED,
    AUDIT_KEY_REVOKED,
    AUDIT_BUDGET_CHANGED,
    AUDIT_ADMIN_CALL, /* a call of an internal route that changes something */
    AUDIT_REFUSED,    /* a call that was answered 401 or 403 */
    AUDIT_GUARD_HIT,  /* the guard flagged an untrusted text */
};

struct audit_entry {
    enum audit_event event;
    const char *subject; /* "account:<id>", "key:<id>": whom it is about, or NULL */
    const char *detail;  /* a few words, no secret, or NULL */
};

/* Adds a row. Actor (the caller's tenant, else "anonymous"), address and id of the request are
 * taken from it. Control characters become '?'; the texts of a row have at most 200 bytes together,
 * and the detail is what is cut. Any lane: on the front lane, and while the store is away, the row
 * waits in a file for audit_drain(). Nothing happens without a database. */
void audit_add(struct request *request, const struct audit_entry *entry);

/* The same within a change's own transaction, so that both happen or neither. */
bool audit_add_in(struct transaction *transaction, struct request *request,
                  const struct audit_entry *entry, struct error *err)
    __attribute__((warn_unused_result));

/* "operator:<user>": who runs a command, as an actor. */
const char *audit_operator(struct arena *arena);

/* A row for what an operator did on the command line, where there is no request; actor is
 * "operator:<user>". */
bool audit_add_operator(struct store *store, const struct audit_entry *entry, struct arena *arena,
                        struct error *err) __attribute__((warn_unused_result));

/* The same within the change's own transaction, so that both happen or neither. */
bool audit_add_operator_in(struct transaction *transaction, const struct audit_entry *entry,
                           struct arena *arena, struct error *err)
    __attribute__((warn_unused_result));

/* A duty of the caretaker: writes the rows that wait in the file. */
void audit_drain(struct access *access, struct arena *arena);

/* "sign_in", "key_created" ... */
const char *audit_event_name(enum audit_event event);

/* All names, NULL-terminated. */
extern const char *const audit_event_names[];

/* A row as it is read. */
struct audit_row {
    const char *id, *event, *actor, *subject, *detail, *address, *request_id; /* or NULL */
    int64_t at_us;
};

struct audit_wish {
    const char *event, *actor, *subject; /* NULL: any */
    int64_t since_us, until_us;          /* since <= at < until */
    const char *before_id;               /* with until_us: rows at that moment below this id too */
    int64_t limit;                       /* 1 to 1000 */
};

/* Rows, newest first. NULL as store_query(). The next page is asked for with until_us and before_id
 * of the last row. */
const struct list *audit_list(struct store *store, const struct audit_wish *wish,
                              struct arena *arena, struct error *err);

#endif
