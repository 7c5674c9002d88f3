/* What is noted of a stream while it comes, for whoever finds it when its process has died. */
#include "host_fixture.h"

#include "access/settlement.h"
#include "ai/reading.h"
#include "ai/run.h"
#include "host/flight.h"
#include "host/process.h"

enum { PRICE_INPUT = 1000000, PRICE_OUTPUT = 10000000, PRICE_CACHED = 500000 };

static const struct provider_settings anthropic = {.kind = PROVIDER_ANTHROPIC};
static const struct provider_settings openai = {.kind = PROVIDER_OPENAI};
static const struct model_settings claude = {
    .name = "claude",
    .provider = &anthropic,
    .price_input_micros = PRICE_INPUT,
    .price_output_micros = PRICE_OUTPUT,
    .price_cached_input_micros = PRICE_CACHED,
    .price_cache_write_micros = PRICE_INPUT,
};
static const struct model_settings gpt = {
    .name = "gpt",
    .provider = &openai,
    .price_input_micros = PRICE_INPUT,
    .price_output_micros = PRICE_OUTPUT,
};

#define START                                                                                      \
    "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,"               \
    "\"cache_read_input_tokens\":6,\"output_tokens\":1}}}\n\n"
#define TOKEN                                                                                      \
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","      \
    "\"text\":\"a word and another\"}}\n\n"
#define CHANGE "data: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":7}}\n\n"
#define OPENAI_TOKEN "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"One \"}}]}\n\n"
#define OPENAI_USAGE                                                                               \
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}\n\n"

static bool
take_step(struct ask *asked, const struct model_settings *model, const struct event *event,
          const struct provider_step *step, struct provider_failure *failure)
{
    (void)asked, (void)model, (void)event, (void)step, (void)failure;
    return true;
}

static const struct ask_question question = {.step = take_step};

/* A call under way of a process that is dead already. */
static struct ask
ask_of(void **state)
{
    struct fixture *fixture = *state;
    struct ask asked = {.arena = &fixture->arena, .question = &question};
    const struct flight_record record = {.spent = {.model = "claude", .source = USAGE_NONE}};
    assert_true(flight_begin(fixture->host, process_self() - (UINT64_C(1) << 22), &record,
                             &asked.bill.reservation.flight));
    return asked;
}

static void
take(struct reading *reading, const char *bytes)
{
    struct provider_failure failure;
    assert_int_not_equal(reading_take(reading, bytes, strlen(bytes), &failure), UPSTREAM_STOP);
}

static bool
note(void *context, const struct flight_record *record)
{
    *(struct flight_spent *)context = record->spent;
    return true;
}

/* What is left of the call. */
static struct flight_spent
left_of(void **state, struct ask *asked)
{
    struct flight_spent spent;
    assert_int_equal(flight_salvage(host_of(state), note, &spent), 1);
    arena_release(&asked->scratch);
    return spent;
}

static void
notes_the_input_that_is_reported_when_a_stream_begins(void **state)
{
    struct ask asked = ask_of(state);
    struct reading reading;
    reading_init(&reading, &asked, &claude);
    take(&reading, START TOKEN TOKEN);
    struct flight_spent spent = left_of(state, &asked);
    assert_int_equal(spent.source, USAGE_PROVIDER);
    assert_string_equal(spent.model, "claude");
    assert_int_equal(spent.input, 16);
    assert_int_equal(spent.cached, 6);
    assert_int_equal(spent.output, 1);
    assert_int_equal(spent.cost_micros, 10 * 1 + 3 + 1 * 10);
}

static void
puts_a_later_report_of_a_stream_in_the_place_of_the_earlier(void **state)
{
    struct ask asked = ask_of(state);
    struct reading reading;
    reading_init(&reading, &asked, &claude);
    take(&reading, START TOKEN TOKEN CHANGE);
    struct flight_spent spent = left_of(state, &asked);
    assert_int_equal(spent.input, 16);
    assert_int_equal(spent.output, 7);
    assert_int_equal(spent.cost_micros, 10 * 1 + 3 + 7 * 10);
}

static void
notes_nothing_of_a_stream_before_its_provider_reports(void **state)
{
    struct ask asked = ask_of(state);
    struct reading reading;
    reading_init(&reading, &asked, &gpt);
    take(&reading, OPENAI_TOKEN OPENAI_TOKEN "data: {\"choices\":[],\"usage\":{}}\n\n");
    struct flight_spent spent = left_of(state, &asked);
    assert_int_equal(spent.source, USAGE_NONE);
    assert_int_equal(spent.input, 0);
    assert_int_equal(spent.output, 0);
    assert_int_equal(spent.cost_micros, 0);
}

static void
adds_a_report_to_what_attempts_before_were_charged(void **state)
{
    struct ask asked = ask_of(state);
    struct reading reading;
    reading_init(&reading, &asked, &claude);
    take(&reading, START TOKEN CHANGE);
    bill_add(&asked, &claude, &(struct bill_item){&reading.stream.usage, 0, .whole = false});
    arena_release(&asked.scratch);
    reading_init(&reading, &asked, &gpt);
    take(&reading, OPENAI_TOKEN OPENAI_USAGE);
    struct flight_spent spent = left_of(state, &asked);
    assert_string_equal(spent.model, "gpt");
    assert_int_equal(spent.source, USAGE_PROVIDER);
    assert_int_equal(spent.input, 16 + 9);
    assert_int_equal(spent.output, 7 + 3);
    assert_int_equal(spent.cost_micros, 10 * 1 + 3 + 7 * 10 + 9 * 1 + 3 * 10);
}

static void
notes_what_an_attempt_was_charged_that_broke_off(void **state)
{
    struct ask asked = ask_of(state);
    struct reading reading;
    reading_init(&reading, &asked, &claude);
    take(&reading, START TOKEN);
    bill_add(&asked, &claude,
             &(struct bill_item){&reading.stream.usage, reading.made_bytes, .whole = false});
    struct flight_spent spent = left_of(state, &asked);
    assert_int_equal(spent.source, USAGE_ESTIMATED);
    assert_int_equal(spent.input, 16);
    assert_int_equal(spent.output, 1 + 5);
    assert_int_equal(spent.cost_micros, 10 * 1 + 3 + 6 * 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(notes_the_input_that_is_reported_when_a_stream_begins),
        TEST(puts_a_later_report_of_a_stream_in_the_place_of_the_earlier),
        TEST(notes_nothing_of_a_stream_before_its_provider_reports),
        TEST(adds_a_report_to_what_attempts_before_were_charged),
        TEST(notes_what_an_attempt_was_charged_that_broke_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
