/* Server-sent events, however their bytes were split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "http/event_parser.h"

enum { MAX_BYTES = 64 };

struct bench {
    struct arena arena;
    struct event_parser parser;
    struct strbuf told; /* name=data| for events, #text| for comments */
    int left;           /* events to take before saying stop; below 0: no end */
};

static void
bench_open(struct bench *bench)
{
    *bench = (struct bench){.left = -1};
    event_parser_init(&bench->parser, &bench->arena, MAX_BYTES);
    strbuf_init(&bench->told, &bench->arena, 256);
}

static bool
tell(void *context, const struct event *event)
{
    struct bench *bench = context;
    assert_int_equal(event->data[event->length], '\0');
    if (event->is_comment)
        strbuf_printf(&bench->told, "#%s|", event->data);
    else
        strbuf_printf(&bench->told, "%s=%s|", event->name, event->data);
    return bench->left < 0 || --bench->left > 0;
}

static bool
feed(struct bench *bench, const char *text)
{
    return event_parser_feed(&bench->parser, text, strlen(text), tell, bench);
}

static void
expect(const char *text, const char *told)
{
    struct bench bench;
    bench_open(&bench);
    assert_true(feed(&bench, text));
    assert_string_equal(bench.told.data, told);
    arena_release(&bench.arena);
}

static void
hands_over_whole_events_in_order(void **state)
{
    (void)state;
    expect("data: a\n\nevent: ping\ndata: b\n\ndata:c\n\n", "=a|ping=b|=c|");
}

static void
knows_every_end_of_line(void **state)
{
    (void)state;
    expect("data: a\r\n\r\ndata: b\r\rdata: c\n\r\ndata: d\r\n\n", "=a|=b|=c|=d|");
}

static void
takes_any_split_of_bytes(void **state)
{
    (void)state;
    static const char text[] =
        "\xEF\xBB\xBF: hello\r\nevent: x\r\ndata: one\r\ndata\r\ndata:  two\r\n"
        "id: 7\r\nretry: 5\r\nunknown\r\n\r\ndata: \xC3\xA9\r\r:\n\n";
    static const char told[] = "#hello|x=one\n\n two|=\xC3\xA9|#|";
    expect(text, told);
    for (size_t first = 0; first < sizeof(text); first++)
        for (size_t second = first; second < sizeof(text); second++) {
            struct bench bench;
            bench_open(&bench);
            assert_true(event_parser_feed(&bench.parser, text, first, tell, &bench));
            assert_true(
                event_parser_feed(&bench.parser, text + first, second - first, tell, &bench));
            assert_true(event_parser_feed(&bench.parser, text + second, sizeof(text) - 1 - second,
                                          tell, &bench));
            assert_string_equal(bench.told.data, told);
            arena_release(&bench.arena);
        }
}

static void
hands_an_event_over_when_the_first_byte_of_its_last_end_came(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    assert_true(feed(&bench, "data: a\r\n\r"));
    assert_string_equal(bench.told.data, "=a|");
    assert_true(feed(&bench, "\ndata: b\r\n\r\n"));
    assert_string_equal(bench.told.data, "=a|=b|");
    arena_release(&bench.arena);
}

static void
tells_empty_data_from_none(void **state)
{
    (void)state;
    expect("data\n\ndata:\n\nevent: x\n\n\n\ndata: a\n\n", "=|=|=a|");
}

static void
takes_the_byte_order_mark_at_the_start_only(void **state)
{
    (void)state;
    expect("\xEF\xBB\xBF"
           "data: a\n\n\xEF\xBB\xBF"
           "data: b\n\ndata: c\n\n",
           "=a|=c|");
}

static void
hands_comments_over_by_themselves(void **state)
{
    (void)state;
    expect("data: a\n: ping\n:\ndata: b\n\n", "#ping|#|=a\nb|");
}

static void
leaves_an_unfinished_event_until_the_end(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    assert_true(feed(&bench, "data: a\n\ndata: b\ndata: half"));
    assert_string_equal(bench.told.data, "=a|");
    assert_true(event_parser_end(&bench.parser, tell, &bench));
    assert_string_equal(bench.told.data, "=a|=b|");
    assert_true(event_parser_end(&bench.parser, tell, &bench));
    assert_string_equal(bench.told.data, "=a|=b|");
    arena_release(&bench.arena);
}

static void
stops_when_told(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench.left = 2;
    assert_false(feed(&bench, "data: a\n\ndata: b\n\ndata: c\n\n"));
    assert_string_equal(bench.told.data, "=a|=b|");
    assert_false(bench.parser.too_large);
    arena_release(&bench.arena);
}

static void
refuses_a_line_over_its_limit(void **state)
{
    (void)state;
    char line[MAX_BYTES + 8];
    memset(line, 'x', sizeof(line));
    for (size_t step = 1; step <= sizeof(line); step += 9) {
        struct bench bench;
        bench_open(&bench);
        bool goes_on = true;
        for (size_t at = 0; at < sizeof(line) && goes_on; at += step)
            goes_on = event_parser_feed(&bench.parser, line + at,
                                        at + step > sizeof(line) ? sizeof(line) - at : step, tell,
                                        &bench);
        assert_false(goes_on);
        assert_true(bench.parser.too_large);
        assert_false(feed(&bench, "\n\ndata: a\n\n"));
        assert_false(event_parser_end(&bench.parser, tell, &bench));
        assert_string_equal(bench.told.data, "");
        arena_release(&bench.arena);
    }
}

static void
refuses_an_event_over_its_limit(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bool goes_on = true;
    int lines = 0;
    for (; goes_on && lines < 100; lines++)
        goes_on = feed(&bench, "data: 123456789\n");
    assert_int_equal(lines, MAX_BYTES / 10 + 1);
    assert_true(bench.parser.too_large);
    arena_release(&bench.arena);
}

static void
uses_its_memory_again_for_every_event(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct event_parser parser;
    struct bench bench;
    bench_open(&bench);
    event_parser_init(&parser, &arena, 1 << 20);
    size_t used = 0;
    for (int i = 0; i < 10000; i++) {
        strbuf_truncate(&bench.told, 0);
        assert_true(event_parser_feed(&parser, ": x\ndata: some", 14, tell, &bench));
        assert_true(event_parser_feed(&parser, " text\nevent: y\n\n", 16, tell, &bench));
        if (i == 0)
            used = arena.used_bytes;
    }
    assert_int_equal(arena.used_bytes, used);
    arena_release(&bench.arena);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_over_whole_events_in_order),
        cmocka_unit_test(knows_every_end_of_line),
        cmocka_unit_test(takes_any_split_of_bytes),
        cmocka_unit_test(hands_an_event_over_when_the_first_byte_of_its_last_end_came),
        cmocka_unit_test(tells_empty_data_from_none),
        cmocka_unit_test(takes_the_byte_order_mark_at_the_start_only),
        cmocka_unit_test(hands_comments_over_by_themselves),
        cmocka_unit_test(leaves_an_unfinished_event_until_the_end),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(refuses_a_line_over_its_limit),
        cmocka_unit_test(refuses_an_event_over_its_limit),
        cmocka_unit_test(uses_its_memory_again_for_every_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
