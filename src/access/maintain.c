/* Rounds of hearth.maintain(), with pauses between them. */
#include "access/maintain.h"

#include <stddef.h>
#include <time.h>

#include "access/access.h"
#include "access/maintain.sql.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/query.h"
#include "store/store.h"

static const struct column round_columns[] = {COLUMN_BOOLEAN_OF(struct maintenance, ran),
                                              COLUMN_INTEGER_OF(struct maintenance, made),
                                              COLUMN_INTEGER_OF(struct maintenance, moved),
                                              COLUMN_INTEGER_OF(struct maintenance, dropped),
                                              COLUMN_INTEGER_OF(struct maintenance, deleted),
                                              COLUMN_BOOLEAN_OF(struct maintenance, again),
                                              {.name = NULL}};

static const struct query maintain_round = {SQL_maintain_round, round_columns,
                                            sizeof(struct maintenance), false};

struct last {
    int64_t at_us;
    bool rests;
};

static const struct column last_columns[] = {
    COLUMN_INTEGER_OF(struct last, at_us), COLUMN_BOOLEAN_OF(struct last, rests), {.name = NULL}};

static const struct query maintain_last = {SQL_maintain_last, last_columns, sizeof(struct last),
                                           false};

static const struct query maintain_retain_query = {SQL_maintain_retain, NULL, 0, false};

static const struct column retention_columns[] = {COLUMN_TEXT_OF(struct retention, relation),
                                                  COLUMN_INTEGER_OF(struct retention, days),
                                                  {.name = NULL}};

static const struct query retention_query = {SQL_maintain_retention, retention_columns,
                                             sizeof(struct retention), true};

static void
add(struct maintenance *sum, const struct maintenance *round)
{
    sum->ran = sum->ran || round->ran;
    sum->made += round->made;
    sum->moved += round->moved;
    sum->dropped += round->dropped;
    sum->deleted += round->deleted;
    sum->again = round->again;
}

static bool
is_in_vain(const struct maintenance *round)
{
    return round->made + round->moved + round->dropped + round->deleted == 0;
}

/* Another one at it does all that is to do: then there is no further round. */
static bool
run_rounds(struct store *store, int rounds, struct arena *arena, struct maintenance *sum,
           struct error *err)
{
    *sum = (struct maintenance){0};
    int vain = 0;
    for (int i = 0; i < rounds && vain < MAINTAIN_VAIN_ROUNDS; i++) {
        if (i > 0)
            nanosleep(&(struct timespec){.tv_nsec = MAINTAIN_PAUSE_MS * 1000000L}, NULL);
        const struct list *rows = store_query(store, &maintain_round, NULL, arena, err);
        if (!rows)
            return false;
        const struct maintenance *round = rows->items;
        add(sum, round);
        vain = is_in_vain(round) ? vain + 1 : 0;
        if (!round->ran || !round->again)
            break;
    }
    return true;
}

bool
maintain_run(struct store *store, struct arena *arena, struct maintenance *sum, struct error *err)
{
    return run_rounds(store, MAINTAIN_ROUNDS, arena, sum, err);
}

/* Few rounds at a time: a process that is to end does not wait for them all. What is left is done
 * at the next look, half a minute later, as the last round says that it was not the end. */
static void
care(struct access *access, struct arena *arena)
{
    enum { ROUNDS = 4 };
    struct maintenance sum;
    struct error err = {0};
    if (!run_rounds(access->store, ROUNDS, arena, &sum, &err))
        log_line(LOG_LEVEL_ERROR, "maintenance failed", LOG_TEXT("detail", err.detail));
    else if (sum.ran)
        log_line(LOG_LEVEL_INFO, "maintenance", LOG_NUMBER("partitions_made", sum.made),
                 LOG_NUMBER("partitions_dropped", sum.dropped), LOG_NUMBER("rows_moved", sum.moved),
                 LOG_NUMBER("rows_deleted", sum.deleted),
                 LOG_TEXT("more_to_do", sum.again ? "yes" : "no"));
}

void
maintain_duty(struct access *access, struct arena *arena)
{
    if (!access->store || store_is_down(access->store))
        return;
    struct error err = {0};
    const struct list *rows = store_query(access->store, &maintain_last, NULL, arena, &err);
    if (!rows) {
        log_line(LOG_LEVEL_WARNING, "maintenance cannot be looked at",
                 LOG_TEXT("detail", err.detail));
        return;
    }
    const struct last *last = rows->items;
    int64_t age_us = clock_realtime_us() - last->at_us;
    if (!last->rests && age_us >= INT64_C(3600000000) * MAINTAIN_EVERY_HOURS)
        care(access, arena);
}

bool
maintain_retain(struct store *store, const char *relation, int64_t days, struct arena *arena,
                struct error *err)
{
    const char *parameters[] = {relation, store_integer(arena, days)};
    const struct list *changed = store_query(store, &maintain_retain_query, parameters, arena, err);
    if (!changed)
        return false;
    if (changed->count == 0)
        return error_set(err, ERROR_NOT_FOUND, "\"%s\" is not kept by the day", relation);
    return true;
}

const struct list *
maintain_retention(struct store *store, struct arena *arena, struct error *err)
{
    return store_query(store, &retention_query, NULL, arena, err);
}
