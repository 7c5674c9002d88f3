/* What an export reads of the audit trail, and what it costs the trail. */
#include "access_fixture.h"

#include "apps/accounts/export_rows.h"

#define ADA "018f0000-0000-7000-8000-00000000000a"

/* The lines of the plan that tell of rows that were read for nothing. */
static const char *
read_for_nothing(struct access_fixture *fixture, const struct query *query)
{
    fixture_sql(fixture->database,
                arena_printf(&fixture->request.arena,
                             "CREATE FUNCTION public.plan() RETURNS text LANGUAGE plpgsql AS $f$"
                             " DECLARE line text; lines text := '';"
                             " BEGIN FOR line IN EXECUTE 'EXPLAIN (ANALYZE) ' ||"
                             " replace($q$%s$q$, '$1', quote_literal('" ADA "'))"
                             " LOOP IF line ~ 'Removed' THEN lines := lines || line; END IF;"
                             " END LOOP; RETURN lines; END $f$",
                             query->text));
    return fixture_ask(fixture->database, "SELECT public.plan()");
}

static void
reads_no_row_of_others_from_the_audit_trail(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database,
                "INSERT INTO hearth.account (id, email, created_at)"
                " VALUES ('" ADA "', 'ada@example.com', now() - interval '1 hour');"
                "INSERT INTO hearth.audit (at, id, event, actor, subject)"
                " SELECT clock_timestamp(), gen_random_uuid(), 'admin_call', who, whom"
                " FROM generate_series(1, 5000) AS n,"
                " LATERAL (VALUES ('account:' || n, 'account:' || n), ('account:' || n, NULL),"
                "  ('anonymous', 'account:' || n)) AS others (who, whom)"
                " UNION ALL SELECT clock_timestamp(), gen_random_uuid(), 'admin_call', who, whom"
                " FROM (VALUES ('account:" ADA "', NULL), ('account:" ADA "', 'account:1'),"
                "  ('account:2', 'account:" ADA "'), ('account:" ADA "', 'account:" ADA "'))"
                " AS own (who, whom);"
                "ANALYZE hearth.audit");
    const struct query *query = &export_parts[EXPORT_AUDIT].query;
    const char *id = ADA;
    const struct list *rows =
        store_query(fixture->access.store, query, &id, &fixture->request.arena, &fixture->err);
    assert_non_null(rows);
    assert_int_equal(rows->count, 4);
    assert_string_equal(read_for_nothing(fixture, query), "");
}

#define ACTOR_INDEX_BYTES                                                                          \
    "SELECT sum(pg_relation_size(indexrelid)) %s FROM pg_index"                                    \
    " WHERE indrelid = 'hearth.audit_default'::regclass AND indexprs IS NOT NULL"
#define FILL(subject)                                                                              \
    "INSERT INTO hearth.audit (at, id, event, actor, subject)"                                     \
    " SELECT '2001-01-01'::timestamptz + n * interval '1 s', gen_random_uuid(), 'admin_call',"     \
    " actor, " subject " FROM generate_series(1, 10000) AS n, repeat('n', 90) AS actor"

static void
finding_what_somebody_did_costs_few_bytes_a_row_and_none_where_it_was_to_oneself(void **state)
{
    struct access_fixture *fixture = *state;
    char ask[300];
    snprintf(ask, sizeof(ask), ACTOR_INDEX_BYTES, "= 8192");
    fixture_sql(fixture->database, FILL("actor"));
    assert_string_equal(fixture_ask(fixture->database, ask), "t");
    fixture_sql(fixture->database, FILL("NULL"));
    snprintf(ask, sizeof(ask), ACTOR_INDEX_BYTES, "/ 10000 < 40");
    assert_string_equal(fixture_ask(fixture->database, ask), "t");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ACCESS_TEST(reads_no_row_of_others_from_the_audit_trail),
        ACCESS_TEST(
            finding_what_somebody_did_costs_few_bytes_a_row_and_none_where_it_was_to_oneself),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
