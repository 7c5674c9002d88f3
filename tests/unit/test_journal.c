/* The journal: the last rows, whole ones only. */
#include "host_fixture.h"

#include "base/clock.h"
#include "host/journal_ring.h"

struct seen {
    size_t rows, most;
    uint64_t first, last;
    struct journal_row newest;
};

static bool
see(void *context, const struct journal_row *row)
{
    struct seen *seen = context;
    if (seen->rows++ == 0) {
        seen->first = row->number;
        seen->newest = *row;
    }
    seen->last = row->number;
    return seen->most == 0 || seen->rows < seen->most;
}

static struct seen
read_all(struct host *host, size_t most)
{
    struct seen seen = {.most = most};
    journal_read(host, see, &seen);
    return seen;
}

static void
add(struct host *host, const char *subject, int64_t time_us)
{
    struct journal_row row = {.kind = JOURNAL_CONFIG_LOAD, .value = 1234, .time_us = time_us};
    journal_text(row.subject, sizeof row.subject, subject);
    journal_add(host, &row);
}

static void
reads_what_was_added_from_the_newest_on(void **state)
{
    int64_t now_us = clock_realtime_us();
    add(host_of(state), "simple", 0);
    add(host_of(state), "production", 0);
    struct seen seen = read_all(host_of(state), 0);
    assert_int_equal(seen.rows, 2);
    assert_int_equal(seen.first, 2);
    assert_int_equal(seen.last, 1);
    assert_string_equal(seen.newest.subject, "production");
    assert_int_equal(seen.newest.value, 1234);
    assert_int_equal(seen.newest.kind, JOURNAL_CONFIG_LOAD);
    assert_in_range(seen.newest.time_us, now_us, now_us + 60000000);
    assert_int_equal(read_all(host_of(state), 1).rows, 1);
}

static void
keeps_the_last_rows(void **state)
{
    for (int i = 0; i < JOURNAL_ROWS + 5; i++)
        add(host_of(state), "simple", 0);
    struct seen seen = read_all(host_of(state), 0);
    assert_int_equal(seen.rows, JOURNAL_ROWS);
    assert_int_equal(seen.first, JOURNAL_ROWS + 5);
    assert_int_equal(seen.last, 6);
}

static void
skips_rows_that_are_not_whole(void **state)
{
    struct journal_cell *cells = host_of(state)->journal;
    for (int i = 0; i < 4; i++)
        add(host_of(state), "simple", 0);
    atomic_store(&cells[1].number, 0);
    atomic_fetch_add(&cells[2].words[7], 1);
    atomic_fetch_add(&host_of(state)->shared->journal_rows, 1);
    struct seen seen = read_all(host_of(state), 0);
    assert_int_equal(seen.rows, 2);
    assert_int_equal(seen.first, 4);
    assert_int_equal(seen.last, 1);
}

static void
shows_no_row_that_was_cleaned_away(void **state)
{
    size_t remaining;
    for (int i = 1; i <= 5; i++)
        add(host_of(state), "simple", i * 1000);
    assert_int_equal(journal_clean(host_of(state), 3000, &remaining), 2);
    assert_int_equal(remaining, 3);
    assert_int_equal(journal_clean(host_of(state), 2000, &remaining), 0);
    assert_int_equal(read_all(host_of(state), 0).rows, 3);
    assert_int_equal(journal_clean(host_of(state), 6000, &remaining), 3);
    assert_int_equal(read_all(host_of(state), 0).rows, 0);
}

static void
shortens_texts_to_whole_characters(void **state)
{
    char text[8];
    (void)state;
    journal_text(text, sizeof text, "1234567");
    assert_string_equal(text, "1234567");
    journal_text(text, sizeof text, "12345678");
    assert_string_equal(text, "1234567");
    journal_text(text, sizeof text, "12345\xe2\x82\xac");
    assert_string_equal(text, "12345");
    journal_text(text, sizeof text,
                 "1234\xe2\x82\xac"
                 "5");
    assert_string_equal(text, "1234\xe2\x82\xac");
    journal_text(text, sizeof text, "");
    assert_string_equal(text, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_what_was_added_from_the_newest_on), TEST(keeps_the_last_rows),
        TEST(skips_rows_that_are_not_whole),           TEST(shows_no_row_that_was_cleaned_away),
        TEST(shortens_texts_to_whole_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
