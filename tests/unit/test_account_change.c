/* Changes of accounts, with all that follows from them. */
#include "access_fixture.h"

#include <pthread.h>

#include "access/account_change.h"
#include "access/password.h"
#include "access/postman.h"
#include "access/sign_in.h"
#include "access/throttle.h"

static const char password[] = "nine lanterns at dusk";

static const struct account *
make(struct access_fixture *fixture)
{
    const struct account_wish wish = {
        .user_name = "Ada", .email = "ada@example.com", .password = password};
    const struct account *account = NULL;
    assert_true(account_create(&fixture->request, &wish, &account, &fixture->err));
    return account;
}

static const struct account *
again(struct access_fixture *fixture, const char *id)
{
    const struct account *account = NULL;
    assert_true(account_find(&fixture->request, id, &account, &fixture->err));
    return account;
}

/* The token of the one mail in the folder, which is taken out of it; NULL where there is none. */
static const char *
take_mail(struct access_fixture *fixture)
{
    struct arena *arena = &fixture->request.arena;
    char command[256], *text = arena_alloc(arena, 8192);
    /* Soft line breaks of quoted-printable are undone. */
    snprintf(command, sizeof(command),
             "cd '%s' && cat *.eml 2>/dev/null | sed -e ':a' -e '/=\\r$/{N;s/=\\r\\n//;ba}'; rm -f "
             "*.eml",
             fixture->host->directory);
    FILE *pipe = popen(command, "r"); /* NOLINT(cert-env33-c): a test's own folder */
    text[fread(text, 1, 8191, pipe)] = '\0';
    pclose(pipe);
    char *token = strstr(text, "token=3D");
    if (!token)
        return NULL;
    token[8 + 64] = '\0';
    return token + 8;
}

static void
keeps_a_right_password_under_the_settings_of_today(void **state)
{
    struct access_fixture *fixture = *state;
    bool right = false, rehash = false;
    const struct account *account = make(fixture);
    fixture->settings.password_passes = 2;
    assert_true(password_verify(&fixture->request, account->password, password, &right, &rehash,
                                &fixture->err));
    assert_true(right && rehash);
    account_rehash(&fixture->request, account, password);
    account = again(fixture, account->id);
    assert_true(password_verify(&fixture->request, account->password, password, &right, &rehash,
                                &fixture->err));
    assert_true(right && !rehash);
}

static void
does_not_change_a_password_that_was_changed_meanwhile(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = make(fixture);
    assert_true(account_change_password(&fixture->request, account, "eleven harbours in fog", NULL,
                                        &fixture->err));
    assert_false(account_change_password(&fixture->request, account, "seven rivers of glass", NULL,
                                         &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_CONFLICT);
}

static void
makes_another_token_for_each_try_and_takes_one_once(void **state)
{
    struct access_fixture *fixture = *state;
    struct arena arena = {0};
    const struct account *account = make(fixture);
    postman_deliver(&fixture->access, &arena);
    const char *first = take_mail(fixture);
    assert_non_null(first);
    fixture_sql(fixture->database, "UPDATE hearth.mail SET next_at = now()");
    postman_deliver(&fixture->access, &arena);
    const char *second = take_mail(fixture);
    assert_string_not_equal(first, second);
    assert_false(account_verify_email(&fixture->request, first, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_VALIDATION_FAILED);
    error_clear(&fixture->err);
    assert_true(account_verify_email(&fixture->request, second, &fixture->err));
    assert_true(again(fixture, account->id)->email_verified);
    assert_false(account_verify_email(&fixture->request, second, &fixture->err));
    arena_release(&arena);
}

static void
tries_a_mail_again_after_a_while_only(void **state)
{
    struct access_fixture *fixture = *state;
    struct arena arena = {0};
    char folder[] = "/nonexistent";
    make(fixture);
    fixture->settings.mailbox_directory = folder;
    postman_deliver(&fixture->access, &arena);
    fixture->settings.mailbox_directory = fixture->host->directory;
    postman_deliver(&fixture->access, &arena);
    assert_null(take_mail(fixture));
    fixture_sql(fixture->database,
                "DO $$ BEGIN ASSERT (SELECT tries = 1 AND next_at > now() + interval '20 s' AND "
                "next_at < now() + interval '31 s' FROM hearth.mail); END $$;"
                "UPDATE hearth.mail SET next_at = now()");
    postman_deliver(&fixture->access, &arena);
    assert_non_null(take_mail(fixture));
    arena_release(&arena);
}

/* Whether the mail that a new account of this name gets begins so. */
static bool
greets(struct access_fixture *fixture, const char *name, const char *greeting)
{
    struct arena arena = {0};
    const struct account_wish wish = {
        .user_name = name, .email = "ada@example.com", .display_name = "Win at evil.example"};
    const struct account *account = NULL;
    char command[256];
    assert_true(account_create(&fixture->request, &wish, &account, &fixture->err));
    postman_deliver(&fixture->access, &arena);
    snprintf(command, sizeof(command), "cd '%s' && grep -q '^%s' *.eml && ! grep -q evil *.eml",
             fixture->host->directory, greeting);
    bool found = system(command) == 0; /* NOLINT(cert-env33-c): a test's own folder */
    assert_non_null(take_mail(fixture));
    assert_true(account_delete(&fixture->request, account, &fixture->err));
    arena_release(&arena);
    return found;
}

static void
greets_by_no_name_that_could_be_a_link(void **state)
{
    struct access_fixture *fixture = *state;
    assert_true(greets(fixture, "Ada", "Hello Ada,"));
    assert_true(greets(fixture, "evil.example", "Hello,"));
    assert_true(greets(fixture, "ada@example.com", "Hello,"));
    assert_true(greets(fixture, NULL, "Hello,"));
}

static void
writes_a_reset_for_nobody_that_is_sent_to_nobody(void **state)
{
    struct access_fixture *fixture = *state;
    struct arena arena = {0};
    const char *id = "";
    assert_true(postman_add_reset(&fixture->request, "nobody@example.com", &id, &fixture->err));
    assert_null(id);
    fixture_sql(fixture->database,
                "DO $$ BEGIN ASSERT (SELECT count(*) = 1 FROM hearth.mail); END $$");
    postman_deliver(&fixture->access, &arena);
    assert_null(take_mail(fixture));
    fixture_sql(fixture->database,
                "DO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM hearth.mail); END $$");
    arena_release(&arena);
}

static void
leaves_a_token_good_whose_password_does_not_do(void **state)
{
    struct access_fixture *fixture = *state;
    struct arena arena = {0};
    const char *id, *token;
    const struct account *account = make(fixture);
    postman_deliver(&fixture->access, &arena);
    take_mail(fixture);
    assert_true(postman_add_reset(&fixture->request, "ADA@example.com", &id, &fixture->err));
    assert_string_equal(id, account->id);
    postman_deliver(&fixture->access, &arena);
    token = take_mail(fixture);
    assert_false(account_reset_password(&fixture->request, NULL, token, "short", &fixture->err));
    assert_string_equal(fixture->err.fields->path, "password");
    error_clear(&fixture->err);
    assert_true(account_reset_password(&fixture->request, id, token, "eleven harbours in fog",
                                       &fixture->err));
    assert_false(account_reset_password(&fixture->request, id, token, "eleven harbours in fog",
                                        &fixture->err));
    assert_string_equal(fixture->err.fields->path, "token");
    arena_release(&arena);
}

static void
deletes_an_account_with_its_budgets(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = make(fixture);
    char sql[256];
    snprintf(sql, sizeof(sql), "SELECT hearth.budget_set('account:%s', 'money', 'day', 5)",
             account->id);
    fixture_sql(fixture->database, sql);
    assert_true(account_delete(&fixture->request, account, &fixture->err));
    assert_null(again(fixture, account->id));
    fixture_sql(fixture->database,
                "DO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM hearth.budget) AND (SELECT count(*) "
                "= 0 FROM hearth.mail) AND (SELECT count(*) > 0 FROM hearth.revocation); END $$");
    assert_false(account_delete(&fixture->request, account, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_NOT_FOUND);
}

static void
knows_no_account_by_an_id_in_capitals(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = make(fixture);
    char *capitals = arena_strndup(&fixture->request.arena, account->id, strlen(account->id));
    for (char *at = capitals; *at; at++)
        *at = *at >= 'a' ? (char)(*at - 'a' + 'A') : *at;
    assert_string_not_equal(capitals, account->id);
    assert_null(again(fixture, capitals));
    assert_false(account_set(&fixture->request, capitals, ACCOUNT_ACTIVE, false, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_NOT_FOUND);
    error_clear(&fixture->err);
    assert_true(again(fixture, account->id)->is_active);
}

static void
changes_all_of_an_account_or_nothing(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = make(fixture);
    struct account_change change = {.user_name = "Countess", .email = "nobody"};
    assert_false(account_change(&fixture->request, account, &change, &fixture->err));
    assert_string_equal(fixture->err.fields->path, "email");
    error_clear(&fixture->err);
    assert_string_equal(again(fixture, account->id)->user_name, "Ada");
    change.email = "countess@example.com";
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    account = again(fixture, account->id);
    assert_string_equal(account->user_name, "Countess");
    assert_string_equal(account->email, "ada@example.com");
    assert_string_equal(account->pending_email, "countess@example.com");
}

/* The token of the one mail of a kind. */
static const char *
token_of(struct access_fixture *fixture, const char *email)
{
    struct arena arena = {0};
    char sql[300];
    snprintf(sql, sizeof(sql), "DELETE FROM hearth.mail WHERE hash IS NULL AND email <> '%s'",
             email);
    fixture_sql(fixture->database, sql);
    postman_deliver(&fixture->access, &arena);
    arena_release(&arena);
    return take_mail(fixture);
}

static const struct account *
verified(struct access_fixture *fixture)
{
    const struct account *account = make(fixture);
    const char *token = token_of(fixture, "ada@example.com");
    assert_true(account_verify_email(&fixture->request, token, &fixture->err));
    return again(fixture, account->id);
}

static const struct account *
by_login(struct access_fixture *fixture, const char *login)
{
    const struct account *account = NULL;
    assert_true(account_find_login(&fixture->request, login, &account, &fixture->err));
    return account;
}

static void
another_address_is_the_account_s_when_it_is_verified(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture);
    const struct account_change change = {.email = "countess@example.com"};
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    assert_null(by_login(fixture, "countess@example.com"));
    assert_true(by_login(fixture, "ada@example.com")->email_verified);
    const char *token = token_of(fixture, "countess@example.com");
    assert_non_null(token);
    assert_true(account_verify_email(&fixture->request, token, &fixture->err));
    account = by_login(fixture, "countess@example.com");
    assert_true(account->email_verified);
    assert_null(account->pending_email);
    assert_null(by_login(fixture, "ada@example.com"));
}

static void
the_present_address_drops_one_that_waits(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture);
    struct account_change change = {.email = "countess@example.com"};
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    const char *token = token_of(fixture, "countess@example.com");
    change.email = "ADA@example.com";
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    assert_null(again(fixture, account->id)->pending_email);
    assert_true(again(fixture, account->id)->email_verified);
    assert_false(account_verify_email(&fixture->request, token, &fixture->err));
}

static void
another_password_drops_an_address_that_waits(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture);
    const struct account_change change = {.email = "eve@example.com"};
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    assert_true(account_change_password(&fixture->request, account, "eleven harbours in fog", NULL,
                                        &fixture->err));
    assert_null(again(fixture, account->id)->pending_email);
}

static void
the_first_address_has_the_last_word(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture);
    struct account_change change = {.email = "eve@example.com"};
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    fixture_sql(fixture->database, "CREATE TABLE kept AS SELECT * FROM hearth.mail"
                                   " WHERE kind = 'email_undo'");
    const char *token = token_of(fixture, "eve@example.com");
    assert_true(account_verify_email(&fixture->request, token, &fixture->err));
    fixture_sql(fixture->database, "INSERT INTO hearth.mail SELECT * FROM kept");
    const char *first = token_of(fixture, "ada@example.com");
    /* Whoever took it over goes on, and would undo the undoing. */
    account = again(fixture, account->id);
    change.email = "mallory@example.com";
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    fixture_sql(fixture->database, "DELETE FROM hearth.mail WHERE email LIKE 'mallory%'");
    const char *second = token_of(fixture, "eve@example.com");
    assert_true(account_undo_email(&fixture->request, second, &fixture->err));
    assert_true(account_undo_email(&fixture->request, first, &fixture->err));
    account = again(fixture, account->id);
    assert_string_equal(account->email, "ada@example.com");
    assert_true(account->email_verified);
    assert_null(account->password);
    assert_false(account_undo_email(&fixture->request, second, &fixture->err));
    assert_false(account_undo_email(&fixture->request, first, &fixture->err));
}

static void
nobody_gets_an_address_that_its_owner_may_have_back(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture), *other;
    const struct account_change change = {.email = "eve@example.com"};
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    fixture_sql(fixture->database,
                "UPDATE hearth.account SET email = pending_email, pending_email = NULL");
    const struct account_wish wish = {.email = "Ada@example.com"};
    assert_false(account_create(&fixture->request, &wish, &other, &fixture->err));
    assert_string_equal(fixture->err.fields->path, "email");
}

/* A change of its own request that waits in line for the account. */
struct change_in_line {
    struct request request;
    struct error err;
    const struct account *account;
    const char *token;
    const char *email, *password; /* what a stranger who is signed in asks for */
    bool (*make)(struct change_in_line *line);
    bool is_made;
    pthread_t thread;
};

static void *
run_in_line(void *data)
{
    struct change_in_line *line = data;
    line->is_made = line->make(line);
    return NULL;
}

static void
line_up(struct access_fixture *fixture, struct change_in_line *line, const char *place)
{
    static const char waiting[] =
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'";
    int tries = 1000;
    line->request = fixture->request;
    line->request.arena = (struct arena){0};
    assert_int_equal(pthread_create(&line->thread, NULL, run_in_line, line), 0);
    while (strcmp(fixture_ask(fixture->database, waiting), place) != 0)
        assert_true(tries-- > 0);
}

/* Has both queue for the account, first come, first served, and lets them go. */
static void
run_both(struct access_fixture *fixture, struct change_in_line *first,
         struct change_in_line *second)
{
    static const struct query hold = {"hold", "SELECT FROM hearth.account FOR UPDATE", 0,
                                      .columns = NULL};
    struct transaction *transaction =
        transaction_begin(fixture->access.store, &fixture->request.arena, &fixture->err);
    assert_non_null(transaction);
    assert_non_null(
        transaction_query(transaction, &hold, NULL, &fixture->request.arena, &fixture->err));
    line_up(fixture, first, "1");
    line_up(fixture, second, "2");
    assert_true(transaction_end(transaction, true, &fixture->err));
    pthread_join(first->thread, NULL);
    pthread_join(second->thread, NULL);
    if (!first->is_made)
        fail_msg("the first did not go through: %s", first->err.detail);
}

static void
leave_line(struct change_in_line *line)
{
    arena_release(&line->request.arena);
}

static bool
undo_in_line(struct change_in_line *line)
{
    return account_undo_email(&line->request, line->token, &line->err);
}

static bool
reset_in_line(struct change_in_line *line)
{
    return account_reset_password(&line->request, NULL, line->token, "seven rivers of glass",
                                  &line->err);
}

static bool
change_in_line(struct change_in_line *line)
{
    const struct account_change change = {.email = line->email};
    return line->email ? account_change(&line->request, line->account, &change, &line->err)
                       : account_change_password(&line->request, line->account, line->password,
                                                 line->request.caller->sign_in_id, &line->err);
}

/* Who is signed in to an account: what they ask for is asked by their sign-in. */
static const struct caller *
signed_in(struct access_fixture *fixture, const struct account *account)
{
    static const char sign_in_id[] = "01890000-0000-7000-8000-00000000000a";
    struct caller *caller = arena_alloc(&fixture->request.arena, sizeof(*caller));
    fixture_sql(fixture->database,
                "INSERT INTO hearth.sign_in (id, account_id, method, expires_at)"
                "    SELECT '01890000-0000-7000-8000-00000000000a', id, 'google',"
                "           now() + interval '1 hour' FROM hearth.account");
    *caller = (struct caller){
        .kind = CALLER_TOKEN, .tenant = "ada", .account_id = account->id, .sign_in_id = sign_in_id};
    return caller;
}

/* Somebody who is signed in moves the account to eve@example.com; returns the link of the owner. */
static const char *
moved(struct access_fixture *fixture, const struct account **account)
{
    const struct account_change change = {.email = "eve@example.com"};
    *account = verified(fixture);
    assert_true(account_change(&fixture->request, *account, &change, &fixture->err));
    fixture_sql(fixture->database, "CREATE TABLE kept AS SELECT * FROM hearth.mail"
                                   " WHERE kind = 'email_undo'");
    const char *token = token_of(fixture, "eve@example.com");
    assert_true(account_verify_email(&fixture->request, token, &fixture->err));
    fixture_sql(fixture->database, "INSERT INTO hearth.mail SELECT * FROM kept");
    token = token_of(fixture, "ada@example.com");
    *account = again(fixture, (*account)->id);
    assert_string_equal((*account)->email, "eve@example.com");
    return token;
}

static void
no_change_that_is_under_way_survives_the_link_that_undoes_it(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account;
    const char *token = moved(fixture, &account);
    struct change_in_line undo = {.token = token, .make = undo_in_line};
    struct change_in_line change = {
        .account = account, .email = "mallory@example.com", .make = change_in_line};
    fixture->request.caller = signed_in(fixture, account);
    run_both(fixture, &undo, &change);
    assert_false(change.is_made);
    assert_int_equal(change.err.code, ERROR_CONFLICT);
    account = again(fixture, account->id);
    assert_string_equal(account->email, "ada@example.com");
    assert_null(account->pending_email);
    assert_string_equal(fixture_ask(fixture->database,
                                    "SELECT count(*) FROM hearth.mail WHERE email LIKE 'eve%'"
                                    " OR email LIKE 'mallory%'"),
                        "0");
    leave_line(&undo);
    leave_line(&change);
}

static void
no_password_that_is_under_way_survives_the_link_that_undoes_a_change(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account;
    const char *token = moved(fixture, &account);
    fixture_sql(fixture->database, "UPDATE hearth.account SET password = NULL");
    account = again(fixture, account->id);
    struct change_in_line undo = {.token = token, .make = undo_in_line};
    struct change_in_line change = {
        .account = account, .password = "eleven harbours in fog", .make = change_in_line};
    fixture->request.caller = signed_in(fixture, account);
    run_both(fixture, &undo, &change);
    assert_false(change.is_made);
    assert_int_equal(change.err.code, ERROR_CONFLICT);
    assert_null(again(fixture, account->id)->password);
    leave_line(&undo);
    leave_line(&change);
}

static bool
link_in_line(struct change_in_line *line)
{
    return account_link(&line->request, line->account, "google", "4712", &line->err);
}

static bool
sign_in_in_line(struct change_in_line *line)
{
    const struct sign_in_wish wish = {line->account->id, "google", .cookie = false};
    struct sign_in sign_in;
    return sign_in_begin(&line->request, &wish, &sign_in, &line->err);
}

static void
no_identity_that_is_under_way_survives_the_link_that_undoes_a_change(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account;
    const char *token = moved(fixture, &account);
    struct change_in_line undo = {.token = token, .make = undo_in_line};
    struct change_in_line change = {.account = account, .make = link_in_line};
    fixture->request.caller = signed_in(fixture, account);
    run_both(fixture, &undo, &change);
    assert_false(change.is_made);
    assert_int_equal(change.err.code, ERROR_CONFLICT);
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.identity"),
                        "0");
    leave_line(&undo);
    leave_line(&change);
}

static void
no_sign_in_by_an_identity_survives_the_link_that_undoes_a_change(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account;
    const char *token = moved(fixture, &account);
    struct change_in_line undo = {.token = token, .make = undo_in_line};
    struct change_in_line change = {.account = account, .make = sign_in_in_line};
    fixture_sql(fixture->database, "INSERT INTO hearth.identity (provider, subject, account_id)"
                                   " SELECT 'google', '4712', id FROM hearth.account");
    run_both(fixture, &undo, &change);
    assert_false(change.is_made);
    assert_int_equal(change.err.code, ERROR_UNAUTHORIZED);
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.sign_in"
                                                       " WHERE ended_at IS NULL"),
                        "0");
    leave_line(&undo);
    leave_line(&change);
}

static void
no_change_of_a_sign_in_survives_its_end(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture);
    const char *id;
    assert_true(postman_add_reset(&fixture->request, account->email, &id, &fixture->err));
    const char *token = token_of(fixture, account->email);
    struct change_in_line reset = {.token = token, .make = reset_in_line};
    struct change_in_line change = {
        .account = account, .email = "mallory@example.com", .make = change_in_line};
    fixture->request.caller = signed_in(fixture, account);
    run_both(fixture, &reset, &change);
    assert_false(change.is_made);
    assert_int_equal(change.err.code, ERROR_CONFLICT);
    assert_null(again(fixture, account->id)->pending_email);
    leave_line(&reset);
    leave_line(&change);
}

static bool
verify_in_line(struct change_in_line *line)
{
    return account_verify_email(&line->request, line->token, &line->err);
}

static void
no_token_confirms_an_address_that_was_dropped_meanwhile(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture);
    const struct account_change wish = {.email = "mallory@example.com"};
    assert_true(account_change(&fixture->request, account, &wish, &fixture->err));
    const char *token = token_of(fixture, "mallory@example.com");
    struct change_in_line change = {
        .account = account, .password = "eleven harbours in fog", .make = change_in_line};
    struct change_in_line verify = {.token = token, .make = verify_in_line};
    fixture->request.caller = signed_in(fixture, account);
    run_both(fixture, &change, &verify);
    assert_false(verify.is_made);
    assert_int_equal(verify.err.code, ERROR_VALIDATION_FAILED);
    assert_string_equal(again(fixture, account->id)->email, "ada@example.com");
    leave_line(&change);
    leave_line(&verify);
}

/* However long it waited: who reads the former address sees that it is the account's no more. */
static void
a_confirmed_address_gives_the_former_one_a_week_to_undo_it(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture);
    const struct account_change change = {.email = "eve@example.com"};
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    const char *token = token_of(fixture, "eve@example.com");
    fixture_sql(fixture->database, "DELETE FROM hearth.mail WHERE kind = 'email_undo'");
    assert_true(account_verify_email(&fixture->request, token, &fixture->err));
    token = token_of(fixture, "ada@example.com");
    assert_non_null(token);
    assert_true(account_undo_email(&fixture->request, token, &fixture->err));
    assert_string_equal(again(fixture, account->id)->email, "ada@example.com");
}

static void
without_mail_the_present_address_stays_verified_and_another_drops_one_that_waits(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = verified(fixture);
    struct account_change change = {.email = "countess@example.com"};
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    fixture->settings.mailbox_directory = "";
    change.email = "ADA@example.com";
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    account = again(fixture, account->id);
    assert_string_equal(account->email, "ada@example.com");
    assert_true(account->email_verified);
    assert_null(account->pending_email);
    fixture_sql(fixture->database, "UPDATE hearth.account SET pending_email = 'eve@example.com'");
    change.email = "countess@example.com";
    assert_true(account_change(&fixture->request, account, &change, &fixture->err));
    account = again(fixture, account->id);
    assert_string_equal(account->email, "countess@example.com");
    assert_false(account->email_verified);
    assert_null(account->pending_email);
}

static void
no_password_is_set_for_the_first_time_twice(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = make(fixture);
    fixture_sql(fixture->database, "UPDATE hearth.account SET password = NULL");
    account = again(fixture, account->id);
    assert_true(account_change_password(&fixture->request, account, "eleven harbours in fog", NULL,
                                        &fixture->err));
    assert_false(account_change_password(&fixture->request, account, "seven rivers of glass", NULL,
                                         &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_CONFLICT);
}

static void
counts_no_try_that_did_not_fail(void **state)
{
    struct access_fixture *fixture = *state;
    for (int i = 0; i < 30; i++) {
        assert_true(throttle_take(&fixture->request, THROTTLE_PASSWORD, "x", &fixture->err));
        throttle_give_back(&fixture->request, THROTTLE_PASSWORD, "x");
    }
    for (int i = 0; i < 10; i++)
        assert_true(throttle_take(&fixture->request, THROTTLE_PASSWORD, "x", &fixture->err));
    assert_false(throttle_take(&fixture->request, THROTTLE_PASSWORD, "x", &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_RATE_LIMITED);
    assert_int_equal(fixture->err.retry_after_s, 1);
    error_clear(&fixture->err);
    assert_true(throttle_take(&fixture->request, THROTTLE_PASSWORD, "y", &fixture->err));
    fixture->settings.rate_limiting = false;
    assert_true(throttle_take(&fixture->request, THROTTLE_PASSWORD, "x", &fixture->err));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ACCESS_TEST(keeps_a_right_password_under_the_settings_of_today),
        ACCESS_TEST(does_not_change_a_password_that_was_changed_meanwhile),
        ACCESS_TEST(makes_another_token_for_each_try_and_takes_one_once),
        ACCESS_TEST(tries_a_mail_again_after_a_while_only),
        ACCESS_TEST(greets_by_no_name_that_could_be_a_link),
        ACCESS_TEST(writes_a_reset_for_nobody_that_is_sent_to_nobody),
        ACCESS_TEST(leaves_a_token_good_whose_password_does_not_do),
        ACCESS_TEST(deletes_an_account_with_its_budgets),
        ACCESS_TEST(knows_no_account_by_an_id_in_capitals),
        ACCESS_TEST(changes_all_of_an_account_or_nothing),
        ACCESS_TEST(another_address_is_the_account_s_when_it_is_verified),
        ACCESS_TEST(the_present_address_drops_one_that_waits),
        ACCESS_TEST(another_password_drops_an_address_that_waits),
        ACCESS_TEST(the_first_address_has_the_last_word),
        ACCESS_TEST(nobody_gets_an_address_that_its_owner_may_have_back),
        ACCESS_TEST(no_change_that_is_under_way_survives_the_link_that_undoes_it),
        ACCESS_TEST(no_password_that_is_under_way_survives_the_link_that_undoes_a_change),
        ACCESS_TEST(no_identity_that_is_under_way_survives_the_link_that_undoes_a_change),
        ACCESS_TEST(no_sign_in_by_an_identity_survives_the_link_that_undoes_a_change),
        ACCESS_TEST(no_change_of_a_sign_in_survives_its_end),
        ACCESS_TEST(no_token_confirms_an_address_that_was_dropped_meanwhile),
        ACCESS_TEST(a_confirmed_address_gives_the_former_one_a_week_to_undo_it),
        ACCESS_TEST(
            without_mail_the_present_address_stays_verified_and_another_drops_one_that_waits),
        ACCESS_TEST(no_password_is_set_for_the_first_time_twice),
        ACCESS_TEST(counts_no_try_that_did_not_fail),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
