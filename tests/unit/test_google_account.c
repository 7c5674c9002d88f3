/* Whose account a person of Google's is: what makes one, what ties to one, and what must not. */
#include "access_fixture.h"

#include <pthread.h>

#include "access/account.h"
#include "access/google.h"
#include "base/log.h"

#define ADA "01890000-0000-7000-8000-00000000000a"

enum { AT_ONCE = 4 };

static const struct id_token ada = {.subject = "1234",
                                    .email = "ada@gmail.com",
                                    .name = "Ada Lovelace",
                                    .picture = "https://example.org/a.png",
                                    .email_verified = true};

static int
google_set_up(void **state)
{
    access_set_up(state);
    log_set_level(LOG_LEVEL_ERROR + 1);
    return 0;
}

/* The id of the account that a person gets, or the machine code of why there is none. */
static const char *
signed_in(struct access_fixture *fixture, const struct id_token *token)
{
    const struct account *account = NULL;
    error_clear(&fixture->err);
    if (google_account(&fixture->request, token, &account, &fixture->err))
        return account->id;
    return error_info(fixture->err.code)->name;
}

static const char *
asked(struct access_fixture *fixture, const char *sql)
{
    return fixture_ask(fixture->database, sql);
}

static const char counts[] = "SELECT (SELECT count(*) FROM hearth.account),"
                             "    (SELECT count(*) FROM hearth.identity)";

/* An account that was here before. */
static void
insert_ada(struct access_fixture *fixture, const char *email, bool verified)
{
    char sql[512];
    snprintf(sql, sizeof(sql),
             "DELETE FROM hearth.account;"
             "INSERT INTO hearth.account (id, user_name, email, email_verified_at)"
             " VALUES ('" ADA "', 'ada', '%s', %s)",
             email, verified ? "now()" : "NULL");
    fixture_sql(fixture->database, sql);
}

static void
the_first_time_makes_an_account_and_every_other_finds_it(void **state)
{
    struct access_fixture *fixture = *state;
    char first[64];
    snprintf(first, sizeof(first), "%s", signed_in(fixture, &ada));
    assert_int_equal(strlen(first), 36);
    assert_string_equal(signed_in(fixture, &ada), first);
    assert_string_equal(
        asked(fixture, "SELECT email, display_name, picture_url, email_verified_at IS NOT NULL,"
                       "    password IS NULL, is_admin, provider, subject"
                       " FROM hearth.account JOIN hearth.identity ON account_id = account.id"),
        "ada@gmail.com|Ada Lovelace|https://example.org/a.png|t|t|f|google|1234");
}

/* The subject is who it is, for ever (OpenID Connect Core, section 5.7); an address is not. */
static void
a_person_is_known_by_the_subject_alone(void **state)
{
    struct access_fixture *fixture = *state;
    char first[64];
    struct id_token later = ada, other = ada;
    snprintf(first, sizeof(first), "%s", signed_in(fixture, &ada));
    later.email = "countess@example.com";
    later.email_verified = false;
    assert_string_equal(signed_in(fixture, &later), first);
    later.email = NULL;
    assert_string_equal(signed_in(fixture, &later), first);
    other.subject = "12345";
    other.email = "charles@gmail.com";
    assert_string_not_equal(signed_in(fixture, &other), first);
    other.subject = "ABC";
    other.email = "grace@gmail.com";
    char grace[64];
    snprintf(grace, sizeof(grace), "%s", signed_in(fixture, &other));
    other.subject = "abc";
    other.email = "joan@gmail.com";
    assert_string_not_equal(signed_in(fixture, &other), grace);
}

static void
a_new_person_needs_an_address_that_google_has_verified(void **state)
{
    struct access_fixture *fixture = *state;
    struct id_token token = ada;
    token.email_verified = false;
    assert_string_equal(signed_in(fixture, &token), "permission_denied");
    token = ada;
    token.email = NULL;
    assert_string_equal(signed_in(fixture, &token), "permission_denied");
    assert_string_equal(asked(fixture, counts), "0|0");
}

static void
where_nobody_may_register_only_those_who_are_known_come_in(void **state)
{
    struct access_fixture *fixture = *state;
    char first[64];
    struct id_token other = ada;
    snprintf(first, sizeof(first), "%s", signed_in(fixture, &ada));
    other.subject = "5678";
    other.email = "bob@gmail.com";
    fixture->settings.registration = "closed";
    assert_string_equal(signed_in(fixture, &other), "permission_denied");
    fixture->settings.registration = "admin";
    assert_string_equal(signed_in(fixture, &other), "permission_denied");
    assert_string_equal(signed_in(fixture, &ada), first);
    assert_string_equal(asked(fixture, counts), "1|1");
    /* An account that somebody made for them before is tied to them all the same. */
    insert_ada(fixture, "bob@gmail.com", true);
    assert_string_equal(signed_in(fixture, &other), ADA);
}

static void
an_address_that_google_gives_ties_an_account_that_has_verified_it(void **state)
{
    struct access_fixture *fixture = *state;
    static const struct {
        const char *known, *told, *hosted_domain;
    } cases[] = {
        {"ada@gmail.com", "ada@gmail.com", NULL},
        {"Ada@GMAIL.com", "ada@gmail.com", NULL},
        {"ada@gmail.com", "ada@Gmail.COM", NULL},
        {"ada@googlemail.com", "ada@googlemail.com", NULL},
        {"ada@example.org", "ada@example.org", "example.org"},
        {"ada@example.org", "ada@Example.org", "EXAMPLE.ORG"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct id_token token = ada;
        token.email = cases[i].told;
        token.hosted_domain = cases[i].hosted_domain;
        insert_ada(fixture, cases[i].known, true);
        assert_string_equal(signed_in(fixture, &token), ADA);
        assert_string_equal(signed_in(fixture, &token), ADA);
        assert_string_equal(asked(fixture, "SELECT account_id, subject FROM hearth.identity"),
                            ADA "|1234");
    }
}

static void
any_other_address_ties_to_no_account_that_is_there(void **state)
{
    struct access_fixture *fixture = *state;
    static const struct {
        const char *address, *hosted_domain;
        bool verified;
    } cases[] = {
        {"ada@gmail.com", NULL, false},
        {"ada@example.org", "example.org", false},
        {"ada@example.org", NULL, true},
        {"ada@example.org", "", true},
        {"ada@example.org", "example.com", true},
        {"ada@sub.example.org", "example.org", true},
        {"ada@example.org", "sub.example.org", true},
        {"ada@gmail.com.example", NULL, true},
        {"ada@notgmail.com", NULL, true},
        {"ada@gmail.co", NULL, true},
        {"ada@mail.gmail.com", NULL, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct id_token token = ada;
        token.email = cases[i].address;
        token.hosted_domain = cases[i].hosted_domain;
        insert_ada(fixture, cases[i].address, cases[i].verified);
        assert_string_equal(signed_in(fixture, &token), "conflict");
        assert_string_equal(asked(fixture, counts), "1|0");
    }
}

/* Else whoever registers another's address as a user name would get their account, or lose his. */
static void
an_address_that_is_anothers_user_name_ties_to_nothing(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database,
                "INSERT INTO hearth.account (id, user_name, user_name_folded, email,"
                "    email_verified_at) VALUES ('" ADA "', 'ada@gmail.com', 'ada@gmail.com',"
                "    'eve@gmail.com', now())");
    const char *got = signed_in(fixture, &ada);
    assert_string_not_equal(got, ADA);
    assert_string_equal(asked(fixture, "SELECT count(*) FROM hearth.identity"
                                       " WHERE account_id = '" ADA "'"),
                        "0");
}

static void
a_closed_account_stays_closed(void **state)
{
    struct access_fixture *fixture = *state;
    insert_ada(fixture, "ada@gmail.com", true);
    fixture_sql(fixture->database, "UPDATE hearth.account SET is_active = false");
    assert_string_equal(signed_in(fixture, &ada), "permission_denied");
    assert_string_equal(asked(fixture, counts), "1|0");
    fixture_sql(fixture->database, "UPDATE hearth.account SET is_active = true");
    assert_string_equal(signed_in(fixture, &ada), ADA);
    fixture_sql(fixture->database, "UPDATE hearth.account SET is_active = false");
    assert_string_equal(signed_in(fixture, &ada), "permission_denied");
}

struct visitor {
    struct request request;
    char got[64];
};

static void *
visit(void *data)
{
    struct visitor *visitor = data;
    const struct account *account = NULL;
    struct error err = {0};
    bool known = google_account(&visitor->request, &ada, &account, &err);
    snprintf(visitor->got, sizeof(visitor->got), "%s",
             known ? account->id : error_info(err.code)->name);
    return NULL;
}

static void
of_many_first_times_at_once_all_get_the_same_account(void **state)
{
    struct access_fixture *fixture = *state;
    static struct visitor visitors[AT_ONCE];
    pthread_t threads[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        visitors[i].request = fixture->request;
        visitors[i].request.arena = (struct arena){0};
        assert_int_equal(pthread_create(&threads[i], NULL, visit, &visitors[i]), 0);
    }
    for (int i = 0; i < AT_ONCE; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < AT_ONCE; i++) {
        assert_int_equal(strlen(visitors[i].got), 36);
        assert_string_equal(visitors[i].got, visitors[0].got);
        arena_release(&visitors[i].request.arena);
    }
    assert_string_equal(asked(fixture, counts), "1|1");
}

int
main(void)
{
#define GOOGLE_TEST(name) cmocka_unit_test_setup_teardown(name, google_set_up, access_tear_down)
    const struct CMUnitTest tests[] = {
        GOOGLE_TEST(the_first_time_makes_an_account_and_every_other_finds_it),
        GOOGLE_TEST(a_person_is_known_by_the_subject_alone),
        GOOGLE_TEST(a_new_person_needs_an_address_that_google_has_verified),
        GOOGLE_TEST(where_nobody_may_register_only_those_who_are_known_come_in),
        GOOGLE_TEST(an_address_that_google_gives_ties_an_account_that_has_verified_it),
        GOOGLE_TEST(any_other_address_ties_to_no_account_that_is_there),
        GOOGLE_TEST(an_address_that_is_anothers_user_name_ties_to_nothing),
        GOOGLE_TEST(a_closed_account_stays_closed),
        GOOGLE_TEST(of_many_first_times_at_once_all_get_the_same_account),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
