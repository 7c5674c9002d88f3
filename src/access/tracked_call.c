/* From a call to its record in host memory, and from there to a settlement that says it is lost. */
#include "access/tracked_call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/settlement.h"
#include "base/log.h"
#include "host/metrics.h"

static void
copy(char *to, size_t size, const char *from)
{
    size_t length = from ? strnlen(from, size - 1) : 0;
    memcpy(to, from ? from : "", length);
}

#define COPY(record, member, from) copy((record).member, sizeof((record).member), from)

void
tracked_call_begin(const struct access *access, const struct caller *caller,
                   const struct ledger_estimate *estimate, struct reservation *reservation)
{
    struct flight_record record = {
        .at_us = reservation->at_us,
        .cost_micros = estimate->cost_micros,
        .tokens = estimate->tokens,
        .spent = {.source = USAGE_NONE},
    };
    COPY(record, id, reservation->id);
    COPY(record, spent.model, estimate->model);
    COPY(record, operation, estimate->operation);
    COPY(record, tenant, settlement_tenant(caller));
    if (caller) {
        COPY(record, key_id, caller->key_id);
        COPY(record, account_id, caller->account_id);
        COPY(record, organisation_id, caller->organisation_id);
    }
    if (!flight_begin(access->host, access->process, &record, &reservation->flight))
        metrics_add(access->host, METRIC_CALLS_UNTRACKED, "", 1);
}

static int32_t
tokens(int64_t count)
{
    return count < INT32_MAX ? (int32_t)count : INT32_MAX;
}

void
tracked_call_note(struct reservation *reservation, const struct usage *usage)
{
    struct flight_spent spent = {
        .cost_micros = usage->cost_micros,
        .input = tokens(usage->input),
        .output = tokens(usage->output),
        .cached = tokens(usage->cached),
        .written = tokens(usage->written),
        .thought = tokens(usage->thought),
        .source = usage->source,
    };
    COPY(spent, model, usage->model);
    flight_spend(&reservation->flight, &spent);
}

void
tracked_call_end(struct reservation *reservation)
{
    flight_end(&reservation->flight);
}

static const char *
unless_empty(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

struct salvage {
    const struct access *access;
    struct arena *arena;
};

/* What is known is charged; the rest of the row is as of reservations that ran out. */
static struct usage
lost_usage(const struct flight_record *record, struct arena *arena)
{
    const struct flight_spent *spent = &record->spent;
    return (struct usage){
        .model = spent->model,
        .operation = record->operation,
        .outcome = "lost",
        .input = spent->input,
        .output = spent->output,
        .cached = spent->cached,
        .written = spent->written,
        .thought = spent->thought,
        .cost_micros = spent->cost_micros,
        .calls = spent->source != USAGE_NONE,
        .source = (enum usage_source)spent->source,
        .asked = true,
        .raw =
            arena_printf(arena, "{\"reserved_micros\":%" PRId64 ",\"reserved_tokens\":%" PRId64 "}",
                         record->cost_micros, record->tokens),
    };
}

/* The database takes the exact one in its place, whenever it comes. */
static const char *
lost_text(const struct flight_record *record, const struct usage *usage, struct arena *arena)
{
    struct settlement settlement = {
        .id = record->id,
        .at_us = record->at_us,
        .key_id = unless_empty(record->key_id),
        .account_id = unless_empty(record->account_id),
        .organisation_id = unless_empty(record->organisation_id),
        .tenant = unless_empty(record->tenant),
    };
    settlement_fill(&settlement, usage);
    return settlement_text(&settlement, arena);
}

static bool
keep(void *context, const struct flight_record *record)
{
    const struct salvage *salvage = context;
    const struct access *access = salvage->access;
    const char *directory = access->settings->spool_directory;
    struct error err = {0};
    if (spool_has(directory, (struct spool_name){SPOOL_USAGE, record->id}) ||
        spool_has(directory, (struct spool_name){SPOOL_QUEUED, record->id}))
        return true;
    const struct usage usage = lost_usage(record, salvage->arena);
    const char *text = lost_text(record, &usage, salvage->arena);
    if (!spool_put(directory, (struct spool_name){SPOOL_LOST, record->id}, text, strlen(text),
                   &err))
        return false; /* it stays in host memory */
    log_line(LOG_LEVEL_WARNING, "a call was lost with its worker", LOG_TEXT("id", record->id),
             LOG_TEXT("model", usage.model), LOG_TEXT("operation", record->operation));
    metrics_add(access->host, METRIC_CALLS_LOST, "", 1);
    usage_count_cost(access->host, &usage);
    return true;
}

void
tracked_call_salvage(const struct access *access, struct arena *arena)
{
    struct salvage salvage = {access, arena};
    (void)flight_salvage(access->host, keep, &salvage);
}
