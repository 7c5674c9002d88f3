/* Session tokens: who has one may say whose it is, while it, and what it came of, lasts. */
#include "access_fixture.h"

#include <pthread.h>

#include "access/session_token.h"
#include "base/log.h"

#define ADA "01890000-0000-7000-8000-00000000000a"
#define HERE "01890000-0000-7000-8000-000000000001"
#define ELSEWHERE "01890000-0000-7000-8000-000000000002"
#define WALLET_SESSION "00000000000000000000000000000001"
#define ADDRESS "0x00000000000000000000000000000000000000aa"

static const struct session_token_wish adas = {
    .account_id = ADA, .sign_in_id = HERE, .address = ADDRESS};

static int
token_set_up(void **state)
{
    access_set_up(state);
    struct access_fixture *fixture = *state;
    log_set_level(LOG_LEVEL_ERROR + 1);
    fixture_sql(fixture->database,
                "INSERT INTO hearth.account (id, user_name) VALUES ('" ADA "', 'ada');"
                "INSERT INTO hearth.sign_in (id, account_id, method, expires_at) VALUES"
                "    ('" HERE "', '" ADA "', 'password', now() + interval '1 hour'),"
                "    ('" ELSEWHERE "', '" ADA "', 'google', now() + interval '1 hour');"
                "INSERT INTO hearth.wallet_session"
                "    (id, address, wallet_type, chain_id, account_id, preferences, expires_at)"
                " VALUES ('" WALLET_SESSION "', '" ADDRESS "', 'w', 1, '" ADA "', '{}',"
                "         now() + interval '1 hour')");
    return 0;
}

static const char *
made(struct access_fixture *fixture, const struct session_token_wish *wish)
{
    const char *token = NULL;
    assert_true(session_token_add(&fixture->request, wish, &token, &fixture->err));
    return token;
}

static const struct session_token *
found(struct access_fixture *fixture, const char *token)
{
    const struct session_token *session = NULL;
    assert_true(session_token_find(&fixture->request, token, &session, &fixture->err));
    return session;
}

static bool
ends(struct access_fixture *fixture, const char *token)
{
    bool ended = false;
    assert_true(session_token_end(&fixture->request, token, &ended, &fixture->err));
    return ended;
}

/* Whether it is found after this was done to the database. */
static bool
lasts_after(struct access_fixture *fixture, const char *token, const char *sql)
{
    fixture_sql(fixture->database, sql);
    return found(fixture, token) != NULL;
}

static void
says_whose_it_is(void **state)
{
    struct access_fixture *fixture = *state;
    static const struct session_token_wish nobody = {.account_id = NULL};
    const struct session_token *session = found(fixture, made(fixture, &adas));
    assert_string_equal(session->account_id, ADA);
    assert_string_equal(session->address, ADDRESS);
    session = found(fixture, made(fixture, &nobody));
    assert_non_null(session);
    assert_null(session->account_id);
    assert_null(session->address);
}

static void
no_two_are_the_same_and_none_is_kept_as_it_is(void **state)
{
    struct access_fixture *fixture = *state;
    const char *first = made(fixture, &adas), *second = made(fixture, &adas);
    assert_int_equal(strlen(first), 43);
    assert_int_equal(strlen(second), 43);
    assert_string_not_equal(first, second);
    assert_string_equal(
        fixture_ask(fixture->database,
                    arena_printf(&fixture->request.arena,
                                 "SELECT count(*), count(*) FILTER (WHERE hash = sha256('%s')),"
                                 " count(*) FILTER (WHERE token::text LIKE '%%%s%%')"
                                 " FROM hearth.session_token AS token",
                                 first, first)),
        "2|1|0");
}

static void
is_taken_whole_and_exactly(void **state)
{
    struct access_fixture *fixture = *state;
    char *token = arena_strdup(&fixture->request.arena, made(fixture, &adas));
    assert_null(found(fixture, ""));
    assert_null(found(fixture, arena_printf(&fixture->request.arena, "%s=", token)));
    assert_null(found(fixture, arena_printf(&fixture->request.arena, " %s", token)));
    for (size_t i = 0; i < 43; i += 21) {
        char right = token[i];
        token[i] = right == 'A' ? 'B' : 'A';
        assert_null(found(fixture, token));
        assert_false(ends(fixture, token));
        token[i] = right;
    }
    token[42] = '\0';
    assert_null(found(fixture, token));
}

static void
lasts_a_day_from_its_last_use_to_the_second(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = made(fixture, &adas);
    static const char left_sql[] =
        "SELECT extract(epoch FROM expires_at - last_activity_at)::integer FROM hearth.session_token";
    assert_string_equal(fixture_ask(fixture->database, left_sql), "86400");
    assert_true(lasts_after(fixture, token,
                            "UPDATE hearth.session_token SET last_activity_at = now() - interval "
                            "'86340 seconds', expires_at = now() + interval '60 seconds'"));
    assert_string_equal(
        fixture_ask(fixture->database,
                    "SELECT expires_at > now() + interval '86390 seconds',"
                    " last_activity_at > now() - interval '10 seconds' FROM hearth.session_token"),
        "t|t");
    assert_string_equal(fixture_ask(fixture->database, left_sql), "86400");
    assert_false(lasts_after(fixture, token, "UPDATE hearth.session_token SET expires_at = now()"));
    assert_false(lasts_after(fixture, token, "SELECT"));
}

static void
ends_with_its_sign_in_and_with_no_other(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = made(fixture, &adas);
    assert_true(lasts_after(
        fixture, token, "UPDATE hearth.sign_in SET ended_at = now() WHERE id = '" ELSEWHERE "'"));
    assert_false(lasts_after(fixture, token,
                             "UPDATE hearth.sign_in SET ended_at = now() WHERE id = '" HERE "'"));
    token = made(fixture, &adas);
    assert_null(found(fixture, token));
}

static void
ends_when_its_sign_in_runs_out(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = made(fixture, &adas);
    assert_false(lasts_after(fixture, token,
                             "UPDATE hearth.sign_in SET expires_at = now() WHERE id = '" HERE "'"));
}

static void
ends_with_its_wallet_s_session(void **state)
{
    struct access_fixture *fixture = *state;
    static const struct session_token_wish wish = {
        .account_id = ADA, .wallet_session_id = WALLET_SESSION, .address = ADDRESS};
    const char *token = made(fixture, &wish);
    assert_non_null(found(fixture, token));
    assert_false(
        lasts_after(fixture, token, "UPDATE hearth.wallet_session SET expires_at = now()"));
    assert_true(lasts_after(
        fixture, token, "UPDATE hearth.wallet_session SET expires_at = now() + interval '1 hour'"));
    assert_false(lasts_after(fixture, token, "DELETE FROM hearth.wallet_session"));
}

static void
says_nothing_while_its_account_may_not_sign_in(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = made(fixture, &adas);
    assert_false(lasts_after(fixture, token, "UPDATE hearth.account SET is_active = false"));
    assert_true(lasts_after(fixture, token, "UPDATE hearth.account SET is_active = true"));
    assert_false(lasts_after(fixture, token, "DELETE FROM hearth.account"));
}

static void
who_has_it_may_end_it_once(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = made(fixture, &adas), *other = made(fixture, &adas);
    assert_true(ends(fixture, token));
    assert_false(ends(fixture, token));
    assert_null(found(fixture, token));
    assert_non_null(found(fixture, other));
}

static void
needs_a_database_and_the_lane_that_waits(void **state)
{
    struct access_fixture *fixture = *state;
    const struct session_token *session;
    const char *token;
    bool ended;
    fixture->request.may_wait = false;
    assert_false(session_token_add(&fixture->request, &adas, &token, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_WOULD_WAIT);
    error_clear(&fixture->err);
    assert_false(session_token_find(&fixture->request, "x", &session, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_WOULD_WAIT);
    error_clear(&fixture->err);
    assert_false(session_token_end(&fixture->request, "x", &ended, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_WOULD_WAIT);
}

enum { CALLERS = 4 };

struct ending {
    struct request request;
    pthread_barrier_t *start;
    const char *token;
    bool ended;
};

static void *
end_with_others(void *context)
{
    struct ending *ending = context;
    struct error err = {0};
    pthread_barrier_wait(ending->start);
    if (!session_token_end(&ending->request, ending->token, &ending->ended, &err))
        ending->ended = false;
    return NULL;
}

static void
of_several_who_end_it_at_once_one_is_told_so(void **state)
{
    struct access_fixture *fixture = *state;
    struct ending endings[CALLERS] = {0};
    pthread_t threads[CALLERS];
    pthread_barrier_t start;
    int told = 0;
    const char *token = made(fixture, &adas);
    pthread_barrier_init(&start, NULL, CALLERS);
    for (size_t i = 0; i < CALLERS; i++) {
        endings[i] = (struct ending){.request = fixture->request, .start = &start, .token = token};
        endings[i].request.arena = (struct arena){0};
        assert_int_equal(pthread_create(&threads[i], NULL, end_with_others, &endings[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        told += endings[i].ended;
        arena_release(&endings[i].request.arena);
    }
    pthread_barrier_destroy(&start);
    assert_int_equal(told, 1);
}

int
main(void)
{
#define TOKEN_TEST(name) cmocka_unit_test_setup_teardown(name, token_set_up, access_tear_down)
    const struct CMUnitTest tests[] = {
        TOKEN_TEST(says_whose_it_is),
        TOKEN_TEST(no_two_are_the_same_and_none_is_kept_as_it_is),
        TOKEN_TEST(is_taken_whole_and_exactly),
        TOKEN_TEST(lasts_a_day_from_its_last_use_to_the_second),
        TOKEN_TEST(ends_with_its_sign_in_and_with_no_other),
        TOKEN_TEST(ends_when_its_sign_in_runs_out),
        TOKEN_TEST(ends_with_its_wallet_s_session),
        TOKEN_TEST(says_nothing_while_its_account_may_not_sign_in),
        TOKEN_TEST(who_has_it_may_end_it_once),
        TOKEN_TEST(needs_a_database_and_the_lane_that_waits),
        TOKEN_TEST(of_several_who_end_it_at_once_one_is_told_so),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
