/* Duties: who does them, how often, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/caretaker.h"

static atomic_int runs, ends;

static void
run(struct access *access, struct arena *arena)
{
    (void)access;
    arena_alloc(arena, 100);
    atomic_fetch_add(&runs, 1);
}

static void
run_at_end(struct access *access, struct arena *arena)
{
    (void)access, (void)arena;
    atomic_fetch_add(&ends, 1);
}

static struct settings settings;
static struct access access_parts = {.settings = &settings};

static int
set_up(void **state)
{
    static char directory[32];
    (void)state;
    atomic_store(&runs, 0);
    atomic_store(&ends, 0);
    snprintf(directory, sizeof(directory), "/tmp/hearth-test-XXXXXX");
    settings.runtime_directory = mkdtemp(directory);
    return settings.runtime_directory ? 0 : -1;
}

static int
tear_down(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", settings.runtime_directory);
    return system(command);
}

static struct caretaker *
open_one(const struct duty *duties)
{
    struct caretaker *caretaker;
    struct error err = {0};
    assert_true(caretaker_open(&access_parts, duties, &caretaker, &err));
    return caretaker;
}

static void
wait_for(atomic_int *count, int wanted)
{
    for (int i = 0; i < 500 && atomic_load(count) < wanted; i++)
        usleep(10000);
    assert_true(atomic_load(count) >= wanted);
}

static const struct duty often[] = {{.name = "often", .every_ms = 10, .run = run}, {.name = NULL}};
static const struct duty seldom[] = {
    {.name = "seldom", .every_ms = 3600000, .at_stop = true, .run = run_at_end}, {.name = NULL}};

static void
does_a_duty_again_and_again(void **state)
{
    (void)state;
    struct caretaker *caretaker = open_one(often);
    wait_for(&runs, 5);
    caretaker_close(caretaker);
    int ended = atomic_load(&runs);
    usleep(30000);
    assert_int_equal(atomic_load(&runs), ended);
}

static void
does_at_the_end_what_is_due_then_and_waits_for_no_time(void **state)
{
    (void)state;
    struct caretaker *caretaker = open_one(seldom);
    wait_for(&ends, 1);
    caretaker_close(caretaker);
    assert_int_equal(atomic_load(&ends), 2);
}

/* Two caretakers stand for two processes: each opens the lock's file anew. */
static void
leaves_a_duty_to_the_one_that_has_its_lock_until_that_ends(void **state)
{
    (void)state;
    static const struct duty slow[] = {{.name = "often", .every_ms = 3600000, .run = run_at_end},
                                       {.name = NULL}};
    struct caretaker *first = open_one(slow);
    wait_for(&ends, 1);
    struct caretaker *second = open_one(often);
    usleep(50000);
    assert_int_equal(atomic_load(&runs), 0);
    caretaker_close(first);
    wait_for(&runs, 1);
    caretaker_close(second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(does_a_duty_again_and_again),
        TEST(does_at_the_end_what_is_due_then_and_waits_for_no_time),
        TEST(leaves_a_duty_to_the_one_that_has_its_lock_until_that_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
