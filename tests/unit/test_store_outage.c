/* PostgreSQL that is stopped, frozen, restarted, full, or not the one that this program needs. */
#include "store_bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { BACK_WITHIN_US = 2000 * 1000 };

static bool
answers(struct bench *bench)
{
    const char *answer = bench_ask(bench, "SELECT 'a' AS answer");
    return answer && strcmp(answer, "a") == 0;
}

/* Asks until it answers; how long that took. */
static int64_t
time_to_answer_us(struct bench *bench)
{
    int64_t started_us = clock_monotonic_us();
    while (!answers(bench) && clock_monotonic_us() - started_us < 5 * BACK_WITHIN_US)
        usleep(20000);
    return clock_monotonic_us() - started_us;
}

static void
assert_refused_within(struct bench *bench, int64_t most_us)
{
    int64_t started_us = clock_monotonic_us();
    assert_false(answers(bench));
    int64_t took_us = clock_monotonic_us() - started_us;
    assert_int_equal(bench->err.code, ERROR_UNAVAILABLE);
    assert_true(bench->err.retry_after_s >= 1);
    if (took_us > most_us)
        fail_msg("took %lld ms", (long long)took_us / 1000);
}

/* Sends a signal to the server's processes of the connections that there are. */
static void
fixture_backends(const char *database, const char *signal)
{
    char command[512];
    snprintf(command, sizeof(command),
             "psql -X -q -A -t -h '%s' -U postgres -d postgres -c \"SELECT pid FROM "
             "pg_stat_activity WHERE datname = '%s' AND usename = 'hearth'\" | "
             "xargs -r kill -%s",
             fixture_cluster, database, signal);
    fixture_shell(command);
}

static void
fails_at_once_while_the_server_is_stopped_and_notices_its_return(void **state)
{
    struct bench *bench = *state;
    assert_true(answers(bench));
    fixture_run("stop", "");
    assert_refused_within(bench, 2000000);
    assert_true(store_is_down(bench->store));
    assert_refused_within(bench, 100000);
    fixture_run("start", "");
    assert_true(time_to_answer_us(bench) < BACK_WITHIN_US);
    assert_false(store_is_down(bench->store));
}

static void
waits_for_a_frozen_server_once(void **state)
{
    struct bench *bench = *state;
    assert_true(answers(bench));
    fixture_run("freeze", "");
    assert_refused_within(bench, 2000000);
    assert_true(store_is_down(bench->store));
    assert_refused_within(bench, 100000);
    fixture_run("thaw", "");
    assert_true(time_to_answer_us(bench) < BACK_WITHIN_US);
}

struct crowd {
    struct bench *bench;
    atomic_size_t refused;
    atomic_int_fast64_t slowest_us;
};

static void *
ask_once(void *argument)
{
    struct crowd *crowd = argument;
    struct arena arena = {0};
    struct error err = {0};
    struct query query = ASK("SELECT 'a' AS answer", 0);
    int64_t started_us = clock_monotonic_us();
    crowd->refused += !store_query(crowd->bench->store, &query, PARAMETERS(), &arena, &err) &&
                      err.code == ERROR_UNAVAILABLE;
    int64_t took_us = clock_monotonic_us() - started_us;
    if (took_us > crowd->slowest_us)
        crowd->slowest_us = took_us;
    arena_release(&arena);
    return NULL;
}

static void
refuses_a_crowd_within_the_time_of_one_call(void **state)
{
    struct bench *bench = *state;
    struct crowd crowd = {.bench = bench};
    pthread_t threads[64];
    assert_true(answers(bench));
    fixture_run("freeze", "");
    for (int i = 0; i < 64; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_once, &crowd), 0);
    for (int i = 0; i < 64; i++)
        pthread_join(threads[i], NULL);
    fixture_run("thaw", "");
    assert_int_equal(crowd.refused, 64);
    assert_true(crowd.slowest_us < 2000000);
    assert_true(time_to_answer_us(bench) < BACK_WITHIN_US);
}

static void
tells_other_processes_of_the_host(void **state)
{
    struct bench *bench = *state;
    struct store *other;
    assert_true(store_open(&bench->settings, bench->host, &other, &bench->err));
    fixture_run("stop", "");
    assert_false(answers(bench));
    assert_true(store_is_down(other));
    fixture_run("start", "");
    assert_true(time_to_answer_us(bench) < BACK_WITHIN_US);
    assert_false(store_is_down(other));
    store_close(other);
}

static void
replaces_connections_that_a_restart_ended(void **state)
{
    struct bench *bench = *state;
    assert_true(answers(bench));
    fixture_run("stop", "");
    fixture_run("start", "");
    assert_true(answers(bench));
    struct transaction *transaction = transaction_begin(bench->store, &bench->arena, &bench->err);
    assert_non_null(transaction);
    fixture_sql(bench->database,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hearth'");
    assert_false(transaction_end(transaction, true, &bench->err));
    assert_int_equal(bench->err.code, ERROR_UNAVAILABLE);
}

/* Ends its own connection once: the sequence moves on though the statement fails. */
#define DIES_ONCE                                                                                  \
    "SELECT CASE WHEN nextval('test.once') = 1 THEN "                                              \
    "pg_terminate_backend(pg_backend_pid())::text ELSE 'a' END AS answer"

static void
asks_again_only_what_changes_nothing(void **state)
{
    struct bench *bench = *state;
    fixture_sql(bench->database,
                "CREATE SEQUENCE test.once; GRANT USAGE ON SEQUENCE test.once TO hearth");
    struct query query = ASK(DIES_ONCE, 0);
    assert_null(store_query(bench->store, &query, PARAMETERS(), &bench->arena, &bench->err));
    assert_int_equal(bench->err.code, ERROR_UNAVAILABLE);
    /* One connection that somebody ended is not the server. */
    assert_false(store_is_down(bench->store));
    assert_true(answers(bench));
    fixture_sql(bench->database, "ALTER SEQUENCE test.once RESTART");
    error_clear(&bench->err);
    query.reads = true;
    assert_string_equal(
        first_answer(store_query(bench->store, &query, PARAMETERS(), &bench->arena, &bench->err)),
        "a");
}

static void *
ask_slowly(void *argument)
{
    struct crowd *crowd = argument;
    struct arena arena = {0};
    struct error err = {0};
    struct query query = ASK("SELECT pg_sleep(5)::text AS answer", 0);
    crowd->refused += !store_query(crowd->bench->store, &query, PARAMETERS(), &arena, &err) &&
                      strcmp(err.detail, "the database took too long") == 0;
    arena_release(&arena);
    return NULL;
}

static void
does_not_blame_the_server_for_the_time_that_a_call_waited(void **state)
{
    struct bench *bench = *state;
    struct crowd crowd = {.bench = bench};
    pthread_t thread;
    bench->settings.database_pool_size = 1;
    bench->settings.database_timeout_ms = 600;
    bench_reopen(bench);
    struct transaction *transaction = transaction_begin(bench->store, &bench->arena, &bench->err);
    assert_non_null(transaction);
    assert_int_equal(pthread_create(&thread, NULL, ask_slowly, &crowd), 0);
    usleep(400000);
    assert_false(transaction_end(transaction, false, &bench->err));
    pthread_join(thread, NULL);
    assert_int_equal(crowd.refused, 1);
    assert_false(store_is_down(bench->store));
    assert_true(answers(bench));
}

static void *
sleep_a_little(void *argument)
{
    struct crowd *crowd = argument;
    struct arena arena = {0};
    struct error err = {0};
    struct query query = ASK("SELECT pg_sleep(0.05)::text AS answer", 0);
    for (int i = 0; i < 3; i++)
        crowd->refused += !store_query(crowd->bench->store, &query, PARAMETERS(), &arena, &err);
    arena_release(&arena);
    return NULL;
}

static void
makes_do_with_fewer_connections_than_it_may_have(void **state)
{
    struct bench *bench = *state;
    struct crowd crowd = {.bench = bench};
    pthread_t threads[6];
    assert_true(answers(bench));
    fixture_sql(bench->database, "ALTER ROLE hearth CONNECTION LIMIT 2");
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_a_little, &crowd), 0);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    fixture_sql(bench->database, "ALTER ROLE hearth CONNECTION LIMIT -1");
    assert_int_equal(crowd.refused, 0);
    assert_false(store_is_down(bench->store));
}

/* A server that takes connections and says nothing, as a frozen one does. */
static int
listen_mutely(const char *directory)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", directory);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(descriptor, 16), 0);
    return descriptor;
}

static void
stop_listening(const char *directory, int descriptor)
{
    char path[200];
    close(descriptor);
    snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", directory);
    unlink(path);
}

static void
goes_to_the_next_host_when_one_is_gone_or_mute(void **state)
{
    struct bench *bench = *state;
    char url[512];
    int mute = listen_mutely(bench->directory);
    snprintf(url, sizeof(url), "host=/nonexistent,%s,%s dbname=%s user=hearth", bench->directory,
             fixture_cluster, bench->database);
    bench->settings.database_url = url;
    bench_reopen(bench);
    bool answered = answers(bench);
    stop_listening(bench->directory, mute);
    assert_true(answered);
}

#define WHO "SELECT current_setting('application_name') AS answer"

static const char *
ask_reader(struct bench *bench)
{
    struct query query = ASK(WHO, 0);
    query.reads = true;
    error_clear(&bench->err);
    return first_answer(
        store_query(bench->store, &query, PARAMETERS(), &bench->arena, &bench->err));
}

/* Where the server leaves slow statements to us, one that got no answer says little of it: the next
 * call of a request would be tried for as long again. */
static void
costs_a_request_of_many_calls_the_time_of_one(void **state)
{
    struct bench *bench = *state;
    struct arena request = {0};
    struct query query = ASK("SELECT 'a' AS answer", 0);
    bench->settings.database_pooling = "transaction";
    bench_reopen(bench);
    assert_true(answers(bench));
    store_join(&request);
    fixture_run("freeze", "");
    int64_t started_us = clock_monotonic_us();
    for (int i = 0; i < 3; i++) {
        error_clear(&bench->err);
        assert_null(store_query(bench->store, &query, PARAMETERS(), &request, &bench->err));
        assert_int_equal(bench->err.code, ERROR_UNAVAILABLE);
    }
    error_clear(&bench->err);
    assert_null(transaction_begin(bench->store, &request, &bench->err));
    int64_t took_us = clock_monotonic_us() - started_us;
    fixture_run("thaw", "");
    assert_true(took_us < 1500000); /* DATABASE_TIMEOUT is 1 s here */
    arena_reset(&request);
    store_join(&request);
    error_clear(&bench->err);
    assert_non_null(store_query(bench->store, &query, PARAMETERS(), &request, &bench->err));
    arena_release(&request);
}

/* A server that went away with its machine leaves connections that look sound. */
static void
trusts_no_connection_from_before_an_outage(void **state)
{
    struct bench *bench = *state;
    struct transaction *held[4];
    for (size_t i = 0; i < 4; i++) {
        held[i] = transaction_begin(bench->store, &bench->arena, &bench->err);
        assert_non_null(held[i]);
    }
    for (size_t i = 0; i < 4; i++)
        assert_false(transaction_end(held[i], false, &bench->err));
    fixture_backends(bench->database, "STOP");
    assert_false(answers(bench));
    assert_true(store_is_down(bench->store));
    bool is_back = time_to_answer_us(bench) < BACK_WITHIN_US;
    fixture_backends(bench->database, "CONT");
    assert_true(is_back);
}

static void
blames_nobody_for_a_statement_that_was_not_all_sent(void **state)
{
    struct bench *bench = *state;
    struct query query = ASK("SELECT length($1::text)::text AS answer", 1);
    const size_t length = 8 << 20;
    char *text = arena_alloc(&bench->arena, length + 1);
    memset(text, 'x', length);
    assert_non_null(store_query(bench->store, &query, PARAMETERS("x"), &bench->arena, &bench->err));
    fixture_run("freeze", "");
    error_clear(&bench->err);
    const struct list *rows =
        store_query(bench->store, &query, PARAMETERS(text), &bench->arena, &bench->err);
    bool is_down = store_is_down(bench->store);
    fixture_run("thaw", "");
    assert_null(rows);
    assert_false(is_down);
    assert_true(answers(bench));
}

static void
keeps_no_connection_with_large_buffers(void **state)
{
    struct bench *bench = *state;
    const char *own = "SELECT pg_backend_pid()::text AS answer";
    bench->settings.database_pool_size = 1;
    bench_reopen(bench);
    const char *first = bench_ask(bench, own);
    assert_non_null(bench_ask(bench, "SELECT repeat('x', 200000) AS answer"));
    assert_string_equal(bench_ask(bench, own), first);
    assert_non_null(bench_ask(bench, "SELECT repeat('x', 400000) AS answer"));
    const char *second = bench_ask(bench, own);
    assert_string_not_equal(second, first);
    struct query query = ASK("SELECT pg_backend_pid()::text AS answer WHERE $1::text <> ''", 1);
    char *text = arena_alloc(&bench->arena, 400001);
    memset(text, 'x', 400000);
    assert_string_equal(first_answer(store_query(bench->store, &query, PARAMETERS(text),
                                                 &bench->arena, &bench->err)),
                        second);
    assert_string_not_equal(bench_ask(bench, own), second);
}

static void
reads_from_the_standby_while_it_answers(void **state)
{
    struct bench *bench = *state;
    char url[320], mute_url[320];
    snprintf(url, sizeof(url), "%s application_name=reader", bench->url);
    bench->settings.database_read_url = url;
    bench_reopen(bench);
    assert_string_equal(ask_reader(bench), "reader");
    assert_string_equal(bench_ask(bench, WHO), "hearth");
    int mute = listen_mutely(bench->directory);
    snprintf(mute_url, sizeof(mute_url), "host=%s dbname=x user=hearth", bench->directory);
    bench->settings.database_read_url = mute_url;
    bench_reopen(bench);
    const char *answer = ask_reader(bench);
    stop_listening(bench->directory, mute);
    assert_string_equal(answer, "hearth");
    assert_false(store_is_down(bench->store));
    bench->settings.database_read_url = "host=/nonexistent dbname=x user=hearth";
    bench_reopen(bench);
    assert_string_equal(ask_reader(bench), "hearth");
}

static void
refuses_a_schema_that_it_does_not_know(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(store_check(bench->store, 1, -1, &bench->err), STORE_FITS);
    fixture_sql(bench->database,
                "INSERT INTO hearth.migration VALUES (9000, 'later', sha256('x'), 8000)");
    bench_reopen(bench);
    assert_int_equal(store_check(bench->store, 1, -1, &bench->err), STORE_MISFIT);
    assert_non_null(strstr(bench->err.detail, "too new: it is at 9000 and needs a program that "
                                              "knows 8000"));
    assert_false(answers(bench));
    assert_string_equal(bench->err.detail, "the database is not ready for this program");
    fixture_sql(bench->database,
                "UPDATE hearth.migration SET compatible_from = 1 WHERE version = 9000");
    usleep(1100000); /* it asks again after a second */
    assert_true(answers(bench));
    fixture_sql(bench->database, "DELETE FROM hearth.migration WHERE version > 1");
    error_clear(&bench->err);
    assert_int_equal(store_check(bench->store, 1, -1, &bench->err), STORE_MISFIT);
    assert_non_null(strstr(bench->err.detail, "too old: it is at 0001"));
}

static void
refuses_a_database_without_tables_or_without_rights(void **state)
{
    struct bench *bench = *state;
    fixture_sql(bench->database, "REVOKE USAGE ON SCHEMA hearth FROM hearth_application");
    assert_int_equal(store_check(bench->store, 1, -1, &bench->err), STORE_MISFIT);
    assert_non_null(strstr(bench->err.detail, "no member of hearth_application"));
    fixture_sql(bench->database, "SET client_min_messages = warning; DROP SCHEMA hearth CASCADE");
    error_clear(&bench->err);
    assert_int_equal(store_check(bench->store, 1, -1, &bench->err), STORE_MISFIT);
    assert_string_equal(bench->err.detail,
                        "the database has no tables of this program: run \"hearth migrate\"");
}

static void
refuses_more_connections_than_the_server_has(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(store_check(bench->store, 24, -1, &bench->err), STORE_FITS);
    assert_int_equal(store_check(bench->store, 25, -1, &bench->err), STORE_MISFIT);
    assert_non_null(strstr(bench->err.detail,
                           "25 workers with 4 connections each (DATABASE_POOL_SIZE) need 100, but "
                           "PostgreSQL has 97 (max_connections 100, 3 of them reserved)"));
    bench->settings.database_read_url = bench->url;
    bench_reopen(bench);
    error_clear(&bench->err);
    assert_int_equal(store_check(bench->store, 13, -1, &bench->err), STORE_MISFIT);
    assert_non_null(strstr(bench->err.detail, "as many again for DATABASE_READ_URL, need 104"));
    fixture_sql(bench->database, "ALTER ROLE hearth CONNECTION LIMIT 10");
    error_clear(&bench->err);
    assert_int_equal(store_check(bench->store, 3, -1, &bench->err), STORE_MISFIT);
    assert_non_null(strstr(bench->err.detail, "limited to 10"));
    fixture_sql(bench->database, "ALTER ROLE hearth CONNECTION LIMIT -1");
}

static void
judges_a_database_that_was_away_at_the_first_call(void **state)
{
    struct bench *bench = *state;
    fixture_run("stop", "");
    assert_int_equal(store_check(bench->store, 1, -1, &bench->err), STORE_AWAY);
    fixture_run("start", "");
    fixture_sql(bench->database, "DELETE FROM hearth.migration WHERE version > 1");
    int64_t started_us = clock_monotonic_us();
    do
        assert_false(answers(bench));
    while (strcmp(bench->err.detail, "the database is not ready for this program") != 0 &&
           clock_monotonic_us() - started_us < BACK_WITHIN_US);
    assert_string_equal(bench->err.detail, "the database is not ready for this program");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(fails_at_once_while_the_server_is_stopped_and_notices_its_return),
        BENCH_TEST(waits_for_a_frozen_server_once),
        BENCH_TEST(refuses_a_crowd_within_the_time_of_one_call),
        BENCH_TEST(tells_other_processes_of_the_host),
        BENCH_TEST(replaces_connections_that_a_restart_ended),
        BENCH_TEST(asks_again_only_what_changes_nothing),
        BENCH_TEST(does_not_blame_the_server_for_the_time_that_a_call_waited),
        BENCH_TEST(makes_do_with_fewer_connections_than_it_may_have),
        BENCH_TEST(goes_to_the_next_host_when_one_is_gone_or_mute),
        BENCH_TEST(costs_a_request_of_many_calls_the_time_of_one),
        BENCH_TEST(trusts_no_connection_from_before_an_outage),
        BENCH_TEST(blames_nobody_for_a_statement_that_was_not_all_sent),
        BENCH_TEST(keeps_no_connection_with_large_buffers),
        BENCH_TEST(reads_from_the_standby_while_it_answers),
        BENCH_TEST(refuses_a_schema_that_it_does_not_know),
        BENCH_TEST(refuses_a_database_without_tables_or_without_rights),
        BENCH_TEST(refuses_more_connections_than_the_server_has),
        BENCH_TEST(judges_a_database_that_was_away_at_the_first_call),
    };
    /* What is done to the server here is not for others to suffer. */
    unsetenv("HEARTH_TEST_CLUSTER");
    return cmocka_run_group_tests_name("store outage", tests, store_group_set_up,
                                       store_group_tear_down);
}
