/* The preset chosen for the host. */
#include "host_fixture.h"

#include "host/choice.h"

static void
is_none_at_first(void **state)
{
    char name[CHOICE_NAME_BYTES];
    uint64_t generation;
    assert_false(choice_read(host_of(state), name, &generation));
    assert_int_equal(generation, 0);
    assert_string_equal(name, "");
}

static void
is_read_until_another_is_made_or_it_is_taken_back(void **state)
{
    char name[CHOICE_NAME_BYTES];
    uint64_t first, second, third;
    choice_make(host_of(state), "production");
    assert_true(choice_read(host_of(state), name, &first));
    assert_string_equal(name, "production");
    assert_int_equal(first, choice_generation(host_of(state)));
    choice_make(host_of(state), "simple");
    assert_true(choice_read(host_of(state), name, &second));
    assert_string_equal(name, "simple");
    choice_make(host_of(state), "");
    assert_false(choice_read(host_of(state), name, &third));
    assert_true(first < second && second < third);
}

static void
can_be_made_any_number_of_times_and_shortens_long_names(void **state)
{
    char name[CHOICE_NAME_BYTES], text[80];
    uint64_t generation;
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "a name that is longer than what a slot can hold, %d", i);
        choice_make(host_of(state), text);
        assert_true(choice_read(host_of(state), name, &generation));
        assert_memory_equal(name, text, CHOICE_NAME_BYTES - 1);
    }
    assert_int_equal(generation, 300);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_none_at_first),
        TEST(is_read_until_another_is_made_or_it_is_taken_back),
        TEST(can_be_made_any_number_of_times_and_shortens_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
