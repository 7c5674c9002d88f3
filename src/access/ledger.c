/* Reserving and settling: what the database's functions are told, and what is made of their
 * answers. */
#include "access/ledger.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/ledger.sql.h"
#include "access/spool.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/epoch.h"
#include "host/limit.h"
#include "host/metrics.h"
#include "http/schema.h"
#include "store/store.h"

enum {
    LOG_EVERY_S = 60,
    CLOCKS_APART_MS = 5000, /* that of the database and ours, at most */
    SWEEP_AGE_MS = 2000,    /* younger files are about to be told by whoever wrote them */
    SWEEP_FILES = 1000,
    SWEEP_LATE = 3,
    BLOCKED_FOREVER_S = 0,
};

/* As much as a budget may have: sums of it fit into 64 bits. */
#define COST_MOST INT64_C(1000000000000000)

/* Whose call it is, and what it asks for: the parameter of hearth.reserve(). */
struct wish {
    const char *id, *key_id, *account_id, *organisation_id, *tenant, *model, *operation;
    int64_t cost_micros, tokens, ttl_s, valid_until_us;
};

#define TEXT(T, member) STRING(T, member, .flags = FIELD_OMITTED)
#define COUNT(T, member) INTEGER(T, member, .max = INT64_MAX)

static const struct schema wish_schema = {
    .name = "LedgerWish",
    .size = sizeof(struct wish),
    .fields = (const struct field[]){TEXT(struct wish, id),
                                     TEXT(struct wish, key_id),
                                     TEXT(struct wish, account_id),
                                     TEXT(struct wish, organisation_id),
                                     TEXT(struct wish, tenant),
                                     TEXT(struct wish, model),
                                     TEXT(struct wish, operation),
                                     COUNT(struct wish, cost_micros),
                                     COUNT(struct wish, tokens),
                                     COUNT(struct wish, ttl_s),
                                     COUNT(struct wish, valid_until_us),
                                     {.name = NULL}},
};

/* What became of a call: the parameter of hearth.settle(), and the content of a file of the spool.
 */
struct settlement {
    const char *id, *key_id, *account_id, *organisation_id, *tenant, *model, *operation;
    const char *source, *outcome, *raw;
    int64_t at_us, cost_micros, input, output, cached, written, thought, duration_ms, calls;
    bool asked;
};

static const struct schema settlement_schema = {
    .name = "LedgerSettlement",
    .size = sizeof(struct settlement),
    .fields = (const struct field[]){TEXT(struct settlement, id),
                                     TEXT(struct settlement, key_id),
                                     TEXT(struct settlement, account_id),
                                     TEXT(struct settlement, organisation_id),
                                     TEXT(struct settlement, tenant),
                                     TEXT(struct settlement, model),
                                     TEXT(struct settlement, operation),
                                     TEXT(struct settlement, source),
                                     TEXT(struct settlement, outcome),
                                     TEXT(struct settlement, raw),
                                     COUNT(struct settlement, at_us),
                                     COUNT(struct settlement, cost_micros),
                                     COUNT(struct settlement, input),
                                     COUNT(struct settlement, output),
                                     COUNT(struct settlement, cached),
                                     COUNT(struct settlement, written),
                                     COUNT(struct settlement, thought),
                                     COUNT(struct settlement, duration_ms),
                                     COUNT(struct settlement, calls),
                                     BOOLEAN(struct settlement, asked),
                                     {.name = NULL}},
};

struct grant {
    bool granted, held;
    int64_t at_us;
    const char *owner, *unit, *period;
    int64_t most, used, needed, renews_us, expired;
};

static const struct column grant_columns[] = {
    COLUMN_BOOLEAN_OF(struct grant, granted), COLUMN_BOOLEAN_OF(struct grant, held),
    COLUMN_INTEGER_OF(struct grant, at_us),   COLUMN_TEXT_OF(struct grant, owner),
    COLUMN_TEXT_OF(struct grant, unit),       COLUMN_TEXT_OF(struct grant, period),
    COLUMN_INTEGER_OF(struct grant, most),    COLUMN_INTEGER_OF(struct grant, used),
    COLUMN_INTEGER_OF(struct grant, needed),  COLUMN_INTEGER_OF(struct grant, renews_us),
    COLUMN_INTEGER_OF(struct grant, expired), {0}};

struct answer {
    bool has_budget;
};

static const struct column answer_columns[] = {COLUMN_BOOLEAN_OF(struct answer, has_budget), {0}};

struct settled {
    bool settled;
};

static const struct column settled_columns[] = {COLUMN_BOOLEAN_OF(struct settled, settled), {0}};

struct expired {
    int64_t expired;
};

static const struct column expired_columns[] = {COLUMN_INTEGER_OF(struct expired, expired), {0}};

struct held {
    int64_t calls;
};

static const struct column held_columns[] = {COLUMN_INTEGER_OF(struct held, calls), {0}};

static const struct query reserve_query = {SQL_ledger_reserve, grant_columns, sizeof(struct grant),
                                           false};
static const struct query has_budget_query = {SQL_ledger_has_budget, answer_columns,
                                              sizeof(struct answer), false};
static const struct query settle_query = {SQL_ledger_settle, settled_columns,
                                          sizeof(struct settled), false};
static const struct query expire_query = {SQL_ledger_expire, expired_columns,
                                          sizeof(struct expired), false};
static const struct query held_query = {SQL_ledger_held, held_columns, sizeof(struct held), false};

static const char *
encode(const struct schema *schema, const void *value, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 512);
    schema_encode(schema, value, &text);
    return text.data;
}

static int64_t
at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

/* Of callers that are in no table; the others' ids say it. */
static const char *
tenant_of(const struct caller *caller)
{
    bool is_known = caller && (caller->key_id || caller->account_id);
    return caller && !is_known ? caller->tenant : NULL;
}

static bool
may_have_budget(const struct caller *caller)
{
    /* No snapshot says it of keys of the settings. */
    return caller && (caller->has_budget || caller->kind == CALLER_ENVIRONMENT_KEY);
}

/* Two moments that only grow: when the database last said of a key of the settings that a budget
 * applies to it, and that none does. */
static const char *
moment_name(const struct caller *caller, bool has_budget, struct arena *arena)
{
    return arena_printf(arena, "%s %s", has_budget ? "budget" : "no budget", caller->tenant);
}

static void
remember_budget(const struct access *access, const struct caller *caller, bool has_budget,
                struct arena *arena)
{
    if (caller->kind == CALLER_ENVIRONMENT_KEY)
        epoch_raise(access->host, moment_name(caller, has_budget, arena), clock_realtime_us());
}

/* Whether a budget applies as far as anybody on this host was told. Where there is no room for the
 * two moments they are one, and it counts as told. */
static bool
is_known_to_have_budget(const struct access *access, const struct caller *caller,
                        struct arena *arena)
{
    if (caller->has_budget)
        return true;
    int64_t told_us = epoch_get(access->host, moment_name(caller, true, arena));
    return told_us > 0 && told_us >= epoch_get(access->host, moment_name(caller, false, arena));
}

/* Whether a call may go on though nobody could say whether its budget has room: only while the
 * database is away, or says that there is no budget. Asking it that waits for no lock. */
static bool
may_go_on(const struct access *access, const struct caller *caller, struct arena *arena)
{
    struct error ignored = {0};
    if (is_known_to_have_budget(access, caller, arena))
        return false;
    if (store_is_down(access->store))
        return true;
    const struct list *rows =
        store_query(access->store, &has_budget_query, &caller->tenant, arena, &ignored);
    if (!rows || rows->count != 1)
        return store_is_down(access->store);
    bool has_budget = ((const struct answer *)rows->items)->has_budget;
    remember_budget(access, caller, has_budget, arena);
    return !has_budget;
}

static const char *
amount_text(int64_t amount, const char *unit, struct arena *arena)
{
    if (strcmp(unit, "money") != 0)
        return arena_printf(arena, "%" PRId64 " %s", amount, unit);
    return arena_printf(arena, "%" PRId64 ".%06" PRId64, amount / 1000000, amount % 1000000);
}

/* "key:0197..." is whose it is; nobody is told ids that are not his. */
static bool
refuse(const struct grant *grant, struct arena *arena, struct error *err)
{
    const char *whose = arena_strndup(arena, grant->owner, strcspn(grant->owner, ":"));
    const char *until = "it is not renewed";
    int64_t left_s = BLOCKED_FOREVER_S;
    if (grant->renews_us > 0) {
        char moment[CLOCK_TEXT_BYTES];
        clock_format(moment, grant->renews_us);
        until = arena_printf(arena, "it is renewed at %s", moment);
        left_s = (grant->renews_us - grant->at_us + 999999) / 1000000;
    }
    error_set_retry(
        err, ERROR_BUDGET_EXHAUSTED, (int)left_s,
        "the budget of this %s (%s, %s) has %s left of %s, and this call may take %s; "
        "%s",
        whose, grant->unit,
        strcmp(grant->period, "total") == 0 ? "in all" : arena_printf(arena, "a %s", grant->period),
        amount_text(grant->most > grant->used ? grant->most - grant->used : 0, grant->unit, arena),
        amount_text(grant->most, grant->unit, arena),
        amount_text(grant->needed, grant->unit, arena), until);
    return false;
}

static void
count_expired(struct host *host, int64_t expired)
{
    if (expired > 0)
        metrics_add(host, METRIC_RESERVATIONS_LEAKED, "", (uint64_t)expired);
}

static bool
take_grant(const struct access *access, const struct grant *grant, struct arena *arena,
           struct reservation *reservation, struct error *err)
{
    count_expired(access->host, grant->expired);
    reservation->at_us = grant->at_us;
    if (!grant->granted) {
        metrics_add(access->host, METRIC_BUDGET_REFUSED,
                    arena_printf(arena, "unit=\"%s\",period=\"%s\"", grant->unit, grant->period),
                    1);
        return refuse(grant, arena, err);
    }
    if (!grant->held)
        return true;
    reservation->held = true;
    reservation->unit = grant->unit;
    reservation->period = grant->period;
    reservation->amount = grant->needed;
    reservation->remaining = grant->most > grant->used ? grant->most - grant->used : 0;
    metrics_add(access->host, METRIC_RESERVATIONS, "", 1);
    return true;
}

static void
log_seldom(struct access *access, const char *event, const char *detail, const char *settlement)
{
    struct limit_state ignored;
    if (limit_take(access->host, event, (struct rate){1, LOG_EVERY_S}, clock_monotonic_us(),
                   &ignored))
        log_line(LOG_LEVEL_ERROR, event, LOG_TEXT("detail", detail),
                 LOG_TEXT("settlement", settlement));
}

static enum spool_verdict
tell(struct access *access, const char *settlement, struct arena *arena)
{
    struct error err = {0};
    if (store_query(access->store, &settle_query, &settlement, arena, &err))
        return SPOOL_TOLD;
    if (err.code == ERROR_UNAVAILABLE)
        return SPOOL_STOP;
    log_seldom(access, "a settlement was not taken", err.detail, settlement);
    return SPOOL_KEEP;
}

/* First a file, then a row: whatever ends in between, the file stays. */
static void
write_settlement(struct access *access, const struct reservation *reservation, const char *text,
                 struct arena *arena)
{
    const char *directory = access->settings->spool_directory;
    const struct spool_name name = {SPOOL_USAGE, reservation->id};
    struct error err = {0};
    bool kept = spool_put(directory, name, text, strlen(text), &err);
    enum spool_verdict verdict =
        store_is_down(access->store) ? SPOOL_STOP : tell(access, text, arena);
    if (kept && verdict == SPOOL_TOLD)
        spool_drop(directory, name);
    else if (!kept && verdict == SPOOL_TOLD)
        log_seldom(access, "settlements cannot be kept", err.detail, NULL);
    else if (!kept)
        /* The last place there is for it. */
        log_line(LOG_LEVEL_ERROR, "a settlement is lost", LOG_TEXT("detail", err.detail),
                 LOG_TEXT("settlement", text));
    metrics_add(access->host, METRIC_SETTLEMENTS,
                verdict == SPOOL_TOLD ? "result=\"told\"" : "result=\"spooled\"", 1);
}

static struct settlement
settlement_of(const struct caller *caller, const struct reservation *reservation)
{
    return (struct settlement){
        .id = reservation->id,
        .key_id = caller ? caller->key_id : NULL,
        .account_id = caller ? caller->account_id : NULL,
        .organisation_id = caller ? caller->organisation_id : NULL,
        .tenant = tenant_of(caller),
        .at_us = reservation->at_us,
        .source = "n",
    };
}

/* Nobody knows whether it was made: it is ended, where it was. */
static void
end_unknown(const struct request *request, const struct reservation *reservation,
            struct arena *arena)
{
    struct settlement settlement = settlement_of(request->caller, reservation);
    const char *text = encode(&settlement_schema, &settlement, arena);
    struct error ignored = {0};
    if (!spool_put(request->access->settings->spool_directory,
                   (struct spool_name){SPOOL_END, reservation->id}, text, strlen(text), &ignored))
        return; /* then it expires */
}

static struct wish
wish_of(const struct request *request, const struct ledger_estimate *estimate,
        const struct reservation *reservation)
{
    const struct settings *settings = request->access->settings;
    const struct caller *caller = request->caller;
    return (struct wish){
        .id = reservation->id,
        .key_id = caller->key_id,
        .account_id = caller->account_id,
        .organisation_id = caller->organisation_id,
        .tenant = tenant_of(caller),
        .model = estimate->model,
        .operation = estimate->operation,
        .cost_micros = at_most(estimate->cost_micros, COST_MOST),
        .tokens = at_most(estimate->tokens, COST_MOST),
        .ttl_s = settings->reservation_ttl_s,
        .valid_until_us =
            reservation->at_us + (settings->database_timeout_ms + CLOCKS_APART_MS) * 1000,
    };
}

/* Asks for what the caller's budgets have room for. */
static bool
hold(const struct request *request, const struct ledger_estimate *estimate, struct arena *arena,
     struct reservation *reservation, struct error *err)
{
    struct access *access = request->access;
    const struct wish wish = wish_of(request, estimate, reservation);
    const char *parameter = encode(&wish_schema, &wish, arena);
    const struct list *rows = store_query(access->store, &reserve_query, &parameter, arena, err);
    if (rows && rows->count == 1) {
        const struct grant *grant = rows->items;
        remember_budget(access, request->caller, grant->held || !grant->granted, arena);
        return take_grant(access, grant, arena, reservation, err);
    }
    if (rows) {
        log_seldom(access, "a reservation came too late", "or the clocks are apart", NULL);
        error_set_retry(err, ERROR_UNAVAILABLE, 1, "the database took too long");
    }
    end_unknown(request, reservation, arena);
    if (!may_go_on(access, request->caller, arena))
        return false;
    error_clear(err);
    return true;
}

bool
ledger_reserve(const struct request *request, const struct ledger_estimate *estimate,
               struct arena *arena, struct reservation *reservation, struct error *err)
{
    struct access *access = request->access;
    const struct caller *caller = request->caller;
    *reservation = (struct reservation){0};
    if (!access || !access->store)
        return true;
    reservation->at_us = clock_realtime_us();
    uuid_v7(reservation->id, reservation->at_us);
    if (!may_have_budget(caller) ||
        (store_is_down(access->store) && may_go_on(access, caller, arena)))
        return true;
    return hold(request, estimate, arena, reservation, err);
}

/* What is left when what was held has become what was spent. */
static void
count_remaining(struct reservation *reservation, const struct usage *usage)
{
    if (!reservation->held)
        return;
    int64_t spent = usage->calls;
    if (strcmp(reservation->unit, "money") == 0)
        spent = usage->cost_micros;
    else if (strcmp(reservation->unit, "tokens") == 0)
        spent = usage->input + usage->output;
    int64_t remaining = reservation->remaining + reservation->amount - spent;
    reservation->remaining = remaining > 0 ? remaining : 0;
}

void
ledger_settle(const struct request *request, struct reservation *reservation,
              const struct usage *usage, struct arena *arena)
{
    static const char *const sources[] = {
        [USAGE_PROVIDER] = "p", [USAGE_ESTIMATED] = "e", [USAGE_NONE] = "n"};
    if (reservation->id[0] == '\0' || (!usage->asked && !reservation->held))
        return;
    struct settlement settlement = settlement_of(request->caller, reservation);
    settlement.model = usage->model;
    settlement.operation = usage->operation;
    settlement.source = sources[usage->source];
    settlement.outcome = usage->outcome;
    settlement.raw = usage->raw;
    settlement.cost_micros = at_most(usage->cost_micros, COST_MOST);
    settlement.input = at_most(usage->input, INT32_MAX);
    settlement.output = at_most(usage->output, INT32_MAX);
    settlement.cached = at_most(usage->cached, INT32_MAX);
    settlement.written = at_most(usage->written, INT32_MAX);
    settlement.thought = at_most(usage->thought, INT32_MAX);
    settlement.duration_ms = at_most(usage->duration_ms, INT32_MAX);
    settlement.calls = usage->calls;
    settlement.asked = usage->asked;
    write_settlement(request->access, reservation, encode(&settlement_schema, &settlement, arena),
                     arena);
    count_remaining(reservation, usage);
}

struct sweep {
    struct access *access;
    int late; /* how many could not be taken in time, though the database is there */
};

static enum spool_verdict
tell_spooled(void *context, struct spool_name name, const char *text, struct arena *arena)
{
    struct sweep *sweep = context;
    enum spool_verdict verdict = tell(sweep->access, text, arena);
    (void)name;
    if (verdict != SPOOL_STOP || store_is_down(sweep->access->store))
        return verdict;
    return ++sweep->late < SWEEP_LATE ? SPOOL_LATER : SPOOL_STOP;
}

void
ledger_sweep(struct access *access, struct arena *arena)
{
    const struct settings *settings = access->settings;
    struct error ignored = {0};
    struct sweep sweep = {.access = access};
    const struct spool_round round = {
        .min_age_ms = {[SPOOL_USAGE] = SWEEP_AGE_MS,
                       /* Not before the reservation can no longer be made. */
                       [SPOOL_END] = settings->database_timeout_ms + 2 * CLOCKS_APART_MS},
        .max = SWEEP_FILES,
        .tell = tell_spooled,
        .context = &sweep,
    };
    if (!access->store || store_is_down(access->store))
        return;
    spool_each(settings->spool_directory, &round);
    const struct list *rows = store_query(access->store, &expire_query, NULL, arena, &ignored);
    if (!rows)
        return;
    const struct expired *expired = rows->items;
    count_expired(access->host, rows->count == 1 ? expired->expired : 0);
    rows = store_query(access->store, &held_query, NULL, arena, &ignored);
    const struct held *held = rows ? rows->items : NULL;
    if (rows && rows->count == 1)
        metrics_set(access->host, METRIC_RESERVATIONS_HELD, "", held->calls);
}
