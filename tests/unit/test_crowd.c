/* Crowds: never more than the limit in at once, and none kept in by the dead. */
#include "host_fixture.h"

#include <pthread.h>
#include <sys/wait.h>

#include "host/crowd.h"

enum { LONG_MS = 60000, THREADS = 4, ROUNDS = 2000 };

static void
lets_in_as_many_as_the_limit_and_no_more(void **state)
{
    struct crowd_place places[4], other;
    for (int i = 0; i < 3; i++)
        assert_true(crowd_enter(host_of(state), "caller", 3, LONG_MS, &places[i]));
    assert_false(crowd_enter(host_of(state), "caller", 3, LONG_MS, &places[3]));
    assert_true(crowd_enter(host_of(state), "another", 1, LONG_MS, &other));
    crowd_leave(&places[1]);
    crowd_leave(&places[1]);
    assert_true(crowd_enter(host_of(state), "caller", 3, LONG_MS, &places[3]));
    assert_false(crowd_enter(host_of(state), "caller", 3, LONG_MS, &places[1]));
    crowd_leave(&places[1]);
    assert_false(crowd_enter(host_of(state), "caller", 3, LONG_MS, &places[1]));
}

static void
lets_nobody_in_at_a_limit_of_none(void **state)
{
    struct crowd_place place;
    assert_false(crowd_enter(host_of(state), "caller", 0, LONG_MS, &place));
}

static void
forgets_who_stayed_beyond_the_time(void **state)
{
    struct crowd_place silent, next;
    assert_true(crowd_enter(host_of(state), "caller", 1, 1, &silent));
    while (!crowd_enter(host_of(state), "caller", 1, LONG_MS, &next))
        ;
    crowd_leave(&silent);
    assert_false(crowd_enter(host_of(state), "caller", 1, LONG_MS, &silent));
}

static void
forgets_what_a_dead_process_was_doing(void **state)
{
    struct crowd_place place;
    pid_t child = fork();
    if (child == 0)
        _exit(!crowd_enter(host_of(state), "caller", 1, LONG_MS, &place));
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_true(crowd_enter(host_of(state), "caller", 1, LONG_MS, &place));
}

static struct host *shared_host;
static int inside, most;

static void *
come_and_go(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        struct crowd_place place;
        if (!crowd_enter(shared_host, "caller", 2, LONG_MS, &place))
            continue;
        int now = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
        int seen = __atomic_load_n(&most, __ATOMIC_SEQ_CST);
        while (now > seen && !__atomic_compare_exchange_n(&most, &seen, now, false,
                                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            ;
        __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
        crowd_leave(&place);
    }
    return NULL;
}

static void
holds_the_limit_while_many_come_and_go(void **state)
{
    pthread_t threads[THREADS];
    shared_host = host_of(state);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, come_and_go, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_in_range(most, 1, 2);
    struct crowd_place places[2];
    assert_true(crowd_enter(shared_host, "caller", 2, LONG_MS, &places[0]));
    assert_true(crowd_enter(shared_host, "caller", 2, LONG_MS, &places[1]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lets_in_as_many_as_the_limit_and_no_more), TEST(lets_nobody_in_at_a_limit_of_none),
        TEST(forgets_who_stayed_beyond_the_time),       TEST(forgets_what_a_dead_process_was_doing),
        TEST(holds_the_limit_while_many_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
