/* Calls under way: the dead's are found, whole and no others. */
#include "host_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "host/flight.h"
#include "host/process.h"
#include "tests/lib/flight_spent.h"

enum { THREADS = 4, ROUNDS = 3000, KILLS = 60 };

/* Its parts tell the same number. */
static struct flight_record
record_of(int number)
{
    struct flight_record record = {
        .at_us = number, .cost_micros = number, .tokens = number, .spent = flight_spent_of(number)};
    snprintf(record.id, sizeof record.id, "%d", number);
    snprintf(record.operation, sizeof record.operation, "%d", number);
    return record;
}

static bool
is_whole(const struct flight_record *record)
{
    struct flight_record wanted = record_of((int)record->at_us);
    return memcmp(record, &wanted, sizeof wanted) == 0;
}

/* A process that began these calls and died. */
static void
die_with(struct host *host, int first, int count)
{
    pid_t child = fork();
    if (child == 0) {
        uint64_t self = process_self();
        struct flight flight;
        for (int i = first; i < first + count; i++) {
            struct flight_record record = record_of(i);
            if (!flight_begin(host, self, &record, &flight))
                _exit(1);
        }
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

struct found {
    int count, sum, most;
    bool all_whole;
};

static bool
note(void *context, const struct flight_record *record)
{
    struct found *found = context;
    if (found->count == found->most)
        return false;
    found->count++;
    found->sum += (int)record->at_us;
    found->all_whole = found->all_whole && is_whole(record);
    return true;
}

static struct found
salvage(struct host *host, int most)
{
    struct found found = {.most = most, .all_whole = true};
    size_t taken = flight_salvage(host, note, &found);
    assert_int_equal(taken, found.count);
    return found;
}

static void
finds_the_calls_of_the_dead_once(void **state)
{
    die_with(host_of(state), 1, 3);
    struct found found = salvage(host_of(state), 10);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.sum, 1 + 2 + 3);
    assert_true(found.all_whole);
    assert_int_equal(salvage(host_of(state), 10).count, 0);
}

/* A process that begins a call and spends on it until it is killed, in turn three things, so that
 * each copy gets each; it says so when it has begun. It does nothing else: it dies while it writes.
 */
static pid_t
spend_for_ever(struct host *host, int began)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    const struct flight_spent spent[] = {flight_spent_of(11111), flight_spent_of(22222),
                                         flight_spent_of(33333)};
    struct flight_record record = record_of(11111);
    struct flight flight;
    if (!flight_begin(host, process_self(), &record, &flight) || write(began, "1", 1) != 1)
        _exit(1);
    for (unsigned i = 0;; i++)
        flight_spend(&flight, &spent[i % 3]);
}

static bool
note_spent(void *context, const struct flight_record *record)
{
    *(struct flight_spent *)context = record->spent;
    return true;
}

static struct flight_spent
salvage_spent(struct host *host)
{
    struct flight_spent spent = {.source = -1};
    assert_int_equal(flight_salvage(host, note_spent, &spent), 1);
    return spent;
}

/* A call of a process that is dead already. */
static struct flight
begin_dead(struct host *host, int number)
{
    struct flight_record record = record_of(number);
    struct flight flight;
    assert_true(flight_begin(host, process_self() - (UINT64_C(1) << 22), &record, &flight));
    return flight;
}

static void
gives_what_was_spent_last_with_a_call_of_the_dead(void **state)
{
    struct host *host = host_of(state);
    for (int times = 1; times <= 3; times++) {
        struct flight flight = begin_dead(host, 0);
        for (int i = 1; i <= times; i++) {
            struct flight_spent spent = flight_spent_of(i);
            flight_spend(&flight, &spent);
        }
        struct flight_spent left = salvage_spent(host), wanted = flight_spent_of(times);
        assert_memory_equal(&left, &wanted, sizeof wanted);
    }
}

static void
gives_nothing_that_an_earlier_call_in_the_slot_spent(void **state)
{
    struct host *host = host_of(state);
    struct flight_spent spent = flight_spent_of(8), wanted = flight_spent_of(7);
    struct flight earlier = begin_dead(host, 1);
    uint32_t slot = earlier.slot;
    flight_spend(&earlier, &spent);
    flight_end(&earlier);
    assert_int_equal(begin_dead(host, 7).slot, slot);
    struct flight_spent left = salvage_spent(host);
    assert_memory_equal(&left, &wanted, sizeof wanted);
}

static void
gives_whole_figures_wherever_their_writer_was_killed(void **state)
{
    struct host *host = host_of(state);
    int began[2];
    char byte;
    assert_int_equal(pipe(began), 0);
    for (int i = 0; i < KILLS; i++) {
        pid_t child = spend_for_ever(host, began[1]);
        assert_int_equal(read(began[0], &byte, 1), 1);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct flight_spent spent = salvage_spent(host), whole = flight_spent_of(spent.source);
        assert_memory_equal(&spent, &whole, sizeof whole);
    }
    close(began[0]);
    close(began[1]);
}

static void
spends_nothing_on_a_call_that_is_in_no_slot(void **state)
{
    struct host *host = host_of(state);
    struct flight_record record = record_of(7);
    struct flight_spent spent = flight_spent_of(8);
    struct flight flight;
    assert_true(flight_begin(host, process_self(), &record, &flight));
    uint32_t slot = flight.slot;
    flight_end(&flight);
    flight_spend(&flight, &spent);
    assert_int_equal(atomic_load(&host->shared->flights[slot].current), 0);
}

static void
leaves_the_calls_of_the_living_alone(void **state)
{
    struct flight_record record = record_of(7);
    struct flight flight;
    assert_true(flight_begin(host_of(state), process_self(), &record, &flight));
    assert_int_equal(salvage(host_of(state), 10).count, 0);
    flight_end(&flight);
    flight_end(&flight);
    assert_int_equal(salvage(host_of(state), 10).count, 0);
}

static void
finds_nothing_of_a_call_that_has_ended(void **state)
{
    struct host *host = host_of(state);
    pid_t child = fork();
    if (child == 0) {
        struct flight_record record = record_of(7);
        struct flight flight;
        if (!flight_begin(host, process_self(), &record, &flight))
            _exit(1);
        flight_end(&flight);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(salvage(host, 10).count, 0);
}

static void
keeps_what_nobody_could_take(void **state)
{
    die_with(host_of(state), 1, 3);
    assert_int_equal(salvage(host_of(state), 1).count, 1);
    assert_int_equal(salvage(host_of(state), 0).count, 0);
    assert_int_equal(salvage(host_of(state), 10).count, 2);
}

static void
frees_a_slot_whose_owner_died_before_its_record_was_whole(void **state)
{
    struct host *host = host_of(state);
    uint64_t long_dead = process_self() - (UINT64_C(1) << 22);
    struct flight_record record = record_of(7);
    struct flight flight;
    assert_true(flight_begin(host, long_dead, &record, &flight));
    atomic_fetch_and(&host->shared->flight_owners[flight.slot], ~(UINT64_C(1) << 22));
    assert_int_equal(salvage(host, 10).count, 0);
    assert_int_equal(atomic_load(&host->shared->flight_owners[flight.slot]), 0);
}

static void
says_when_it_is_full_and_has_room_again_when_one_ends(void **state)
{
    struct host *host = host_of(state);
    struct flight *flights = calloc(FLIGHT_SLOTS, sizeof *flights);
    struct flight_record record = record_of(7);
    struct flight late;
    for (int i = 0; i < FLIGHT_SLOTS; i++)
        assert_true(flight_begin(host, process_self(), &record, &flights[i]));
    assert_false(flight_begin(host, process_self(), &record, &late));
    flight_end(&late);
    flight_end(&flights[FLIGHT_SLOTS / 2]);
    assert_true(flight_begin(host, process_self(), &record, &late));
    assert_false(flight_begin(host, process_self(), &record, &flights[0]));
    free(flights);
}

static struct host *shared_host;
static atomic_int failures;

static void *
come_and_go(void *data)
{
    uint64_t self = process_self();
    (void)data;
    for (int i = 0; i < ROUNDS; i++) {
        struct flight_record record = record_of(i);
        struct flight flight;
        if (!flight_begin(shared_host, self, &record, &flight))
            atomic_fetch_add(&failures, 1);
        flight_end(&flight);
    }
    return NULL;
}

static void
gives_each_of_many_threads_a_slot_of_its_own(void **state)
{
    pthread_t threads[THREADS];
    shared_host = host_of(state);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&failures), 0);
    for (int i = 0; i < FLIGHT_SLOTS; i++)
        assert_int_equal(atomic_load(&shared_host->shared->flight_owners[i]), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_the_calls_of_the_dead_once),
        TEST(gives_what_was_spent_last_with_a_call_of_the_dead),
        TEST(gives_nothing_that_an_earlier_call_in_the_slot_spent),
        TEST(gives_whole_figures_wherever_their_writer_was_killed),
        TEST(spends_nothing_on_a_call_that_is_in_no_slot),
        TEST(leaves_the_calls_of_the_living_alone),
        TEST(finds_nothing_of_a_call_that_has_ended),
        TEST(keeps_what_nobody_could_take),
        TEST(frees_a_slot_whose_owner_died_before_its_record_was_whole),
        TEST(says_when_it_is_full_and_has_room_again_when_one_ends),
        TEST(gives_each_of_many_threads_a_slot_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
