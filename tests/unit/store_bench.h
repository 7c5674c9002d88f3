/* A store on a database of its own, for the tests of src/store. */
#ifndef HEARTH_TESTS_STORE_BENCH_H
#define HEARTH_TESTS_STORE_BENCH_H

#include "store_fixture.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/host.h"
#include "host/shared.h"
#include "store/store.h"

struct bench {
    char directory[64], database[64], url[256];
    struct host *host;
    struct settings settings;
    struct store *store;
    struct arena arena;
    struct error err;
};

static inline void
bench_open(struct bench *bench)
{
    assert_true(store_open(&bench->settings, bench->host, &bench->store, &bench->err));
    assert_non_null(bench->store);
}

/* Opens it anew, after a test changed the settings. */
static inline void
bench_reopen(struct bench *bench)
{
    store_close(bench->store);
    bench_open(bench);
}

static inline int
bench_set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    log_set_level(LOG_LEVEL_ERROR + 1);
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/hearth-test-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    bench->host = host_open(bench->directory, 0, &bench->err);
    assert_non_null(bench->host);
    fixture_database(bench->database);
    fixture_sql(bench->database,
                "CREATE SCHEMA test; GRANT USAGE ON SCHEMA test TO hearth;"
                "CREATE TABLE test.thing (id integer PRIMARY KEY, name text UNIQUE,"
                "    amount integer CONSTRAINT amount_is_good CHECK (amount >= 0));"
                "CREATE TABLE test.secret (id integer);"
                "GRANT SELECT, INSERT, UPDATE, DELETE ON test.thing TO hearth");
    bench->settings = (struct settings){
        .database_url = fixture_url(bench->url, sizeof(bench->url), bench->database, false),
        .database_read_url = "",
        .database_migration_url = "",
        .database_pooling = "session",
        .database_pool_size = 4,
        .database_timeout_ms = 1000,
    };
    bench_open(bench);
    *state = bench;
    return 0;
}

static inline int
bench_tear_down(void **state)
{
    struct bench *bench = *state;
    store_close(bench->store);
    host_close(bench->host);
    host_remove(bench->directory, 0);
    rmdir(bench->directory);
    arena_release(&bench->arena);
    free(bench);
    return 0;
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

#define PARAMETERS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* The one text that a statement answers with, as a column "answer"; NULL with bench->err. */
struct answer_row {
    const char *answer;
};

static const struct column answer_columns[] = {COLUMN_TEXT_OF(struct answer_row, answer), {0}};

#define ASK(sql, count)                                                                            \
    ((struct query){"asked", (sql), (count), answer_columns, sizeof(struct answer_row), false})
#define CHANGE(sql, count) ((struct query){"changed", (sql), (count), NULL, 0, false})

static inline const char *
first_answer(const struct list *rows)
{
    return rows && rows->count > 0 ? ((const struct answer_row *)rows->items)->answer : NULL;
}

static inline const char *
bench_ask(struct bench *bench, const char *sql)
{
    struct query query = ASK(sql, 0);
    error_clear(&bench->err);
    return first_answer(
        store_query(bench->store, &query, PARAMETERS(), &bench->arena, &bench->err));
}

/* How many rows a statement changed; -1 with bench->err. */
static inline long
bench_change(struct bench *bench, const char *sql)
{
    struct query query = CHANGE(sql, 0);
    error_clear(&bench->err);
    const struct list *rows =
        store_query(bench->store, &query, PARAMETERS(), &bench->arena, &bench->err);
    return rows ? (long)rows->count : -1;
}

#endif
