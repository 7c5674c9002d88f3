/* Migrations: one at a time, all or nothing, and never twice. */
#include "store_fixture.h"

#include <sys/wait.h>

#include "base/arena.h"
#include "base/sha256.h"
#include "store/migrate.h"

enum { OUT_BYTES = 4096 };

struct bench {
    char database[64], url[256], owner_url[256];
    char out[OUT_BYTES]; /* what the last run printed */
    struct error err;
    size_t pending;
};

static const struct migration good[] = {
    {1, "base",
     "CREATE SCHEMA hearth;\n"
     "CREATE TABLE hearth.migration (version integer PRIMARY KEY, name text NOT NULL,\n"
     "  digest bytea NOT NULL, compatible_from integer NOT NULL,\n"
     "  applied_at timestamptz NOT NULL DEFAULT now());\n",
     1},
    {2, "thing", "CREATE TABLE hearth.thing (id integer);\nSELECT pg_sleep(0.05);\n", 1},
    {3, "rows", "INSERT INTO hearth.thing VALUES (1);\n", 2},
};

/* An empty database: its template is the server's, not that of the fixture. */
static int
set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    static int number;
    snprintf(bench->database, sizeof(bench->database), "empty_%d_%d", (int)getpid(), ++number);
    fixture_run("create", bench->database);
    fixture_url(bench->url, sizeof(bench->url), bench->database, false);
    fixture_url(bench->owner_url, sizeof(bench->owner_url), bench->database, true);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    free(*state);
    return 0;
}

static bool
run(struct bench *bench, enum migrate_mode mode, const struct migration *items, size_t count)
{
    struct migrate_wish wish = {
        .mode = mode,
        .url = bench->owner_url,
        .setting = "DATABASE_MIGRATION_URL",
        .application_url = bench->url,
        .migrations = {items, count},
        .out = tmpfile(),
    };
    memset(bench->out, 0, sizeof(bench->out));
    error_clear(&bench->err);
    bool done = migrate_run(&wish, &bench->pending, &bench->err);
    rewind(wish.out);
    size_t length = fread(bench->out, 1, sizeof(bench->out) - 1, wish.out);
    bench->out[length] = '\0';
    fclose(wish.out);
    return done;
}

static void
assert_count(struct bench *bench, const char *from, int expected)
{
    char sql[512];
    snprintf(sql, sizeof(sql), "DO $$ BEGIN ASSERT (SELECT count(*) FROM %s) = %d; END $$", from,
             expected);
    fixture_sql(bench->database, sql);
}

static void
assert_in(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in \"%s\"", part, text);
}

static void
applies_each_once_and_records_it(void **state)
{
    struct bench *bench = *state;
    assert_true(run(bench, MIGRATE_APPLY, good, 2));
    assert_in(bench->out, "applied 0001_base");
    assert_in(bench->out, "applied 0002_thing");
    assert_true(run(bench, MIGRATE_APPLY, good, 3));
    assert_null(strstr(bench->out, "0002"));
    assert_in(bench->out, "applied 0003_rows");
    assert_int_equal(bench->pending, 0);
    assert_count(bench, "hearth.thing", 1);
    assert_count(bench, "hearth.migration", 3);
    assert_count(bench,
                 "hearth.migration WHERE version = 3 AND compatible_from = 2 AND digest = "
                 "sha256('INSERT INTO hearth.thing VALUES (1);\n')",
                 1);
}

static void
tells_what_is_applied_and_pending(void **state)
{
    struct bench *bench = *state;
    assert_true(run(bench, MIGRATE_STATUS, good, 3));
    assert_int_equal(bench->pending, 3);
    assert_true(run(bench, MIGRATE_APPLY, good, 2));
    assert_true(run(bench, MIGRATE_STATUS, good, 3));
    assert_int_equal(bench->pending, 1);
    assert_in(bench->out, "0002_thing");
    assert_in(bench->out, "applied 20");
    assert_in(bench->out, "pending");
    assert_true(run(bench, MIGRATE_APPLY, good, 3));
    assert_true(run(bench, MIGRATE_STATUS, good, 2));
    assert_in(bench->out, "by a newer program");
}

static void
takes_a_dry_run_back(void **state)
{
    struct bench *bench = *state;
    assert_true(run(bench, MIGRATE_DRY_RUN, good, 3));
    assert_in(bench->out, "would apply 0003_rows");
    assert_int_equal(bench->pending, 3);
    assert_count(bench, "pg_namespace WHERE nspname = 'hearth'", 0);
}

static void
leaves_the_database_as_it_was_when_one_fails(void **state)
{
    static const struct migration wrong[] = {
        {1, "base", "", 1},
        {2, "wrong",
         "-- é\nCREATE TABLE hearth.thing (id integer);\n\nCREATE FUNCTION hearth.f() RETURNS integer\n"
         "LANGUAGE sql AS $$ SELECT 1; $$;\nINSERT INTO hearth.thing\n  VALUES (length('ééé')),\n (nonsense);\n",
         1},
    };
    struct migration items[] = {good[0], wrong[1]};
    struct bench *bench = *state;
    assert_false(run(bench, MIGRATE_APPLY, items, 2));
    assert_in(bench->err.detail, "0002_wrong.sql:8: ");
    assert_in(bench->err.detail, "column \"nonsense\" does not exist");
    assert_in(bench->err.detail, "(SQLSTATE 42703)");
    assert_count(bench, "hearth.migration", 1);
    assert_count(bench, "pg_class WHERE relname = 'thing'", 0);
    assert_true(run(bench, MIGRATE_APPLY, good, 3));
}

static void
refuses_one_that_ends_its_transaction(void **state)
{
    struct migration items[] = {good[0],
                                {2, "ends", "CREATE TABLE hearth.a (i integer);\nCOMMIT;", 1}};
    struct bench *bench = *state;
    assert_false(run(bench, MIGRATE_APPLY, items, 2));
    assert_in(bench->err.detail, "0002_ends.sql:2: a migration must not end its transaction");
}

static void
refuses_one_that_was_changed_after_it_was_applied(void **state)
{
    struct migration items[] = {good[0], good[1], good[2]};
    struct bench *bench = *state;
    assert_true(run(bench, MIGRATE_APPLY, good, 2));
    items[1].text = "CREATE TABLE hearth.thing (id bigint);\n";
    assert_false(run(bench, MIGRATE_APPLY, items, 3));
    assert_in(bench->err.detail, "0002_thing.sql was changed after it was applied on 20");
    assert_false(run(bench, MIGRATE_STATUS, items, 3));
    assert_count(bench, "hearth.migration", 2);
}

static void
refuses_to_fill_a_gap(void **state)
{
    struct migration items[] = {good[0], {3, "later", "SELECT 1;", 1}};
    struct bench *bench = *state;
    assert_true(run(bench, MIGRATE_APPLY, items, 2));
    assert_false(run(bench, MIGRATE_APPLY, good, 3));
    assert_in(bench->err.detail, "0002_thing.sql was never applied");
}

/* Several processes at once, as when several hosts are brought up to date. */
static void
lets_migrators_race(void **state)
{
    struct bench *bench = *state;
    pid_t children[4];
    fflush(NULL);
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(run(bench, MIGRATE_APPLY, good, 3) && bench->pending == 0 ? 0 : 1);
    }
    for (int i = 0; i < 4; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_count(bench, "hearth.migration", 3);
    assert_count(bench, "hearth.thing", 1);
}

static void
gives_the_role_of_the_program_its_rights(void **state)
{
    struct bench *bench = *state;
    assert_true(run(bench, MIGRATE_APPLY, good, 3));
    assert_count(
        bench,
        "pg_roles WHERE rolname = 'hearth' AND pg_has_role(oid, 'hearth_application', 'USAGE')", 1);
    assert_count(bench, "pg_roles WHERE rolname = 'hearth_application' AND NOT rolcanlogin", 1);
}

static void
says_what_to_run_where_it_may_not(void **state)
{
    struct bench *bench = *state;
    fixture_sql(bench->database,
                "CREATE ROLE plain_owner LOGIN; CREATE ROLE other_program LOGIN;"
                "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO plain_owner', "
                "current_database()); END $$");
    snprintf(bench->owner_url, sizeof(bench->owner_url), "host=%s dbname=%s user=plain_owner",
             fixture_cluster, bench->database);
    snprintf(bench->url, sizeof(bench->url), "host=%s dbname=%s user=other_program",
             fixture_cluster, bench->database);
    assert_false(run(bench, MIGRATE_APPLY, good, 3));
    assert_in(bench->err.detail, "\"plain_owner\" may not give \"other_program\" the program's "
                                 "rights; run as a superuser: GRANT hearth_application TO "
                                 "other_program;");
    snprintf(bench->url, sizeof(bench->url), "host=%s dbname=%s user=nobody_yet", fixture_cluster,
             bench->database);
    assert_false(run(bench, MIGRATE_APPLY, good, 3));
    assert_in(bench->err.detail, "CREATE ROLE nobody_yet LOGIN");
    fixture_sql(bench->database, "DROP OWNED BY plain_owner; DROP ROLE plain_owner, other_program");
}

static void
tells_that_it_cannot_connect_without_the_password(void **state)
{
    struct bench *bench = *state;
    snprintf(bench->owner_url, sizeof(bench->owner_url),
             "host=/nonexistent dbname=x user=me password=hunter2");
    assert_false(run(bench, MIGRATE_APPLY, good, 3));
    assert_in(bench->err.detail, "no connection as DATABASE_MIGRATION_URL says");
    assert_null(strstr(bench->err.detail, "hunter2"));
}

static void
knows_migrations_without_gaps(void **state)
{
    (void)state;
    struct migrations known = migrations_known();
    assert_true(known.count > 0);
    for (size_t i = 0; i < known.count; i++) {
        assert_int_equal(known.items[i].version, i + 1);
        assert_true(known.items[i].compatible_from >= 1 &&
                    known.items[i].compatible_from <= known.items[i].version);
    }
    assert_int_equal(migrations_last(&known), known.count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(applies_each_once_and_records_it),
        TEST(tells_what_is_applied_and_pending),
        TEST(takes_a_dry_run_back),
        TEST(leaves_the_database_as_it_was_when_one_fails),
        TEST(refuses_one_that_ends_its_transaction),
        TEST(refuses_one_that_was_changed_after_it_was_applied),
        TEST(refuses_to_fill_a_gap),
        TEST(lets_migrators_race),
        TEST(gives_the_role_of_the_program_its_rights),
        TEST(says_what_to_run_where_it_may_not),
        TEST(tells_that_it_cannot_connect_without_the_password),
        TEST(knows_migrations_without_gaps),
    };
    return cmocka_run_group_tests_name("migrate", tests, store_group_set_up, store_group_tear_down);
}
