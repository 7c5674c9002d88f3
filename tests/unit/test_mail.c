/* Mail: which addresses are some, how a message is written, and where it goes. */
#include "net/mail.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../lib/smtp_stub.h"

static const struct settings usual = {
    .app_name = "Hearth",
    .mail_from = "hearth@example.org",
    .mailbox_directory = "",
    .smtp_url = "",
};

static struct mail
usual_mail(void)
{
    return (struct mail){"0190-a", "ada@example.com", "Your link", "Hello\n"};
}

static void
knows_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a@b.co",
        "ada.lovelace+x@mail.example.com",
        "o'hara@example.org",
        "a@xn--bcher-kva.example",
        "0@1.example",
        "a@b-c.d3",
        "1234567890123456789012345678901234567890123456789012345678901234@example.org",
    };
    static const char *const bad[] = {
        "",
        "@",
        "a",
        "a@",
        "@b.co",
        "a@b",
        "a@@b.co",
        "a b@c.de",
        "a@b..co",
        "a..b@c.de",
        ".a@b.co",
        "a.@b.co",
        "a@-b.co",
        "a@b-.co",
        "a@b.co.",
        "a@.co",
        "a@127.0.0.1",
        "a@[127.0.0.1]",
        "a@b.co\r\nBcc: c@d.ef",
        "a\n@b.co",
        "a@b.co\n",
        "<a@b.co>",
        "\"a\"@b.co",
        "a,b@c.de",
        "a@b.co,c@d.ef",
        "\xc3\xa4@b.co",
        "a@b\xc3\xbc.de",
        "a\t@b.co",
        "a@b.c o",
        "a@b.co>",
        "12345678901234567890123456789012345678901234567890123456789012345@example.org",
        "a@1234567890123456789012345678901234567890123456789012345678901234.org",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(mail_address_is_good(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(mail_address_is_good(bad[i]));
    char text[300];
    memset(text, 'a', sizeof(text));
    memcpy(text, "a@", 2);
    for (size_t i = 40; i < 250; i += 40)
        text[i] = '.';
    text[254] = '\0';
    assert_true(mail_address_is_good(text));
    text[254] = 'a';
    text[255] = '\0';
    assert_false(mail_address_is_good(text));
}

static const char *
written(struct arena *arena, const struct settings *settings, const struct mail *mail)
{
    struct error err = {0};
    struct strbuf out;
    strbuf_init(&out, arena, 100);
    assert_true(mail_write(settings, mail, 1767225599000000, &out, &err));
    return out.data;
}

static void
writes_a_message(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct mail mail = usual_mail();
    mail.text = "a = b\nblank at the end \n\nGr\xc3\xbc\xc3\x9f"
                "e";
    assert_string_equal(written(&arena, &usual, &mail),
                        "Date: Wed, 31 Dec 2025 23:59:59 +0000\r\n"
                        "From: Hearth\r\n <hearth@example.org>\r\n"
                        "To: <ada@example.com>\r\n"
                        "Subject: Your link\r\n"
                        "Message-ID: <0190-a@example.org>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                        "a =3D b\r\nblank at the end=20\r\n\r\nGr=C3=BC=C3=9Fe\r\n");
    arena_release(&arena);
}

static void
breaks_long_lines_and_subjects_between_characters(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct mail mail = usual_mail();
    struct settings settings = usual;
    settings.app_name = "Caf\xc3\xa9, <b@c.de>";
    mail.subject =
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
        "\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2"
        "\x82\xac\xe2\x82\xac";
    mail.text =
        "https://example.org/0123456789012345678901234567890123456789012345678901234567890123"
        "456789";
    const char *text = written(&arena, &settings, &mail);
    assert_non_null(
        strstr(text, "From: =?utf-8?B?Q2Fmw6ksIDxiQGMuZGU+?=\r\n <hearth@example.org>"));
    assert_non_null(strstr(text, "Subject: "
                                 "=?utf-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?="
                                 "\r\n =?utf-8?B?4oKs4oKs?=\r\n"));
    assert_non_null(strstr(text,
                           "\r\n\r\nhttps://example.org/0123456789012345678901234567890123456789"
                           "012345678901234=\r\n567890123456789\r\n"));
    for (const char *line = text, *end; (end = strstr(line, "\r\n")); line = end + 2)
        assert_in_range(end - line, 0, 76);
    arena_release(&arena);
}

static void
refuses_what_would_be_a_header_of_its_own(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct strbuf out;
    strbuf_init(&out, &arena, 100);
    for (int i = 0; i < 7; i++) {
        struct mail mail = usual_mail();
        struct settings settings = usual;
        struct error err = {0};
        char text[MAIL_SUBJECT_MAX_BYTES + 2];
        memset(text, 'a', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        if (i == 0)
            mail.to = "ada@example.com\r\nBcc: eve@example.com";
        else if (i == 1)
            mail.subject = "Hi\r\nBcc: eve@example.com";
        else if (i == 2)
            mail.subject = "Hi\nthere";
        else if (i == 3)
            mail.subject = text;
        else if (i == 4)
            mail.id = "a>\r\nBcc";
        else if (i == 5)
            settings.app_name = "a\r\nBcc: eve@example.com";
        else
            mail.text = "\xff";
        assert_false(mail_write(&settings, &mail, 0, &out, &err));
        assert_int_equal(err.code, ERROR_INVALID_REQUEST);
        assert_null(strstr(err.detail, "eve"));
        assert_int_equal(out.length, 0);
    }
    arena_release(&arena);
}

static void
puts_a_whole_file_into_the_folder(void **state)
{
    (void)state;
    char folder[] = "/tmp/hearth-mail-XXXXXX", path[512] = "", text[2048];
    struct settings settings = usual;
    struct mail mail = usual_mail();
    struct error err = {0};
    assert_non_null(mkdtemp(folder));
    settings.mailbox_directory = folder;
    assert_true(mail_is_configured(&settings));
    assert_true(mail_send(&settings, &mail, &err));
    DIR *directory = opendir(folder);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.') {
            assert_string_equal(path, "");
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        }
    closedir(directory);
    assert_string_equal(strrchr(path, '-'), "-a.eml");
    FILE *file = fopen(path, "r");
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "\r\nTo: <ada@example.com>\r\n"));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    unlink(path);
    rmdir(folder);
    assert_false(mail_send(&settings, &mail, &err));
    assert_string_equal(err.detail, "no file in MAILBOX_DIRECTORY: No such file or directory");
    assert_false(err.lasting);
}

static void
hands_a_mail_to_a_server(void **state)
{
    (void)state;
    struct smtp_stub stub;
    smtp_start(&stub, NULL);
    char url[64];
    snprintf(url, sizeof(url), "smtp+plain://127.0.0.1:%d", stub.port);
    struct settings settings = usual;
    struct mail mail = usual_mail();
    struct error err = {0};
    settings.smtp_url = url;
    mail.text = "first\n.\nlast\n";
    assert_true(mail_send(&settings, &mail, &err));
    smtp_stop(&stub);
    assert_non_null(strstr(stub.said, "MAIL FROM:<hearth@example.org>"));
    assert_non_null(strstr(stub.said, "RCPT TO:<ada@example.com>\r\n"));
    assert_non_null(strstr(stub.said, "Subject: Your link\r\n"));
    assert_non_null(strstr(stub.said, "\r\nfirst\r\n..\r\nlast\r\n.\r\n"));
}

static void
tells_a_refusal_for_good_from_one_for_now(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        bool lasting;
    } cases[] = {{"550 no such mailbox", true}, {"451 later", false}, {"452 full", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct smtp_stub stub;
        smtp_start(&stub, cases[i].reply);
        char url[64];
        snprintf(url, sizeof(url), "smtp+plain://127.0.0.1:%d", stub.port);
        struct settings settings = usual;
        struct mail mail = usual_mail();
        struct error err = {0};
        settings.smtp_url = url;
        assert_false(mail_send(&settings, &mail, &err));
        smtp_stop(&stub);
        assert_int_equal(err.code, ERROR_UNAVAILABLE);
        assert_int_equal(err.lasting, cases[i].lasting);
        assert_null(strstr(err.detail, "ada"));
    }
}

static void
sends_nothing_in_the_clear_unless_told_to(void **state)
{
    (void)state;
    struct smtp_stub stub;
    smtp_start(&stub, NULL);
    char url[64];
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", stub.port);
    struct settings settings = usual;
    struct mail mail = usual_mail();
    struct error err = {0};
    settings.smtp_url = url;
    assert_false(mail_send(&settings, &mail, &err));
    smtp_stop(&stub);
    assert_null(strstr(stub.said, "MAIL FROM"));
    assert_false(err.lasting);
}

static void
says_that_there_is_no_way_to_send(void **state)
{
    (void)state;
    struct mail mail = usual_mail();
    struct settings settings = usual;
    struct error err = {0};
    assert_false(mail_is_configured(&settings));
    assert_false(mail_send(&settings, &mail, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    error_clear(&err);
    settings.smtp_url = "http://127.0.0.1";
    assert_false(mail_send(&settings, &mail, &err));
    assert_string_equal(err.detail, "SMTP_URL begins with smtp://, smtps:// or smtp+plain://");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_addresses),
        cmocka_unit_test(writes_a_message),
        cmocka_unit_test(breaks_long_lines_and_subjects_between_characters),
        cmocka_unit_test(refuses_what_would_be_a_header_of_its_own),
        cmocka_unit_test(puts_a_whole_file_into_the_folder),
        cmocka_unit_test(hands_a_mail_to_a_server),
        cmocka_unit_test(tells_a_refusal_for_good_from_one_for_now),
        cmocka_unit_test(sends_nothing_in_the_clear_unless_told_to),
        cmocka_unit_test(says_that_there_is_no_way_to_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
