/* The audit trail: small rows that nobody can forge the look of, and that nothing loses. */
#include "access_fixture.h"

#include "access/audit.h"
#include "access/budget.h"
#include "access/key.h"
#include "base/log.h"

#define ADA "01890000-0000-7000-8000-00000000000a"
#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10

static const struct caller ada = {.kind = CALLER_TOKEN, .tenant = "account:" ADA};

static int
audit_set_up(void **state)
{
    access_set_up(state);
    struct access_fixture *fixture = *state;
    log_set_level(LOG_LEVEL_ERROR + 1);
    fixture->request.caller = &ada;
    return 0;
}

static void
add(struct access_fixture *fixture, enum audit_event event, const char *subject, const char *detail)
{
    audit_add(&fixture->request, &(struct audit_entry){event, subject, detail});
}

static const char *
asked(struct access_fixture *fixture, const char *sql)
{
    return fixture_ask(fixture->database, sql);
}

static const char *
count(struct access_fixture *fixture)
{
    return asked(fixture, "SELECT count(*) FROM hearth.audit");
}

static void
each_event_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i <= AUDIT_GUARD_HIT; i++) {
        assert_non_null(audit_event_name(i));
        for (int other = 0; other < i; other++)
            assert_string_not_equal(audit_event_name(i), audit_event_name(other));
    }
    assert_null(audit_event_names[AUDIT_GUARD_HIT + 1]);
}

static void
a_row_says_who_did_what_to_whom_and_from_where(void **state)
{
    struct access_fixture *fixture = *state;
    static const char sql[] = "SELECT event, actor, subject, detail, host(address), request_id,"
                              "    abs(extract(epoch FROM now() - at)) < 60 FROM hearth.audit";
    add(fixture, AUDIT_KEY_REVOKED, "key:1", "by hand");
    assert_string_equal(asked(fixture, sql),
                        "key_revoked|account:" ADA "|key:1|by hand|192.0.2.1|request-1|t");
    fixture_sql(fixture->database, "DELETE FROM hearth.audit");
    fixture->request.caller = NULL;
    fixture->request.remote_address = "unix:";
    fixture->request.id[0] = '\0';
    add(fixture, AUDIT_SIGN_IN_FAILED, NULL, NULL);
    assert_string_equal(asked(fixture, sql), "sign_in_failed|anonymous|||||t");
}

static void
what_cannot_be_seen_becomes_a_question_mark(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const cases[][2] = {
        {"a\x1b[31mb", "a?[31mb"},
        {"a\r\nb\tc\x01\x7f", "a??b?c??"},
        {"a\xc2\x80\xc2\x9f\xc2\xa0", "a??\xc2\xa0"},
        {"a\xe2\x80\xa8\xe2\x80\xa9"
         "b",
         "a??b"},
        {"\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae", "?????"},
        {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "\xe2\x81\xa5????"},
        {"\xc3\xa4 \xe4\xbc\x9f \xf0\x9f\x98\x80", "\xc3\xa4 \xe4\xbc\x9f \xf0\x9f\x98\x80"},
        {"\xc3\xa4 \xff b\xc3", "?? ? b?"}, /* no UTF-8: then ASCII alone is kept */
        {"\"},{\"event\":\"x\"}]\\", "\"},{\"event\":\"x\"}]\\"},
        {"'; DELETE", "'; DELETE"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        add(fixture, AUDIT_ADMIN_CALL, cases[i][0], cases[i][0]);
        assert_string_equal(asked(fixture, "SELECT detail FROM hearth.audit"), cases[i][1]);
        assert_string_equal(
            asked(fixture, "SELECT count(*) FROM hearth.audit WHERE subject = detail"), "1");
        fixture_sql(fixture->database, "DELETE FROM hearth.audit");
    }
}

/* 300 bytes a row: what a trail of many years is reckoned with. */
static void
the_longest_row_has_less_than_300_bytes(void **state)
{
    struct access_fixture *fixture = *state;
    const struct caller long_one = {.tenant = X50 X50};
    static const char sql[] =
        "SELECT octet_length(event || actor || subject || detail || request_id),"
        "    octet_length(actor), octet_length(subject), octet_length(request_id),"
        "    pg_column_size(audit.*) < 300 FROM hearth.audit";
    fixture->request.caller = &long_one;
    fixture->request.remote_address = "2001:db8:1111:2222:3333:4444:5555:6666";
    memset(fixture->request.id, 'r', sizeof(fixture->request.id) - 1);
    for (int event = 0; event <= AUDIT_GUARD_HIT; event++) {
        add(fixture, event, X50 X50, X50 X50 X50 X50);
        assert_string_equal(asked(fixture, sql), "200|48|48|40|t");
        fixture_sql(fixture->database, "DELETE FROM hearth.audit");
    }
    /* A detail alone has 120. */
    fixture->request.caller = &ada;
    snprintf(fixture->request.id, sizeof(fixture->request.id), "r");
    add(fixture, AUDIT_SIGN_IN, NULL, X50 X50 X50);
    assert_string_equal(asked(fixture, "SELECT octet_length(detail) FROM hearth.audit"), "120");
}

static void
a_long_text_is_cut_between_two_characters(void **state)
{
    struct access_fixture *fixture = *state;
    /* 47 bytes, then characters of two and more bytes, of which the first does not fit into 48. */
    static const char *const wide[] = {"\xc3\xa4", "\xe4\xbc\x9f", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        char subject[128];
        snprintf(subject, sizeof(subject), X10 X10 X10 X10 "xxxxxxx%s", wide[i]);
        add(fixture, AUDIT_SIGN_IN, subject, "");
        assert_string_equal(asked(fixture, "SELECT subject FROM hearth.audit"),
                            X10 X10 X10 X10 "xxxxxxx");
        fixture_sql(fixture->database, "DELETE FROM hearth.audit");
    }
    add(fixture, AUDIT_SIGN_IN, X10 X10 X10 X10 "xxxxxx\xc3\xa4", "");
    assert_string_equal(asked(fixture, "SELECT octet_length(subject) FROM hearth.audit"), "48");
}

static void
without_a_database_nothing_is_noted(void **state)
{
    struct access_fixture *fixture = *state;
    struct store *store = fixture->access.store;
    fixture->access.store = NULL;
    add(fixture, AUDIT_SIGN_IN, NULL, NULL);
    audit_drain(&fixture->access, &fixture->request.arena);
    fixture->access.store = store;
    audit_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(count(fixture), "0");
}

static void
on_the_front_lane_a_row_waits_in_a_file(void **state)
{
    struct access_fixture *fixture = *state;
    fixture->request.may_wait = false;
    add(fixture, AUDIT_SIGN_IN, NULL, "first");
    add(fixture, AUDIT_SIGN_IN, NULL, "second");
    assert_string_equal(count(fixture), "0");
    audit_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(
        asked(fixture, "SELECT string_agg(detail, ',' ORDER BY at, id) FROM hearth.audit"),
        "first,second");
    audit_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(count(fixture), "2");
}

static void
a_row_that_the_database_does_not_take_now_is_written_later(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database, "REVOKE INSERT ON hearth.audit FROM hearth_application");
    add(fixture, AUDIT_KEY_REVOKED, NULL, "while it was away");
    assert_string_equal(count(fixture), "0");
    fixture_sql(fixture->database, "GRANT INSERT ON hearth.audit TO hearth_application");
    audit_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(asked(fixture, "SELECT event, detail FROM hearth.audit"),
                        "key_revoked|while it was away");
}

/* As it is where the process was killed between writing the rows and clearing the file. */
static void
a_row_that_is_given_twice_is_there_once(void **state)
{
    struct access_fixture *fixture = *state;
    char command[256];
    fixture->request.may_wait = false;
    add(fixture, AUDIT_SIGN_IN, NULL, "once");
    snprintf(command, sizeof(command),
             "cd '%s' && cat audit.waiting audit.waiting >twice && mv twice audit.waiting",
             fixture->host->directory);
    fixture_shell(command);
    audit_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(count(fixture), "1");
}

static void
within_a_change_a_row_is_written_with_it_or_not_at_all(void **state)
{
    struct access_fixture *fixture = *state;
    for (int commits = 0; commits < 2; commits++) {
        struct transaction *transaction =
            transaction_begin(fixture->access.store, &fixture->request.arena, &fixture->err);
        assert_true(audit_add_in(transaction, &fixture->request,
                                 &(struct audit_entry){AUDIT_KEY_CREATED, "key:1", NULL},
                                 &fixture->err));
        assert_int_equal(transaction_end(transaction, commits, &fixture->err), commits);
        assert_string_equal(count(fixture), commits ? "1" : "0");
    }
}

static void
what_anybody_can_cause_is_noted_thirty_times_a_minute_and_the_rest_always(void **state)
{
    struct access_fixture *fixture = *state;
    static const char sql[] = "SELECT string_agg(event || ' ' || number, ',' ORDER BY event)"
                              " FROM (SELECT event, count(*) AS number FROM hearth.audit"
                              "       GROUP BY event) AS events";
    static const enum audit_event events[] = {AUDIT_REFUSED, AUDIT_GUARD_HIT, AUDIT_SIGN_IN_FAILED,
                                              AUDIT_ADMIN_CALL};
    fixture->request.may_wait = false;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        for (int times = 0; times < 31; times++)
            add(fixture, events[i], NULL, NULL);
    audit_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(asked(fixture, sql),
                        "admin_call 31,guard_hit 30,refused 30,sign_in_failed 30");
    /* Another caller, and another address without one, each has as many. */
    const struct caller bob = {.tenant = "account:bob"};
    fixture->request.caller = &bob;
    add(fixture, AUDIT_REFUSED, NULL, NULL);
    fixture->request.caller = NULL;
    add(fixture, AUDIT_REFUSED, NULL, NULL);
    fixture->request.remote_address = "192.0.2.2";
    add(fixture, AUDIT_REFUSED, NULL, NULL);
    audit_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(asked(fixture, sql),
                        "admin_call 31,guard_hit 30,refused 33,sign_in_failed 30");
}

static void
an_operator_is_who_ran_the_command(void **state)
{
    struct access_fixture *fixture = *state;
    struct arena *arena = &fixture->request.arena;
    setenv("SUDO_USER", "ann", 1); /* NOLINT(concurrency-mt-unsafe): one thread */
    setenv("LOGNAME", "root", 1);  /* NOLINT(concurrency-mt-unsafe) */
    assert_string_equal(audit_operator(arena), "operator:ann");
    setenv("SUDO_USER", "", 1); /* NOLINT(concurrency-mt-unsafe) */
    assert_string_equal(audit_operator(arena), "operator:root");
    setenv("LOGNAME", "eve\nx", 1); /* NOLINT(concurrency-mt-unsafe) */
    assert_true(audit_add_operator(fixture->access.store,
                                   &(struct audit_entry){AUDIT_ROLE_CHANGED, "account:1", "admin"},
                                   arena, &fixture->err));
    assert_string_equal(
        asked(fixture,
              "SELECT event, actor, subject, detail, address, request_id FROM hearth.audit"),
        "role_changed|operator:eve?x|account:1|admin||");
    unsetenv("SUDO_USER"); /* NOLINT(concurrency-mt-unsafe) */
    unsetenv("LOGNAME");   /* NOLINT(concurrency-mt-unsafe) */
    assert_int_equal(strncmp(audit_operator(arena), "operator:", 9), 0);
    assert_true(strlen(audit_operator(arena)) > 9);
}

static void
what_an_operator_changes_is_changed_with_its_row_or_not_at_all(void **state)
{
    struct access_fixture *fixture = *state;
    struct arena *arena = &fixture->request.arena;
    struct store *store = fixture->access.store;
    const struct budget budget = {
        .owner = "key:0123456789ab", .unit = "calls", .period = "day", .most = 5};
    const struct key_desk desk = {.store = store, .arena = arena};
    const char *const scopes[] = {"text", NULL};
    const struct key wish = {.name = "mine", .scopes = {(void *)scopes, 1}};
    struct key_made made;
    fixture_sql(fixture->database, "ALTER TABLE hearth.audit ADD CHECK (event = 'sign_in')");
    assert_false(budget_set(store, NULL, &budget, arena, &fixture->err));
    error_clear(&fixture->err);
    assert_false(key_create(&desk, &wish, &made, &fixture->err));
    assert_string_equal(asked(fixture, "SELECT count(*) FROM hearth.budget"), "0");
    assert_string_equal(asked(fixture, "SELECT count(*) FROM hearth.key"), "0");
    fixture_sql(fixture->database, "ALTER TABLE hearth.audit DROP CONSTRAINT audit_event_check");
    error_clear(&fixture->err);
    assert_true(budget_set(store, NULL, &budget, arena, &fixture->err));
    assert_string_equal(asked(fixture, "SELECT event, subject FROM hearth.audit"),
                        "budget_changed|key:0123456789ab");
}

static void
nothing_is_cared_for_before_the_database_is_known_to_fit(void **state)
{
    struct access_fixture *fixture = *state;
    fixture->settings.google_client_id = "";
    fixture->settings.jwt_algorithm = "HS256";
    fixture->settings.jwt_issuer = fixture->settings.jwt_audience = "hearth";
    fixture->settings.jwt_previous_secrets = fixture->settings.jwt_key_files = "";
    struct access *access = access_open(&fixture->settings, fixture->access.host, NULL,
                                        fixture->access.store, &fixture->err);
    assert_non_null(access);
    assert_null(access->caretaker);
    assert_true(access_attend(access, &fixture->err));
    assert_non_null(access->caretaker);
    access_close(access);
}

/* Five rows: two at one moment, one a second before and after, one of another kind. */
static void
insert_rows(struct access_fixture *fixture)
{
    fixture_sql(
        fixture->database,
        "INSERT INTO hearth.audit (at, id, event, actor, subject)"
        " SELECT hearth.moment(at), ('00000000-0000-0000-0000-00000000000' || n)::uuid,"
        "        event, actor, subject"
        " FROM (VALUES (1, 1000000, 'sign_in', 'a', 'x'), (2, 2000000, 'sign_in', 'a', 'x'),"
        "              (3, 2000000, 'sign_in', 'b', 'x'), (4, 2000000, 'sign_in', 'a', 'y'),"
        "              (5, 3000000, 'sign_out', 'a', 'x')) AS r (n, at, event, actor, subject)");
}

/* The last digits of the ids that a wish finds. */
static const char *
listed(struct access_fixture *fixture, const struct audit_wish *wish)
{
    static char digits[16];
    const struct list *rows =
        audit_list(fixture->access.store, wish, &fixture->request.arena, &fixture->err);
    assert_non_null(rows);
    const struct audit_row *row = rows->items;
    size_t i;
    for (i = 0; i < rows->count; i++)
        digits[i] = row[i].id[35];
    digits[i] = '\0';
    return digits;
}

static void
the_trail_is_read_newest_first_by_any_of_its_parts(void **state)
{
    struct access_fixture *fixture = *state;
    insert_rows(fixture);
    const struct audit_wish all = {.until_us = 4000000, .limit = 10};
    struct audit_wish wish = all;
    assert_string_equal(listed(fixture, &wish), "54321");
    wish.event = "sign_out";
    assert_string_equal(listed(fixture, &wish), "5");
    wish = all;
    wish.actor = "b";
    assert_string_equal(listed(fixture, &wish), "3");
    wish = all;
    wish.subject = "x";
    assert_string_equal(listed(fixture, &wish), "5321");
    wish.actor = "a";
    wish.event = "sign_in";
    assert_string_equal(listed(fixture, &wish), "21");
    wish = all;
    wish.limit = 2;
    assert_string_equal(listed(fixture, &wish), "54");
}

static void
a_time_includes_its_beginning_and_not_its_end_and_a_page_goes_on_after_a_row(void **state)
{
    struct access_fixture *fixture = *state;
    insert_rows(fixture);
    struct audit_wish wish = {.since_us = 1000000, .until_us = 3000000, .limit = 10};
    assert_string_equal(listed(fixture, &wish), "4321");
    wish.since_us = 1000001;
    wish.until_us = 3000001;
    assert_string_equal(listed(fixture, &wish), "5432");
    wish = (struct audit_wish){.until_us = 2000000, .limit = 10};
    assert_string_equal(listed(fixture, &wish), "1");
    wish.before_id = "00000000-0000-0000-0000-000000000004";
    assert_string_equal(listed(fixture, &wish), "321");
    wish.before_id = "00000000-0000-0000-0000-000000000002";
    assert_string_equal(listed(fixture, &wish), "1");
}

int
main(void)
{
#define AUDIT_TEST(name) cmocka_unit_test_setup_teardown(name, audit_set_up, access_tear_down)
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(each_event_has_a_name_of_its_own),
        AUDIT_TEST(a_row_says_who_did_what_to_whom_and_from_where),
        AUDIT_TEST(what_cannot_be_seen_becomes_a_question_mark),
        AUDIT_TEST(the_longest_row_has_less_than_300_bytes),
        AUDIT_TEST(a_long_text_is_cut_between_two_characters),
        AUDIT_TEST(without_a_database_nothing_is_noted),
        AUDIT_TEST(on_the_front_lane_a_row_waits_in_a_file),
        AUDIT_TEST(a_row_that_the_database_does_not_take_now_is_written_later),
        AUDIT_TEST(a_row_that_is_given_twice_is_there_once),
        AUDIT_TEST(within_a_change_a_row_is_written_with_it_or_not_at_all),
        AUDIT_TEST(what_anybody_can_cause_is_noted_thirty_times_a_minute_and_the_rest_always),
        AUDIT_TEST(an_operator_is_who_ran_the_command),
        AUDIT_TEST(what_an_operator_changes_is_changed_with_its_row_or_not_at_all),
        AUDIT_TEST(nothing_is_cared_for_before_the_database_is_known_to_fit),
        AUDIT_TEST(the_trail_is_read_newest_first_by_any_of_its_parts),
        AUDIT_TEST(a_time_includes_its_beginning_and_not_its_end_and_a_page_goes_on_after_a_row),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
