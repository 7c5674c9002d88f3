/* Rows of the audit trail: made, bounded, written or left to wait, and read. */
#include "access/audit.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/access.h"
#include "access/audit.sql.h"
#include "access/backlog.h"
#include "access/caller.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/utf8.h"
#include "host/limit.h"
#include "host/metrics.h"
#include "store/query.h"
#include "store/store.h"

const char *const audit_event_names[] = {
    [AUDIT_SIGN_IN] = "sign_in",
    [AUDIT_SIGN_IN_FAILED] = "sign_in_failed",
    [AUDIT_SIGN_OUT] = "sign_out",
    [AUDIT_TOKEN_REUSED] = "token_reused",
    [AUDIT_ACCOUNT_CREATED] = "account_created",
    [AUDIT_ACCOUNT_CHANGED] = "account_changed",
    [AUDIT_ACCOUNT_DELETED] = "account_deleted",
    [AUDIT_ACCOUNT_EXPORTED] = "account_exported",
    [AUDIT_PASSWORD_CHANGED] = "password_changed",
    [AUDIT_PASSWORD_RESET_ASKED] = "password_reset_asked",
    [AUDIT_EMAIL_VERIFIED] = "email_verified",
    [AUDIT_ROLE_CHANGED] = "role_changed",
    [AUDIT_KEY_CREATED] = "key_created",
    [AUDIT_KEY_ROTATED] = "key_rotated",
    [AUDIT_KEY_REVOKED] = "key_revoked",
    [AUDIT_BUDGET_CHANGED] = "budget_changed",
    [AUDIT_ADMIN_CALL] = "admin_call",
    [AUDIT_REFUSED] = "refused",
    [AUDIT_GUARD_HIT] = "guard_hit",
    NULL,
};

/* What the texts of a row may have together, as the table's constraint says, and each of them; the
 * detail has what they leave. */
enum { ROW_BYTES = 200, WHO_BYTES = 48, REQUEST_BYTES = 40, DETAIL_BYTES = 120 };

static const char backlog_name[] = "audit";

/* What can be caused by anybody, and as often as they like, is noted so often a minute. */
static const struct rate noted = {30, 60};

struct audit_line {
    const char *id, *address, *event, *actor, *subject, *detail, *request_id;
    int64_t at;
};

static const struct schema line_schema = {
    .name = "AuditLine",
    .size = sizeof(struct audit_line),
    .fields = (const struct field[]){INTEGER(struct audit_line, at),
                                     STRING(struct audit_line, id),
                                     STRING(struct audit_line, address),
                                     STRING(struct audit_line, event),
                                     STRING(struct audit_line, actor),
                                     STRING(struct audit_line, subject),
                                     STRING(struct audit_line, detail),
                                     STRING(struct audit_line, request_id),
                                     {.name = NULL}},
};

static const struct query audit_write = {SQL_audit_write, NULL, 0, false};

static const struct column audit_columns[] = {COLUMN_TEXT_OF(struct audit_row, id),
                                              COLUMN_TEXT_OF(struct audit_row, event),
                                              COLUMN_TEXT_OF(struct audit_row, actor),
                                              COLUMN_TEXT_OF(struct audit_row, subject),
                                              COLUMN_TEXT_OF(struct audit_row, detail),
                                              COLUMN_TEXT_OF(struct audit_row, address),
                                              COLUMN_TEXT_OF(struct audit_row, request_id),
                                              COLUMN_INTEGER_OF(struct audit_row, at_us),
                                              {.name = NULL}};

static const struct query audit_read = {SQL_audit_list, audit_columns, sizeof(struct audit_row),
                                        .reads = true};

const char *
audit_event_name(enum audit_event event)
{
    return audit_event_names[event];
}

/* Controls of both sets, line ends of Unicode, and what turns the direction of writing: none may
 * reach a terminal or a log. The table's constraint names the same. */
static bool
is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* A copy of at most max bytes, with '?' for all that is hidden or no UTF-8. NULL stays NULL. */
static const char *
clean(const char *text, size_t max, struct arena *arena)
{
    if (!text)
        return NULL;
    char *copy = arena_alloc(arena, max + 1);
    size_t used = 0, length = strlen(text), count;
    bool valid = utf8_count(text, length, &count);
    for (size_t at = 0, step; at < length; at += step) {
        uint32_t code = (unsigned char)text[at];
        step = 1;
        if (valid)
            code = utf8_decode(text + at, &step);
        bool kept = valid ? !is_hidden(code) : code >= 0x20 && code < 0x7f;
        size_t needed = kept ? step : 1;
        if (used + needed > max)
            break;
        memcpy(copy + used, kept ? text + at : "?", needed);
        used += needed;
    }
    return copy;
}

static size_t
length_of(const char *text)
{
    return text ? strlen(text) : 0;
}

static const char *
address_of(struct request *request)
{
    const char *address = caller_address(request->access->settings, request);
    struct in6_addr parsed;
    if (!address ||
        (inet_pton(AF_INET, address, &parsed) != 1 && inet_pton(AF_INET6, address, &parsed) != 1))
        return NULL;
    return address;
}

static struct audit_line
begin_line(const struct audit_entry *entry, const char *actor, struct arena *arena)
{
    int64_t now_us = clock_realtime_us();
    char *id = arena_alloc(arena, UUID_TEXT_BYTES);
    uuid_v7(id, now_us);
    return (struct audit_line){
        .id = id,
        .at = now_us,
        .event = audit_event_names[entry->event],
        .actor = clean(actor, WHO_BYTES, arena),
        .subject = clean(entry->subject, WHO_BYTES, arena),
    };
}

/* The detail has what the others leave it; then the row is JSON within an array. */
static const char *
end_line(struct audit_line *line, const char *detail, struct arena *arena)
{
    size_t used = length_of(line->event) + length_of(line->actor) + length_of(line->subject) +
                  length_of(line->request_id);
    size_t left = ROW_BYTES - used;
    line->detail = clean(detail, left < DETAIL_BYTES ? left : DETAIL_BYTES, arena);
    struct strbuf text;
    strbuf_init(&text, arena, 512);
    strbuf_add_char(&text, '[');
    schema_encode(&line_schema, line, &text);
    strbuf_add_char(&text, ']');
    return text.data;
}

static const char *
line_of(struct request *request, const struct audit_entry *entry)
{
    struct arena *arena = &request->arena;
    const char *actor = request->caller ? request->caller->tenant : "anonymous";
    struct audit_line line = begin_line(entry, actor, arena);
    line.address = address_of(request);
    line.request_id = request->id[0] ? clean(request->id, REQUEST_BYTES, arena) : NULL;
    return end_line(&line, entry->detail, arena);
}

static bool
write_lines(struct store *store, const char *lines, struct arena *arena, struct error *err)
{
    const char *parameters[] = {lines};
    return store_query(store, &audit_write, parameters, arena, err) != NULL;
}

static void
count(struct access *access, const char *outcome)
{
    metrics_add(access->host, METRIC_AUDIT, outcome, 1);
}

/* The brackets of the array are not for the file. */
static void
leave(struct request *request, const char *lines)
{
    struct access *access = request->access;
    struct error err = {0};
    if (backlog_add(access->settings, backlog_name, lines + 1, strlen(lines) - 2, &err)) {
        count(access, "outcome=\"waiting\"");
        return;
    }
    count(access, "outcome=\"lost\"");
    log_line(LOG_LEVEL_ERROR, "an audit row could not be written", LOG_TEXT("row", lines),
             LOG_TEXT("cause", err.detail));
}

/* Whether anybody can cause such rows at will. */
static bool
is_bounded(struct request *request, enum audit_event event)
{
    if (event != AUDIT_REFUSED && event != AUDIT_GUARD_HIT && event != AUDIT_SIGN_IN_FAILED)
        return true;
    const char *who = request->caller ? request->caller->tenant
                                      : caller_address(request->access->settings, request);
    char key[96];
    snprintf(key, sizeof(key), "audit:%s:%s", audit_event_names[event], who ? who : "");
    struct limit_state state;
    return limit_take(request->access->host, key, noted, clock_monotonic_us(), &state);
}

void
audit_add(struct request *request, const struct audit_entry *entry)
{
    struct access *access = request->access;
    if (!access || !access->store)
        return;
    if (!is_bounded(request, entry->event)) {
        count(access, "outcome=\"skipped\"");
        return;
    }
    const char *lines = line_of(request, entry);
    struct error err = {0};
    if (request->may_wait && !store_is_down(access->store) &&
        write_lines(access->store, lines, &request->arena, &err))
        count(access, "outcome=\"written\"");
    else
        leave(request, lines);
}

bool
audit_add_in(struct transaction *transaction, struct request *request,
             const struct audit_entry *entry, struct error *err)
{
    const char *parameters[] = {line_of(request, entry)};
    if (!transaction_query(transaction, &audit_write, parameters, &request->arena, err))
        return false;
    count(request->access, "outcome=\"written\"");
    return true;
}

const char *
audit_operator(struct arena *arena)
{
    const char *user = getenv("SUDO_USER");
    if (!user || user[0] == '\0')
        user = getenv("LOGNAME");
    if (user && user[0] != '\0')
        return arena_printf(arena, "operator:%s", user);
    /* A timer's and a container's processes have neither. */
    struct passwd entry, *found = NULL;
    char space[1024];
    if (getpwuid_r(geteuid(), &entry, space, sizeof(space), &found) == 0 && found)
        return arena_printf(arena, "operator:%s", found->pw_name);
    return arena_printf(arena, "operator:%u", (unsigned)geteuid());
}

static const char *
operators_line(const struct audit_entry *entry, struct arena *arena)
{
    struct audit_line line = begin_line(entry, audit_operator(arena), arena);
    return end_line(&line, entry->detail, arena);
}

bool
audit_add_operator(struct store *store, const struct audit_entry *entry, struct arena *arena,
                   struct error *err)
{
    return write_lines(store, operators_line(entry, arena), arena, err);
}

bool
audit_add_operator_in(struct transaction *transaction, const struct audit_entry *entry,
                      struct arena *arena, struct error *err)
{
    const char *parameters[] = {operators_line(entry, arena)};
    return transaction_query(transaction, &audit_write, parameters, arena, err) != NULL;
}

static bool
take_lines(void *context, const char *lines, struct arena *arena, struct error *err)
{
    struct access *access = context;
    return write_lines(access->store, lines, arena, err);
}

void
audit_drain(struct access *access, struct arena *arena)
{
    (void)arena;
    if (access->store && !store_is_down(access->store))
        backlog_drain(access->settings, backlog_name, take_lines, access);
}

const struct list *
audit_list(struct store *store, const struct audit_wish *wish, struct arena *arena,
           struct error *err)
{
    static const char lowest[] = "00000000-0000-0000-0000-000000000000";
    const char *parameters[] = {
        store_integer(arena, wish->since_us),
        store_integer(arena, wish->until_us),
        wish->before_id ? wish->before_id : lowest,
        wish->event,
        wish->actor,
        wish->subject,
        store_integer(arena, wish->limit),
    };
    return store_query(store, &audit_read, parameters, arena, err);
}
