/* Lines that wait in a file: none is lost, none harms another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/backlog.h"
#include "base/log.h"

struct place {
    char directory[64];
    struct settings settings;
    /* What write() was given, and how it fares. */
    char seen[1 << 16];
    int calls;
    enum error_code failure; /* of the next calls; NONE: it is written */
    const char *bad;         /* an array that holds this text fails with INTERNAL */
};

static int
set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    snprintf(place->directory, sizeof(place->directory), "/tmp/hearth-backlog-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    place->settings.spool_directory = place->directory;
    log_set_level(LOG_LEVEL_ERROR + 1);
    *state = place;
    return 0;
}

static void
path_of(char *path, size_t size, const struct place *place, const char *ending)
{
    snprintf(path, size, "%s/x.%s", place->directory, ending);
}

static int
tear_down(void **state)
{
    struct place *place = *state;
    char path[128];
    path_of(path, sizeof(path), place, "waiting");
    unlink(path);
    path_of(path, sizeof(path), place, "taken");
    unlink(path);
    rmdir(place->directory);
    free(place);
    return 0;
}

static bool
take(void *context, const char *lines, struct arena *arena, struct error *err)
{
    (void)arena;
    struct place *place = context;
    place->calls++;
    if (place->bad && strstr(lines, place->bad))
        return error_set(err, ERROR_INTERNAL, "bad");
    if (place->failure != ERROR_NONE)
        return error_set(err, place->failure, "not now");
    strncat(place->seen, lines, sizeof(place->seen) - strlen(place->seen) - 1);
    return true;
}

static void
add(struct place *place, const char *line)
{
    struct error err = {0};
    assert_true(backlog_add(&place->settings, "x", line, strlen(line), &err));
}

static void
drain(struct place *place)
{
    backlog_drain(&place->settings, "x", take, place);
}

static void
gives_lines_in_order_as_an_array_and_once(void **state)
{
    struct place *place = *state;
    add(place, "1");
    add(place, "{\"a\":2}");
    drain(place);
    drain(place);
    assert_string_equal(place->seen, "[1,{\"a\":2}]");
    assert_int_equal(place->calls, 1);
}

static void
keeps_all_while_the_database_is_away(void **state)
{
    struct place *place = *state;
    add(place, "1");
    place->failure = ERROR_UNAVAILABLE;
    drain(place);
    add(place, "2");
    drain(place);
    assert_string_equal(place->seen, "");
    place->failure = ERROR_NONE;
    drain(place);
    drain(place);
    assert_string_equal(place->seen, "[1][2]");
}

static void
lets_a_damaged_line_go_and_writes_the_others(void **state)
{
    struct place *place = *state;
    place->bad = "half";
    add(place, "1");
    add(place, "{\"half");
    add(place, "3");
    drain(place);
    assert_string_equal(place->seen, "[1][3]");
    drain(place);
    assert_string_equal(place->seen, "[1][3]");
}

static void
gives_many_lines_some_at_a_time(void **state)
{
    struct place *place = *state;
    for (int i = 0; i < BACKLOG_BATCH + 1; i++)
        add(place, "7");
    drain(place);
    assert_int_equal(place->calls, 2);
}

static void
makes_its_directory_and_lets_nobody_else_read_the_file(void **state)
{
    struct place *place = *state;
    char path[128];
    struct stat status;
    assert_int_equal(rmdir(place->directory), 0);
    add(place, "1");
    path_of(path, sizeof(path), place, "waiting");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(place->directory, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void
refuses_more_than_it_may_hold(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    char path[128];
    add(place, "1");
    path_of(path, sizeof(path), place, "waiting");
    assert_int_equal(truncate(path, BACKLOG_MAX_BYTES), 0);
    assert_false(backlog_add(&place->settings, "x", "2", 1, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
}

static void
follows_no_link_to_another_file(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    char path[128];
    path_of(path, sizeof(path), place, "waiting");
    assert_int_equal(symlink("/tmp/hearth-backlog-elsewhere", path), 0);
    assert_false(backlog_add(&place->settings, "x", "2", 1, &err));
    assert_int_not_equal(access("/tmp/hearth-backlog-elsewhere", F_OK), 0);
}

enum { WRITERS = 4, LINES = 500 };

static void *
write_many(void *context)
{
    struct place *place = context;
    struct error err = {0};
    for (int i = 0; i < LINES; i++)
        if (!backlog_add(&place->settings, "x", "5", 1, &err))
            abort();
    return NULL;
}

static void
loses_no_line_while_many_write_and_one_takes(void **state)
{
    struct place *place = *state;
    pthread_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_many, place), 0);
    for (int i = 0; i < 200; i++)
        drain(place);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    drain(place);
    drain(place);
    size_t lines = 0;
    for (const char *at = place->seen; *at != '\0'; at++)
        lines += *at == '5';
    assert_int_equal(lines, WRITERS * LINES);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(gives_lines_in_order_as_an_array_and_once),
        TEST(keeps_all_while_the_database_is_away),
        TEST(lets_a_damaged_line_go_and_writes_the_others),
        TEST(gives_many_lines_some_at_a_time),
        TEST(makes_its_directory_and_lets_nobody_else_read_the_file),
        TEST(refuses_more_than_it_may_hold),
        TEST(follows_no_link_to_another_file),
        TEST(loses_no_line_while_many_write_and_one_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
