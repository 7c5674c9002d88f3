/* When credentials were last used, and what is to be forgotten of them. */
#include "host_fixture.h"

#include "host/forgetting.h"
#include "host/sighting.h"

static const char first[] = "018f0000-0000-7000-8000-000000000001";
#define MINUTE INT64_C(60000000)

static void
gives_what_was_used_once_a_minute_at_most(void **state)
{
    struct host *host = host_of(state);
    struct sighting seen[4];
    sighting_note(host, first, MINUTE);
    assert_int_equal(sighting_take(host, MINUTE, MINUTE, seen, 4), 1);
    assert_string_equal(seen[0].id, first);
    assert_int_equal(seen[0].at_us, MINUTE);
    assert_int_equal(sighting_take(host, MINUTE, MINUTE, seen, 4), 0);
    sighting_note(host, first, MINUTE + MINUTE / 2);
    assert_int_equal(sighting_take(host, 2 * MINUTE, MINUTE, seen, 4), 0);
    sighting_note(host, first, 2 * MINUTE);
    assert_int_equal(sighting_take(host, 2 * MINUTE, MINUTE, seen, 4), 1);
    assert_int_equal(seen[0].at_us, 2 * MINUTE);
}

static void
gives_no_more_than_there_is_room_for_and_the_rest_later(void **state)
{
    struct host *host = host_of(state);
    struct sighting seen[4];
    char id[37];
    for (int i = 1; i <= 6; i++) {
        snprintf(id, sizeof(id), "018f0000-0000-7000-8000-0000000000%02d", i);
        sighting_note(host, id, MINUTE);
    }
    assert_int_equal(sighting_take(host, MINUTE, MINUTE, seen, 4), 4);
    assert_int_equal(sighting_take(host, MINUTE, MINUTE, seen, 4), 2);
}

static void
makes_room_of_what_is_not_used_any_more(void **state)
{
    struct host *host = host_of(state);
    struct sighting seen[1];
    char id[37];
    for (unsigned i = 1; i <= 3 * SIGHTING_CELLS; i++) {
        snprintf(id, sizeof(id), "018f0000-0000-7000-8000-%012x", i);
        sighting_note(host, id, MINUTE);
        if (i % 1000 == 0) {
            while (sighting_take(host, MINUTE, MINUTE, seen, 1) == 1)
                continue;
            assert_int_equal(sighting_take(host, 20 * MINUTE, MINUTE, seen, 1), 0);
        }
    }
    sighting_note(host, first, 20 * MINUTE);
    while (sighting_take(host, 20 * MINUTE, MINUTE, seen, 1) == 1)
        if (strcmp(seen[0].id, first) == 0)
            return;
    fail_msg("it was not noted");
}

static void
notes_nothing_that_is_no_id(void **state)
{
    struct host *host = host_of(state);
    struct sighting seen[1];
    sighting_note(host, "", MINUTE);
    sighting_note(host, "018f0000-0000-7000-8000-00000000000g", MINUTE);
    sighting_note(host, "018f0000-0000-7000-8000-0000000000011", MINUTE);
    assert_int_equal(sighting_take(host, MINUTE, MINUTE, seen, 1), 0);
}

static void
forgets_what_was_learnt_up_to_a_mark(void **state)
{
    struct host *host = host_of(state);
    forgetting_mark(host, "key:1", 100);
    assert_false(forgetting_holds(host, "key:1", 100));
    assert_true(forgetting_holds(host, "key:1", 101));
    forgetting_mark(host, "key:1", 50);
    assert_false(forgetting_holds(host, "key:1", 100));
    forgetting_mark(host, NULL, 200);
    assert_false(forgetting_holds(host, "key:2", 200));
    assert_true(forgetting_holds(host, "key:2", 201));
}

static void
never_follows_backwards(void **state)
{
    struct host *host = host_of(state);
    assert_int_equal(forgetting_followed_us(host), 0);
    forgetting_follow(host, 100);
    forgetting_follow(host, 50);
    assert_int_equal(forgetting_followed_us(host), 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_what_was_used_once_a_minute_at_most),
        TEST(gives_no_more_than_there_is_room_for_and_the_rest_later),
        TEST(makes_room_of_what_is_not_used_any_more),
        TEST(notes_nothing_that_is_no_id),
        TEST(forgets_what_was_learnt_up_to_a_mark),
        TEST(never_follows_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
