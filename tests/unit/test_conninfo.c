/* Connection strings taken apart into one list for each host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/conninfo.h"

static struct arena arena;

static struct conninfo
parsed(const char *text)
{
    struct conninfo conninfo;
    struct error err = {0};
    const struct conninfo_wish wish = {
        .text = text, .setting = "DATABASE_URL", .session = true, .statement_timeout_ms = 1000};
    if (!conninfo_parse(&wish, &arena, &conninfo, &err))
        fail_msg("%s", err.detail);
    return conninfo;
}

/* "" where it has none. */
static const char *
value(const struct conninfo *conninfo, size_t host, const char *keyword)
{
    const struct conninfo_host *list = &conninfo->hosts[host];
    for (size_t i = 0; list->keywords[i]; i++)
        if (strcmp(list->keywords[i], keyword) == 0)
            return list->values[i];
    return "";
}

static void
each_host_has_its_own_port_or_the_one_for_all(void **state)
{
    (void)state;
    struct conninfo conninfo = parsed("host=a,b port=1,2 user=u");
    assert_int_equal(conninfo.host_count, 2);
    assert_string_equal(conninfo.user, "u");
    assert_string_equal(value(&conninfo, 0, "host"), "a");
    assert_string_equal(value(&conninfo, 1, "host"), "b");
    assert_string_equal(value(&conninfo, 1, "port"), "2");
    conninfo = parsed("host=a,,b port=5 hostaddr=1,2,3");
    assert_int_equal(conninfo.host_count, 3);
    assert_string_equal(value(&conninfo, 1, "host"), "");
    assert_string_equal(value(&conninfo, 2, "port"), "5");
    assert_string_equal(value(&conninfo, 2, "hostaddr"), "3");
    assert_int_equal(parsed("dbname=x").host_count, 1);
    assert_int_equal(parsed("host='' hostaddr=1,2").host_count, 2);
}

/* Else a host would be asked at the address of another, which libpq refuses. */
static void
lists_that_do_not_fit_together_are_left_to_libpq_to_refuse(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "host=a,b port=1,2,3",     "host=a port=1,2",     "port=1,2",
        "host=a,b hostaddr=1,2,3", "host=a,b hostaddr=1", "host=a hostaddr=1,2"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct conninfo conninfo = parsed(texts[i]);
        assert_int_equal(conninfo.host_count, 1);
        assert_non_null(
            strchr(arena_printf(&arena, "%s %s %s", value(&conninfo, 0, "host"),
                                value(&conninfo, 0, "hostaddr"), value(&conninfo, 0, "port")),
                   ','));
    }
}

static void
more_hosts_than_are_taken_apart_are_left_to_libpq(void **state)
{
    (void)state;
    struct conninfo conninfo = parsed("host=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p");
    assert_int_equal(conninfo.host_count, 16);
    assert_string_equal(value(&conninfo, 15, "host"), "p");
    conninfo = parsed("host=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q");
    assert_int_equal(conninfo.host_count, 1);
    assert_string_equal(value(&conninfo, 0, "host"), "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q");
}

static void
a_standby_that_is_preferred_is_sought_on_all_hosts_first(void **state)
{
    (void)state;
    struct conninfo conninfo = parsed("host=a,b target_session_attrs=prefer-standby");
    assert_true(conninfo.prefers_standby);
    assert_int_equal(conninfo.host_count, 4);
    assert_string_equal(value(&conninfo, 1, "target_session_attrs"), "standby");
    assert_string_equal(value(&conninfo, 2, "host"), "a");
    assert_string_equal(value(&conninfo, 2, "target_session_attrs"), "any");
    conninfo = parsed("host=a target_session_attrs=prefer-standby");
    assert_false(conninfo.prefers_standby);
    assert_int_equal(conninfo.host_count, 1);
}

static void
texts_are_utf8_and_options_are_those_of_the_setting_after_ours(void **state)
{
    (void)state;
    struct conninfo conninfo = parsed("host=a client_encoding=LATIN1 options='-c geqo=off'");
    assert_string_equal(value(&conninfo, 0, "client_encoding"), "UTF8");
    assert_string_equal(value(&conninfo, 0, "options"),
                        "-c bytea_output=hex -c statement_timeout=900"
                        " -c idle_in_transaction_session_timeout=2000 -c geqo=off");
}

static void
a_complaint_repeats_nothing_of_the_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"hunter2", "password='hunter2", "hunter2=1",
                                        "postgresql://u:hunter2@[h", "password=x hunter2"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct conninfo conninfo;
        struct error err = {0};
        const struct conninfo_wish wish = {.text = texts[i], .setting = "DATABASE_URL"};
        assert_false(conninfo_parse(&wish, &arena, &conninfo, &err));
        assert_non_null(strstr(err.detail, "DATABASE_URL"));
        assert_null(strstr(err.detail, "hunter2"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_host_has_its_own_port_or_the_one_for_all),
        cmocka_unit_test(lists_that_do_not_fit_together_are_left_to_libpq_to_refuse),
        cmocka_unit_test(more_hosts_than_are_taken_apart_are_left_to_libpq),
        cmocka_unit_test(a_standby_that_is_preferred_is_sought_on_all_hosts_first),
        cmocka_unit_test(texts_are_utf8_and_options_are_those_of_the_setting_after_ours),
        cmocka_unit_test(a_complaint_repeats_nothing_of_the_text),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
