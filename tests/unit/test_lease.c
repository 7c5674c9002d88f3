/* Leases: one leads, the others wait, a dead leader is replaced by one. */
#include "host_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "host/lease.h"

static const unsigned char key[32] = {1, 2, 3};
enum { LONG_MS = 60000, WAITERS = 100 };

static void
has_one_leader(void **state)
{
    struct lease first, second;
    assert_true(lease_take(host_of(state), key, LONG_MS, &first));
    assert_false(lease_take(host_of(state), key, LONG_MS, &second));
    lease_release(&first);
    assert_true(lease_take(host_of(state), key, LONG_MS, &second));
    lease_release(&second);
}

static void
can_be_lost_and_says_so(void **state)
{
    struct lease first, second;
    assert_true(lease_take(host_of(state), key, LONG_MS, &first));
    assert_true(lease_renew(&first, 1));
    assert_true(lease_wait(host_of(state), key, LONG_MS));
    assert_true(lease_take(host_of(state), key, LONG_MS, &second));
    assert_false(lease_renew(&first, LONG_MS));
    lease_release(&first);
    assert_false(lease_take(host_of(state), key, LONG_MS, &first));
    lease_release(&second);
}

static void
lets_another_key_with_the_same_cell_lead_without_one(void **state)
{
    unsigned char other[32] = {9};
    struct lease first, second, third;
    memcpy(other + 8, key + 8, 4);
    assert_true(lease_take(host_of(state), key, LONG_MS, &first));
    assert_true(lease_take(host_of(state), other, LONG_MS, &second));
    assert_true(lease_renew(&second, LONG_MS));
    lease_release(&second);
    assert_false(lease_take(host_of(state), key, LONG_MS, &third));
    lease_release(&first);
}

static void
waits_no_longer_than_told(void **state)
{
    struct lease lease;
    assert_true(lease_wait(host_of(state), key, 0));
    assert_true(lease_take(host_of(state), key, LONG_MS, &lease));
    assert_false(lease_wait(host_of(state), key, 10));
    lease_release(&lease);
}

static void
is_free_soon_after_its_holder_was_killed(void **state)
{
    struct lease lease;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        byte = lease_take(host_of(state), key, LONG_MS, &lease) ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_false(lease_take(host_of(state), key, LONG_MS, &lease));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(lease_wait(host_of(state), key, LONG_MS));
    assert_true(lease_take(host_of(state), key, LONG_MS, &lease));
    lease_release(&lease);
    close(ready[0]);
    close(ready[1]);
}

struct crowd {
    struct host *host;
    atomic_int started, at_once, most_at_once, turns;
};

static void *
wait_for_a_turn(void *data)
{
    struct crowd *crowd = data;
    struct lease lease;
    atomic_fetch_add(&crowd->started, 1);
    while (!lease_take(crowd->host, key, LONG_MS, &lease))
        (void)lease_wait(crowd->host, key, LONG_MS);
    if (atomic_fetch_add(&crowd->at_once, 1) > 0)
        atomic_store(&crowd->most_at_once, 2);
    sched_yield();
    atomic_fetch_sub(&crowd->at_once, 1);
    atomic_fetch_add(&crowd->turns, 1);
    lease_release(&lease);
    return NULL;
}

static void
wakes_all_who_wait_and_gives_it_to_one_at_a_time(void **state)
{
    struct crowd crowd = {.host = host_of(state)};
    pthread_t threads[WAITERS];
    struct lease lease;
    assert_true(lease_take(crowd.host, key, LONG_MS, &lease));
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_a_turn, &crowd), 0);
    while (atomic_load(&crowd.started) < WAITERS)
        sched_yield();
    assert_int_equal(atomic_load(&crowd.turns), 0);
    lease_release(&lease);
    for (int i = 0; i < WAITERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowd.turns), WAITERS);
    assert_int_equal(atomic_load(&crowd.most_at_once), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(has_one_leader),
        TEST(can_be_lost_and_says_so),
        TEST(lets_another_key_with_the_same_cell_lead_without_one),
        TEST(waits_no_longer_than_told),
        TEST(is_free_soon_after_its_holder_was_killed),
        TEST(wakes_all_who_wait_and_gives_it_to_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
