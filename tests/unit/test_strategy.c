/* Strategies: which one applies, and how long they wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ai/strategy.h"

static void
takes_the_operations_own_strategy(void **state)
{
    (void)state;
    const struct settings settings = {0};
    const struct operation operation = {.name = "qa", .strategy = STRATEGY_CONSERVATIVE};
    assert_string_equal(strategy_of(&settings, &operation)->name, "conservative");
}

static void
prefers_the_settings_choice_for_an_operation(void **state)
{
    (void)state;
    const struct settings settings = {.strategy_qa = "critical",
                                      .strategy_summarize = "aggressive"};
    const struct operation operation = {.name = "qa", .strategy = STRATEGY_CONSERVATIVE};
    assert_string_equal(strategy_of(&settings, &operation)->name, "critical");
}

static void
waits_twice_as_long_each_time_within_bounds(void **state)
{
    (void)state;
    const struct strategy_policy *balanced = strategy_policy(STRATEGY_BALANCED);
    assert_int_equal(strategy_wait_ms(balanced, 1, 0), 2000);
    assert_int_equal(strategy_wait_ms(balanced, 2, 0), 2000);
    assert_int_equal(strategy_wait_ms(balanced, 3, 0), 4000);
    assert_int_equal(strategy_wait_ms(balanced, 4, 0), 8000);
    assert_int_equal(strategy_wait_ms(balanced, 5, 0), 10000);
    assert_int_equal(strategy_wait_ms(balanced, 1000, 0), 10000);
}

static void
adds_jitter_up_to_its_most(void **state)
{
    (void)state;
    const struct strategy_policy *critical = strategy_policy(STRATEGY_CRITICAL);
    assert_int_equal(strategy_wait_ms(critical, 1, UINT32_MAX), 3000 + 5000);
    assert_in_range(strategy_wait_ms(critical, 1, UINT32_MAX / 2), 3000 + 2499, 3000 + 2500);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_operations_own_strategy),
        cmocka_unit_test(prefers_the_settings_choice_for_an_operation),
        cmocka_unit_test(waits_twice_as_long_each_time_within_bounds),
        cmocka_unit_test(adds_jitter_up_to_its_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
