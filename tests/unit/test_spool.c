/* The spool: files that appear whole, and are told until somebody takes them. */
#include "access/spool.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const char first_id[] = "01a1ff75-05f5-7a62-8e4e-9765f4a9ce18";
static const char second_id[] = "01a1ff75-05f5-7a62-8e4e-9765f4a9ce19";

struct spool {
    char above[64], directory[96];
    size_t told;
    char seen[256];
    enum spool_verdict verdict, verdict_of_many;
    size_t rounds, together;
};

static int
set_up(void **state)
{
    struct spool *spool = calloc(1, sizeof(*spool));
    assert_non_null(spool);
    snprintf(spool->above, sizeof(spool->above), "/tmp/spool-XXXXXX");
    assert_non_null(mkdtemp(spool->above));
    snprintf(spool->directory, sizeof(spool->directory), "%s/spool", spool->above);
    *state = spool;
    return 0;
}

static int
tear_down(void **state)
{
    struct spool *spool = *state;
    char command[160];
    snprintf(command, sizeof(command), "rm -rf '%s'", spool->above);
    assert_int_equal(system(command), 0); /* NOLINT(concurrency-mt-unsafe,cert-env33-c) */
    free(spool);
    return 0;
}

static enum spool_verdict
tell(void *context, struct spool_name name, const char *text, struct arena *arena)
{
    struct spool *spool = context;
    (void)arena;
    spool->told++;
    snprintf(spool->seen, sizeof(spool->seen), "%.40s %.150s", name.id, text);
    return spool->verdict;
}

static void
tell_all(struct spool *spool, int64_t min_age_ms)
{
    const struct spool_round round = {
        .min_age_ms = {[SPOOL_USAGE] = min_age_ms, [SPOOL_END] = 3600 * 1000},
        .max = 10,
        .tell = tell,
        .context = spool};
    (void)spool_each(spool->directory, &round);
}

static const char *
path_of(const struct spool *spool, const char *id, const char *ending)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/usage-%s%s", spool->directory, id, ending);
    return path;
}

static bool
is_there(const struct spool *spool, const char *id, const char *ending)
{
    return access(path_of(spool, id, ending), F_OK) == 0;
}

static void
make_old(const struct spool *spool, const char *id, const char *ending, int64_t seconds)
{
    const struct timespec then = {.tv_sec = time(NULL) - seconds};
    const struct timespec times[2] = {then, then};
    assert_int_equal(utimensat(AT_FDCWD, path_of(spool, id, ending), times, 0), 0);
}

static void
put(const struct spool *spool, const char *id, const char *text)
{
    struct error err = {0};
    assert_true(spool_put(spool->directory, (struct spool_name){SPOOL_USAGE, id}, text,
                          strlen(text), &err));
}

static enum spool_verdict
tell_many(void *context, const char *const *texts, size_t count, struct arena *arena)
{
    struct spool *spool = context;
    (void)texts;
    (void)arena;
    spool->rounds++;
    spool->together += count;
    return spool->verdict_of_many;
}

static bool
tell_queued(struct spool *spool, size_t max)
{
    const struct spool_round round = {
        .max = max, .tell = tell, .tell_many = tell_many, .context = spool};
    return spool_each(spool->directory, &round);
}

static void
put_queued(const struct spool *spool, int count)
{
    struct error err = {0};
    for (int i = 0; i < count; i++) {
        char id[40];
        snprintf(id, sizeof(id), "01a1ff75-05f5-7a62-8e4e-9765f4a9%04x", i);
        assert_true(
            spool_put(spool->directory, (struct spool_name){SPOOL_QUEUED, id}, "{}", 2, &err));
    }
}

static void
tells_those_of_the_queue_together(void **state)
{
    struct spool *spool = *state;
    put_queued(spool, SPOOL_MANY + 3);
    put(spool, first_id, "{}");
    assert_true(tell_queued(spool, 1000));
    assert_true(spool->rounds >= 2 && spool->rounds <= 3);
    assert_int_equal(spool->together + spool->told, SPOOL_MANY + 3 + 1);
    assert_true(spool->told >= 1 && spool->told <= 3); /* the other kind, and one that was left */
    assert_true(tell_queued(spool, 1000));
    assert_int_equal(spool->together + spool->told, SPOOL_MANY + 3 + 1);
}

static void
tells_each_by_itself_that_could_not_be_told_together(void **state)
{
    struct spool *spool = *state;
    put_queued(spool, 5);
    spool->verdict_of_many = SPOOL_LATER;
    assert_true(tell_queued(spool, 1000));
    assert_int_equal(spool->rounds, 1);
    assert_int_equal(spool->told, 5);
    assert_true(tell_queued(spool, 1000));
    assert_int_equal(spool->told, 5);
}

static void
keeps_the_queue_where_nobody_can_be_told(void **state)
{
    struct spool *spool = *state;
    put_queued(spool, 5);
    spool->verdict_of_many = SPOOL_STOP;
    assert_true(tell_queued(spool, 1000));
    assert_int_equal(spool->told, 0);
    spool->verdict_of_many = SPOOL_TOLD;
    assert_true(tell_queued(spool, 1000));
    assert_int_equal(spool->together, 10);
}

static void
says_when_there_were_more_than_it_may_tell(void **state)
{
    struct spool *spool = *state;
    put_queued(spool, 5);
    assert_false(tell_queued(spool, 3));
    assert_true(tell_queued(spool, 3));
    assert_int_equal(spool->together, 5);
}

static void
makes_its_directory_and_gives_what_was_put_once(void **state)
{
    struct spool *spool = *state;
    struct stat status;
    put(spool, first_id, "{\"a\":1}");
    assert_int_equal(stat(path_of(spool, first_id, ".json"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_false(is_there(spool, first_id, ".part"));
    tell_all(spool, 0);
    assert_string_equal(spool->seen, "01a1ff75-05f5-7a62-8e4e-9765f4a9ce18 {\"a\":1}");
    tell_all(spool, 0);
    assert_int_equal(spool->told, 1);
}

static void
leaves_what_is_young_to_its_writer(void **state)
{
    struct spool *spool = *state;
    put(spool, first_id, "{}");
    tell_all(spool, 60000);
    assert_int_equal(spool->told, 0);
    make_old(spool, first_id, ".json", 61);
    tell_all(spool, 60000);
    assert_int_equal(spool->told, 1);
}

static void
keeps_files_of_one_call_apart(void **state)
{
    struct spool *spool = *state;
    struct error err = {0};
    put(spool, first_id, "{\"a\":1}");
    assert_true(
        spool_put(spool->directory, (struct spool_name){SPOOL_END, first_id}, "{}", 2, &err));
    tell_all(spool, 0);
    assert_int_equal(spool->told, 1); /* the other is not old enough */
    assert_string_equal(spool->seen, "01a1ff75-05f5-7a62-8e4e-9765f4a9ce18 {\"a\":1}");
}

static void
make_tried(const struct spool *spool, const char *id, int64_t tried_s, int64_t written_s)
{
    const struct timespec times[2] = {{.tv_sec = time(NULL) - tried_s},
                                      {.tv_sec = time(NULL) - written_s}};
    assert_int_equal(utimensat(AT_FDCWD, path_of(spool, id, ".json"), times, 0), 0);
}

static void
waits_as_long_again_with_what_was_not_taken(void **state)
{
    struct spool *spool = *state;
    put(spool, first_id, "{}");
    make_old(spool, first_id, ".json", 60);
    spool->verdict = SPOOL_KEEP;
    tell_all(spool, 0);
    tell_all(spool, 0);
    assert_int_equal(spool->told, 1);
    make_tried(spool, first_id, 50, 110); /* at 60 seconds */
    tell_all(spool, 0);
    assert_int_equal(spool->told, 1);
    make_tried(spool, first_id, 61, 121);
    tell_all(spool, 0);
    assert_int_equal(spool->told, 2);
    make_tried(spool, first_id, 3601, 20 * 3600);
    tell_all(spool, 0);
    assert_int_equal(spool->told, 3);
}

static void
tells_new_ones_however_many_were_not_taken(void **state)
{
    struct spool *spool = *state;
    for (int i = 0; i < 30; i++) {
        char id[40];
        snprintf(id, sizeof(id), "01a1ff75-05f5-7a62-8e4e-9765f4a9%04x", i);
        put(spool, id, "{}");
        make_tried(spool, id, 7200, 10000);
    }
    put(spool, first_id, "{\"a\":1}");
    tell_all(spool, 0);
    assert_false(is_there(spool, first_id, ".json"));
    assert_int_equal(spool->told, 3);
}

static void
stops_where_nobody_can_be_told(void **state)
{
    struct spool *spool = *state;
    put(spool, first_id, "{}");
    put(spool, second_id, "{}");
    spool->verdict = SPOOL_STOP;
    tell_all(spool, 0);
    assert_int_equal(spool->told, 1);
    assert_true(is_there(spool, first_id, ".json"));
    assert_true(is_there(spool, second_id, ".json"));
}

static void
puts_aside_what_nobody_takes_for_a_day(void **state)
{
    struct spool *spool = *state;
    put(spool, first_id, "{}");
    spool->verdict = SPOOL_KEEP;
    tell_all(spool, 0);
    assert_true(is_there(spool, first_id, ".json"));
    make_old(spool, first_id, ".json", 25 * 3600);
    tell_all(spool, 0);
    assert_false(is_there(spool, first_id, ".json"));
    assert_true(is_there(spool, first_id, ".bad"));
    tell_all(spool, 0);
    assert_int_equal(spool->told, 2);
}

static void
passes_over_what_is_not_its_own(void **state)
{
    struct spool *spool = *state;
    put(spool, first_id, "{}");
    spool_drop(spool->directory, (struct spool_name){SPOOL_USAGE, first_id});
    static const char *const names[] = {"audit.lines", "usage-x.json", "usage-.json",
                                        "usage-01a1ff75-05f5-7a62-8e4e-9765f4a9ceZZ.json"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/%s", spool->directory, names[i]);
        int file = open(path, O_CREAT | O_WRONLY, 0600);
        assert_true(file >= 0);
        close(file);
    }
    assert_int_equal(symlink("/etc/passwd", path_of(spool, second_id, ".json")), 0);
    tell_all(spool, 0);
    assert_int_equal(spool->told, 0);
}

static void
removes_what_was_left_half_written_an_hour_ago(void **state)
{
    struct spool *spool = *state;
    put(spool, first_id, "{");
    char whole[256];
    snprintf(whole, sizeof(whole), "%s", path_of(spool, first_id, ".json"));
    assert_int_equal(rename(whole, path_of(spool, first_id, ".part")), 0);
    tell_all(spool, 0);
    assert_true(is_there(spool, first_id, ".part"));
    make_old(spool, first_id, ".part", 3601);
    tell_all(spool, 0);
    assert_false(is_there(spool, first_id, ".part"));
    assert_int_equal(spool->told, 0);
}

static void
says_why_it_cannot_keep_something(void **state)
{
    struct spool *spool = *state;
    struct error err = {0};
    snprintf(spool->directory, sizeof(spool->directory), "/proc/none/spool");
    assert_false(
        spool_put(spool->directory, (struct spool_name){SPOOL_USAGE, first_id}, "{}", 2, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    tell_all(spool, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_those_of_the_queue_together),
        TEST(tells_each_by_itself_that_could_not_be_told_together),
        TEST(keeps_the_queue_where_nobody_can_be_told),
        TEST(says_when_there_were_more_than_it_may_tell),
        TEST(makes_its_directory_and_gives_what_was_put_once),
        TEST(leaves_what_is_young_to_its_writer),
        TEST(keeps_files_of_one_call_apart),
        TEST(waits_as_long_again_with_what_was_not_taken),
        TEST(tells_new_ones_however_many_were_not_taken),
        TEST(stops_where_nobody_can_be_told),
        TEST(puts_aside_what_nobody_takes_for_a_day),
        TEST(passes_over_what_is_not_its_own),
        TEST(removes_what_was_left_half_written_an_hour_ago),
        TEST(says_why_it_cannot_keep_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
