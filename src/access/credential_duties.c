/* Following the revocations, and writing down what was used. */
#include "access/credential_duties.h"

#include "access/access.h"
#include "access/credential.sql.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/forgetting.h"
#include "host/sighting.h"
#include "store/store.h"

enum {
    COMMIT_S = 5,     /* longer than a transaction takes to commit */
    OVERLAP_S = 60,   /* for clocks that differ, and much more than that */
    GAP_MAX_S = 1800, /* shorter than revocations are kept */
    ROWS_MAX = 10000, /* as in revocation_since */
    SIGHTINGS_MAX = 500
};
#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)

struct revocation_row {
    int64_t id;
    const char *subject;
    int64_t age_us;
};

/* What was learnt some time after the revocation knows of it. */
static int64_t
marked_us(const struct revocation_row *row, int64_t now_us)
{
    int64_t since_us = row->age_us - COMMIT_S * SECOND_US;
    return since_us > 0 ? now_us - since_us : now_us;
}

/* Both lists are in the order of ids: one walk finds what is new. */
static void
mark_new(struct host *host, const struct follower *follower, const struct list *rows)
{
    const struct revocation_row *row = rows->items;
    int64_t now_us = clock_monotonic_us();
    size_t known = 0;
    for (size_t i = 0; i < rows->count; i++) {
        while (known < follower->count && follower->ids[known] < row[i].id)
            known++;
        if (known == follower->count || follower->ids[known] != row[i].id)
            forgetting_mark(host, row[i].subject, marked_us(&row[i], now_us));
    }
}

static void
keep_ids(struct follower *follower, const struct list *rows)
{
    const struct revocation_row *row = rows->items;
    if (rows->count > follower->capacity) {
        follower->capacity = rows->count * 2;
        follower->ids = xrealloc(follower->ids, follower->capacity * sizeof(*follower->ids));
    }
    follower->count = rows->count;
    for (size_t i = 0; i < rows->count; i++)
        follower->ids[i] = row[i].id;
}

void
credential_follow(struct access *access, struct arena *arena)
{
    static const struct column columns[] = {COLUMN_INTEGER_OF(struct revocation_row, id),
                                            COLUMN_TEXT_OF(struct revocation_row, subject),
                                            COLUMN_INTEGER_OF(struct revocation_row, age_us),
                                            {.name = NULL}};
    static const struct query since = {SQL_revocation_since, columns, sizeof(struct revocation_row),
                                       false};
    struct error err = {0};
    int64_t now_us = clock_monotonic_us();
    int64_t followed_us = forgetting_followed_us(access->host);
    int64_t gap_s = (now_us - followed_us) / SECOND_US + OVERLAP_S;
    bool is_lost = followed_us == 0 || gap_s > GAP_MAX_S;
    const char *seconds = store_integer(arena, is_lost ? OVERLAP_S : gap_s);
    const struct list *rows = store_query(access->store, &since, &seconds, arena, &err);
    if (!rows)
        return;
    if (is_lost || rows->count >= ROWS_MAX)
        forgetting_mark(access->host, NULL, clock_monotonic_us());
    mark_new(access->host, &access->follower, rows);
    keep_ids(&access->follower, rows);
    forgetting_follow(access->host, now_us);
}

void
credential_note_use(struct access *access, struct arena *arena)
{
    static const struct query queries[] = {{SQL_key_used, NULL, 0, false},
                                           {SQL_sign_in_used, NULL, 0, false}};
    if (store_is_down(access->store))
        return;
    struct sighting *found = arena_array(arena, SIGHTINGS_MAX, sizeof(*found));
    size_t count =
        sighting_take(access->host, clock_realtime_us(), MINUTE_US, found, SIGHTINGS_MAX);
    if (count == 0)
        return;
    const char **ids = arena_array(arena, count + 1, sizeof(*ids));
    const char **times = arena_array(arena, count + 1, sizeof(*times));
    for (size_t i = 0; i < count; i++) {
        ids[i] = found[i].id;
        times[i] = store_integer(arena, found[i].at_us);
    }
    const char *parameters[] = {store_texts(arena, ids), store_texts(arena, times),
                                store_integer(arena, access->settings->session_ttl_s)};
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct error err = {0};
        if (!store_query(access->store, &queries[i], parameters, arena, &err))
            log_line(LOG_LEVEL_WARNING, "last uses were not written",
                     LOG_TEXT("detail", err.detail));
    }
}
