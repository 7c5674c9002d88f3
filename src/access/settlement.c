/* From what a call used to a file of the spool, and from there to the database. */
#include "access/settlement.h"

#include <string.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/ledger.h"
#include "access/ledger.sql.h"
#include "access/log_seldom.h"
#include "access/tracked_call.h"
#include "base/log.h"
#include "host/metrics.h"
#include "http/schema.h"
#include "store/store.h"

#define TEXT(T, member) STRING(T, member, .flags = FIELD_OMITTED)
#define COUNT(T, member) INTEGER(T, member, .max = INT64_MAX)

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

struct settled {
    bool settled;
};

static const struct column settled_columns[] = {COLUMN_BOOLEAN_OF(struct settled, settled), {0}};

static const struct query settle_query = {SQL_ledger_settle, settled_columns,
                                          sizeof(struct settled), false};

struct settled_all {
    int64_t settled;
};

static const struct column settled_all_columns[] = {COLUMN_INTEGER_OF(struct settled_all, settled),
                                                    {0}};

static const struct query settle_all_query = {SQL_ledger_settle_all, settled_all_columns,
                                              sizeof(struct settled_all), false};

static int64_t
at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

const char *
settlement_tenant(const struct caller *caller)
{
    bool is_known = caller && (caller->key_id || caller->account_id);
    return caller && !is_known ? caller->tenant : NULL;
}

struct settlement
settlement_of(const struct caller *caller, const struct reservation *reservation)
{
    return (struct settlement){
        .id = reservation->id,
        .key_id = caller ? caller->key_id : NULL,
        .account_id = caller ? caller->account_id : NULL,
        .organisation_id = caller ? caller->organisation_id : NULL,
        .tenant = settlement_tenant(caller),
        .at_us = reservation->at_us,
        .source = "n",
    };
}

void
settlement_fill(struct settlement *settlement, const struct usage *usage)
{
    static const char *const sources[] = {
        [USAGE_PROVIDER] = "p", [USAGE_ESTIMATED] = "e", [USAGE_NONE] = "n"};
    settlement->model = usage->model;
    settlement->operation = usage->operation;
    settlement->source = sources[usage->source];
    settlement->outcome = usage->outcome;
    settlement->raw = usage->raw;
    settlement->cost_micros = at_most(usage->cost_micros, LEDGER_COST_MOST);
    settlement->input = at_most(usage->input, INT32_MAX);
    settlement->output = at_most(usage->output, INT32_MAX);
    settlement->cached = at_most(usage->cached, INT32_MAX);
    settlement->written = at_most(usage->written, INT32_MAX);
    settlement->thought = at_most(usage->thought, INT32_MAX);
    settlement->duration_ms = at_most(usage->duration_ms, INT32_MAX);
    settlement->calls = usage->calls;
    settlement->asked = usage->asked;
}

const char *
settlement_text(const struct settlement *settlement, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 512);
    schema_encode(&settlement_schema, settlement, &text);
    return text.data;
}

enum spool_verdict
settlement_tell(struct access *access, const char *text, struct arena *arena)
{
    struct error err = {0};
    if (store_query(access->store, &settle_query, &text, arena, &err))
        return SPOOL_TOLD;
    if (err.code == ERROR_UNAVAILABLE)
        return SPOOL_STOP;
    log_seldom(access, "a settlement was not taken", err.detail, text);
    return SPOOL_KEEP;
}

enum spool_verdict
settlement_tell_many(struct access *access, const char *const *texts, size_t count,
                     struct arena *arena)
{
    struct error ignored = {0};
    struct strbuf array;
    strbuf_init(&array, arena, count * 512);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_char(&array, i == 0 ? '[' : ',');
        strbuf_add_text(&array, texts[i]);
    }
    strbuf_add_char(&array, ']');
    const char *parameter = array.data;
    if (store_query(access->store, &settle_all_query, &parameter, arena, &ignored))
        return SPOOL_TOLD;
    return store_is_down(access->store) ? SPOOL_STOP : SPOOL_LATER;
}

/* Nothing that the client gets depends on the row where no budget held anything, so its answer does
 * not wait for it: the file is told within the next second, together with others. Not while more
 * come than can be told so. */
static bool
queue(const struct access *access, struct reservation *reservation, const char *text)
{
    struct error ignored = {0};
    if (reservation->held || metrics_value(access->host, METRIC_SETTLEMENTS_BEHIND, "") > 0 ||
        !spool_put(access->settings->spool_directory,
                   (struct spool_name){SPOOL_QUEUED, reservation->id}, text, strlen(text),
                   &ignored))
        return false;
    tracked_call_end(reservation);
    metrics_add(access->host, METRIC_SETTLEMENTS, "result=\"queued\"", 1);
    return true;
}

/* First a file, then a row: whatever ends in between, the file stays. */
static void
write_settlement(struct access *access, struct reservation *reservation, const char *text,
                 struct arena *arena)
{
    const char *directory = access->settings->spool_directory;
    const struct spool_name name = {SPOOL_USAGE, reservation->id};
    struct error err = {0};
    if (queue(access, reservation, text))
        return;
    bool kept = spool_put(directory, name, text, strlen(text), &err);
    if (kept)
        tracked_call_end(reservation);
    enum spool_verdict verdict =
        store_is_down(access->store) ? SPOOL_STOP : settlement_tell(access, text, arena);
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
usage_count_cost(struct host *host, const struct usage *usage)
{
    static const char *const sources[] = {
        [USAGE_PROVIDER] = "provider", [USAGE_ESTIMATED] = "estimated", [USAGE_NONE] = "none"};
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "model", usage->model, "source", sources[usage->source]);
    metrics_add(host, METRIC_AI_COST, labels, (uint64_t)usage->cost_micros);
}

void
settlement_make(const struct request *request, struct reservation *reservation,
                const struct usage *usage, struct arena *arena)
{
    if (reservation->id[0] == '\0' || (!usage->asked && !reservation->held))
        return tracked_call_end(reservation);
    struct settlement settlement = settlement_of(request->caller, reservation);
    settlement_fill(&settlement, usage);
    write_settlement(request->access, reservation, settlement_text(&settlement, arena), arena);
    tracked_call_end(reservation);
    count_remaining(reservation, usage);
}
