/* Documents of the sign-in provider: when they are read again, and how long they serve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/google_document.h"

enum { US_PER_S = 1000000 };

static struct arena arena;
static struct google_document document;

struct provider {
    int asked;
    bool is_away;
    int64_t max_age_s;
};

static struct provider provider;

static bool
read_document(void *context, struct arena *at, struct google_reading *reading, struct error *err)
{
    struct provider *asked = context;
    asked->asked++;
    if (asked->is_away)
        return error_set(err, ERROR_UNAVAILABLE, "away");
    *reading = (struct google_reading){arena_printf(at, "%d", asked->asked), asked->max_age_s};
    return true;
}

static int
set_up(void **state)
{
    (void)state;
    provider = (struct provider){.max_age_s = 1000};
    google_document_init(&document, (struct google_reader){read_document, &provider});
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    google_document_release(&document);
    arena_release(&arena);
    return 0;
}

/* What serves at this second: the number of its reading, 0 for none. */
static int
find(int64_t second, bool anew)
{
    const char *text;
    struct error err = {0};
    if (google_document_find(&document, anew, (100000 + second) * US_PER_S, &arena, &text, &err))
        return text[0] - '0';
    assert_int_equal(err.code, ERROR_AUTH_UNAVAILABLE);
    assert_true(err.retry_after_s > 0);
    return 0;
}

static void
is_read_once_until_shortly_before_its_age_is_over(void **state)
{
    (void)state;
    assert_int_equal(find(0, false), 1);
    assert_int_equal(find(799, false), 1);
    assert_int_equal(provider.asked, 1);
    assert_int_equal(find(800, false), 2);
    assert_int_equal(find(1599, false), 2);
}

static void
bounds_the_age_that_a_provider_tells(void **state)
{
    (void)state;
    provider.max_age_s = 0;
    assert_int_equal(find(0, false), 1);
    assert_int_equal(find(47, false), 1);
    provider.max_age_s = INT32_MAX;
    assert_int_equal(find(48, false), 2);
    assert_int_equal(find(48 + GOOGLE_AGE_MAX_S * 4 / 5 - 1, false), 2);
    provider.max_age_s = -1;
    assert_int_equal(find(48 + GOOGLE_AGE_MAX_S * 4 / 5, false), 3);
    assert_int_equal(find(48 + GOOGLE_AGE_MAX_S * 4 / 5 + GOOGLE_AGE_S * 4 / 5, false), 4);
}

static void
serves_until_the_hard_limit_while_the_provider_is_away(void **state)
{
    (void)state;
    assert_int_equal(find(0, false), 1);
    provider.is_away = true;
    assert_int_equal(find(900, false), 1);
    assert_int_equal(find(GOOGLE_AGE_MAX_S - 1, false), 1);
    assert_int_equal(find(GOOGLE_AGE_MAX_S, false), 0);
    provider.is_away = false;
    assert_int_equal(find(GOOGLE_AGE_MAX_S + GOOGLE_REST_S, false), 4);
}

static void
leaves_a_provider_that_failed_alone_for_a_while(void **state)
{
    (void)state;
    provider.is_away = true;
    assert_int_equal(find(0, false), 0);
    assert_int_equal(find(0, true), 0);
    assert_int_equal(find(GOOGLE_REST_S - 1, false), 0);
    assert_int_equal(provider.asked, 1);
    assert_int_equal(find(GOOGLE_REST_S, false), 0);
    assert_int_equal(provider.asked, 2);
}

static void
is_read_anew_at_most_once_a_minute(void **state)
{
    (void)state;
    assert_int_equal(find(0, false), 1);
    assert_int_equal(find(59, true), 1);
    assert_int_equal(find(60, true), 2);
    assert_int_equal(find(61, true), 2);
    assert_int_equal(find(119, true), 2);
    assert_int_equal(find(120, true), 3);
}

static void *
find_at_once(void *data)
{
    struct arena own = {0};
    const char *text;
    struct error err = {0};
    bool found =
        google_document_find(&document, false, 100000 * (int64_t)US_PER_S, &own, &text, &err);
    *(bool *)data = found && strcmp(text, "1") == 0;
    arena_release(&own);
    return NULL;
}

static void
is_read_by_one_of_many_threads(void **state)
{
    (void)state;
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    bool found[THREADS] = {false};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_at_once, &found[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(found[i]);
    }
    assert_int_equal(provider.asked, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_read_once_until_shortly_before_its_age_is_over),
        TEST(bounds_the_age_that_a_provider_tells),
        TEST(serves_until_the_hard_limit_while_the_provider_is_away),
        TEST(leaves_a_provider_that_failed_alone_for_a_while),
        TEST(is_read_anew_at_most_once_a_minute),
        TEST(is_read_by_one_of_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
