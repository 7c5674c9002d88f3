/* Settlements that meet in the database: whichever comes first, none waits for one that waits for
 * it. */
#include "store_fixture.h"

#include <libpq-fe.h>

enum { SHARDS = 16, ROUNDS = 3000 };

#define A "018f0000-0000-7000-8000-00000000000a"
#define B "018f0000-0000-7000-8000-00000000000b"
#define CALL(id, key)                                                                              \
    "{\"id\":\"018f0000-0000-7000-8000-0000000000" id "\",\"key_id\":\"" key                       \
    "\",\"at_us\":1700000000000000,\"asked\":true,\"model\":\"m\",\"operation\":\"chat\","         \
    "\"cost_micros\":1,\"input\":1,\"output\":1,\"cached\":0,\"written\":0,\"thought\":0,"         \
    "\"duration_ms\":1,\"calls\":1,\"source\":\"p\"}"
#define ROUND "SELECT hearth.settle_all('[" CALL("03", A) "," CALL("04", B) "]')"
#define SINGLE "SELECT hearth.settle('" CALL("05", B) "')"

/* first and second write to the same row of the sums of all callers. */
struct meeting {
    char database[64];
    PGconn *all[SHARDS + 1], *first, *second, *holder;
};

static PGconn *
join(const char *database)
{
    char info[256];
    snprintf(info, sizeof(info), "host=%s dbname=%s user=postgres", fixture_cluster, database);
    PGconn *connection = PQconnectdb(info);
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    return connection;
}

static void
run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    assert_string_equal(PQresultErrorMessage(result), "");
    PQclear(result);
}

static int
set_up(void **state)
{
    struct meeting *meeting = calloc(1, sizeof(*meeting));
    PGconn *of_shard[SHARDS] = {NULL};
    fixture_database(meeting->database);
    meeting->holder = join(meeting->database);
    for (int i = 0; !meeting->second; i++) {
        PGconn *connection = meeting->all[i] = join(meeting->database);
        PGconn **other = &of_shard[PQbackendPID(connection) % SHARDS];
        meeting->first = *other;
        meeting->second = *other ? connection : NULL;
        *other = connection;
    }
    run(meeting->first, "SELECT hearth.settle_all('[" CALL("01", A) "," CALL("02", B) "]')");
    *state = meeting;
    return 0;
}

static int
tear_down(void **state)
{
    struct meeting *meeting = *state;
    PQfinish(meeting->holder);
    for (size_t i = 0; i <= SHARDS; i++)
        PQfinish(meeting->all[i]);
    free(meeting);
    return 0;
}

/* Begins what cannot end while the holder holds what it holds. */
static void
begin(const struct meeting *meeting, PGconn *connection, const char *sql)
{
    char ask[200];
    bool waits = false;
    snprintf(ask, sizeof(ask),
             "SELECT pg_stat_clear_snapshot(), pg_sleep(0.01), EXISTS (SELECT FROM pg_stat_activity"
             " WHERE pid = %d AND wait_event_type = 'Lock')",
             PQbackendPID(connection));
    assert_int_equal(PQsendQuery(connection, sql), 1);
    for (int i = 0; i < ROUNDS && !waits; i++) {
        PGresult *result = PQexec(meeting->holder, ask);
        assert_string_equal(PQresultErrorMessage(result), "");
        waits = PQgetvalue(result, 0, 2)[0] == 't';
        PQclear(result);
    }
    assert_true(waits);
}

static void
passes(PGconn *connection)
{
    for (PGresult *result; (result = PQgetResult(connection)) != NULL; PQclear(result))
        assert_string_equal(PQresultErrorMessage(result), "");
}

/* Both wait for a row that the holder has, the first one longer. */
static void
both_pass(const struct meeting *meeting, const char *held, const char *first, const char *second)
{
    run(meeting->holder, "BEGIN");
    run(meeting->holder, held);
    begin(meeting, meeting->first, first);
    begin(meeting, meeting->second, second);
    run(meeting->holder, "COMMIT");
    passes(meeting->first);
    passes(meeting->second);
}

static void
a_round_and_a_settlement_of_one_of_its_callers_both_pass(void **state)
{
    struct meeting *meeting = *state;
    both_pass(meeting, "SELECT FROM hearth.usage_total FOR UPDATE", ROUND, SINGLE);
    assert_string_equal(fixture_ask(meeting->database,
                                    "SELECT string_agg(calls::text, ' ' ORDER BY caller)"
                                    " FROM hearth.usage_day"),
                        "2 3");
    assert_string_equal(fixture_ask(meeting->database, "SELECT calls FROM hearth.usage_total"),
                        "5");
}

static void
a_round_and_a_settlement_both_pass_where_one_of_its_callers_got_a_budget(void **state)
{
    struct meeting *meeting = *state;
    fixture_sql(meeting->database, "INSERT INTO hearth.budget (owner, unit, period, most, since)"
                                   " VALUES ('key:" B "', 'calls', 'total', 9, '-infinity')");
    both_pass(meeting, "SELECT FROM hearth.usage_day WHERE caller = 'key:" A "' FOR UPDATE", ROUND,
              SINGLE);
    assert_string_equal(fixture_ask(meeting->database, "SELECT spent FROM hearth.budget"), "2");
}

static void
reservations_that_run_out_and_a_settlement_both_pass(void **state)
{
    struct meeting *meeting = *state;
    fixture_sql(meeting->database,
                "INSERT INTO hearth.budget (owner, unit, period, most, reserved, since) VALUES"
                " ('organisation:" A "', 'calls', 'total', 9, 2, '-infinity');"
                "INSERT INTO hearth.reservation (id, budget_id, amount, at, expires_at,"
                " cost_micros, tokens, key_id, model, operation)"
                " SELECT gen_random_uuid(), id, 1, to_timestamp(1700000000), now(), 1, 1,"
                " key::uuid, 'm', 'chat'"
                " FROM hearth.budget, unnest(ARRAY['" A "', '" B "']) AS key");
    both_pass(meeting, "SELECT FROM hearth.usage_total FOR UPDATE",
              "SELECT hearth.reservations_expire()", SINGLE);
    assert_string_equal(fixture_ask(meeting->database, "SELECT reserved FROM hearth.budget"), "0");
    assert_string_equal(fixture_ask(meeting->database,
                                    "SELECT string_agg(calls || '/' || lost, ' ' ORDER BY caller)"
                                    " FROM hearth.usage_day"),
                        "1/1 2/1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_round_and_a_settlement_of_one_of_its_callers_both_pass),
        TEST(a_round_and_a_settlement_both_pass_where_one_of_its_callers_got_a_budget),
        TEST(reservations_that_run_out_and_a_settlement_both_pass),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
