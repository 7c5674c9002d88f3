/* Sign-ins on a real database: begun, refreshed once each, and ended. */
#include "store_bench.h"

#include <pthread.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/sign_in.h"
#include "access/signed_in.h"
#include "access/token.h"
#include "host/forgetting.h"
#include "http/request.h"

#define ACCOUNT "01890000-0000-7000-8000-00000000000a"
#define OTHER "01890000-0000-7000-8000-00000000000b"

enum { AT_ONCE = 8, L1_BYTES = 4 << 20 };

struct house {
    struct bench *bench;
    struct host *host; /* one that remembers */
    struct access access;
    struct request request;
    const char *cookie; /* what the browser sends */
};

static const char *
parameter(void *carrier, const char *name)
{
    struct house *house = carrier;
    if (strcmp(name, "HTTP_COOKIE") == 0)
        return house->cookie;
    if (strcmp(name, "HTTP_USER_AGENT") == 0)
        return "Mozilla/5.0 (a \xff b)";
    return NULL;
}

static const struct transport transport = {.parameter = parameter};

static void
begin_request(struct house *house)
{
    house->request = (struct request){.access = &house->access,
                                      .transport = &transport,
                                      .carrier = house,
                                      .remote_address = "192.0.2.7",
                                      .id = "request-1",
                                      .may_wait = true};
}

static int
set_up(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    void *bench;
    bench_set_up(&bench);
    house->bench = bench;
    struct settings *settings = &house->bench->settings;
    settings->auth_secret = "0123456789abcdef0123456789abcdef";
    settings->jwt_algorithm = "HS256";
    settings->jwt_previous_secrets = "";
    settings->jwt_issuer = settings->jwt_audience = "hearth";
    settings->access_token_ttl_s = 600;
    settings->refresh_token_ttl_s = 3600;
    settings->session_ttl_s = 1800;
    settings->sign_ins_per_account = 5;
    settings->account_scopes = "study";
    struct error err = {0};
    house->host = host_open(house->bench->directory, L1_BYTES, &err);
    assert_non_null(house->host);
    house->access =
        (struct access){.settings = settings, .host = house->host, .store = house->bench->store};
    hmac_key_derive(&house->access.snapshot_key, "secret", "test");
    assert_true(tokens_open(settings, &house->access.tokens, &err));
    begin_request(house);
    fixture_sql(house->bench->database,
                "INSERT INTO hearth.account (id, user_name) VALUES ('" ACCOUNT "', 'ann'), "
                "('" OTHER "', 'bob')");
    *state = house;
    return 0;
}

static int
tear_down(void **state)
{
    struct house *house = *state;
    void *bench = house->bench;
    tokens_close(house->access.tokens);
    arena_release(&house->request.arena);
    host_close(house->host);
    host_remove(house->bench->directory, L1_BYTES);
    bench_tear_down(&bench);
    free(house);
    return 0;
}

static struct sign_in
begin(struct house *house, const char *account, bool cookie)
{
    struct error err = {0};
    struct sign_in sign_in;
    struct sign_in_wish wish = {account, "password", .cookie = cookie};
    if (!sign_in_begin(&house->request, &wish, &sign_in, &err))
        fail_msg("%s", err.detail);
    return sign_in;
}

static bool
refresh(struct house *house, const char *token, struct sign_in *next)
{
    struct error err = {0};
    bool done = sign_in_refresh(&house->request, token, next, &err);
    assert_int_equal(err.code, done ? ERROR_NONE : ERROR_TOKEN_NOT_VALID);
    return done;
}

static const char *
ask(struct house *house, const char *sql)
{
    const char *answer = bench_ask(house->bench, sql);
    return answer ? answer : "nothing";
}

static void
a_login_leaves_no_secret_in_the_database(void **state)
{
    struct house *house = *state;
    struct sign_in sign_in = begin(house, ACCOUNT, false);
    assert_int_equal(strlen(sign_in.refresh), 43);
    assert_int_equal(sign_in.access_expires_in_s, 600);
    assert_int_equal(sign_in.refresh_expires_in_s, 3600);
    assert_null(sign_in.csrf);
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT count(*)::text AS answer FROM hearth.refresh_token "
             "WHERE hash = sha256('%s') AND used_at IS NULL",
             sign_in.refresh);
    assert_string_equal(ask(house, sql), "1");
    assert_string_equal(ask(house, "SELECT user_agent || '|' || address || '|' || method AS answer "
                                   "FROM hearth.sign_in"),
                        "Mozilla/5.0 (a |192.0.2.7|password");
    assert_string_equal(ask(house, "SELECT count(*)::text AS answer FROM hearth.account "
                                   "WHERE last_login_at IS NOT NULL AND user_name = 'ann'"),
                        "1");
}

static void
a_closed_account_does_not_sign_in(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    struct sign_in sign_in;
    fixture_sql(house->bench->database, "UPDATE hearth.account SET is_active = false");
    assert_false(sign_in_begin(&house->request,
                               &(struct sign_in_wish){ACCOUNT, "password", .cookie = false},
                               &sign_in, &err));
    assert_int_equal(err.code, ERROR_UNAUTHORIZED);
    assert_string_equal(ask(house, "SELECT count(*)::text AS answer FROM hearth.sign_in"), "0");
}

static void
a_password_that_was_changed_while_it_was_verified_signs_nobody_in(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    struct sign_in sign_in;
    struct sign_in_wish wish = {ACCOUNT, "password", .password = "verified"};
    fixture_sql(house->bench->database, "UPDATE hearth.account SET password = 'verified'");
    assert_true(sign_in_begin(&house->request, &wish, &sign_in, &err));
    fixture_sql(house->bench->database, "UPDATE hearth.account SET password = 'changed'");
    assert_false(sign_in_begin(&house->request, &wish, &sign_in, &err));
    assert_int_equal(err.code, ERROR_UNAUTHORIZED);
    error_clear(&err);
    wish.password = NULL;
    assert_false(sign_in_begin(&house->request, &wish, &sign_in, &err));
    error_clear(&err);
}

static void
an_identity_that_was_taken_away_signs_nobody_in(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    struct sign_in sign_in;
    const struct sign_in_wish wish = {ACCOUNT, "google", .cookie = false};
    fixture_sql(house->bench->database,
                "INSERT INTO hearth.identity (provider, subject, account_id)"
                " VALUES ('google', '4711', '" ACCOUNT "')");
    assert_true(sign_in_begin(&house->request, &wish, &sign_in, &err));
    fixture_sql(house->bench->database, "DELETE FROM hearth.identity");
    assert_false(sign_in_begin(&house->request, &wish, &sign_in, &err));
    assert_int_equal(err.code, ERROR_UNAUTHORIZED);
}

static void
the_front_lane_signs_nobody_in(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    struct sign_in sign_in;
    house->request.may_wait = false;
    assert_false(sign_in_begin(&house->request,
                               &(struct sign_in_wish){ACCOUNT, "password", .cookie = false},
                               &sign_in, &err));
    assert_int_equal(err.code, ERROR_WOULD_WAIT);
}

static void
each_refresh_gives_the_next_token_of_the_same_sign_in(void **state)
{
    struct house *house = *state;
    struct sign_in first = begin(house, ACCOUNT, false), second, third;
    assert_true(refresh(house, first.refresh, &second));
    assert_string_equal(second.id, first.id);
    assert_string_equal(second.account_id, ACCOUNT);
    assert_string_not_equal(second.refresh, first.refresh);
    assert_string_not_equal(second.access, first.access);
    assert_true(refresh(house, second.refresh, &third));
}

static void
a_reused_token_ends_the_whole_sign_in(void **state)
{
    struct house *house = *state;
    struct sign_in first = begin(house, ACCOUNT, false), second, third;
    assert_true(refresh(house, first.refresh, &second));
    assert_false(refresh(house, first.refresh, &third));
    assert_false(refresh(house, second.refresh, &third));
    assert_string_equal(ask(house, "SELECT end_reason AS answer FROM hearth.sign_in "
                                   "WHERE ended_at IS NOT NULL"),
                        "refresh token used twice");
    assert_string_equal(ask(house, "SELECT subject AS answer FROM hearth.revocation"),
                        arena_printf(&house->bench->arena, "sign_in:%s", first.id));
    assert_string_equal(ask(house, "SELECT count(*)::text AS answer FROM hearth.audit "
                                   "WHERE event = 'token_reused'"),
                        "1");
}

static void
a_reused_token_ends_no_other_sign_in(void **state)
{
    struct house *house = *state;
    struct sign_in first = begin(house, ACCOUNT, false), other = begin(house, ACCOUNT, false), next;
    assert_true(refresh(house, first.refresh, &next));
    assert_false(refresh(house, first.refresh, &next));
    assert_true(refresh(house, other.refresh, &next));
}

static void
unknown_and_outdated_tokens_are_refused_and_end_nothing(void **state)
{
    struct house *house = *state;
    struct sign_in sign_in = begin(house, ACCOUNT, false), next;
    char huge[10000];
    memset(huge, 'A', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_false(refresh(house, "", &next));
    assert_false(refresh(house, "'; DROP TABLE hearth.sign_in --", &next));
    assert_false(refresh(house, huge, &next));
    assert_false(refresh(house, sign_in.access, &next));
    fixture_sql(house->bench->database,
                "UPDATE hearth.refresh_token SET expires_at = now() - interval '1 second'");
    assert_false(refresh(house, sign_in.refresh, &next));
    assert_string_equal(ask(house, "SELECT count(*)::text AS answer FROM hearth.sign_in "
                                   "WHERE ended_at IS NULL"),
                        "1");
}

static void
an_account_that_was_closed_refreshes_nothing(void **state)
{
    struct house *house = *state;
    struct sign_in sign_in = begin(house, ACCOUNT, false), next;
    fixture_sql(house->bench->database, "UPDATE hearth.account SET is_active = false");
    assert_false(refresh(house, sign_in.refresh, &next));
}

struct racer {
    struct house *house;
    const char *token;
    pthread_barrier_t *start;
    bool won;
};

static void *
race(void *data)
{
    struct racer *racer = data;
    struct house mine = {.access = racer->house->access};
    struct sign_in next;
    begin_request(&mine);
    pthread_barrier_wait(racer->start);
    struct error err = {0};
    racer->won = sign_in_refresh(&mine.request, racer->token, &next, &err);
    arena_release(&mine.request.arena);
    return NULL;
}

static void
of_refreshes_at_once_one_succeeds_and_the_sign_in_ends(void **state)
{
    struct house *house = *state;
    struct sign_in sign_in = begin(house, ACCOUNT, false);
    struct racer racers[AT_ONCE];
    pthread_t threads[AT_ONCE];
    pthread_barrier_t start;
    int winners = 0;
    pthread_barrier_init(&start, NULL, AT_ONCE);
    for (int i = 0; i < AT_ONCE; i++) {
        racers[i] = (struct racer){house, sign_in.refresh, &start, false};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        pthread_join(threads[i], NULL);
        winners += racers[i].won;
    }
    pthread_barrier_destroy(&start);
    assert_int_equal(winners, 1);
    assert_string_equal(ask(house, "SELECT count(*)::text AS answer FROM hearth.sign_in "
                                   "WHERE ended_at IS NOT NULL"),
                        "1");
    assert_string_equal(ask(house, "SELECT count(*)::text AS answer FROM hearth.audit "
                                   "WHERE event = 'token_reused'"),
                        "1");
}

static bool
end(struct house *house, const char *id, const char *account, enum error_code code)
{
    struct error err = {0};
    bool done = sign_in_end(&house->request, id, account, "logout", &err);
    assert_int_equal(err.code, code);
    return done;
}

static void
is_ended_by_its_account_only(void **state)
{
    struct house *house = *state;
    struct sign_in sign_in = begin(house, ACCOUNT, false), next;
    assert_false(end(house, sign_in.id, OTHER, ERROR_NOT_FOUND));
    assert_false(end(house, "1' OR '1'='1", ACCOUNT, ERROR_NOT_FOUND));
    assert_false(end(house, OTHER, ACCOUNT, ERROR_NOT_FOUND));
    assert_true(refresh(house, sign_in.refresh, &next));
    assert_true(end(house, sign_in.id, ACCOUNT, ERROR_NONE));
    assert_true(end(house, sign_in.id, ACCOUNT, ERROR_NONE));
    assert_false(refresh(house, next.refresh, &next));
    assert_string_equal(ask(house, "SELECT count(*)::text AS answer FROM hearth.revocation"), "1");
}

static void
a_refresh_token_ends_its_sign_in_at_logout(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    struct sign_in sign_in = begin(house, ACCOUNT, false), next;
    assert_false(sign_in_end_refresh(&house->request, sign_in.refresh, OTHER, "logout", &err));
    assert_int_equal(err.code, ERROR_TOKEN_NOT_VALID);
    error_clear(&err);
    assert_false(sign_in_end_refresh(&house->request, "unknown", NULL, "logout", &err));
    assert_int_equal(err.code, ERROR_TOKEN_NOT_VALID);
    error_clear(&err);
    assert_true(sign_in_end_refresh(&house->request, sign_in.refresh, ACCOUNT, "logout", &err));
    assert_false(refresh(house, sign_in.refresh, &next));
}

static size_t
count(struct house *house, const char *account)
{
    struct error err = {0};
    const struct list *rows = sign_in_list(&house->request, account, &err);
    assert_non_null(rows);
    return rows->count;
}

static void
one_too_many_ends_the_one_that_was_not_used_for_longest(void **state)
{
    struct house *house = *state;
    struct sign_in used = begin(house, ACCOUNT, false), idle = begin(house, ACCOUNT, false), next;
    struct sign_in other = begin(house, OTHER, false);
    for (int i = 0; i < 3; i++)
        begin(house, ACCOUNT, i % 2 == 0);
    assert_true(refresh(house, used.refresh, &used));
    begin(house, ACCOUNT, false);
    assert_int_equal(count(house, ACCOUNT), 5);
    assert_false(refresh(house, idle.refresh, &next));
    assert_true(refresh(house, used.refresh, &next));
    assert_true(refresh(house, other.refresh, &next));
}

static void
an_account_leaves_no_more_rows_than_it_may_have(void **state)
{
    struct house *house = *state;
    for (int i = 0; i < 20; i++)
        begin(house, ACCOUNT, false);
    assert_string_equal(ask(house, "SELECT count(*)::text AS answer FROM hearth.sign_in"), "10");
    assert_int_equal(count(house, ACCOUNT), 5);
}

static void
ends_all_but_one(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    struct sign_in kept = begin(house, ACCOUNT, false), gone = begin(house, ACCOUNT, false), next;
    begin(house, ACCOUNT, true);
    begin(house, OTHER, false);
    assert_int_equal(count(house, ACCOUNT), 3);
    assert_true(sign_in_end_all(&house->request, ACCOUNT, kept.id, "password changed", &err));
    assert_int_equal(count(house, ACCOUNT), 1);
    assert_int_equal(count(house, OTHER), 1);
    assert_false(refresh(house, gone.refresh, &next));
    assert_true(refresh(house, kept.refresh, &next));
    assert_true(sign_in_end_all(&house->request, ACCOUNT, NULL, "password changed", &err));
    assert_int_equal(count(house, ACCOUNT), 0);
}

static void
an_access_token_makes_a_caller_until_its_sign_in_ends(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    const struct caller *caller;
    struct sign_in sign_in = begin(house, ACCOUNT, false);
    const char *token = sign_in.access;
    assert_true(signed_in_is_token(token, strlen(token)));
    assert_true(signed_in_by_token(&house->request, token, strlen(token), &caller, &err));
    assert_int_equal(caller->kind, CALLER_TOKEN);
    assert_string_equal(caller->account_id, ACCOUNT);
    assert_string_equal(caller->sign_in_id, sign_in.id);
    assert_string_equal(caller->tenant, "account:" ACCOUNT);
    assert_true(end(house, sign_in.id, ACCOUNT, ERROR_NONE));
    assert_false(signed_in_by_token(&house->request, token, strlen(token), &caller, &err));
    assert_int_equal(err.code, ERROR_TOKEN_NOT_VALID);
}

static void
a_cookie_makes_a_caller_until_its_session_ends(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    const struct caller *caller;
    struct sign_in sign_in = begin(house, ACCOUNT, true);
    assert_null(sign_in.access);
    assert_null(sign_in.refresh);
    assert_int_equal(strlen(sign_in.csrf), 43);
    house->cookie =
        arena_strdup(&house->bench->arena, response_header_value(&house->request, "Set-Cookie"));
    assert_true(signed_in_by_cookie(&house->request, &caller, &err));
    assert_non_null(caller);
    assert_int_equal(caller->kind, CALLER_SESSION);
    assert_string_equal(caller->sign_in_id, sign_in.id);
    assert_true(end(house, sign_in.id, ACCOUNT, ERROR_NONE));
    assert_true(signed_in_by_cookie(&house->request, &caller, &err));
    assert_null(caller);
}

/* The front lane asks nobody. */
static enum error_code
answer_from_memory(struct house *house, const struct sign_in *sign_in)
{
    struct error err = {0};
    const struct caller *caller;
    house->request.may_wait = false;
    bool done = sign_in->access ? signed_in_by_token(&house->request, sign_in->access,
                                                     strlen(sign_in->access), &caller, &err)
                                : signed_in_by_cookie(&house->request, &caller, &err);
    house->request.may_wait = true;
    if (done && !caller)
        return ERROR_UNAUTHORIZED;
    return err.code;
}

static void
what_a_login_gives_is_known_here_at_once(void **state)
{
    struct house *house = *state;
    struct sign_in sign_in = begin(house, ACCOUNT, false);
    assert_int_equal(answer_from_memory(house, &sign_in), ERROR_NONE);
    sign_in = begin(house, ACCOUNT, true);
    house->cookie =
        arena_strdup(&house->bench->arena, response_header_value(&house->request, "Set-Cookie"));
    assert_int_equal(answer_from_memory(house, &sign_in), ERROR_NONE);
}

static void
what_a_refresh_gives_is_known_here_at_once(void **state)
{
    struct house *house = *state;
    struct sign_in sign_in = begin(house, ACCOUNT, false), next;
    forgetting_mark(house->host, NULL, clock_monotonic_us());
    assert_int_equal(answer_from_memory(house, &sign_in), ERROR_WOULD_WAIT);
    assert_true(refresh(house, sign_in.refresh, &next));
    assert_int_equal(answer_from_memory(house, &next), ERROR_NONE);
}

static void
a_sign_in_that_is_remembered_is_forgotten_with_its_revocation(void **state)
{
    struct house *house = *state;
    struct sign_in sign_in = begin(house, ACCOUNT, false);
    fixture_sql(house->bench->database, "UPDATE hearth.sign_in SET ended_at = now()");
    forgetting_mark(house->host, arena_printf(&house->bench->arena, "sign_in:%s", sign_in.id),
                    clock_monotonic_us());
    assert_int_equal(answer_from_memory(house, &sign_in), ERROR_WOULD_WAIT);
    const struct caller *caller;
    struct error err = {0};
    assert_false(
        signed_in_by_token(&house->request, sign_in.access, strlen(sign_in.access), &caller, &err));
    assert_int_equal(err.code, ERROR_TOKEN_NOT_VALID);
}

static void
what_ends_is_forgotten_here_at_once(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    struct sign_in crowded_out = begin(house, ACCOUNT, false), other, last;
    for (int i = 0; i < 5; i++)
        other = begin(house, ACCOUNT, false);
    assert_int_equal(answer_from_memory(house, &crowded_out), ERROR_WOULD_WAIT);
    assert_int_equal(answer_from_memory(house, &other), ERROR_NONE);
    last = begin(house, ACCOUNT, false);
    assert_true(sign_in_end_all(&house->request, ACCOUNT, last.id, "ended", &err));
    assert_int_equal(answer_from_memory(house, &other), ERROR_WOULD_WAIT);
    assert_int_equal(answer_from_memory(house, &last), ERROR_NONE);
    assert_true(end(house, last.id, ACCOUNT, ERROR_NONE));
    assert_int_equal(answer_from_memory(house, &last), ERROR_WOULD_WAIT);
}

static void
two_logins_never_share_a_cookie(void **state)
{
    struct house *house = *state;
    begin(house, ACCOUNT, true);
    house->cookie =
        arena_strdup(&house->bench->arena, response_header_value(&house->request, "Set-Cookie"));
    begin(house, ACCOUNT, true);
    assert_string_not_equal(house->cookie, response_header_value(&house->request, "Set-Cookie"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_login_leaves_no_secret_in_the_database),
        TEST(a_closed_account_does_not_sign_in),
        TEST(a_password_that_was_changed_while_it_was_verified_signs_nobody_in),
        TEST(an_identity_that_was_taken_away_signs_nobody_in),
        TEST(the_front_lane_signs_nobody_in),
        TEST(each_refresh_gives_the_next_token_of_the_same_sign_in),
        TEST(a_reused_token_ends_the_whole_sign_in),
        TEST(a_reused_token_ends_no_other_sign_in),
        TEST(unknown_and_outdated_tokens_are_refused_and_end_nothing),
        TEST(an_account_that_was_closed_refreshes_nothing),
        TEST(of_refreshes_at_once_one_succeeds_and_the_sign_in_ends),
        TEST(is_ended_by_its_account_only),
        TEST(a_refresh_token_ends_its_sign_in_at_logout),
        TEST(one_too_many_ends_the_one_that_was_not_used_for_longest),
        TEST(an_account_leaves_no_more_rows_than_it_may_have),
        TEST(ends_all_but_one),
        TEST(an_access_token_makes_a_caller_until_its_sign_in_ends),
        TEST(a_cookie_makes_a_caller_until_its_session_ends),
        TEST(what_a_login_gives_is_known_here_at_once),
        TEST(what_a_refresh_gives_is_known_here_at_once),
        TEST(a_sign_in_that_is_remembered_is_forgotten_with_its_revocation),
        TEST(what_ends_is_forgotten_here_at_once),
        TEST(two_logins_never_share_a_cookie),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
