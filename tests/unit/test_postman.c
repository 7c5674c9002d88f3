/* The outbox: what is sent, when it is tried again, when it is given up, and what a token of it is
 * good for. */
#include "access_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

#include "../lib/smtp_stub.h"
#include "access/postman.h"
#include "base/log.h"

#define ADA "01890000-0000-7000-8000-00000000000a"
#define BOB "01890000-0000-7000-8000-00000000000b"
#define STRANGER "01890000-0000-7000-8000-00000000000c"

enum { AT_ONCE = 4 };

static int
postman_set_up(void **state)
{
    access_set_up(state);
    struct access_fixture *fixture = *state;
    log_set_level(LOG_LEVEL_ERROR + 1);
    fixture_sql(fixture->database,
                "INSERT INTO hearth.account (id, user_name, email) VALUES"
                "    ('" ADA "', 'ada', 'Ada@example.org'), ('" BOB "', 'bob', 'bob@example.org')");
    return 0;
}

static bool
add_in(struct access_fixture *fixture, const struct post *post, bool commits)
{
    struct transaction *transaction =
        transaction_begin(fixture->access.store, &fixture->request.arena, &fixture->err);
    assert_non_null(transaction);
    bool added = postman_add(transaction, &fixture->request, post, &fixture->err);
    assert_int_equal(transaction_end(transaction, commits, &fixture->err), commits && added);
    return added;
}

static void
add(struct access_fixture *fixture, enum post_kind kind, const char *account_id, const char *email)
{
    assert_true(add_in(fixture, &(struct post){kind, account_id, email}, true));
}

static void
deliver(struct access_fixture *fixture)
{
    postman_deliver(&fixture->access, &fixture->request.arena);
}

/* How many mails lie in the folder; *text is one of them, good until the next call. */
static size_t
mails(struct access_fixture *fixture, const char **text)
{
    static char bytes[8192];
    size_t count = 0;
    DIR *folder = opendir(fixture->host->directory);
    assert_non_null(folder);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): this thread's own stream */
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *end = strrchr(entry->d_name, '.');
        if (!end || strcmp(end, ".eml") != 0)
            continue;
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", fixture->host->directory, entry->d_name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        bytes[fread(bytes, 1, sizeof(bytes) - 1, file)] = '\0';
        fclose(file);
        count++;
    }
    closedir(folder);
    if (text)
        *text = bytes;
    return count;
}

static void
burn_mails(struct access_fixture *fixture)
{
    char command[160];
    snprintf(command, sizeof(command), "rm -f '%s'/*.eml", fixture->host->directory);
    fixture_shell(command);
}

/* The message without the soft line ends and escapes of quoted-printable that links have. */
static const char *
plain(const char *text)
{
    static char out[8192];
    size_t used = 0;
    while (*text) {
        if (strncmp(text, "=\r\n", 3) == 0) {
            text += 3;
        } else if (strncmp(text, "=3D", 3) == 0) {
            out[used++] = '=';
            text += 3;
        } else {
            out[used++] = *text++;
        }
    }
    out[used] = '\0';
    return out;
}

/* The token of the one mail that lies in the folder, which is taken out. */
static const char *
token_of_mail(struct access_fixture *fixture)
{
    static char token[65];
    const char *text;
    assert_int_equal(mails(fixture, &text), 1);
    const char *at = strstr(plain(text), "&token=");
    assert_non_null(at);
    snprintf(token, sizeof(token), "%.64s", at + strlen("&token="));
    assert_int_equal(strspn(token, "0123456789abcdef"), 64);
    burn_mails(fixture);
    return token;
}

static const char *
sent_token(struct access_fixture *fixture, enum post_kind kind, const char *account_id,
           const char *email)
{
    add(fixture, kind, account_id, email);
    deliver(fixture);
    return token_of_mail(fixture);
}

/* Whose it is: the account's id, or "nobody". */
static const char *
looked(struct access_fixture *fixture, enum post_kind kind, const char *token)
{
    struct post_token found;
    assert_true(postman_look(&fixture->request, kind, token, &found, &fixture->err));
    return found.account_id ? found.account_id : "nobody";
}

static const char *
taken(struct access_fixture *fixture, enum post_kind kind, const char *token)
{
    struct post_token found;
    struct transaction *transaction =
        transaction_begin(fixture->access.store, &fixture->request.arena, &fixture->err);
    assert_true(postman_take(transaction, &fixture->request, kind, token, &found, &fixture->err));
    assert_true(transaction_end(transaction, true, &fixture->err));
    return found.account_id ? found.account_id : "nobody";
}

static void
where_mail_is_not_set_up_nothing_waits(void **state)
{
    struct access_fixture *fixture = *state;
    const char *account_id = "unset";
    fixture->settings.mailbox_directory = "";
    add(fixture, POST_VERIFY, ADA, "ada@example.org");
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.mail"), "0");
    assert_false(
        postman_add_reset(&fixture->request, "ada@example.org", &account_id, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_UNAVAILABLE);
    assert_null(account_id);
    deliver(fixture);
}

static void
a_mail_goes_out_with_the_change_it_belongs_to_or_not_at_all(void **state)
{
    struct access_fixture *fixture = *state;
    const struct post post = {POST_VERIFY, ADA, "ada@example.org"};
    assert_true(add_in(fixture, &post, false));
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 0);
    assert_true(add_in(fixture, &post, true));
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 1);
}

static void
each_kind_says_what_it_is_about_and_links_where_it_should(void **state)
{
    struct access_fixture *fixture = *state;
    static const struct {
        enum post_kind kind;
        const char *subject, *link;
    } kinds[] = {
        {POST_VERIFY, "Subject: Confirm your e-mail address\r\n",
         "https://example.org/verify-email#uid=" ADA "&token="},
        {POST_RESET, "Subject: Set a new password\r\n",
         "https://example.org/reset-password#uid=" ADA "&token="},
        {POST_PASSWORD_CHANGED, "Subject: Your password was changed\r\n",
         "\r\n\r\nhttps://example.org\r\n"},
        {POST_EMAIL_CHANGED, "Subject: Your e-mail address is to change\r\n",
         "\r\n\r\nhttps://example.org\r\n"},
        {POST_EMAIL_UNDO, "Subject: Your e-mail address changes\r\n",
         "https://example.org/undo-email#uid=" ADA "&token="},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *text;
        add(fixture, kinds[i].kind, ADA, "ada@example.org");
        deliver(fixture);
        assert_int_equal(mails(fixture, &text), 1);
        text = plain(text);
        assert_non_null(strstr(text, kinds[i].subject));
        assert_non_null(strstr(text, kinds[i].link));
        assert_non_null(strstr(text, "To: <ada@example.org>\r\n"));
        assert_non_null(strstr(text, "Hello ada,"));
        assert_non_null(strstr(text, "at Hearth"));
        assert_null(strchr(text, '%'));
        burn_mails(fixture);
    }
}

static void
a_token_is_in_the_mail_alone(void **state)
{
    struct access_fixture *fixture = *state;
    char sql[256], first[65];
    snprintf(first, sizeof(first), "%s", sent_token(fixture, POST_VERIFY, ADA, "ada@example.org"));
    snprintf(sql, sizeof(sql),
             "SELECT count(*), count(*) FILTER (WHERE mail::text LIKE '%%%s%%'),"
             "    count(*) FILTER (WHERE hash = sha256('%s')) FROM hearth.mail",
             first, first);
    assert_string_equal(fixture_ask(fixture->database, sql), "1|0|1");
    assert_string_not_equal(sent_token(fixture, POST_VERIFY, ADA, "ada@example.org"), first);
}

static void
a_token_is_taken_once_and_looked_at_as_often_as_one_likes(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = sent_token(fixture, POST_RESET, ADA, "ada@example.org");
    assert_string_equal(looked(fixture, POST_RESET, token), ADA);
    assert_string_equal(looked(fixture, POST_RESET, token), ADA);
    assert_string_equal(taken(fixture, POST_RESET, token), ADA);
    assert_string_equal(looked(fixture, POST_RESET, token), "nobody");
    assert_string_equal(taken(fixture, POST_RESET, token), "nobody");
}

static void
a_token_is_good_for_its_own_kind_and_as_a_whole(void **state)
{
    struct access_fixture *fixture = *state;
    static const enum post_kind others[] = {POST_VERIFY, POST_PASSWORD_CHANGED, POST_EMAIL_CHANGED};
    char token[66];
    snprintf(token, sizeof(token), "%s", sent_token(fixture, POST_RESET, ADA, "ada@example.org"));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_string_equal(looked(fixture, others[i], token), "nobody");
        assert_string_equal(taken(fixture, others[i], token), "nobody");
    }
    assert_string_equal(taken(fixture, POST_RESET, ""), "nobody");
    token[63] = token[63] == '0' ? '1' : '0';
    assert_string_equal(taken(fixture, POST_RESET, token), "nobody");
}

static void
a_token_is_good_for_an_hour_or_a_day(void **state)
{
    struct access_fixture *fixture = *state;
    static const char minutes[] = "SELECT string_agg(round(extract(epoch FROM expires_at - now())"
                                  " / 60)::text, ',' ORDER BY kind) FROM hearth.mail";
    char token[65];
    add(fixture, POST_VERIFY, ADA, "ada@example.org");
    snprintf(token, sizeof(token), "%s", (deliver(fixture), token_of_mail(fixture)));
    add(fixture, POST_RESET, ADA, "ada@example.org");
    assert_string_equal(fixture_ask(fixture->database, minutes), "60,1440");
    fixture_sql(fixture->database,
                "UPDATE hearth.mail SET expires_at = now() + interval '1 minute'");
    assert_string_equal(looked(fixture, POST_VERIFY, token), ADA);
    fixture_sql(fixture->database,
                "UPDATE hearth.mail SET expires_at = now() - interval '1 second'");
    assert_string_equal(looked(fixture, POST_VERIFY, token), "nobody");
    assert_string_equal(taken(fixture, POST_VERIFY, token), "nobody");
}

static void
a_token_is_good_while_its_account_is_active_and_has_the_address_it_went_to(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = sent_token(fixture, POST_VERIFY, ADA, "ADA@example.org");
    assert_string_equal(looked(fixture, POST_VERIFY, token), ADA);
    fixture_sql(fixture->database, "UPDATE hearth.account SET is_active = false");
    assert_string_equal(looked(fixture, POST_VERIFY, token), "nobody");
    assert_string_equal(taken(fixture, POST_VERIFY, token), "nobody");
    fixture_sql(fixture->database,
                "UPDATE hearth.account SET is_active = true, email = 'x' || email");
    assert_string_equal(looked(fixture, POST_VERIFY, token), "nobody");
    assert_string_equal(taken(fixture, POST_VERIFY, token), "nobody");
    fixture_sql(fixture->database, "UPDATE hearth.account SET email = 'ada@EXAMPLE.org'"
                                   "    WHERE user_name = 'ada'");
    assert_string_equal(taken(fixture, POST_VERIFY, token), ADA);
}

static void
with_one_token_go_all_others_of_its_kind_and_account(void **state)
{
    struct access_fixture *fixture = *state;
    char first[65], verify[65], bobs[65];
    snprintf(first, sizeof(first), "%s", sent_token(fixture, POST_RESET, ADA, "ada@example.org"));
    snprintf(verify, sizeof(verify), "%s",
             sent_token(fixture, POST_VERIFY, ADA, "ada@example.org"));
    snprintf(bobs, sizeof(bobs), "%s", sent_token(fixture, POST_RESET, BOB, "bob@example.org"));
    const char *second = sent_token(fixture, POST_RESET, ADA, "ada@example.org");
    add(fixture, POST_RESET, ADA, "ada@example.org"); /* not sent yet */
    assert_string_equal(taken(fixture, POST_RESET, second), ADA);
    assert_string_equal(looked(fixture, POST_RESET, first), "nobody");
    assert_string_equal(looked(fixture, POST_VERIFY, verify), ADA);
    assert_string_equal(looked(fixture, POST_RESET, bobs), BOB);
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 0);
}

static void
whoever_asks_for_an_address_that_nobody_has_leaves_as_much_and_nothing_is_sent(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const nobodys[] = {"eve@example.org", "bob@example.org"};
    const char *account_id;
    fixture_sql(fixture->database,
                "UPDATE hearth.account SET is_active = false WHERE id = '" BOB "'");
    for (size_t i = 0; i < 2; i++) {
        assert_true(postman_add_reset(&fixture->request, nobodys[i], &account_id, &fixture->err));
        assert_null(account_id);
    }
    assert_string_equal(fixture_ask(fixture->database,
                                    "SELECT count(*), count(email), count(account_id)"
                                    " FROM hearth.mail WHERE kind = 'reset'"),
                        "2|0|0");
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 0);
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.mail"), "0");
    assert_true(
        postman_add_reset(&fixture->request, "ADA@example.org", &account_id, &fixture->err));
    assert_string_equal(account_id, ADA);
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 1);
}

static void
nothing_is_sent_twice(void **state)
{
    struct access_fixture *fixture = *state;
    static const enum post_kind kinds[] = {POST_VERIFY, POST_RESET, POST_PASSWORD_CHANGED,
                                           POST_EMAIL_CHANGED};
    for (size_t i = 0; i < 4; i++)
        add(fixture, kinds[i], ADA, "ada@example.org");
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 4);
    /* Those with a token wait for whoever uses it, the others are gone. */
    assert_string_equal(fixture_ask(fixture->database,
                                    "SELECT string_agg(kind, ',' ORDER BY kind), count(next_at)"
                                    " FROM hearth.mail"),
                        "reset,verify|0");
    burn_mails(fixture);
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 0);
}

static void *
deliver_all(void *data)
{
    struct access *access = data;
    struct arena arena = {0};
    postman_deliver(access, &arena);
    arena_release(&arena);
    return NULL;
}

static void
of_many_postmen_at_once_each_mail_has_one(void **state)
{
    struct access_fixture *fixture = *state;
    pthread_t threads[AT_ONCE];
    for (int i = 0; i < 8; i++)
        add(fixture, POST_VERIFY, ADA, "ada@example.org");
    for (int i = 0; i < AT_ONCE; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, deliver_all, &fixture->access), 0);
    for (int i = 0; i < AT_ONCE; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(mails(fixture, NULL), 8);
    assert_string_equal(
        fixture_ask(fixture->database, "SELECT sum(tries), count(next_at) FROM hearth.mail"),
        "8|0");
}

static void
a_round_sends_eight_the_longest_waiting_first_and_none_before_its_time(void **state)
{
    struct access_fixture *fixture = *state;
    for (int i = 0; i < 10; i++)
        add(fixture, POST_VERIFY, ADA, "ada@example.org");
    fixture_sql(
        fixture->database,
        "WITH last AS (SELECT id FROM hearth.mail ORDER BY id LIMIT 1)"
        "UPDATE hearth.mail SET tries = CASE WHEN id IN (TABLE last) THEN 100 ELSE 0 END,"
        "    next_at = now() - CASE WHEN id IN (TABLE last) THEN '1s' ELSE '1h' END::interval");
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 8);
    assert_string_equal(fixture_ask(fixture->database, "SELECT sum(tries) FROM hearth.mail"),
                        "108");
    burn_mails(fixture);
    fixture_sql(fixture->database, "UPDATE hearth.mail SET next_at = now() + interval '1 minute'");
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 0);
}

/* Sends what is due to a server that replies this to RCPT; returns what it was told. */
static void
deliver_to(struct access_fixture *fixture, const char *refusal, struct smtp_stub *stub)
{
    char url[64];
    smtp_start(stub, refusal);
    snprintf(url, sizeof(url), "smtp+plain://127.0.0.1:%d", stub->port);
    fixture->settings.smtp_url = url;
    deliver(fixture);
    fixture->settings.smtp_url = "";
    smtp_stop(stub);
}

static const char wait_of_mails[] =
    "SELECT tries, round(extract(epoch FROM next_at - now()) / 15) * 15 FROM hearth.mail";

static void
what_was_not_taken_is_tried_again_later_and_later(void **state)
{
    struct access_fixture *fixture = *state;
    static const struct {
        int tries;
        const char *then;
    } cases[] = {{0, "1|30"},   {1, "2|60"},   {2, "3|120"},     {5, "6|960"},
                 {6, "7|1920"}, {7, "8|3600"}, {500, "501|3600"}};
    static struct smtp_stub stub;
    add(fixture, POST_VERIFY, ADA, "ada@example.org");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[128];
        snprintf(sql, sizeof(sql), "UPDATE hearth.mail SET tries = %d, next_at = now()",
                 cases[i].tries);
        fixture_sql(fixture->database, sql);
        deliver_to(fixture, "451 come later", &stub);
        assert_string_equal(fixture_ask(fixture->database, wait_of_mails), cases[i].then);
    }
}

/* Whoever got the first mail in spite of all may use the last one's link, and has to. */
static void
each_try_has_a_token_of_its_own_and_the_last_one_counts(void **state)
{
    struct access_fixture *fixture = *state;
    char first[65];
    snprintf(first, sizeof(first), "%s", sent_token(fixture, POST_VERIFY, ADA, "ada@example.org"));
    fixture_sql(fixture->database, "UPDATE hearth.mail SET next_at = now()");
    deliver(fixture);
    const char *second = token_of_mail(fixture);
    assert_string_not_equal(second, first);
    assert_string_equal(looked(fixture, POST_VERIFY, first), "nobody");
    assert_string_equal(looked(fixture, POST_VERIFY, second), ADA);
}

static void
what_will_never_be_taken_is_given_up_at_once(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const final[] = {"550 no such mailbox", "551 not here", "553 no such name",
                                        "554 refused"};
    static struct smtp_stub stub;
    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++) {
        add(fixture, POST_VERIFY, ADA, "ada@example.org");
        deliver_to(fixture, final[i], &stub);
        assert_non_null(strstr(stub.said, "RCPT TO:<ada@example.org>\r\n"));
        assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.mail"),
                            "0");
    }
}

static void
what_was_not_taken_for_a_day_is_given_up(void **state)
{
    struct access_fixture *fixture = *state;
    static struct smtp_stub stub;
    add(fixture, POST_PASSWORD_CHANGED, ADA, "ada@example.org");
    fixture_sql(fixture->database,
                "UPDATE hearth.mail SET created_at = now() - interval '23 hours'");
    deliver_to(fixture, "451 come later", &stub);
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.mail"), "1");
    fixture_sql(fixture->database,
                "UPDATE hearth.mail SET created_at = now() - interval '25 hours',"
                "    next_at = now()");
    deliver_to(fixture, "451 come later", &stub);
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.mail"), "0");
}

static void
what_gives_an_account_back_is_tried_until_it_expires(void **state)
{
    struct access_fixture *fixture = *state;
    static struct smtp_stub stub;
    add(fixture, POST_EMAIL_UNDO, ADA, "ada@example.org");
    fixture_sql(fixture->database, "UPDATE hearth.mail SET created_at = now() - interval '6 days',"
                                   "    expires_at = now() + interval '1 day'");
    deliver_to(fixture, "451 come later", &stub);
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.mail"), "1");
    fixture_sql(fixture->database,
                "UPDATE hearth.mail SET expires_at = now() - interval '1 second', next_at = now()");
    deliver_to(fixture, "451 come later", &stub);
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.mail"), "0");
}

static void
a_new_address_is_told_that_the_former_one_may_undo_it(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const addresses[] = {"Ada@Example.org", "eve@example.org"};
    const char *text;
    fixture_sql(fixture->database, "UPDATE hearth.account SET email_verified_at = now()");
    for (size_t i = 0; i < 2; i++) {
        add(fixture, POST_VERIFY, ADA, addresses[i]);
        deliver(fixture);
        assert_int_equal(mails(fixture, &text), 1);
        bool is_told = strstr(plain(text), "whoever reads mail there can take the account back");
        assert_int_equal(is_told, i == 1);
        assert_null(strstr(plain(text), "%former"));
        burn_mails(fixture);
    }
}

static void
no_address_ends_a_header_or_a_line_of_smtp(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const bad[] = {"a@b.co\r\nBcc: eve@example.org",
                                      "a@b.co>\r\nRCPT TO:<eve@b.co", "a@b.co\n", "a@b.co,eve@b.co",
                                      "not an address"};
    static struct smtp_stub stub;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        add(fixture, POST_VERIFY, ADA, bad[i]);
        if (i % 2 == 0)
            deliver(fixture);
        else
            deliver_to(fixture, NULL, &stub);
        assert_null(strstr(stub.said, "RCPT"));
        assert_int_equal(mails(fixture, NULL), 0);
        assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.mail"),
                            "0");
    }
}

/* The greeting of a mail to an account of this name: what stands between "Hello" and the comma. */
static const char *
greeting(struct access_fixture *fixture, const char *name)
{
    static char text[400];
    const char *mail;
    char sql[512];
    snprintf(sql, sizeof(sql), "UPDATE hearth.account SET user_name = E'%s' WHERE id = '" ADA "'",
             name);
    fixture_sql(fixture->database, sql);
    add(fixture, POST_PASSWORD_CHANGED, ADA, "ada@example.org");
    deliver(fixture);
    assert_int_equal(mails(fixture, &mail), 1);
    const char *begin = strstr(plain(mail), "Hello") + strlen("Hello");
    assert_null(strstr(begin, "Bcc"));
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(begin, ","), begin);
    burn_mails(fixture);
    return text;
}

static void
who_chooses_a_name_does_not_choose_what_else_a_mail_says(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const bad[] = {"evil.example", "eve@example", "http:x",     "a/b",   "<b>",
                                      "win a prize",  "a\\tb",       "a\\r\\nBcc", "a\\nb", ">"};
    char longest[122] = {0};
    assert_string_equal(greeting(fixture, "ada"), " ada");
    assert_string_equal(greeting(fixture, "%link"), " %link");
    assert_string_equal(greeting(fixture, "%app%name"), " %app%name");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_string_equal(greeting(fixture, bad[i]), "");
    memset(longest, 'a', 120);
    assert_int_equal(strlen(greeting(fixture, longest)), 121);
    longest[120] = 'a';
    assert_string_equal(greeting(fixture, longest), "");
    fixture_sql(fixture->database, "UPDATE hearth.account SET user_name = NULL");
}

static void
an_account_that_goes_takes_its_mails_along(void **state)
{
    struct access_fixture *fixture = *state;
    add(fixture, POST_VERIFY, ADA, "ada@example.org");
    fixture_sql(fixture->database, "DELETE FROM hearth.account WHERE id = '" ADA "'");
    deliver(fixture);
    assert_int_equal(mails(fixture, NULL), 0);
    assert_false(add_in(fixture, &(struct post){POST_VERIFY, STRANGER, "eve@example.org"}, false));
}

int
main(void)
{
#define POSTMAN_TEST(name) cmocka_unit_test_setup_teardown(name, postman_set_up, access_tear_down)
    const struct CMUnitTest tests[] = {
        POSTMAN_TEST(where_mail_is_not_set_up_nothing_waits),
        POSTMAN_TEST(a_mail_goes_out_with_the_change_it_belongs_to_or_not_at_all),
        POSTMAN_TEST(each_kind_says_what_it_is_about_and_links_where_it_should),
        POSTMAN_TEST(a_token_is_in_the_mail_alone),
        POSTMAN_TEST(a_token_is_taken_once_and_looked_at_as_often_as_one_likes),
        POSTMAN_TEST(a_token_is_good_for_its_own_kind_and_as_a_whole),
        POSTMAN_TEST(a_token_is_good_for_an_hour_or_a_day),
        POSTMAN_TEST(a_token_is_good_while_its_account_is_active_and_has_the_address_it_went_to),
        POSTMAN_TEST(with_one_token_go_all_others_of_its_kind_and_account),
        POSTMAN_TEST(
            whoever_asks_for_an_address_that_nobody_has_leaves_as_much_and_nothing_is_sent),
        POSTMAN_TEST(nothing_is_sent_twice),
        POSTMAN_TEST(of_many_postmen_at_once_each_mail_has_one),
        POSTMAN_TEST(a_round_sends_eight_the_longest_waiting_first_and_none_before_its_time),
        POSTMAN_TEST(what_was_not_taken_is_tried_again_later_and_later),
        POSTMAN_TEST(each_try_has_a_token_of_its_own_and_the_last_one_counts),
        POSTMAN_TEST(what_will_never_be_taken_is_given_up_at_once),
        POSTMAN_TEST(what_was_not_taken_for_a_day_is_given_up),
        POSTMAN_TEST(what_gives_an_account_back_is_tried_until_it_expires),
        POSTMAN_TEST(a_new_address_is_told_that_the_former_one_may_undo_it),
        POSTMAN_TEST(no_address_ends_a_header_or_a_line_of_smtp),
        POSTMAN_TEST(who_chooses_a_name_does_not_choose_what_else_a_mail_says),
        POSTMAN_TEST(an_account_that_goes_takes_its_mails_along),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
