/* The store behind pgbouncer in transaction mode, where each transaction has another session. */
#include "store_bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct pooled {
    struct bench *bench;
    pid_t pooler;
    char directory[64], url[256];
};

static const char *
path_in(struct pooled *pooled, const char *name)
{
    return arena_printf(&pooled->bench->arena, "%s/%s", pooled->directory, name);
}

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
configure(struct pooled *pooled)
{
    write_file(path_in(pooled, "users"), "\"hearth\" \"\"\n");
    write_file(path_in(pooled, "pgbouncer.ini"),
               arena_printf(&pooled->bench->arena,
                            "[databases]\n* = host=%s\n[pgbouncer]\npool_mode = transaction\n"
                            "listen_addr =\nunix_socket_dir = %s\nauth_type = trust\n"
                            "auth_file = %s/users\ndefault_pool_size = 3\nmax_client_conn = 50\n",
                            fixture_cluster, pooled->directory, pooled->directory));
}

/* As another user where we are root, which pgbouncer refuses to be. */
static void
start(struct pooled *pooled)
{
    const char *file = path_in(pooled, "pgbouncer.ini"), *log = path_in(pooled, "log");
    pooled->pooler = fork();
    assert_true(pooled->pooler >= 0);
    if (pooled->pooler == 0) {
        int output = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        if (geteuid() == 0)
            execlp("pgbouncer", "pgbouncer", "-q", "-u", "www-data", file, NULL);
        execlp("pgbouncer", "pgbouncer", "-q", file, NULL);
        _exit(127);
    }
    const char *socket = path_in(pooled, ".s.PGSQL.6432");
    for (int i = 0; i < 500 && access(socket, F_OK) != 0; i++)
        usleep(10000);
    assert_int_equal(access(socket, F_OK), 0);
}

static int
pooled_set_up(void **state)
{
    struct pooled *pooled = calloc(1, sizeof(*pooled));
    bench_set_up(state);
    struct bench *bench = pooled->bench = *state;
    snprintf(pooled->directory, sizeof(pooled->directory), "/tmp/hearth-pooler-XXXXXX");
    assert_non_null(mkdtemp(pooled->directory));
    assert_int_equal(chmod(pooled->directory, 0777), 0);
    configure(pooled);
    start(pooled);
    snprintf(pooled->url, sizeof(pooled->url), "host=%s port=6432 dbname=%s user=hearth",
             pooled->directory, bench->database);
    bench->settings.database_url = pooled->url;
    bench->settings.database_pooling = "transaction";
    bench->settings.database_pool_size = 8;
    bench->settings.database_timeout_ms = 10000; /* the machine may be slow */
    bench_reopen(bench);
    *state = pooled;
    return 0;
}

static int
pooled_tear_down(void **state)
{
    struct pooled *pooled = *state;
    void *bench = pooled->bench;
    static const char *const files[] = {"users", "pgbouncer.ini", "log", ".s.PGSQL.6432"};
    kill(pooled->pooler, SIGKILL);
    waitpid(pooled->pooler, NULL, 0);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(path_in(pooled, files[i]));
    rmdir(pooled->directory);
    free(pooled);
    return bench_tear_down(&bench);
}

struct crowd {
    struct bench *bench;
    atomic_size_t wrong;
    atomic_int number;
};

/* Several statements in turn, so that a session that knows one of them meets another. */
static void *
ask_and_change(void *argument)
{
    static const struct query queries[] = {
        ASK("SELECT $1::text AS answer", 1),
        ASK("SELECT ($1::integer)::text AS answer", 1),
        ASK("SELECT lower($1) AS answer", 1),
        ASK("SELECT coalesce($1, 'x') AS answer", 1),
    };
    struct crowd *crowd = argument;
    struct arena arena = {0};
    int base = atomic_fetch_add(&crowd->number, 1) * 1000;
    for (int i = 0; i < 40; i++) {
        struct error err = {0};
        const char *number = store_integer(&arena, base + i);
        const char *answer =
            first_answer(store_query(crowd->bench->store, &queries[i % 4], &number, &arena, &err));
        crowd->wrong += !answer || strcmp(answer, number) != 0;
    }
    arena_release(&arena);
    return NULL;
}

static void
gives_many_threads_their_own_answers(void **state)
{
    struct pooled *pooled = *state;
    struct crowd crowd = {.bench = pooled->bench};
    pthread_t threads[16];
    for (int i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_and_change, &crowd), 0);
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.wrong, 0);
}

static void
keeps_transactions_whole(void **state)
{
    struct pooled *pooled = *state;
    struct bench *bench = pooled->bench;
    struct query insert = CHANGE("INSERT INTO test.thing VALUES ($1::integer)", 1);
    struct transaction *transaction = transaction_begin(bench->store, &bench->arena, &bench->err);
    assert_non_null(transaction);
    for (int i = 0; i < 3; i++) {
        const char *number = store_integer(&bench->arena, i);
        assert_non_null(
            transaction_query(transaction, &insert, &number, &bench->arena, &bench->err));
    }
    assert_string_equal(bench_ask(bench, "SELECT count(*)::text AS answer FROM test.thing"), "0");
    assert_true(transaction_end(transaction, true, &bench->err));
    assert_string_equal(bench_ask(bench, "SELECT count(*)::text AS answer FROM test.thing"), "3");
}

static void
counts_no_connections_that_the_pooler_shares(void **state)
{
    struct pooled *pooled = *state;
    struct bench *bench = pooled->bench;
    assert_int_equal(store_check(bench->store, 1000, -1, &bench->err), STORE_FITS);
}

static void
ends_a_slow_statement_that_nobody_waits_for(void **state)
{
    struct pooled *pooled = *state;
    struct bench *bench = pooled->bench;
    bench->settings.database_timeout_ms = 300;
    bench_reopen(bench);
    assert_null(bench_ask(bench, "SELECT pg_sleep(60)::text AS answer"));
    assert_int_equal(bench->err.code, ERROR_UNAVAILABLE);
    assert_false(store_is_down(bench->store));
    const char *count = "1";
    for (int i = 0; i < 100 && (!count || strcmp(count, "0") != 0); i++) {
        usleep(20000);
        count = bench_ask(bench, "SELECT count(*)::text AS answer FROM pg_stat_activity WHERE "
                                 "query LIKE '%pg_sleep(60)%' AND state = 'active' AND "
                                 "datname = current_database() AND pid <> pg_backend_pid()");
    }
    assert_string_equal(count, "0");
}

static void
goes_on_when_the_pooler_was_restarted(void **state)
{
    struct pooled *pooled = *state;
    struct bench *bench = pooled->bench;
    assert_string_equal(bench_ask(bench, "SELECT 'a' AS answer"), "a");
    kill(pooled->pooler, SIGKILL);
    waitpid(pooled->pooler, NULL, 0);
    unlink(path_in(pooled, ".s.PGSQL.6432"));
    assert_null(bench_ask(bench, "SELECT 'a' AS answer"));
    assert_int_equal(bench->err.code, ERROR_UNAVAILABLE);
    start(pooled);
    const char *answer = NULL;
    for (int i = 0; i < 100 && !answer; i++) {
        answer = bench_ask(bench, "SELECT 'a' AS answer");
        usleep(20000);
    }
    assert_string_equal(answer, "a");
}

static void
is_refused_with_session_pooling_which_pgbouncer_does_not_give(void **state)
{
    struct pooled *pooled = *state;
    struct bench *bench = pooled->bench;
    bench->settings.database_pooling = "session";
    bench_reopen(bench);
    assert_int_equal(store_check(bench->store, 1, -1, &bench->err), STORE_AWAY);
}

#define POOLED_TEST(name) cmocka_unit_test_setup_teardown(name, pooled_set_up, pooled_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        POOLED_TEST(gives_many_threads_their_own_answers),
        POOLED_TEST(keeps_transactions_whole),
        POOLED_TEST(counts_no_connections_that_the_pooler_shares),
        POOLED_TEST(ends_a_slow_statement_that_nobody_waits_for),
        POOLED_TEST(goes_on_when_the_pooler_was_restarted),
        POOLED_TEST(is_refused_with_session_pooling_which_pgbouncer_does_not_give),
    };
    return cmocka_run_group_tests_name("store pooler", tests, store_group_set_up,
                                       store_group_tear_down);
}
