/* The secret of an installation: whose word counts, and what stands in for it. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/secret.h"

#define WHOLE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct home {
    char directory[64], path[96];
    struct settings settings;
    struct arena arena;
    struct error err;
};

static int
home_set_up(void **state)
{
    struct home *home = calloc(1, sizeof(*home));
    snprintf(home->directory, sizeof(home->directory), "/tmp/hearth-test-XXXXXX");
    assert_non_null(mkdtemp(home->directory));
    snprintf(home->path, sizeof(home->path), "%s/auth_secret", home->directory);
    home->settings = (struct settings){.auth_secret = "", .runtime_directory = home->directory};
    *state = home;
    return 0;
}

static int
home_tear_down(void **state)
{
    struct home *home = *state;
    unlink(home->path);
    rmdir(home->directory);
    arena_release(&home->arena);
    free(home);
    return 0;
}

static const char *
secret_of(struct home *home)
{
    const char *secret = NULL;
    error_clear(&home->err);
    bool found = secret_read(&home->settings, &home->arena, &secret, &home->err);
    assert_int_equal(home->err.code, found ? ERROR_NONE : ERROR_INTERNAL);
    assert_true(!found || secret);
    return found ? secret : NULL;
}

static void
keep(struct home *home, const char *text, mode_t mode)
{
    int file = open(home->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
}

static void
the_setting_has_the_word_and_makes_no_file(void **state)
{
    struct home *home = *state;
    home->settings.auth_secret = "set";
    assert_string_equal(secret_of(home), "set");
    home->settings.production = true;
    assert_string_equal(secret_of(home), "set");
    assert_int_not_equal(access(home->path, F_OK), 0);
}

static void
production_makes_none_up_and_takes_none_that_was(void **state)
{
    struct home *home = *state;
    home->settings.production = true;
    assert_null(secret_of(home));
    assert_non_null(strstr(home->err.detail, "AUTH_SECRET"));
    assert_int_not_equal(access(home->path, F_OK), 0);
    keep(home, WHOLE, 0600);
    assert_null(secret_of(home));
    home->settings.auth_secret = NULL;
    assert_null(secret_of(home));
}

static void
what_was_made_once_is_the_same_for_who_comes_later(void **state)
{
    struct home *home = *state;
    const char *first = secret_of(home);
    assert_int_equal(strlen(first), 64);
    assert_int_equal(strspn(first, "0123456789abcdef"), 64);
    assert_string_equal(secret_of(home), first);
    home->settings.auth_secret = NULL;
    assert_string_equal(secret_of(home), first);
    unlink(home->path);
    assert_string_not_equal(secret_of(home), first);
}

static void
of_what_is_written_on_the_way_nothing_stays(void **state)
{
    struct home *home = *state;
    assert_non_null(secret_of(home));
    keep(home, "", 0600);
    assert_null(secret_of(home));
    unlink(home->path);
    assert_int_equal(rmdir(home->directory), 0);
}

static void
nobody_else_may_read_what_was_made(void **state)
{
    struct home *home = *state;
    struct stat status;
    mode_t before = umask(0);
    assert_non_null(secret_of(home));
    umask(before);
    assert_int_equal(stat(home->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void
a_file_that_others_may_read_or_write_is_not_taken(void **state)
{
    struct home *home = *state;
    static const mode_t bits[] = {S_IRGRP, S_IWGRP, S_IXGRP, S_IROTH, S_IWOTH, S_IXOTH};
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        keep(home, WHOLE, 0600 | bits[i]);
        assert_null(secret_of(home));
    }
    keep(home, WHOLE, 0600);
    assert_string_equal(secret_of(home), WHOLE);
}

static void
a_file_that_was_cut_is_not_taken(void **state)
{
    struct home *home = *state;
    keep(home, "", 0600);
    assert_null(secret_of(home));
    keep(home, &WHOLE[1], 0600);
    assert_null(secret_of(home));
    assert_non_null(strstr(home->err.detail, home->path));
    assert_null(strstr(home->err.detail, "abcdef0123"));
}

static void
a_link_to_another_file_is_not_followed(void **state)
{
    struct home *home = *state;
    char other[128];
    snprintf(other, sizeof(other), "%s/other", home->directory);
    keep(home, WHOLE, 0600);
    assert_int_equal(rename(home->path, other), 0);
    assert_int_equal(symlink(other, home->path), 0);
    assert_null(secret_of(home));
    unlink(other);
    assert_null(secret_of(home));
}

static void
without_a_directory_there_is_none(void **state)
{
    struct home *home = *state;
    home->settings.runtime_directory = "/nonexistent";
    assert_null(secret_of(home));
}

enum { CALLERS = 16, ROUNDS = 50 };

struct reader {
    struct home *home;
    pthread_barrier_t *start;
    char secret[65];
};

static void *
read_with_others(void *context)
{
    struct reader *reader = context;
    struct arena arena = {0};
    struct error err = {0};
    const char *secret;
    pthread_barrier_wait(reader->start);
    if (secret_read(&reader->home->settings, &arena, &secret, &err))
        memcpy(reader->secret, secret, sizeof(reader->secret));
    arena_release(&arena);
    return NULL;
}

static void
all_who_come_at_once_have_the_same(void **state)
{
    struct home *home = *state;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_t start;
        pthread_t threads[CALLERS];
        struct reader readers[CALLERS] = {0};
        pthread_barrier_init(&start, NULL, CALLERS);
        for (size_t i = 0; i < CALLERS; i++) {
            readers[i] = (struct reader){.home = home, .start = &start};
            assert_int_equal(pthread_create(&threads[i], NULL, read_with_others, &readers[i]), 0);
        }
        for (size_t i = 0; i < CALLERS; i++)
            pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&start);
        assert_int_equal(strlen(readers[0].secret), 64);
        for (size_t i = 1; i < CALLERS; i++)
            assert_string_equal(readers[i].secret, readers[0].secret);
        unlink(home->path);
    }
}

int
main(void)
{
#define HOME_TEST(name) cmocka_unit_test_setup_teardown(name, home_set_up, home_tear_down)
    const struct CMUnitTest tests[] = {
        HOME_TEST(the_setting_has_the_word_and_makes_no_file),
        HOME_TEST(production_makes_none_up_and_takes_none_that_was),
        HOME_TEST(what_was_made_once_is_the_same_for_who_comes_later),
        HOME_TEST(of_what_is_written_on_the_way_nothing_stays),
        HOME_TEST(nobody_else_may_read_what_was_made),
        HOME_TEST(a_file_that_others_may_read_or_write_is_not_taken),
        HOME_TEST(a_file_that_was_cut_is_not_taken),
        HOME_TEST(a_link_to_another_file_is_not_followed),
        HOME_TEST(without_a_directory_there_is_none),
        HOME_TEST(all_who_come_at_once_have_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
