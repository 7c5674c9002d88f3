/* Epochs only grow. */
#include "host_fixture.h"

#include "host/epoch.h"

static void
is_zero_before_it_is_raised(void **state)
{
    assert_int_equal(epoch_get(host_of(state), "all"), 0);
}

static void
grows_and_never_shrinks(void **state)
{
    epoch_raise(host_of(state), "all", 10);
    epoch_raise(host_of(state), "all", 5);
    assert_int_equal(epoch_get(host_of(state), "all"), 10);
    epoch_raise(host_of(state), "all", 11);
    assert_int_equal(epoch_get(host_of(state), "all"), 11);
}

static void
keeps_names_apart(void **state)
{
    epoch_raise(host_of(state), "summarize", 10);
    assert_int_equal(epoch_get(host_of(state), "sentiment"), 0);
}

static void
invalidates_too_much_rather_than_too_little_when_full(void **state)
{
    char name[32];
    for (int i = 0; i < EPOCHS_MAX; i++) {
        snprintf(name, sizeof name, "operation-%d", i);
        epoch_raise(host_of(state), name, i + 1);
    }
    epoch_raise(host_of(state), "late", 999);
    assert_int_equal(epoch_get(host_of(state), "late"), 999);
    assert_int_equal(epoch_get(host_of(state), "later"), 999);
    assert_int_equal(epoch_get(host_of(state), "operation-7"), 8);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_zero_before_it_is_raised),
        TEST(grows_and_never_shrinks),
        TEST(keeps_names_apart),
        TEST(invalidates_too_much_rather_than_too_little_when_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
