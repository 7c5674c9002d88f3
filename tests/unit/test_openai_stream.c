/* OpenAI's streams on recorded bytes, however they are split. */
#include "../lib/provider_bench.h"

#define CHUNK(choices) "data: {\"id\":\"c1\",\"model\":\"gpt-x\",\"choices\":[" choices "]}\n\n"
#define DELTA(delta) CHUNK("{\"index\":0,\"delta\":{" delta "},\"finish_reason\":null}")
#define END(reason) CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}")
#define DONE "data: [DONE]\n\n"

static void
reads_text_usage_and_the_end(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_openai,
        ": hello\n\n" DELTA("\"role\":\"assistant\",\"content\":\"\"") DELTA("\"content\":\"Hi \"")
            DELTA("\"content\":\"\xc3\xa9\"") END(
                "stop") "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":19,"
                        "\"completion_tokens\":10,\"prompt_tokens_details\":{\"cached_tokens\":8},"
                        "\"completion_tokens_details\":{\"reasoning_tokens\":3}}}\n\n" DONE);
    assert_false(bench.failed);
    assert_string_equal(bench.trace.data, "text 0 Hi |text 0 \xc3\xa9|end 0 stop|");
    assert_true(bench.stream.finished);
    assert_true(bench.stream.ended);
    assert_int_equal(bench.stream.finish, CHAT_FINISH_STOP);
    assert_int_equal(bench.stream.usage.input, 19);
    assert_int_equal(bench.stream.usage.output, 10);
    assert_int_equal(bench.stream.usage.cached, 8);
    assert_int_equal(bench.stream.usage.thought, 3);
    assert_string_equal(bench.stream.id, "c1");
    assert_string_equal(bench.stream.model, "gpt-x");
    assert_int_equal(bench.with_content, 2);
    assert_int_equal(bench.documents, 5);
    arena_release(&bench.arena);
}

static void
keeps_several_choices_apart(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_openai,
        CHUNK("{\"index\":0,\"delta\":{\"content\":\"a\"}},{\"index\":1,\"delta\":{\"content\":"
              "\"b\"}}") END("stop") CHUNK("{\"index\":1,\"delta\":{\"content\":\"c\"}}"));
    assert_string_equal(bench.trace.data, "text 0 a|text 1 b|end 0 stop|text 1 c|");
    assert_false(bench.stream.finished);
    arena_release(&bench.arena);
    provider_bench_stream(
        &bench, &provider_openai,
        CHUNK("{\"index\":0,\"delta\":{\"content\":\"a\"}},{\"index\":1,\"delta\":{\"content\":"
              "\"b\"}}") END("stop")
            CHUNK("{\"index\":1,\"delta\":{},\"finish_reason\":\"length\"}"));
    assert_true(bench.stream.finished);
    assert_int_equal(bench.stream.finish, CHAT_FINISH_LENGTH);
    arena_release(&bench.arena);
}

static void
joins_the_pieces_of_tool_calls_by_their_index(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_openai,
        DELTA("\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"type\":\"function\","
              "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]")
            DELTA("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]")
                DELTA("\"tool_calls\":[{\"index\":1,\"id\":\"t2\",\"function\":{\"name\":\"g\","
                      "\"arguments\":\"\"}}]")
                    DELTA("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]")
                        END("tool_calls") DONE);
    assert_string_equal(bench.trace.data,
                        "call 0.0 t1 f|arguments 0.0 {\"a\"|call 0.1 t2 g|arguments 0.0 :1}|"
                        "arguments 0.1 {}|end 0 calls|");
    assert_true(bench.stream.finished);
    arena_release(&bench.arena);
}

static void
tells_calls_of_one_index_apart_by_their_ids(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_openai,
        DELTA("\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"function\":{\"name\":\"f\","
              "\"arguments\":\"{}\"}}]")
            DELTA("\"tool_calls\":[{\"index\":0,\"id\":\"t2\",\"function\":{\"name\":\"f\","
                  "\"arguments\":{\"b\":2}}}]") END("tool_calls"));
    assert_string_equal(bench.trace.data,
                        "call 0.0 t1 f|arguments 0.0 {}|call 0.1 t2 f|arguments 0.1 {\"b\":2}|"
                        "end 0 calls|");
    arena_release(&bench.arena);
}

static void
hands_refusals_on_as_such(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_openai,
                          DELTA("\"refusal\":\"I \"") DELTA("\"refusal\":\"won't\"") END("stop"));
    assert_string_equal(bench.trace.data, "refusal 0 I |refusal 0 won't|end 0 refused|");
    arena_release(&bench.arena);
    provider_bench_stream(&bench, &provider_openai,
                          DELTA("\"content\":\"x\"") END("content_filter"));
    assert_int_equal(bench.stream.finish, CHAT_FINISH_REFUSED);
    arena_release(&bench.arena);
}

static void
holds_back_thoughts_but_counts_them_as_a_sign_of_work(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_openai,
                          DELTA("\"reasoning_content\":\"so\"") DELTA("\"content\":\"\\n<th\"")
                              DELTA("\"content\":\"ink>hm</thi\"") DELTA("\"content\":\"nk>Yes\"")
                                  DELTA("\"content\":\" <think>\"") END("stop"));
    assert_string_equal(bench.trace.data, "text 0 Yes|text 0  <think>|end 0 stop|");
    assert_int_equal(bench.with_content, 5);
    arena_release(&bench.arena);
    provider_bench_stream(&bench, &provider_openai, DELTA("\"content\":\" <thi\"") END("stop"));
    assert_string_equal(bench.trace.data, "text 0  <thi|end 0 stop|");
    arena_release(&bench.arena);
}

static void
skips_and_counts_what_is_malformed(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_openai,
                          DELTA("\"content\":\"a\"") "data: {\"choices\":[{\"ind\n\n"
                                                     "data: 7\n\ndata: \xff\n\n" DELTA(
                                                         "\"content\":\"b\"") END("stop") DONE);
    assert_string_equal(bench.trace.data, "text 0 a|text 0 b|end 0 stop|");
    assert_int_equal(bench.stream.malformed, 3);
    assert_true(bench.stream.finished);
    arena_release(&bench.arena);
}

static void
loses_no_text_to_odd_escapes_and_numbers(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_openai,
        DELTA("\"content\":\"nul \\u0000\"") DELTA("\"content\":\"happy \\ud83d\"")
            DELTA("\"content\":\"\\ude00.\"")
                DELTA("\"seed\":18446744073709551615,\"x\":1e400,\"content\":\" end\"") END("stop")
                    DONE);
    assert_string_equal(bench.trace.data, "text 0 nul \xef\xbf\xbd|text 0 happy |"
                                          "text 0 \xf0\x9f\x98\x80.|text 0  end|end 0 stop|");
    assert_int_equal(bench.stream.malformed, 0);
    arena_release(&bench.arena);
}

static void
takes_no_early_end_for_an_answer(void **state)
{
    (void)state;
    static const char *const streams[] = {"", DONE, DELTA("\"content\":\"a\""),
                                          DELTA("\"content\":\"a\"") DONE};
    for (size_t i = 0; i < 4; i++) {
        struct provider_bench_stream bench;
        provider_bench_stream(&bench, &provider_openai, streams[i]);
        assert_false(bench.failed);
        assert_false(bench.stream.finished);
        arena_release(&bench.arena);
    }
}

static void
needs_no_end_marker_and_no_last_empty_line(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_openai,
                          DELTA("\"content\":\"a\"") "data: {\"choices\":[{\"index\":0,\"delta\":"
                                                     "{},\"finish_reason\":\"stop\"}]}\r\n");
    assert_true(bench.stream.finished);
    assert_false(bench.stream.ended);
    arena_release(&bench.arena);
}

static void
reads_failures_within_the_stream(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum provider_fault_class class;
    } rows[] = {
        {"data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n",
         FAULT_TRANSIENT},
        {"data: {\"error\":{\"message\":\"Rate limit\",\"code\":429}}\n\n", FAULT_LIMITED},
        {"data: {\"error\":{\"message\":\"Slow\",\"code\":\"rate_limit_exceeded\"}}\n\n",
         FAULT_LIMITED},
        {"data: {\"error\":{\"message\":\"\",\"code\":\"insufficient_quota\"}}\n\n",
         FAULT_PERMANENT},
        {"data: {\"error\":\"boom\"}\n\n", FAULT_TRANSIENT},
        {"data: {\"object\":\"error\",\"message\":\"maximum context length\",\"code\":400}\n\n",
         FAULT_TOO_LONG},
        {"event: error\ndata: gone\n\n", FAULT_TRANSIENT},
        {"data: {\"error\":{\"message\":\"No.\",\"code\":\"content_filter\"}}\n\n", FAULT_REFUSED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench_stream bench;
        provider_bench_stream(&bench, &provider_openai, rows[i].bytes);
        assert_true(bench.failed);
        assert_int_equal(bench.failure.class, rows[i].class);
        assert_int_not_equal(bench.failure.error.code, ERROR_NONE);
        arena_release(&bench.arena);
    }
}

static void
reads_nothing_behind_the_end_marker(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_openai, END("stop") DONE DELTA("\"content\":\"late\""));
    assert_string_equal(bench.trace.data, "end 0 stop|");
    arena_release(&bench.arena);
}

static void
bounds_choices_and_calls(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct strbuf bytes;
    strbuf_init(&bytes, &arena, 1 << 16);
    for (int i = 0; i <= STREAM_CHOICES_MAX; i++)
        strbuf_printf(&bytes, "data: {\"choices\":[{\"index\":%d,\"delta\":{}}]}\n\n", i);
    for (int i = 0; i <= STREAM_CALLS_MAX; i++)
        strbuf_printf(&bytes,
                      "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":%d,"
                      "\"function\":{\"name\":\"f\"}}]}}]}\n\n",
                      i);
    struct provider_bench_stream bench;
    provider_bench_split(&bench, &provider_openai, bytes.data, bytes.length);
    assert_int_equal(bench.stream.malformed, 2);
    assert_int_equal(bench.stream.choice_count, STREAM_CHOICES_MAX);
    assert_int_equal(bench.stream.call_count, STREAM_CALLS_MAX);
    arena_release(&bench.arena);
    arena_release(&arena);
}

#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"

static void
reads_the_events_of_responses(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_openai,
        EVENT("response.created",
              ",\"response\":{\"id\":\"r1\",\"model\":\"gpt-x\",\"error\":null}")
            EVENT("response.output_item.added",
                  ",\"output_index\":0,\"item\":{\"type\":\"reasoning\"}")
                EVENT("response.reasoning_summary_text.delta", ",\"delta\":\"hm\"") EVENT(
                    "response.output_text.delta", ",\"output_index\":1,\"delta\":\"Hi\"")
                    EVENT("response.output_item.added",
                          ",\"output_index\":2,\"item\":{\"type\":\"function_call\",\"id\":\"fc\","
                          "\"call_id\":\"t1\",\"name\":\"f\",\"arguments\":\"\"}")
                        EVENT("response.function_call_arguments.delta",
                              ",\"output_index\":2,\"delta\":\"{\\\"a\\\":1}\"")
                            EVENT("response.function_call_arguments.done",
                                  ",\"output_index\":2,\"arguments\":\"{\\\"a\\\":1}\"")
                                EVENT(
                                    "response.completed",
                                    ",\"response\":{\"id\":\"r1\",\"status\":\"completed\",\"usage\":{"
                                    "\"input_tokens\":5,\"output_tokens\":7,\"output_tokens_details\":"
                                    "{\"reasoning_tokens\":2}}}"));
    assert_false(bench.failed);
    assert_string_equal(bench.trace.data,
                        "text 0 Hi|call 0.0 t1 f|arguments 0.0 {\"a\":1}|end 0 calls|");
    assert_true(bench.stream.finished);
    assert_true(bench.stream.ended);
    assert_string_equal(bench.stream.id, "r1");
    assert_int_equal(bench.stream.usage.input, 5);
    assert_int_equal(bench.stream.usage.thought, 2);
    assert_int_equal(bench.with_content, 4);
    arena_release(&bench.arena);
}

static void
tells_cut_and_failed_responses(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_openai,
                          EVENT("response.incomplete",
                                ",\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{"
                                "\"reason\":\"max_output_tokens\"}}"));
    assert_int_equal(bench.stream.finish, CHAT_FINISH_LENGTH);
    arena_release(&bench.arena);
    provider_bench_stream(&bench, &provider_openai,
                          EVENT("response.failed",
                                ",\"response\":{\"status\":\"failed\",\"error\":{\"code\":"
                                "\"rate_limit_exceeded\",\"message\":\"Slow down.\"}}"));
    assert_true(bench.failed);
    assert_int_equal(bench.failure.class, FAULT_LIMITED);
    arena_release(&bench.arena);
    provider_bench_stream(&bench, &provider_openai,
                          EVENT("error", ",\"code\":\"server_error\",\"message\":\"x\""));
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    arena_release(&bench.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_text_usage_and_the_end),
        cmocka_unit_test(keeps_several_choices_apart),
        cmocka_unit_test(joins_the_pieces_of_tool_calls_by_their_index),
        cmocka_unit_test(tells_calls_of_one_index_apart_by_their_ids),
        cmocka_unit_test(hands_refusals_on_as_such),
        cmocka_unit_test(holds_back_thoughts_but_counts_them_as_a_sign_of_work),
        cmocka_unit_test(skips_and_counts_what_is_malformed),
        cmocka_unit_test(loses_no_text_to_odd_escapes_and_numbers),
        cmocka_unit_test(takes_no_early_end_for_an_answer),
        cmocka_unit_test(needs_no_end_marker_and_no_last_empty_line),
        cmocka_unit_test(reads_failures_within_the_stream),
        cmocka_unit_test(reads_nothing_behind_the_end_marker),
        cmocka_unit_test(bounds_choices_and_calls),
        cmocka_unit_test(reads_the_events_of_responses),
        cmocka_unit_test(tells_cut_and_failed_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
