/* Taking identities away, and with them all that came of them; never the last way in. */
#include "access_fixture.h"

#include <pthread.h>

#include "access/account.h"
#include "access/identity.h"
#include "base/log.h"

#define ADA "01890000-0000-7000-8000-00000000000a"
#define BOB "01890000-0000-7000-8000-00000000000b"
#define HERE "01890000-0000-7000-8000-000000000001"      /* the sign-in that asks */
#define ELSEWHERE "01890000-0000-7000-8000-000000000002" /* another of the same account */
#define BOBS "01890000-0000-7000-8000-000000000003"

static const struct caller caller = {
    .kind = CALLER_TOKEN, .tenant = "account:" ADA, .account_id = ADA, .sign_in_id = HERE};
static const struct account account = {.id = ADA};

/* What is left: identities, sign-ins that last, wallets' sessions, session tokens, rows of the
 * audit trail; of Ada and of Bob. */
static const char left_sql[] =
    "SELECT string_agg(concat_ws(' ',"
    "    (SELECT string_agg(subject, '+' ORDER BY subject) FROM hearth.identity WHERE account_id = a.id),"
    "    (SELECT string_agg(right(id::text, 1), '+' ORDER BY id) FROM hearth.sign_in"
    "     WHERE account_id = a.id AND ended_at IS NULL),"
    "    (SELECT string_agg(right(id, 1), '+' ORDER BY id) FROM hearth.wallet_session"
    "     WHERE account_id = a.id),"
    "    (SELECT count(*) FROM hearth.session_token WHERE account_id = a.id)), ', ' ORDER BY a.id)"
    " FROM hearth.account AS a";

#define SESSION(id, account, sign_in)                                                              \
    "(repeat('0', 31) || '" id "', repeat('x', 42), 'w', 1, '" account "', " sign_in               \
    ", '{}', now() + interval '1 hour')"
#define TOKEN(account)                                                                             \
    "(sha256(gen_random_uuid()::text::bytea), '" account "', now() + interval '1 hour')"

static int
identity_set_up(void **state)
{
    access_set_up(state);
    struct access_fixture *fixture = *state;
    log_set_level(LOG_LEVEL_ERROR + 1);
    fixture->request.caller = &caller;
    fixture_sql(
        fixture->database,
        "INSERT INTO hearth.account (id, user_name, password) VALUES"
        "    ('" ADA "', 'ada', 'p'), ('" BOB "', 'bob', 'p');"
        "INSERT INTO hearth.identity (provider, subject, account_id) VALUES"
        "    ('google', 'g1', '" ADA "'), ('wallet', 'w1', '" ADA "'), ('wallet', 'w2', '" ADA "'),"
        "    ('google', 'g9', '" BOB "'), ('wallet', 'w9', '" BOB "');"
        "INSERT INTO hearth.sign_in (id, account_id, method, expires_at) VALUES"
        "    ('" HERE "', '" ADA "', 'password', now() + interval '1 hour'),"
        "    ('" ELSEWHERE "', '" ADA "', 'google', now() + interval '1 hour'),"
        "    ('" BOBS "', '" BOB "', 'google', now() + interval '1 hour');"
        "INSERT INTO hearth.wallet_session"
        "    (id, address, wallet_type, chain_id, account_id, sign_in_id, preferences, expires_at)"
        " VALUES " SESSION("1", ADA, "'" HERE "'") "," SESSION("2", ADA, "'" ELSEWHERE "'") "," SESSION(
            "3", ADA,
            "NULL") "," SESSION("4", BOB,
                                "'" BOBS
                                "'") ";"
                                     "INSERT INTO hearth.session_token (hash, account_id, expires_at) VALUES"
                                     " " TOKEN(ADA) "," TOKEN(ADA) "," TOKEN(BOB));
    return 0;
}

#define BOB_LEFT "g9+w9 3 4 1"
#define ALL_LEFT "g1+w1+w2 1+2 1+2+3 2, " BOB_LEFT

static enum error_code
remove_from(struct access_fixture *fixture, const char *provider)
{
    error_clear(&fixture->err);
    bool done = identity_remove(&fixture->request, &account, provider, &fixture->err);
    assert_int_equal(done, fixture->err.code == ERROR_NONE);
    return fixture->err.code;
}

static void
assert_left(struct access_fixture *fixture, const char *left)
{
    assert_string_equal(fixture_ask(fixture->database, left_sql), left);
}

static void
with_an_identity_go_its_sessions_and_all_other_sign_ins(void **state)
{
    struct access_fixture *fixture = *state;
    assert_left(fixture, ALL_LEFT);
    assert_int_equal(remove_from(fixture, "google"), ERROR_NONE);
    assert_left(fixture, "w1+w2 1 0, " BOB_LEFT);
    assert_string_equal(fixture_ask(fixture->database,
                                    "SELECT event, actor, subject, detail FROM hearth.audit"
                                    " WHERE event = 'account_changed'"),
                        "account_changed|account:" ADA "|account:" ADA "|identity removed: google");
    assert_string_equal(
        fixture_ask(fixture->database,
                    "SELECT string_agg(DISTINCT subject, ',') FROM hearth.revocation"),
        "sign_in:" ELSEWHERE);
}

static void
all_identities_of_a_provider_go_at_once(void **state)
{
    struct access_fixture *fixture = *state;
    assert_int_equal(remove_from(fixture, "wallet"), ERROR_NONE);
    assert_left(fixture, "g1 1 0, " BOB_LEFT);
    assert_int_equal(remove_from(fixture, "wallet"), ERROR_NOT_FOUND);
}

static void
what_the_account_does_not_have_is_not_found_and_changes_nothing(void **state)
{
    struct access_fixture *fixture = *state;
    assert_int_equal(remove_from(fixture, "Google"), ERROR_NOT_FOUND);
    assert_int_equal(remove_from(fixture, ""), ERROR_NOT_FOUND);
    assert_int_equal(remove_from(fixture, "goog"), ERROR_NOT_FOUND);
    assert_left(fixture, ALL_LEFT);
}

/* Without a password, or with one that no name or address goes with, the identity is the way in. */
static void
the_last_way_to_sign_in_stays(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const ways[] = {
        "password = NULL",
        "password = 'p', user_name = NULL",
        "password = NULL, user_name = 'ada', email = 'ada@example.org'",
    };
    fixture_sql(fixture->database, "DELETE FROM hearth.identity WHERE provider = 'wallet'");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char sql[160];
        snprintf(sql, sizeof(sql), "UPDATE hearth.account SET %s WHERE id = '" ADA "'", ways[i]);
        fixture_sql(fixture->database, sql);
        assert_int_equal(remove_from(fixture, "google"), ERROR_CONFLICT);
        assert_left(fixture, "g1 1+2 1+2+3 2, g9 3 4 1");
    }
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.audit"), "0");
}

static void
any_other_way_to_sign_in_is_enough(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database, "UPDATE hearth.account SET password = NULL");
    assert_int_equal(remove_from(fixture, "google"), ERROR_NONE); /* the wallets are left */
    assert_int_equal(remove_from(fixture, "wallet"), ERROR_CONFLICT);
    fixture_sql(fixture->database, "UPDATE hearth.account SET password = 'p', user_name = NULL,"
                                   "    email = id || '@example.org'");
    assert_int_equal(remove_from(fixture, "wallet"), ERROR_NONE); /* password and address are */
    assert_left(fixture, "1 0, " BOB_LEFT);
}

struct remover {
    struct access_fixture *fixture;
    const char *provider;
    struct request request;
    struct error err;
};

static void *
remove_one(void *data)
{
    struct remover *remover = data;
    (void)!identity_remove(&remover->request, &account, remover->provider, &remover->err);
    return NULL;
}

static void
of_two_removals_at_once_one_leaves_the_other_way(void **state)
{
    struct access_fixture *fixture = *state;
    struct remover removers[] = {{.provider = "google"}, {.provider = "wallet"}};
    pthread_t threads[2];
    int done = 0;
    fixture_sql(fixture->database, "UPDATE hearth.account SET password = NULL");
    for (int i = 0; i < 2; i++) {
        removers[i].request = fixture->request;
        removers[i].request.arena = (struct arena){0};
        assert_int_equal(pthread_create(&threads[i], NULL, remove_one, &removers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        done += removers[i].err.code == ERROR_NONE;
        assert_true(removers[i].err.code == ERROR_NONE || removers[i].err.code == ERROR_CONFLICT);
        arena_release(&removers[i].request.arena);
    }
    assert_int_equal(done, 1);
    assert_string_equal(fixture_ask(fixture->database,
                                    "SELECT count(DISTINCT provider) FROM"
                                    " hearth.identity WHERE account_id = '" ADA "'"),
                        "1");
}

static void
sessions_end_but_for_those_of_one_sign_in(void **state)
{
    struct access_fixture *fixture = *state;
    static const struct {
        const char *except, *left;
    } cases[] = {{HERE, "g1+w1+w2 1+2 1 0, " BOB_LEFT}, {NULL, "g1+w1+w2 1+2 0, " BOB_LEFT}};
    for (int i = 0; i < 2; i++) {
        /* One that no sign-in began, but a key of the account. */
        fixture_sql(fixture->database,
                    "INSERT INTO hearth.wallet_session (id, address, wallet_type, chain_id,"
                    "    account_id, sign_in_id, preferences, expires_at)"
                    " VALUES " SESSION("5", ADA, "NULL"));
        struct transaction *transaction =
            transaction_begin(fixture->access.store, &fixture->request.arena, &fixture->err);
        assert_true(identity_end_sessions_in(transaction, &fixture->request, ADA, cases[i].except,
                                             &fixture->err));
        assert_true(transaction_end(transaction, true, &fixture->err));
        assert_left(fixture, cases[i].left);
    }
}

static void
all_identities_go_with_the_change_they_belong_to(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const left[] = {ALL_LEFT, "1+2 1+2+3 2, " BOB_LEFT,
                                       "1+2 1+2+3 2, " BOB_LEFT};
    for (int round = 0; round < 3; round++) {
        struct transaction *transaction =
            transaction_begin(fixture->access.store, &fixture->request.arena, &fixture->err);
        assert_true(identity_remove_all_in(transaction, &fixture->request, ADA, &fixture->err));
        assert_int_equal(transaction_end(transaction, round > 0, &fixture->err), round > 0);
        assert_left(fixture, left[round]);
    }
    assert_string_equal(
        fixture_ask(fixture->database, "SELECT count(*), max(detail) FROM hearth.audit"),
        "1|identities removed, 3 of them");
}

static void
needs_a_database_and_the_lane_that_waits(void **state)
{
    struct access_fixture *fixture = *state;
    struct store *store = fixture->access.store;
    fixture->request.may_wait = false;
    assert_int_equal(remove_from(fixture, "google"), ERROR_WOULD_WAIT);
    fixture->request.may_wait = true;
    fixture->access.store = NULL;
    assert_int_equal(remove_from(fixture, "google"), ERROR_UNAVAILABLE);
    fixture->access.store = store;
    assert_left(fixture, ALL_LEFT);
}

int
main(void)
{
#define IDENTITY_TEST(name) cmocka_unit_test_setup_teardown(name, identity_set_up, access_tear_down)
    const struct CMUnitTest tests[] = {
        IDENTITY_TEST(with_an_identity_go_its_sessions_and_all_other_sign_ins),
        IDENTITY_TEST(all_identities_of_a_provider_go_at_once),
        IDENTITY_TEST(what_the_account_does_not_have_is_not_found_and_changes_nothing),
        IDENTITY_TEST(the_last_way_to_sign_in_stays),
        IDENTITY_TEST(any_other_way_to_sign_in_is_enough),
        IDENTITY_TEST(of_two_removals_at_once_one_leaves_the_other_way),
        IDENTITY_TEST(sessions_end_but_for_those_of_one_sign_in),
        IDENTITY_TEST(all_identities_go_with_the_change_they_belong_to),
        IDENTITY_TEST(needs_a_database_and_the_lane_that_waits),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
