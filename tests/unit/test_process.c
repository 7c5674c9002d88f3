/* Processes by their number and their start. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/process.h"

enum { NUMBER_BITS = 22 };

static void
knows_itself_to_live(void **state)
{
    (void)state;
    uint64_t self = process_self();
    assert_int_equal(self & ((1 << NUMBER_BITS) - 1), getpid());
    assert_int_not_equal(self >> NUMBER_BITS, 0);
    assert_int_equal(self >> 63, 0);
    assert_int_equal(process_self(), self);
    assert_false(process_is_dead(self));
}

static void
takes_another_process_of_the_same_number_for_another(void **state)
{
    (void)state;
    uint64_t before = process_self() - (UINT64_C(1) << NUMBER_BITS);
    assert_true(process_is_dead(before));
}

static void
takes_a_number_alone_for_whoever_has_it(void **state)
{
    (void)state;
    assert_false(process_is_dead((uint64_t)getpid()));
}

/* Killed, it keeps its number until somebody has waited for it. */
static void
knows_a_killed_process_to_be_dead_before_it_was_waited_for(void **state)
{
    int told[2];
    uint64_t child;
    (void)state;
    assert_int_equal(pipe(told), 0);
    pid_t number = fork();
    if (number == 0) {
        child = process_self();
        if (write(told[1], &child, sizeof child) != sizeof child)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(told[0], &child, sizeof child), sizeof child);
    assert_false(process_is_dead(child));
    siginfo_t info;
    kill(number, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)number, &info, WEXITED | WNOWAIT), 0);
    assert_true(process_is_dead(child));
    assert_int_equal(waitpid(number, NULL, 0), number);
    assert_true(process_is_dead(child));
    close(told[0]);
    close(told[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_itself_to_live),
        cmocka_unit_test(takes_another_process_of_the_same_number_for_another),
        cmocka_unit_test(takes_a_number_alone_for_whoever_has_it),
        cmocka_unit_test(knows_a_killed_process_to_be_dead_before_it_was_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
