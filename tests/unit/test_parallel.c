/* Bounded concurrency over items. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/parallel.h"

enum { ITEMS = 200 };

struct record {
    atomic_int runs[ITEMS];
    atomic_int at_once, most_at_once;
    atomic_size_t done;
    size_t stop_after;
    pthread_barrier_t *meeting; /* all threads must be in it at once to go on */
};

static void
run(void *data, size_t index)
{
    struct record *record = data;
    int now = atomic_fetch_add(&record->at_once, 1) + 1;
    int most = atomic_load(&record->most_at_once);
    while (now > most && !atomic_compare_exchange_weak(&record->most_at_once, &most, now))
        ;
    if (record->meeting)
        pthread_barrier_wait(record->meeting);
    atomic_fetch_add(&record->runs[index], 1);
    atomic_fetch_sub(&record->at_once, 1);
    atomic_fetch_add(&record->done, 1);
}

static bool
stopped(void *data)
{
    struct record *record = data;
    return atomic_load(&record->done) >= record->stop_after;
}

static size_t
run_all(struct record *record, size_t count, size_t concurrency)
{
    return parallel_for(&(struct parallel_work){
        .count = count, .concurrency = concurrency, .run = run, .data = record});
}

static void
runs_each_item_once(void **state)
{
    (void)state;
    struct record record = {0};
    assert_int_equal(run_all(&record, ITEMS, 5), ITEMS);
    for (size_t i = 0; i < ITEMS; i++)
        assert_int_equal(record.runs[i], 1);
}

static void
runs_as_many_at_once_as_it_was_told_and_no_more(void **state)
{
    (void)state;
    pthread_barrier_t meeting;
    assert_int_equal(pthread_barrier_init(&meeting, NULL, 4), 0);
    struct record record = {.meeting = &meeting};
    assert_int_equal(run_all(&record, 40, 4), 40);
    assert_int_equal(record.most_at_once, 4);
    pthread_barrier_destroy(&meeting);
}

static void
takes_no_more_threads_than_items(void **state)
{
    (void)state;
    struct record record = {0};
    assert_int_equal(run_all(&record, 1, 1000), 1);
    assert_int_equal(record.most_at_once, 1);
}

static void
has_nothing_to_do_without_items(void **state)
{
    (void)state;
    struct record record = {0};
    assert_int_equal(run_all(&record, 0, 5), 0);
    assert_int_equal(record.done, 0);
}

static void
starts_no_item_after_it_was_stopped(void **state)
{
    (void)state;
    struct record record = {.stop_after = 7};
    size_t ran = parallel_for(&(struct parallel_work){
        .count = ITEMS, .concurrency = 1, .run = run, .stopped = stopped, .data = &record});
    assert_int_equal(ran, 7);
    assert_int_equal(record.runs[6], 1);
    assert_int_equal(record.runs[7], 0);
}

static void
says_truly_how_many_ran_when_several_threads_are_stopped(void **state)
{
    (void)state;
    struct record record = {.stop_after = 20};
    size_t ran = parallel_for(&(struct parallel_work){
        .count = ITEMS, .concurrency = 4, .run = run, .stopped = stopped, .data = &record});
    assert_int_equal(ran, record.done);
    assert_in_range(ran, 20, 23);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_each_item_once),
        cmocka_unit_test(runs_as_many_at_once_as_it_was_told_and_no_more),
        cmocka_unit_test(takes_no_more_threads_than_items),
        cmocka_unit_test(has_nothing_to_do_without_items),
        cmocka_unit_test(starts_no_item_after_it_was_stopped),
        cmocka_unit_test(says_truly_how_many_ran_when_several_threads_are_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
