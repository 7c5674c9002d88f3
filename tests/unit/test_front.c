/* The front: a thread that waits leaves it, a successor is called, and the way back. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "fcgi/front.h"

/* The thread that comes first waits as often as it is let go; the others only stand there. */
struct scene {
    struct front *front;
    sem_t entered, left, go, back, stop;
    atomic_int threads;
    int waits;
    bool leaves, returns;
};

static void
wait_once(struct scene *scene)
{
    scene->leaves = front_leave(scene->front);
    sem_post(&scene->left);
    sem_wait(&scene->go);
    if (scene->leaves)
        scene->returns = front_return(scene->front);
    sem_post(&scene->back);
}

static void
stand(void *context)
{
    struct scene *scene = context;
    bool is_first = atomic_fetch_add(&scene->threads, 1) == 0;
    sem_post(&scene->entered);
    for (int i = 0; is_first && i < scene->waits; i++) {
        wait_once(scene);
        if (scene->leaves && !scene->returns)
            return;
    }
    sem_wait(&scene->stop);
    front_resign(scene->front);
}

static struct scene *
begin(int waits, size_t waiting_max)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    sem_t *semaphores[] = {&scene->entered, &scene->left, &scene->go, &scene->back, &scene->stop};
    for (size_t i = 0; i < sizeof(semaphores) / sizeof(semaphores[0]); i++)
        sem_init(semaphores[i], 0, 0);
    scene->waits = waits;
    scene->front = front_open(1, waiting_max, stand, scene);
    assert_true(front_start(scene->front));
    sem_wait(&scene->entered);
    sem_wait(&scene->left);
    return scene;
}

static void
end(struct scene *scene)
{
    for (int i = 0; i < 2; i++)
        sem_post(&scene->stop);
    front_stop(scene->front);
    assert_true(front_drain(scene->front, clock_monotonic_us() + 10000000));
    front_close(scene->front);
    free(scene);
}

static void
a_thread_that_waits_calls_a_successor_and_comes_back(void **state)
{
    (void)state;
    struct scene *scene = begin(1, 4);
    assert_true(scene->leaves);
    sem_wait(&scene->entered);
    sem_post(&scene->go);
    sem_wait(&scene->back);
    assert_true(scene->returns);
    end(scene);
}

static void
nobody_is_called_while_enough_stay(void **state)
{
    (void)state;
    struct scene *scene = begin(3, 4);
    sem_wait(&scene->entered);
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            sem_wait(&scene->left);
        assert_true(scene->leaves);
        sem_post(&scene->go);
        sem_wait(&scene->back);
        assert_true(scene->returns);
    }
    assert_int_equal(scene->threads, 2);
    end(scene);
}

static void
a_thread_stays_when_as_many_wait_as_may(void **state)
{
    (void)state;
    struct scene *scene = begin(1, 0);
    assert_false(front_has_room(scene->front));
    assert_false(scene->leaves);
    sem_post(&scene->go);
    sem_wait(&scene->back);
    assert_int_equal(scene->threads, 1);
    end(scene);
}

static void
counts_those_that_wait(void **state)
{
    (void)state;
    struct scene *scene = begin(1, 1);
    assert_false(front_has_room(scene->front));
    sem_post(&scene->go);
    sem_wait(&scene->back);
    assert_true(front_has_room(scene->front));
    end(scene);
}

static void
nobody_comes_back_after_the_stop(void **state)
{
    (void)state;
    struct scene *scene = begin(1, 4);
    sem_wait(&scene->entered);
    sem_post(&scene->stop);
    front_stop(scene->front);
    assert_false(front_drain(scene->front, clock_monotonic_us() + 1000));
    sem_post(&scene->go);
    sem_wait(&scene->back);
    assert_false(scene->returns);
    end(scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_waits_calls_a_successor_and_comes_back),
        cmocka_unit_test(nobody_is_called_while_enough_stay),
        cmocka_unit_test(a_thread_stays_when_as_many_wait_as_may),
        cmocka_unit_test(counts_those_that_wait),
        cmocka_unit_test(nobody_comes_back_after_the_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
