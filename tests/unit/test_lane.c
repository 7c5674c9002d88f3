/* Threads on demand, no queue, an end that waits. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "fcgi/lane.h"

enum { LONG_MS = 60000 };

/* Work that tells when it began and ends when it is let go. */
struct gate {
    sem_t begun, go;
    atomic_int done;
    pthread_t thread;
};

static void
gate_init(struct gate *gate)
{
    sem_init(&gate->begun, 0, 0);
    sem_init(&gate->go, 0, 0);
    gate->done = 0;
}

static void
pass_gate(void *work, void *context)
{
    struct gate *gate = work;
    (void)context;
    gate->thread = pthread_self();
    sem_post(&gate->begun);
    sem_wait(&gate->go);
    atomic_fetch_add(&gate->done, 1);
}

static int64_t
in_seconds(int64_t seconds)
{
    return clock_monotonic_us() + seconds * 1000000;
}

static void
runs_what_it_is_handed(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate);
    struct lane *lane = lane_open(1, LONG_MS, pass_gate, NULL);
    assert_true(lane_hand(lane, &gate));
    sem_post(&gate.go);
    assert_true(lane_drain(lane, in_seconds(10)));
    assert_int_equal(gate.done, 1);
    lane_close(lane);
}

static void
refuses_at_once_when_all_threads_are_busy(void **state)
{
    (void)state;
    struct gate gates[2], late;
    struct lane *lane = lane_open(2, LONG_MS, pass_gate, NULL);
    gate_init(&late);
    for (int i = 0; i < 2; i++) {
        gate_init(&gates[i]);
        assert_true(lane_hand(lane, &gates[i]));
        sem_wait(&gates[i].begun);
    }
    assert_false(lane_hand(lane, &late));
    for (int i = 0; i < 2; i++)
        sem_post(&gates[i].go);
    assert_true(lane_drain(lane, in_seconds(10)));
    assert_int_equal(late.done, 0);
    assert_true(lane_hand(lane, &late));
    sem_post(&late.go);
    assert_true(lane_drain(lane, in_seconds(10)));
    assert_int_equal(late.done, 1);
    lane_close(lane);
}

static void
uses_an_idle_thread_again(void **state)
{
    (void)state;
    struct gate gate;
    struct lane *lane = lane_open(8, LONG_MS, pass_gate, NULL);
    pthread_t first = 0;
    for (int i = 0; i < 20; i++) {
        gate_init(&gate);
        sem_post(&gate.go);
        assert_true(lane_hand(lane, &gate));
        assert_true(lane_drain(lane, in_seconds(10)));
        first = i == 0 ? gate.thread : first;
        assert_true(pthread_equal(first, gate.thread));
    }
    size_t threads, busy;
    lane_count(lane, &threads, &busy);
    assert_int_equal(threads, 1);
    assert_int_equal(busy, 0);
    lane_close(lane);
}

static void
ends_a_thread_that_was_idle_for_long(void **state)
{
    (void)state;
    struct gate gate;
    struct lane *lane = lane_open(8, 1, pass_gate, NULL);
    gate_init(&gate);
    sem_post(&gate.go);
    assert_true(lane_hand(lane, &gate));
    size_t threads = 1, busy;
    int64_t end_us = in_seconds(10);
    while (threads > 0 && clock_monotonic_us() < end_us)
        lane_count(lane, &threads, &busy);
    assert_int_equal(threads, 0);
    lane_close(lane);
}

static void
says_when_work_outlives_the_deadline(void **state)
{
    (void)state;
    struct gate gate;
    struct lane *lane = lane_open(1, LONG_MS, pass_gate, NULL);
    gate_init(&gate);
    assert_true(lane_hand(lane, &gate));
    assert_false(lane_drain(lane, clock_monotonic_us() + 1000));
    sem_post(&gate.go);
    assert_true(lane_drain(lane, in_seconds(10)));
    lane_close(lane);
}

static void
count(void *work, void *context)
{
    (void)work;
    atomic_fetch_add((atomic_int *)context, 1);
}

struct giver {
    struct lane *lane;
    atomic_int given;
};

static void *
give(void *data)
{
    struct giver *giver = data;
    for (int i = 0; i < 2000; i++) {
        if (lane_hand(giver->lane, giver))
            atomic_fetch_add(&giver->given, 1);
    }
    return NULL;
}

static void
runs_each_work_once_when_many_hand_over(void **state)
{
    (void)state;
    atomic_int runs = 0;
    struct giver giver = {.lane = lane_open(3, 1, count, &runs)};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, give, &giver), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(lane_drain(giver.lane, in_seconds(10)));
    assert_true(giver.given > 0);
    assert_int_equal(runs, giver.given);
    lane_close(giver.lane);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_what_it_is_handed),
        cmocka_unit_test(refuses_at_once_when_all_threads_are_busy),
        cmocka_unit_test(uses_an_idle_thread_again),
        cmocka_unit_test(ends_a_thread_that_was_idle_for_long),
        cmocka_unit_test(says_when_work_outlives_the_deadline),
        cmocka_unit_test(runs_each_work_once_when_many_hand_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
