/* What tokens cost, and what each vendor's report of them means, plain and streamed. */
#include "ai/price.h"

#include "../lib/provider_bench.h"
#include "access/usage.h"

static const struct model_settings priced = {
    .name = "m",
    .price_input_micros = 3000000,
    .price_output_micros = 15000000,
    .price_cached_input_micros = 300000,
    .price_cache_write_micros = 3750000,
};

/* One report of a vendor, and what it comes to. */
struct vendor {
    const char *name;
    const struct provider *provider;
    const char *plain, *streamed;
    int64_t input, output, cached, written, thought;
    int64_t micros; /* at the prices above */
    const char *raw;
};

#define CHOICE                                                                                     \
    "\"choices\":[{\"index\":0,\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]"
#define OPENAI_USAGE                                                                               \
    "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200,\"total_tokens\":1200,"           \
    "\"prompt_tokens_details\":{\"cached_tokens\":600,\"audio_tokens\":0},"                        \
    "\"completion_tokens_details\":{\"reasoning_tokens\":150}}"
#define OPENAI_CHUNKS                                                                              \
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]," \
    "\"usage\":null}\n\n"
#define RESPONSE_USAGE                                                                             \
    "\"usage\":{\"input_tokens\":1000,\"input_tokens_details\":{\"cached_tokens\":600},"           \
    "\"output_tokens\":200,\"output_tokens_details\":{\"reasoning_tokens\":150},"                  \
    "\"total_tokens\":1200}"
#define RESPONSE_OUTPUT                                                                            \
    "\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":[{\"type\":"           \
    "\"output_text\",\"text\":\"a\"}]}]"
#define GEMINI_ANSWER                                                                              \
    "{\"candidates\":[{\"index\":0,\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":"   \
    "\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1000,\"cachedContentTokenCount\":600,"     \
    "\"candidatesTokenCount\":50,\"thoughtsTokenCount\":150,\"totalTokenCount\":1200}}"
#define GEMINI_TOOLS                                                                               \
    "{\"candidates\":[{\"index\":0,\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":"   \
    "\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":700,\"toolUsePromptTokenCount\":300,"      \
    "\"candidatesTokenCount\":200,\"totalTokenCount\":1200}}"

static const struct vendor vendors[] = {
    {"OpenAI: cached within the prompt, reasoning within the completion", &provider_openai,
     "{" CHOICE "," OPENAI_USAGE "}",
     OPENAI_CHUNKS "data: {\"choices\":[]," OPENAI_USAGE "}\n\ndata: [DONE]\n\n", 1000, 200, 600,
     -1, 150, 400 * 3 + 180 + 200 * 15,
     "{\"prompt_tokens\":1000,\"completion_tokens\":200,\"total_tokens\":1200,"
     "\"prompt_tokens_details.cached_tokens\":600,"
     "\"completion_tokens_details.reasoning_tokens\":150}"},
    {"OpenAI's responses: likewise, under other names", &provider_openai,
     "{" RESPONSE_OUTPUT "," RESPONSE_USAGE "}",
     "data: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n"
     "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
     "data: {\"type\":\"response.completed\",\"response\":{" RESPONSE_OUTPUT "," RESPONSE_USAGE
     "}}\n\n",
     1000, 200, 600, -1, 150, 400 * 3 + 180 + 200 * 15,
     "{\"input_tokens\":1000,\"input_tokens_details.cached_tokens\":600,\"output_tokens\":200,"
     "\"output_tokens_details.reasoning_tokens\":150,\"total_tokens\":1200}"},
    {"DeepSeek: cached within the prompt, under a name of its own", &provider_openai,
     "{" CHOICE ",\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200,"
     "\"prompt_cache_hit_tokens\":600,\"prompt_cache_miss_tokens\":400}}",
     OPENAI_CHUNKS "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":"
                   "200,\"prompt_cache_hit_tokens\":600,\"prompt_cache_miss_tokens\":400}}\n\n"
                   "data: [DONE]\n\n",
     1000, 200, 600, -1, -1, 400 * 3 + 180 + 200 * 15,
     "{\"prompt_tokens\":1000,\"completion_tokens\":200,\"prompt_cache_hit_tokens\":600,"
     "\"prompt_cache_miss_tokens\":400}"},
    {"Anthropic: cache read and written beside the input", &provider_anthropic,
     "{\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\",\"usage\":{"
     "\"input_tokens\":100,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":600,"
     "\"output_tokens\":200}}",
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{"
     "\"input_tokens\":100,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":600,"
     "\"output_tokens\":1}}}\n\n"
     "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
     "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
     "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
     "\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
     "\"end_turn\"},\"usage\":{\"input_tokens\":100,\"cache_creation_input_tokens\":300,"
     "\"cache_read_input_tokens\":600,\"output_tokens\":200}}\n\n"
     "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     1000, 200, 600, 300, -1, 100 * 3 + 1125 + 180 + 200 * 15,
     "{\"input_tokens\":100,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":600,"
     "\"output_tokens\":200}"},
    {"Gemini: thoughts beside the candidates, cached within the prompt", &provider_gemini,
     GEMINI_ANSWER, "data: " GEMINI_ANSWER "\n\n", 1000, 200, 600, -1, 150,
     400 * 3 + 180 + 200 * 15,
     "{\"promptTokenCount\":1000,\"cachedContentTokenCount\":600,\"candidatesTokenCount\":50,"
     "\"thoughtsTokenCount\":150,\"totalTokenCount\":1200}"},
    {"Gemini: what its tools read beside the prompt", &provider_gemini, GEMINI_TOOLS,
     "data: " GEMINI_TOOLS "\n\n", 1000, 200, -1, -1, -1, 1000 * 3 + 200 * 15,
     "{\"promptTokenCount\":700,\"toolUsePromptTokenCount\":300,\"candidatesTokenCount\":200,"
     "\"totalTokenCount\":1200}"},
};

static void
check_vendor(const struct vendor *vendor, const struct chat_usage *usage)
{
    struct price_sum sum = {0};
    price_add(&sum, &priced, usage);
    print_message("%s\n", vendor->name);
    assert_int_equal(usage->input, vendor->input);
    assert_int_equal(usage->output, vendor->output);
    assert_int_equal(usage->cached, vendor->cached);
    assert_int_equal(usage->written, vendor->written);
    assert_int_equal(usage->thought, vendor->thought);
    assert_int_equal(price_micros(sum), vendor->micros);
    assert_true(usage->reports > 0);
}

static void
counts_what_each_vendor_reports_of_a_plain_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        struct arena arena = {0};
        struct chat_answer answer;
        struct provider_failure failure;
        assert_true(provider_parse(vendors[i].provider, vendors[i].plain, strlen(vendors[i].plain),
                                   &arena, NULL, &answer, &failure));
        check_vendor(&vendors[i], &answer.usage);
        assert_string_equal(answer.usage.raw, vendors[i].raw);
        assert_int_equal(chat_answer_bytes(&answer), 1);
        arena_release(&arena);
    }
}

static void
counts_the_same_of_a_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        struct provider_bench_stream bench;
        provider_bench_stream(&bench, vendors[i].provider, vendors[i].streamed);
        assert_false(bench.failed);
        check_vendor(&vendors[i], &bench.stream.usage);
        assert_string_equal(bench.stream.usage.raw, vendors[i].raw);
        arena_release(&bench.arena);
    }
}

static void
keeps_no_more_of_a_report_than_there_is_room_for(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct chat_answer answer;
    struct provider_failure failure;
    struct strbuf text;
    strbuf_init(&text, &arena, 4096);
    strbuf_add_text(&text, "{" CHOICE ",\"usage\":{\"prompt_tokens\":5,\"evil\\\"name\":7,");
    for (int i = 0; i < 100; i++)
        strbuf_printf(&text, "\"member_%d\":%d,\"zero_%d\":0,", i, i + 1, i);
    strbuf_add_text(&text, "\"completion_tokens\":9}}");
    assert_true(
        provider_parse(&provider_openai, text.data, text.length, &arena, NULL, &answer, &failure));
    assert_true(strlen(answer.usage.raw) < CHAT_USAGE_RAW_BYTES);
    json_error_t error;
    json_t *raw = json_loads(answer.usage.raw, 0, &error);
    assert_non_null(raw);
    assert_int_equal(json_integer_value(json_object_get(raw, "prompt_tokens")), 5);
    assert_null(json_object_get(raw, "zero_1"));
    json_decref(raw);
    arena_release(&arena);
}

static void
rounds_up_once_whatever_was_added(void **state)
{
    (void)state;
    const struct model_settings cheap = {.price_input_micros = 1, .price_cached_input_micros = 1};
    const struct chat_usage one = {.input = 1, .output = -1, .cached = -1, .thought = -1};
    struct price_sum sum = {0};
    assert_int_equal(price_micros(sum), 0);
    for (int i = 0; i < 1000; i++)
        price_add(&sum, &cheap, &one);
    assert_int_equal(price_micros(sum), 1); /* a thousandth of a micro-unit, not a thousand */
}

static void
stays_exact_where_64_bits_would_not(void **state)
{
    (void)state;
    const struct model_settings dear = {.price_input_micros = INT64_C(1000000000000),
                                        .price_output_micros = INT64_C(1000000000000)};
    const struct chat_usage most = {.input = 99999999, .output = 99999999};
    struct price_sum sum = {0};
    price_add(&sum, &dear, &most);
    assert_true(price_micros(sum) == INT64_C(2) * 99999999 * 1000000);
    for (int i = 0; i < 10000; i++)
        price_add(&sum, &dear, &most);
    assert_true(price_micros(sum) == PRICE_MICROS_MAX);
}

static void
does_not_count_more_cached_tokens_than_there_are(void **state)
{
    (void)state;
    const struct chat_usage odd = {.input = 10, .cached = 600, .written = 300};
    struct price_sum sum = {0};
    price_add(&sum, &priced, &odd);
    assert_int_equal(price_micros(sum), 3); /* ten cached ones */
}

static int64_t
tokens_of(const char *document)
{
    struct arena arena = {0};
    struct error err = {0};
    const json_t *parsed = schema_parse(document, strlen(document), &arena, &err);
    assert_non_null(parsed);
    int64_t tokens = price_document_at_most(parsed);
    arena_release(&arena);
    return tokens;
}

static void
reserves_no_less_than_half_a_token_a_byte(void **state)
{
    (void)state;
    static const char words[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"0123456789\"}]}";
    assert_true(tokens_of(words) >= 5 + 4);
    assert_true(tokens_of(words) <= (int64_t)strlen(words));
}

static int64_t
tokens_of_long(const char *before, const char *after)
{
    static char document[110000];
    static char text[100001];
    memset(text, 'A', sizeof(text) - 1);
    snprintf(document, sizeof(document), "%s%s%s", before, text, after);
    return tokens_of(document);
}

#define MESSAGE(part) "{\"messages\":[{\"role\":\"user\",\"content\":[" part
#define ASKED(part) "{\"input\":[{\"role\":\"user\",\"content\":[" part
#define SHOWN(part) MESSAGE("{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":[" part)

static void
reserves_the_same_for_each_image_whatever_its_bytes(void **state)
{
    (void)state;
    static const char *const images[][2] = {
        {MESSAGE("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"),
         "\"}}]}]}"},
        {ASKED("{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,"), "\"}]}]}"},
        {MESSAGE("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/"
                 "png\",\"data\":\""),
         "\"}}]}]}"},
        {SHOWN("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/"
               "png\",\"data\":\""),
         "\"}}]}]}]}"},
        {MESSAGE("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://x.example/"),
         "\"}}]}]}"},
    };
    for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
        assert_true(tokens_of_long(images[i][0], images[i][1]) >= PRICE_IMAGE_TOKENS);
        assert_true(tokens_of_long(images[i][0], images[i][1]) < PRICE_IMAGE_TOKENS + 200);
    }
}

static void
takes_no_text_for_an_image(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"data:", "\"}]}"},
        {"{\"messages\":[{\"role\":\"user\",\"url\":\"https://", "\"}]}"},
        {"{\"input\":\"data:image/png;base64,", "\"}"},
        {"{\"prompt\":\"data:image/png;base64,", "\"}"},
        {MESSAGE("{\"type\":\"text\",\"text\":\"data:image/png;base64,"), "\"}]}]}"},
        {MESSAGE("{\"type\":\"image_url\",\"text\":\"data:image/png;base64,"), "\"}]}]}"},
        {MESSAGE("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:text/plain,"), "\"}}]}]}"},
        {MESSAGE("{\"type\":\"file\",\"file\":{\"file_data\":\"data:application/pdf;base64,"),
         "\"}}]}]}"},
        {MESSAGE("{\"type\":\"input_audio\",\"input_audio\":{\"format\":\"wav\",\"data\":\""),
         "\"}}]}]}"},
        {MESSAGE("{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":"
                 "\"application/pdf\",\"data\":\""),
         "\"}}]}]}"},
        {MESSAGE("{\"type\":\"tool_use\",\"input\":{\"type\":\"image\",\"source\":{\"media_type\":"
                 "\"image/png\",\"data\":\""),
         "\"}}}]}]}"},
        {"{\"tools\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://",
         "\"}}]}"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_true(tokens_of_long(texts[i][0], texts[i][1]) >= 50000);
}

static void
counts_no_report_beyond_what_sums_have_room_for(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct chat_answer answer;
    struct provider_failure failure;
    static const char most[] =
        "{" CHOICE ",\"usage\":{\"prompt_tokens\":9223372036854775807,"
        "\"completion_tokens\":4294967296,\"prompt_tokens_details\":{\"cached_tokens\":-5}}}";
    assert_true(
        provider_parse(&provider_openai, most, strlen(most), &arena, NULL, &answer, &failure));
    assert_int_equal(answer.usage.input, PROVIDER_TOKENS_MAX);
    assert_int_equal(answer.usage.output, PROVIDER_TOKENS_MAX);
    assert_int_equal(answer.usage.cached, -1);
    arena_release(&arena);
}

static void
foresees_the_dearest_model_of_the_chain(void **state)
{
    (void)state;
    const struct model_settings dear = {
        .name = "dear", .price_input_micros = 1000000, .price_output_micros = 90000000};
    const struct model_settings first = {.name = "first",
                                         .price_input_micros = 2000000,
                                         .price_output_micros = 4000000,
                                         .price_cache_write_micros = 2500000,
                                         .fallbacks = {&dear}};
    const struct price_foreseen call = {.input = 100, .output = 10, .questions = 3, .answers = 2};
    assert_int_equal(price_worst_micros(&first, &call), 3 * 100 + 2 * 10 * 90);
    assert_int_equal(price_worst_tokens(&call), 320);
    const struct price_foreseen question = {.input = 100, .output = 0, .questions = 1};
    assert_int_equal(price_worst_micros(&first, &question), 250); /* it may go to the cache */
}

static void
writes_cells_that_no_program_takes_for_a_formula(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    const struct usage_row row = {.day = "2026-11-21",
                                  .model = "=cmd|' /C calc'!A0",
                                  .operation = "a\"b,c",
                                  .caller = "@x",
                                  .calls = 1,
                                  .cost_micros = 43};
    usage_csv_row(&row, &out);
    assert_string_equal(out.data, "\"2026-11-21\",\"'=cmd|' /C calc'!A0\",\"a\"\"b,c\",\"'@x\","
                                  "1,0,0,0,0,0,43,0,0,0\r\n");
    arena_release(&arena);
}

static void
takes_days_of_the_calendar_and_parts_by_name(void **state)
{
    (void)state;
    static const char *const good[] = {"2026-11-21", "2024-02-29", "1970-01-01"};
    static const char *const bad[] = {"2026-02-29",  "2026-13-01", "2026-1-1",   "21.11.2026",
                                      "2026-11-21T", "",           "2026-00-10", "2026-11-31"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(usage_day_complaint(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(usage_day_complaint(bad[i]));
    unsigned by;
    assert_true(usage_parse_by("caller,day", &by));
    assert_int_equal(by, USAGE_BY_CALLER | USAGE_BY_DAY);
    assert_true(usage_parse_by("", &by));
    assert_false(usage_parse_by("day,,model", &by));
    assert_false(usage_parse_by("day,", &by));
    assert_false(usage_parse_by("days", &by));
    char day[USAGE_DAY_BYTES];
    usage_day_before(day, INT64_C(1795285269766299), 1);
    assert_string_equal(day, "2026-11-20");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_each_vendor_reports_of_a_plain_answer),
        cmocka_unit_test(counts_the_same_of_a_stream),
        cmocka_unit_test(keeps_no_more_of_a_report_than_there_is_room_for),
        cmocka_unit_test(rounds_up_once_whatever_was_added),
        cmocka_unit_test(stays_exact_where_64_bits_would_not),
        cmocka_unit_test(does_not_count_more_cached_tokens_than_there_are),
        cmocka_unit_test(reserves_no_less_than_half_a_token_a_byte),
        cmocka_unit_test(reserves_the_same_for_each_image_whatever_its_bytes),
        cmocka_unit_test(takes_no_text_for_an_image),
        cmocka_unit_test(counts_no_report_beyond_what_sums_have_room_for),
        cmocka_unit_test(foresees_the_dearest_model_of_the_chain),
        cmocka_unit_test(writes_cells_that_no_program_takes_for_a_formula),
        cmocka_unit_test(takes_days_of_the_calendar_and_parts_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
