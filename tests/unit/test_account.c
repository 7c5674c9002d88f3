/* Accounts: what they may be called, who is found, and what is taken. */
#include "access_fixture.h"

#include "access/account.h"
#include "access/account_change.h"

static const struct account_wish ada = {.user_name = "Ada",
                                        .email = "ada@example.com",
                                        .password = "a wordy password",
                                        .phone_number = "+4712345678",
                                        .display_name = "Ada Lovelace",
                                        .profile = "{\"university\": \"London\"}"};

static const struct account *
make(struct access_fixture *fixture, const struct account_wish *wish)
{
    const struct account *account = NULL;
    bool made = account_create(&fixture->request, wish, &account, &fixture->err);
    assert_string_equal(fixture->err.detail, "");
    assert_true(made);
    assert_non_null(account);
    return account;
}

/* The one complaint of a wish that is refused: "field message". */
static const char *
complaint(struct access_fixture *fixture, const struct account_wish *wish)
{
    const struct account *account;
    access_fixture_request(fixture);
    assert_false(account_create(&fixture->request, wish, &account, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_VALIDATION_FAILED);
    assert_non_null(fixture->err.fields);
    return arena_printf(&fixture->request.arena, "%s %s", fixture->err.fields->path,
                        fixture->err.fields->message);
}

static void
makes_an_account_and_finds_it_again(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *found, *made = make(fixture, &ada);
    assert_string_equal(made->user_name, "Ada");
    assert_string_equal(made->email, "ada@example.com");
    assert_string_equal(made->phone_number, "+4712345678");
    assert_string_equal(made->display_name, "Ada Lovelace");
    assert_string_equal(made->profile, "{\"university\": \"London\"}");
    assert_memory_equal(made->password, "$argon2id$", 10);
    assert_true(made->is_active && !made->is_admin && !made->email_verified);
    assert_true(made->created_us > 0 && made->last_login_us == 0);
    static const char *const logins[] = {"Ada", "ADA", "ada@example.com", "ADA@Example.COM",
                                         ("\xef\xbc\xa1"
                                          "da")};
    for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
        assert_true(account_find_login(&fixture->request, logins[i], &found, &fixture->err));
        assert_non_null(found);
        assert_string_equal(found->id, made->id);
    }
    assert_true(account_find(&fixture->request, made->id, &found, &fixture->err));
    assert_string_equal(found->email, "ada@example.com");
}

static void
finds_nobody_by_what_is_no_name(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *found = NULL;
    make(fixture, &ada);
    static const char *const logins[] = {
        "", "%", "' OR 1=1 --", "ada%", "Ada; DROP TABLE hearth.account", "a\\da", "$1"};
    for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
        assert_true(account_find_login(&fixture->request, logins[i], &found, &fixture->err));
        assert_null(found);
        assert_true(account_find(&fixture->request, logins[i], &found, &fixture->err));
        assert_null(found);
        assert_true(account_look_up(fixture->access.store, logins[i], &fixture->request.arena,
                                    &found, &fixture->err));
        assert_null(found);
    }
}

static void
tells_what_is_taken_whatever_its_case(void **state)
{
    struct access_fixture *fixture = *state;
    make(fixture, &ada);
    struct account_wish wish = {.user_name = "aDA", .email = "other@example.com"};
    assert_string_equal(complaint(fixture, &wish), "username is taken");
    wish = (struct account_wish){.user_name = "other", .email = "ADA@example.com"};
    assert_string_equal(complaint(fixture, &wish), "email is taken");
    wish.user_name = "ada";
    assert_string_equal(complaint(fixture, &wish), "username is taken");
    assert_string_equal(fixture->err.fields->next->path, "email");
}

static void
names_each_part_that_does_not_do(void **state)
{
    struct access_fixture *fixture = *state;
    struct account_wish wish = {
        .user_name = "a", .email = "b", .password = "c", .phone_number = "d"};
    complaint(fixture, &wish);
    const char *expected[] = {"phone_number", "password", "username", "email"};
    const struct field_error *field = fixture->err.fields;
    for (size_t i = 0; i < 4; i++, field = field->next)
        assert_string_equal(field->path, expected[i]);
    assert_null(field);
}

static void
lets_nobody_be_called_by_another_s_address(void **state)
{
    struct access_fixture *fixture = *state;
    struct account_wish wish = {.user_name = "ada@example.com", .email = "eve@example.com"};
    assert_string_equal(complaint(fixture, &wish),
                        "username must not be an e-mail address other than the account's own");
    wish.email = NULL;
    complaint(fixture, &wish);
    access_fixture_request(fixture);
    wish.email = "Ada@example.com";
    make(fixture, &wish);
}

static void
ties_an_identity_to_one_account_only(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account_wish wish = {.email = "ada@example.com",
                                      .email_verified = true,
                                      .provider = "google",
                                      .subject = "1234"};
    const struct account *found, *made = make(fixture, &wish);
    const char *id = made->id;
    assert_true(made->email_verified);
    assert_null(made->user_name);
    assert_null(made->password);
    assert_true(account_find_identity(&fixture->request, "google", "1234", &found, &fixture->err));
    assert_string_equal(found->id, id);
    assert_true(account_find_identity(&fixture->request, "wallet", "1234", &found, &fixture->err));
    assert_null(found);
    assert_true(account_link(&fixture->request, made, "wallet", "0xab", &fixture->err));
    assert_true(account_link(&fixture->request, made, "wallet", "0xab", &fixture->err));
    const struct list *identities = account_identities(&fixture->request, id, &fixture->err);
    assert_int_equal(identities->count, 2);
    const struct account *other = make(fixture, &(struct account_wish){.user_name = "other"});
    assert_false(account_link(&fixture->request, other, "wallet", "0xab", &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_CONFLICT);
    const struct account_wish again = {.provider = "google", .subject = "1234"};
    assert_string_equal(complaint(fixture, &again), "subject is taken");
}

static void
lists_accounts_a_page_at_a_time(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const names[] = {"first", "second", "third"};
    for (size_t i = 0; i < 3; i++)
        make(fixture, &(struct account_wish){.user_name = names[i]});
    struct account_search search = {.limit = 2};
    struct arena *arena = &fixture->request.arena;
    const struct list *page = account_list(fixture->access.store, &search, arena, &fixture->err);
    const struct account *rows = page->items;
    assert_int_equal(page->count, 2);
    assert_string_equal(rows[0].user_name, "third");
    search.before_id = rows[1].id;
    page = account_list(fixture->access.store, &search, arena, &fixture->err);
    assert_int_equal(page->count, 1);
    assert_string_equal(((const struct account *)page->items)->user_name, "first");
    search = (struct account_search){.text = "SEC", .limit = 10};
    page = account_list(fixture->access.store, &search, arena, &fixture->err);
    assert_int_equal(page->count, 1);
    search.text = "%";
    assert_int_equal(account_list(fixture->access.store, &search, arena, &fixture->err)->count, 0);
}

/* Each asks with a request of its own, whose arena ends. */
static size_t
count_old(struct access_fixture *fixture, char *marks)
{
    size_t old = 0;
    for (int i = 0; i < 200; i++) {
        char login[32];
        snprintf(login, sizeof(login), "nobody%d", i);
        access_fixture_request(fixture);
        const char *phc = account_stand_in(&fixture->request, login);
        assert_non_null(phc);
        marks[i] = strstr(phc, "t=1,") ? 'o' : 'n';
        old += marks[i] == 'o';
    }
    return old;
}

static void
a_login_of_nobody_costs_what_those_of_others_do(void **state)
{
    struct access_fixture *fixture = *state;
    char marks[201] = "", again[201] = "";
    assert_null(account_stand_in(&fixture->request, "nobody"));
    /* Three in four have a hash from before the settings changed. */
    fixture_sql(fixture->database,
                "INSERT INTO hearth.account (id, email, password)"
                " SELECT rpad(lpad(to_hex(1700000000000 + n * 1000000), 12, '0'), 32, '0')::uuid,"
                " n || '@example.com',"
                " '$argon2id$v=19$m=8,t=' || CASE WHEN n <= 75 THEN 1 ELSE 2 END || ',p=1$a$b'"
                " FROM generate_series(1, 100) AS n");
    size_t old = count_old(fixture, marks);
    assert_true(old > 110 && old < 190);
    assert_int_equal(count_old(fixture, again), old);
    assert_string_equal(marks, again);
}

static void
finds_a_stand_in_however_far_apart_ids_are(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database,
                "INSERT INTO hearth.account (id, email, password) VALUES"
                " ('00000000-0000-4000-8000-000000000000', 'first@example.com', '$first'),"
                " ('ffffffff-ffff-4fff-bfff-ffffffffffff', 'last@example.com', '$last')");
    for (int i = 0; i < 20; i++) {
        char login[32];
        snprintf(login, sizeof(login), "nobody%d", i);
        access_fixture_request(fixture);
        assert_string_equal(account_stand_in(&fixture->request, login), "$last");
    }
}

static void
keeps_nobody_out_where_no_stand_in_can_be_had(void **state)
{
    struct access_fixture *fixture = *state;
    make(fixture, &ada);
    assert_non_null(account_stand_in(&fixture->request, "nobody"));
    fixture_sql(fixture->database, "ALTER TABLE hearth.account RENAME COLUMN password TO secret");
    assert_null(account_stand_in(&fixture->request, "nobody"));
    assert_int_equal(fixture->err.code, ERROR_NONE);
}

static void
waits_for_the_waiting_lane_and_needs_a_database(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *found;
    fixture->request.may_wait = false;
    assert_false(account_find_login(&fixture->request, "ada", &found, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_WOULD_WAIT);
    error_clear(&fixture->err);
    struct access none = {.settings = &fixture->settings, .host = fixture->access.host};
    fixture->request.access = &none;
    assert_false(account_find_login(&fixture->request, "ada", &found, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_UNAVAILABLE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ACCESS_TEST(makes_an_account_and_finds_it_again),
        ACCESS_TEST(finds_nobody_by_what_is_no_name),
        ACCESS_TEST(tells_what_is_taken_whatever_its_case),
        ACCESS_TEST(names_each_part_that_does_not_do),
        ACCESS_TEST(lets_nobody_be_called_by_another_s_address),
        ACCESS_TEST(ties_an_identity_to_one_account_only),
        ACCESS_TEST(lists_accounts_a_page_at_a_time),
        ACCESS_TEST(a_login_of_nobody_costs_what_those_of_others_do),
        ACCESS_TEST(finds_a_stand_in_however_far_apart_ids_are),
        ACCESS_TEST(keeps_nobody_out_where_no_stand_in_can_be_had),
        ACCESS_TEST(waits_for_the_waiting_lane_and_needs_a_database),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
