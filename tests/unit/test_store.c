/* Statements, their answers, and transactions. */
#include "store_bench.h"

#include <pthread.h>
#include <stdatomic.h>

struct all_row {
    const char *text;
    int64_t number;
    bool truth;
    struct bytes bytes;
    struct list texts;
};

static const struct column all_columns[] = {
    COLUMN_TEXT_OF(struct all_row, text),     COLUMN_INTEGER_OF(struct all_row, number),
    COLUMN_BOOLEAN_OF(struct all_row, truth), COLUMN_BYTES_OF(struct all_row, bytes),
    COLUMN_TEXTS_OF(struct all_row, texts),   {0}};

static const struct query all = {
    "all",
    "SELECT $1 AS text, $2::bigint AS number, $3::boolean AS truth, $4::bytea AS bytes, $5::text[] AS texts",
    5,
    all_columns,
    sizeof(struct all_row),
    true};

static void
reads_back_what_parameters_said(void **state)
{
    struct bench *bench = *state;
    struct arena *arena = &bench->arena;
    static const char *const texts[] = {"a", "b, \"c\"", NULL};
    const char *const parameters[] = {"it's; DROP TABLE test.thing --",
                                      store_integer(arena, INT64_MIN), "true",
                                      store_bytes(arena, "\0\1", 2), store_texts(arena, texts)};
    const struct list *rows = store_query(bench->store, &all, parameters, arena, &bench->err);
    assert_non_null(rows);
    assert_int_equal(rows->count, 1);
    const struct all_row *row = rows->items;
    assert_string_equal(row->text, parameters[0]);
    assert_int_equal(row->number, INT64_MIN);
    assert_true(row->truth);
    assert_int_equal(row->bytes.length, 2);
    assert_memory_equal(row->bytes.data, "\0\1", 2);
    assert_int_equal(row->texts.count, 2);
    assert_string_equal(((const char **)row->texts.items)[1], "b, \"c\"");
}

static void
reads_null_as_nothing(void **state)
{
    struct bench *bench = *state;
    const struct list *rows =
        store_query(bench->store, &all, (const char *const[5]){NULL}, &bench->arena, &bench->err);
    assert_non_null(rows);
    const struct all_row *row = rows->items;
    assert_null(row->text);
    assert_int_equal(row->number, 0);
    assert_false(row->truth);
    assert_null(row->bytes.data);
    assert_null(row->texts.items);
}

static void
gives_all_rows_in_order(void **state)
{
    struct bench *bench = *state;
    struct query query = ASK("SELECT n::text AS answer FROM generate_series(1, 500) AS n", 0);
    const struct list *rows =
        store_query(bench->store, &query, PARAMETERS(), &bench->arena, &bench->err);
    assert_int_equal(rows->count, 500);
    assert_string_equal(((const struct answer_row *)rows->items)[499].answer, "500");
}

static void
counts_the_rows_that_it_changed(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(bench_change(bench, "INSERT INTO test.thing VALUES (1), (2), (3)"), 3);
    assert_int_equal(bench_change(bench, "DELETE FROM test.thing WHERE id > 1"), 2);
    assert_int_equal(bench_change(bench, "DELETE FROM test.thing WHERE id > 1"), 0);
}

static void
says_which_column_differs(void **state)
{
    struct bench *bench = *state;
    assert_null(bench_ask(bench, "SELECT 1 AS other"));
    assert_int_equal(bench->err.code, ERROR_INTERNAL);
    assert_string_equal(bench->err.detail,
                        "column 1 of query \"asked\" is \"other\", not \"answer\" "
                        "as its table says");
    assert_null(bench_ask(bench, "SELECT 'a' AS answer, 2 AS more"));
    assert_string_equal(bench->err.detail,
                        "query \"asked\" gives 2 columns, not 1 as its table says");
    assert_string_equal(bench_ask(bench, "SELECT 'a' AS answer"), "a");
}

static void
names_the_constraint_of_a_conflict(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(bench_change(bench, "INSERT INTO test.thing VALUES (1, 'a')"), 1);
    assert_int_equal(bench_change(bench, "INSERT INTO test.thing VALUES (2, 'a')"), -1);
    assert_int_equal(bench->err.code, ERROR_CONFLICT);
    assert_string_equal(bench->err.reason_code, "thing_name_key");
    assert_int_equal(bench_change(bench, "INSERT INTO test.thing VALUES (2, 'b', -1)"), -1);
    assert_int_equal(bench->err.code, ERROR_CONFLICT);
    assert_string_equal(bench->err.reason_code, "amount_is_good");
}

static void
tells_of_a_wrong_statement_without_its_values(void **state)
{
    struct bench *bench = *state;
    assert_null(bench_ask(bench, "SELECT 'hunter2'::uuid::text AS answer"));
    assert_int_equal(bench->err.code, ERROR_INTERNAL);
    assert_string_equal(bench->err.detail, "query \"asked\" failed with SQLSTATE 22P02");
    assert_false(store_is_down(bench->store));
}

static void
may_not_touch_what_was_not_granted(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(bench_change(bench, "INSERT INTO test.secret VALUES (1)"), -1);
    assert_non_null(strstr(bench->err.detail, "42501"));
    assert_int_equal(bench_change(bench, "CREATE TABLE hearth.mine (id integer)"), -1);
    assert_non_null(strstr(bench->err.detail, "42501"));
    assert_int_equal(bench_change(bench, "UPDATE hearth.migration SET version = 0"), -1);
    assert_non_null(strstr(bench->err.detail, "42501"));
}

static void
gives_a_slow_statement_up_without_taking_the_server_for_gone(void **state)
{
    struct bench *bench = *state;
    bench->settings.database_timeout_ms = 2000; /* the server gives up a tenth of it earlier */
    bench_reopen(bench);
    assert_null(bench_ask(bench, "SELECT pg_sleep(60)::text AS answer"));
    assert_int_equal(bench->err.code, ERROR_UNAVAILABLE);
    assert_int_equal(bench->err.retry_after_s, 1);
    assert_false(store_is_down(bench->store));
    assert_string_equal(bench_ask(bench, "SELECT 'a' AS answer"), "a");
}

static void
keeps_times_to_the_microsecond(void **state)
{
    struct bench *bench = *state;
    assert_string_equal(
        bench_ask(bench, "SELECT hearth.micros(hearth.moment(1767225600123457))::text AS answer"),
        "1767225600123457");
    assert_string_equal(bench_ask(bench, "SELECT hearth.moment(-1) AT TIME ZONE 'UTC' AS answer"),
                        "1969-12-31 23:59:59.999999");
}

static const struct list *
ask_within(struct transaction *transaction, struct bench *bench, const char *sql)
{
    struct query query = CHANGE(sql, 0);
    error_clear(&bench->err);
    return transaction_query(transaction, &query, PARAMETERS(), &bench->arena, &bench->err);
}

static void
keeps_all_of_a_transaction_or_nothing(void **state)
{
    struct bench *bench = *state;
    struct transaction *transaction = transaction_begin(bench->store, &bench->arena, &bench->err);
    assert_non_null(ask_within(transaction, bench, "INSERT INTO test.thing VALUES (1)"));
    assert_string_equal(bench_ask(bench, "SELECT count(*)::text AS answer FROM test.thing"), "0");
    assert_true(transaction_end(transaction, true, &bench->err));
    assert_string_equal(bench_ask(bench, "SELECT count(*)::text AS answer FROM test.thing"), "1");
    transaction = transaction_begin(bench->store, &bench->arena, &bench->err);
    assert_non_null(ask_within(transaction, bench, "INSERT INTO test.thing VALUES (2)"));
    assert_false(transaction_end(transaction, false, &bench->err));
    assert_int_equal(bench->err.code, ERROR_NONE);
    assert_string_equal(bench_ask(bench, "SELECT count(*)::text AS answer FROM test.thing"), "1");
}

static void
commits_nothing_after_a_failure(void **state)
{
    struct bench *bench = *state;
    struct transaction *transaction = transaction_begin(bench->store, &bench->arena, &bench->err);
    assert_non_null(ask_within(transaction, bench, "INSERT INTO test.thing VALUES (1)"));
    assert_null(ask_within(transaction, bench, "INSERT INTO test.thing VALUES (1)"));
    assert_int_equal(bench->err.code, ERROR_CONFLICT);
    assert_null(ask_within(transaction, bench, "INSERT INTO test.thing VALUES (2)"));
    error_clear(&bench->err);
    assert_false(transaction_end(transaction, true, &bench->err));
    assert_int_not_equal(bench->err.code, ERROR_NONE);
    assert_string_equal(bench_ask(bench, "SELECT count(*)::text AS answer FROM test.thing"), "0");
}

/* Of two that meet, one is told to try again, and does. */
static void *
add_up(void *argument)
{
    struct bench *bench = argument;
    struct arena arena = {0};
    struct query query = CHANGE(
        "UPDATE test.thing SET amount = amount + 1 WHERE id IN (1, 2) OR pg_sleep(0) IS NULL", 0);
    size_t failed = 0;
    for (int i = 0; i < 25; i++) {
        struct error err = {0};
        failed += !store_query(bench->store, &query, PARAMETERS(), &arena, &err);
    }
    arena_release(&arena);
    return (void *)failed;
}

static void
repeats_what_failed_as_not_serialisable(void **state)
{
    struct bench *bench = *state;
    char url[320];
    snprintf(url, sizeof(url), "%s options='-c default_transaction_isolation=serializable'",
             bench->url);
    bench->settings.database_url = url;
    bench->settings.database_timeout_ms = 10000;
    bench_reopen(bench);
    assert_int_equal(bench_change(bench, "INSERT INTO test.thing VALUES (1, 'a', 0), (2, 'b', 0)"),
                     2);
    pthread_t threads[2];
    size_t failed = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_up, bench), 0);
    for (int i = 0; i < 2; i++) {
        void *count;
        pthread_join(threads[i], &count);
        failed += (size_t)count;
    }
    /* What was refused four times over was not done. */
    char expected[8];
    snprintf(expected, sizeof(expected), "%zu", 50 - failed);
    assert_string_equal(
        bench_ask(bench, "SELECT amount::text AS answer FROM test.thing WHERE id = 1"), expected);
    assert_true(failed < 5);
}

struct crowd {
    struct bench *bench;
    atomic_size_t failed;
};

static void *
ask_often(void *argument)
{
    struct crowd *crowd = argument;
    struct arena arena = {0};
    struct query query = ASK("SELECT $1 AS answer", 1);
    for (int i = 0; i < 50; i++) {
        struct error err = {0};
        const char *number = store_integer(&arena, i);
        const char *answer =
            first_answer(store_query(crowd->bench->store, &query, &number, &arena, &err));
        crowd->failed += !answer || strcmp(answer, number) != 0;
    }
    arena_release(&arena);
    return NULL;
}

static void
serves_many_threads_on_few_connections(void **state)
{
    struct bench *bench = *state;
    struct crowd crowd = {.bench = bench};
    pthread_t threads[32];
    bench->settings.database_timeout_ms = 10000;
    bench_reopen(bench);
    for (int i = 0; i < 32; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &crowd), 0);
    for (int i = 0; i < 32; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.failed, 0);
    char sql[200];
    snprintf(sql, sizeof(sql),
             "SELECT count(*)::text AS answer FROM pg_stat_activity WHERE datname = '%s'",
             bench->database);
    assert_string_equal(bench_ask(bench, sql), "4");
}

static void
bounds_the_wait_for_a_connection(void **state)
{
    struct bench *bench = *state;
    bench->settings.database_pool_size = 1;
    bench->settings.database_timeout_ms = 100;
    bench_reopen(bench);
    struct transaction *transaction = transaction_begin(bench->store, &bench->arena, &bench->err);
    assert_non_null(transaction);
    assert_null(bench_ask(bench, "SELECT 'a' AS answer"));
    assert_int_equal(bench->err.code, ERROR_UNAVAILABLE);
    assert_string_equal(bench->err.detail, "the database is busy");
    assert_false(store_is_down(bench->store));
    assert_false(transaction_end(transaction, false, &bench->err));
    assert_string_equal(bench_ask(bench, "SELECT 'a' AS answer"), "a");
}

static void
refuses_a_connection_string_without_repeating_it(void **state)
{
    struct bench *bench = *state;
    struct store *store;
    bench->settings.database_url = "postgresql://me:hunter2@[::1/x?y=z";
    assert_false(store_open(&bench->settings, bench->host, &store, &bench->err));
    assert_non_null(strstr(bench->err.detail, "DATABASE_URL"));
    assert_null(strstr(bench->err.detail, "hunter2"));
    bench->settings.database_url = "";
    error_clear(&bench->err);
    assert_true(store_open(&bench->settings, bench->host, &store, &bench->err));
    assert_null(store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(reads_back_what_parameters_said),
        BENCH_TEST(reads_null_as_nothing),
        BENCH_TEST(gives_all_rows_in_order),
        BENCH_TEST(counts_the_rows_that_it_changed),
        BENCH_TEST(says_which_column_differs),
        BENCH_TEST(names_the_constraint_of_a_conflict),
        BENCH_TEST(tells_of_a_wrong_statement_without_its_values),
        BENCH_TEST(may_not_touch_what_was_not_granted),
        BENCH_TEST(gives_a_slow_statement_up_without_taking_the_server_for_gone),
        BENCH_TEST(keeps_times_to_the_microsecond),
        BENCH_TEST(keeps_all_of_a_transaction_or_nothing),
        BENCH_TEST(commits_nothing_after_a_failure),
        BENCH_TEST(repeats_what_failed_as_not_serialisable),
        BENCH_TEST(serves_many_threads_on_few_connections),
        BENCH_TEST(bounds_the_wait_for_a_connection),
        BENCH_TEST(refuses_a_connection_string_without_repeating_it),
    };
    return cmocka_run_group_tests_name("store", tests, store_group_set_up, store_group_tear_down);
}
