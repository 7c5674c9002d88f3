/* What the database is asked to hold, and what is made of its answer. */
#include "access/reservation.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/known_budget.h"
#include "access/ledger.h"
#include "access/ledger.sql.h"
#include "access/log_seldom.h"
#include "access/settlement.h"
#include "access/tracked_call.h"
#include "base/clock.h"
#include "host/metrics.h"
#include "http/schema.h"
#include "store/store.h"

enum { BLOCKED_FOREVER_S = 0 };

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

static const struct query reserve_query = {SQL_ledger_reserve, grant_columns, sizeof(struct grant),
                                           false};

static int64_t
at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
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

static bool
take_grant(const struct access *access, const struct grant *grant, struct arena *arena,
           struct reservation *reservation, struct error *err)
{
    ledger_count_expired(access->host, grant->expired);
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

/* Nobody knows whether it was made: it is ended, where it was. */
static void
end_unknown(const struct request *request, const struct reservation *reservation,
            struct arena *arena)
{
    struct settlement settlement = settlement_of(request->caller, reservation);
    const char *text = settlement_text(&settlement, arena);
    struct error ignored = {0};
    if (!spool_put(request->access->settings->spool_directory,
                   (struct spool_name){SPOOL_END, reservation->id}, text, strlen(text), &ignored))
        return; /* then it expires */
}

static const char *
wish_text(const struct wish *wish, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 512);
    schema_encode(&wish_schema, wish, &text);
    return text.data;
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
        .tenant = settlement_tenant(caller),
        .model = estimate->model,
        .operation = estimate->operation,
        .cost_micros = at_most(estimate->cost_micros, LEDGER_COST_MOST),
        .tokens = at_most(estimate->tokens, LEDGER_COST_MOST),
        .ttl_s = settings->reservation_ttl_s,
        .valid_until_us =
            reservation->at_us + (settings->database_timeout_ms + LEDGER_CLOCKS_APART_MS) * 1000,
    };
}

/* Asks for what the caller's budgets have room for. */
static bool
hold(const struct request *request, const struct ledger_estimate *estimate, struct arena *arena,
     struct reservation *reservation, struct error *err)
{
    struct access *access = request->access;
    const struct wish wish = wish_of(request, estimate, reservation);
    const char *parameter = wish_text(&wish, arena);
    const struct list *rows = store_query(access->store, &reserve_query, &parameter, arena, err);
    if (rows && rows->count == 1) {
        const struct grant *grant = rows->items;
        known_budget_note(access, request->caller, grant->held || !grant->granted, arena);
        return take_grant(access, grant, arena, reservation, err);
    }
    if (rows) {
        log_seldom(access, "a reservation came too late", "or the clocks are apart", NULL);
        error_set_retry(err, ERROR_UNAVAILABLE, 1, "the database took too long");
    }
    end_unknown(request, reservation, arena);
    if (!known_budget_lets_pass(access, request->caller, arena))
        return false;
    error_clear(err);
    return true;
}

bool
reservation_make(const struct request *request, const struct ledger_estimate *estimate,
                 struct arena *arena, struct reservation *reservation, struct error *err)
{
    struct access *access = request->access;
    const struct caller *caller = request->caller;
    *reservation = (struct reservation){0};
    if (!access || !access->store)
        return true;
    reservation->at_us = clock_realtime_us();
    uuid_v7(reservation->id, reservation->at_us);
    bool passes = !known_budget_is_possible(caller) ||
                  (store_is_down(access->store) && known_budget_lets_pass(access, caller, arena));
    if (!passes && !hold(request, estimate, arena, reservation, err))
        return false;
    tracked_call_begin(access, caller, estimate, reservation);
    return true;
}
