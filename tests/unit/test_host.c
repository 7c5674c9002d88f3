/* The shared file: who may use it, what it survives. */
#include <fcntl.h>
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

#include "host/epoch.h"
#include "host/host.h"
#include "host/shared.h"

enum { L1_BYTES = 1024 * 1024 };

struct fixture {
    char directory[64];
    char path[128];
};

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/hearth-host-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/hearth-shared.%d-%d", fixture->directory,
             HOST_LAYOUT, L1_BYTES);
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    rmdir(fixture->directory);
    free(fixture);
    return 0;
}

static struct host *
open_good(const struct fixture *fixture)
{
    struct error err = {0};
    struct host *host = host_open(fixture->directory, L1_BYTES, &err);
    assert_string_equal(err.detail, "");
    assert_non_null(host);
    return host;
}

static void
assert_refused(const struct fixture *fixture, const char *reason)
{
    struct error err = {0};
    assert_null(host_open(fixture->directory, L1_BYTES, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_non_null(strstr(err.detail, reason));
}

static void
make_file(const struct fixture *fixture, off_t size, mode_t mode)
{
    int fd = open(fixture->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void
two_openings_see_the_same_numbers(void **state)
{
    struct host *first = open_good(*state);
    struct host *second = open_good(*state);
    epoch_raise(first, "all", 42);
    assert_int_equal(epoch_get(second, "all"), 42);
    host_close(first);
    host_close(second);
}

static void
numbers_outlive_the_processes(void **state)
{
    struct host *host = open_good(*state);
    epoch_raise(host, "all", 7);
    host_close(host);
    host = open_good(*state);
    assert_int_equal(epoch_get(host, "all"), 7);
    host_close(host);
}

static void
empties_a_file_of_an_earlier_boot(void **state)
{
    struct fixture *fixture = *state;
    struct host *host = open_good(fixture);
    epoch_raise(host, "all", 7);
    host->shared->boot ^= 2;
    host_close(host);
    host = open_good(fixture);
    assert_int_equal(epoch_get(host, "all"), 0);
    assert_int_not_equal(host->shared->seed, 0);
    host_close(host);
}

static void
is_readable_by_its_owner_only(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    host_close(open_good(fixture));
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void
refuses_a_file_of_another_size(void **state)
{
    make_file(*state, 4096, 0600);
    assert_refused(*state, "4096 bytes instead of");
}

static void
refuses_a_file_that_others_may_write(void **state)
{
    make_file(*state, 0, 0666);
    assert_refused(*state, "open to other users");
}

static void
refuses_a_file_of_another_user(void **state)
{
    struct fixture *fixture = *state;
    if (geteuid() != 0)
        skip();
    make_file(fixture, 0, 0600);
    assert_int_equal(chown(fixture->path, 65534, 65534), 0);
    assert_refused(fixture, "belongs to user 65534");
}

static void
refuses_a_symbolic_link(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(symlink("/tmp/hearth-nowhere", fixture->path), 0);
    assert_refused(fixture, "cannot open");
    assert_int_not_equal(access("/tmp/hearth-nowhere", F_OK), 0);
}

static void
says_which_directory_is_missing(void **state)
{
    (void)state;
    struct error err = {0};
    assert_null(host_open("/nonexistent/hearth", L1_BYTES, &err));
    assert_non_null(strstr(err.detail, "/nonexistent/hearth"));
}

static void
takes_little_space_before_it_is_used(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct stat status;
    struct host *host = host_open(fixture->directory, 64 * 1024 * 1024, &err);
    assert_non_null(host);
    assert_int_equal(fstat(host->fd, &status), 0);
    assert_true(status.st_size > 64 * 1024 * 1024);
    assert_true(status.st_blocks * 512 < 8 * 1024 * 1024);
    host_close(host);
    snprintf(fixture->path, sizeof fixture->path, "%s/hearth-shared.%d-%d", fixture->directory,
             HOST_LAYOUT, 64 * 1024 * 1024);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(two_openings_see_the_same_numbers), TEST(numbers_outlive_the_processes),
        TEST(empties_a_file_of_an_earlier_boot), TEST(is_readable_by_its_owner_only),
        TEST(refuses_a_file_of_another_size),    TEST(refuses_a_file_that_others_may_write),
        TEST(refuses_a_file_of_another_user),    TEST(refuses_a_symbolic_link),
        TEST(says_which_directory_is_missing),   TEST(takes_little_space_before_it_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
