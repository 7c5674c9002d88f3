/* OpenAI's chat completions: bodies read for other houses, their answers and streams written. */
#include "gateway_fixture.h"

#include <math.h>

#define WITH(members)                                                                              \
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]," members "}"
#define MESSAGES(list) "{\"model\":\"m\",\"messages\":[" list "]}"

static void
reads_roles_and_texts(void **state)
{
    (void)state;
    const struct chat *chat =
        read_good(&surface_chat,
                  MESSAGES("{\"role\":\"developer\",\"content\":\"be brief\"},"
                           "{\"role\":\"user\",\"name\":\"Ann\",\"content\":[{\"type\":\"text\","
                           "\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]},"
                           "{\"role\":\"assistant\",\"content\":\"c\",\"refusal\":null,"
                           "\"annotations\":[]}"));
    assert_int_equal(chat->messages.count, 3);
    assert_int_equal(message_at(chat, 0)->role, CHAT_SYSTEM);
    assert_string_equal(part_at(chat, 0, 0)->text, "be brief");
    assert_string_equal(message_at(chat, 1)->name, "Ann");
    assert_string_equal(part_at(chat, 1, 1)->text, "b");
    assert_int_equal(message_at(chat, 2)->role, CHAT_ASSISTANT);
}

static void
reads_pictures_by_address_and_by_bytes(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_chat,
        MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                 "\"data:image/png;base64,AAAA\",\"detail\":\"low\"}},{\"type\":\"image_url\","
                 "\"image_url\":{\"url\":\"https://example.org/a.jpg\"}}]}"));
    assert_string_equal(part_at(chat, 0, 0)->media_type, "image/png");
    assert_string_equal(part_at(chat, 0, 0)->base64, "AAAA");
    assert_string_equal(part_at(chat, 0, 0)->detail, "low");
    assert_null(part_at(chat, 0, 0)->text);
    assert_string_equal(part_at(chat, 0, 1)->url, "https://example.org/a.jpg");
}

static void
reads_calls_and_what_tools_answered(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_chat,
        MESSAGES("{\"role\":\"user\",\"content\":\"weather?\"},"
                 "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\","
                 "\"type\":\"function\",\"function\":{\"name\":\"weather\",\"arguments\":"
                 "\"{\\\"city\\\":\\\"Kiel\\\"}\"}}]},"
                 "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"rain\"}"));
    assert_string_equal(call_at(chat, 1, 0)->id, "c1");
    assert_string_equal(call_at(chat, 1, 0)->name, "weather");
    assert_string_equal(call_at(chat, 1, 0)->arguments, "{\"city\":\"Kiel\"}");
    assert_int_equal(message_at(chat, 1)->parts.count, 0);
    assert_int_equal(message_at(chat, 2)->role, CHAT_TOOL);
    assert_string_equal(message_at(chat, 2)->tool_call_id, "c1");
    assert_string_equal(message_at(chat, 2)->name, "weather");
}

static void
takes_absent_and_empty_arguments_for_none(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_chat,
        MESSAGES("{\"role\":\"user\",\"content\":\"time?\"},"
                 "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
                 "\"function\":{\"name\":\"now\",\"arguments\":\"\"}},{\"id\":\"c2\","
                 "\"type\":\"function\",\"function\":{\"name\":\"now\"}}]}"));
    assert_string_equal(call_at(chat, 1, 0)->arguments, "{}");
    assert_string_equal(call_at(chat, 1, 1)->arguments, "{}");
}

static void
reads_tools_and_the_choice_among_them(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_chat,
        WITH("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\","
             "\"parameters\":{\"type\":\"object\"},\"strict\":true}}],\"tool_choice\":{\"type\":"
             "\"function\",\"function\":{\"name\":\"f\"}},\"parallel_tool_calls\":false"));
    const struct chat_tool *tool = chat->tools.items;
    assert_int_equal(chat->tools.count, 1);
    assert_string_equal(tool->name, "f");
    assert_string_equal(tool->description, "d");
    assert_true(json_is_object(tool->parameters));
    assert_true(tool->strict);
    assert_int_equal(chat->tool_choice, CHAT_TOOL_NAMED);
    assert_string_equal(chat->tool_name, "f");
    assert_int_equal(chat->parallel_tool_calls, 0);
}

static void
reads_every_choice_by_its_word(void **state)
{
    (void)state;
    assert_int_equal(read_good(&surface_chat, WITH("\"tool_choice\":\"auto\""))->tool_choice,
                     CHAT_TOOL_AUTO);
    assert_int_equal(read_good(&surface_chat, WITH("\"tool_choice\":\"none\""))->tool_choice,
                     CHAT_TOOL_NONE);
    assert_int_equal(read_good(&surface_chat, WITH("\"tool_choice\":\"required\""))->tool_choice,
                     CHAT_TOOL_REQUIRED);
}

static void
reads_numbers_and_leaves_others_unset(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_chat, WITH("\"temperature\":0.5,\"n\":2,\"seed\":-7,\"max_tokens\":10,"
                            "\"max_completion_tokens\":20,\"stop\":\"END\",\"logprobs\":true,"
                            "\"top_logprobs\":3,\"user\":\"u\",\"top_p\":null"));
    assert_true(chat->temperature == 0.5);
    assert_int_equal(chat->n, 2);
    assert_true(chat->has_seed);
    assert_int_equal(chat->seed, -7);
    assert_int_equal(chat->max_tokens, 20);
    assert_int_equal(chat->stop.count, 1);
    assert_string_equal(((const char **)chat->stop.items)[0], "END");
    assert_true(chat->logprobs);
    assert_int_equal(chat->top_logprobs, 3);
    assert_string_equal(chat->user, "u");
    assert_true(isnan(chat->top_p));
    assert_int_equal(chat->top_k, CHAT_UNSET);
}

static void
reads_the_form_of_the_answer(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_chat,
        WITH("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"city\","
             "\"description\":\"A city.\",\"strict\":true,\"schema\":{\"type\":\"object\"}}}"));
    assert_int_equal(chat->format, CHAT_FORMAT_SCHEMA);
    assert_string_equal(chat->schema_name, "city");
    assert_true(chat->schema_strict);
    assert_string_equal(at(chat->schema, "description"), "\"A city.\"");
    chat = read_good(&surface_chat, WITH("\"response_format\":{\"type\":\"json_object\"}"));
    assert_int_equal(chat->format, CHAT_FORMAT_OBJECT);
    chat = read_good(&surface_chat, WITH("\"response_format\":{\"type\":\"text\"}"));
    assert_int_equal(chat->format, CHAT_FORMAT_TEXT);
}

static void
names_what_has_no_counterpart(void **state)
{
    (void)state;
    static const struct {
        const char *body, *path;
    } rows[] = {
        {WITH("\"reasoning_effort\":\"high\""), "reasoning_effort"},
        {WITH("\"logit_bias\":{\"1\":2}"), "logit_bias"},
        {WITH("\"x_unknown\":1"), "x_unknown"},
        {WITH("\"store\":true"), "store"},
        {WITH("\"modalities\":[\"text\",\"audio\"]"), "modalities"},
        {WITH("\"n\":1.5"), "n"},
        {WITH("\"stop\":[1]"), "stop[0]"},
        {WITH("\"tools\":[{\"type\":\"custom\"}]"), "tools[0].type"},
        {WITH("\"tools\":[{\"type\":\"function\"}]"), "tools[0].function"},
        {WITH("\"tools\":[null]"), "tools[0]"},
        {WITH("\"tool_choice\":\"perhaps\""), "tool_choice"},
        {WITH("\"response_format\":{\"type\":\"grammar\"}"), "response_format.type"},
        {WITH("\"response_format\":{\"type\":\"json_schema\"}"), "response_format.json_schema"},
        {MESSAGES("{\"role\":\"user\",\"content\":5}"), "messages[0].content"},
        {MESSAGES("{\"role\":\"user\"}"), "messages[0].content"},
        {MESSAGES("{\"content\":\"x\"}"), "messages[0].role"},
        {MESSAGES("{\"role\":\"function\",\"content\":\"x\"}"), "messages[0].role"},
        {MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}"),
         "messages[0].content[0]"},
        {MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                  "\"ftp://x\"}}]}"),
         "messages[0].content[0].image_url.url"},
        {MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\","
                  "\"cache_control\":{}}]}"),
         "messages[0].content[0].cache_control"},
        {MESSAGES("{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"function\"}]}"),
         "messages[0].tool_calls[0].id"},
        {MESSAGES("{\"role\":\"tool\",\"content\":\"x\"}"), "messages[0].tool_call_id"},
        {MESSAGES("{\"role\":\"user\",\"content\":\"x\",\"extra\":1}"), "messages[0].extra"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(refused(&surface_chat, rows[i].body), rows[i].path);
}

static void
ignores_hints_that_change_no_answer(void **state)
{
    (void)state;
    read_good(&surface_chat,
              WITH("\"store\":false,\"metadata\":{\"a\":\"b\"},\"service_tier\":\"auto\","
                   "\"modalities\":[\"text\"],\"prompt_cache_key\":\"k\",\"logit_bias\":null"));
}

static struct chat_answer
answer_of(struct chat_choice *choice)
{
    return (struct chat_answer){.choices = {choice, 1},
                                .usage = {.input = 10, .output = 5, .cached = 4, .thought = 2}};
}

static void
writes_a_text_with_its_usage(void **state)
{
    (void)state;
    struct chat_choice choice = {.text = "Hello \"you\"", .finish = CHAT_FINISH_STOP};
    struct chat_answer answer = answer_of(&choice);
    const json_t *body = write_answer(&surface_chat, &answer);
    assert_string_equal(at(body, "id"), "\"chatcmpl-0123456789abcdef0123456789abcdef\"");
    assert_string_equal(at(body, "object"), "\"chat.completion\"");
    assert_string_equal(at(body, "model"), "\"mixed\"");
    assert_string_equal(at(body, "created"), "1700000000");
    assert_string_equal(at(body, "choices/0/index"), "0");
    assert_string_equal(at(body, "choices/0/message/role"), "\"assistant\"");
    assert_string_equal(at(body, "choices/0/message/content"), "\"Hello \\\"you\\\"\"");
    assert_string_equal(at(body, "choices/0/message/refusal"), "null");
    assert_string_equal(at(body, "choices/0/message/tool_calls"), "absent");
    assert_string_equal(at(body, "choices/0/finish_reason"), "\"stop\"");
    assert_string_equal(at(body, "usage"),
                        "{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15,"
                        "\"prompt_tokens_details\":{\"cached_tokens\":4},"
                        "\"completion_tokens_details\":{\"reasoning_tokens\":2}}");
}

static void
writes_no_usage_that_was_not_reported(void **state)
{
    (void)state;
    struct chat_choice choice = {.text = "x", .finish = CHAT_FINISH_LENGTH};
    struct chat_answer answer = {
        .choices = {&choice, 1},
        .usage = {.input = -1, .output = -1, .cached = -1, .thought = -1, .written = -1}};
    const json_t *body = write_answer(&surface_chat, &answer);
    assert_string_equal(at(body, "usage"), "absent");
    assert_string_equal(at(body, "choices/0/finish_reason"), "\"length\"");
}

static void
writes_calls_without_content(void **state)
{
    (void)state;
    struct chat_tool_call call = {.id = "c1", .name = "f", .arguments = "{\"a\":1}"};
    struct chat_choice choice = {.text = "", .tool_calls = {&call, 1}, .finish = CHAT_FINISH_STOP};
    struct chat_answer answer = answer_of(&choice);
    const json_t *body = write_answer(&surface_chat, &answer);
    assert_string_equal(at(body, "choices/0/message/content"), "null");
    assert_string_equal(at(body, "choices/0/message/tool_calls"),
                        "[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
                        "\"arguments\":\"{\\\"a\\\":1}\"}}]");
    assert_string_equal(at(body, "choices/0/finish_reason"), "\"tool_calls\"");
}

static void
streams_texts_choice_by_choice(void **state)
{
    (void)state;
    const struct chat_delta deltas[] = {
        {.kind = CHAT_DELTA_TEXT, .text = "He"},
        {.kind = CHAT_DELTA_TEXT, .text = "Ho", .choice = 1},
        {.kind = CHAT_DELTA_TEXT, .text = "llo"},
        {.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_STOP},
        {.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_LENGTH, .choice = 1},
    };
    const struct chat_usage usage = {.input = 3, .output = 2, .cached = -1, .thought = -1};
    const char *stream = write_stream(&surface_chat, "{}", deltas, 5, &usage);
    assert_int_equal(event_count(stream), 8);
    assert_string_equal(at(event_at(stream, 0), "object"), "\"chat.completion.chunk\"");
    assert_string_equal(at(event_at(stream, 0), "choices/0/delta/role"), "\"assistant\"");
    assert_string_equal(at(event_at(stream, 1), "choices/0/delta"), "{\"content\":\"He\"}");
    assert_string_equal(at(event_at(stream, 1), "choices/0/finish_reason"), "null");
    assert_string_equal(at(event_at(stream, 2), "choices/0/index"), "1");
    assert_string_equal(at(event_at(stream, 4), "choices/0/delta"), "{\"content\":\"llo\"}");
    assert_string_equal(at(event_at(stream, 5), "choices/0/finish_reason"), "\"stop\"");
    assert_string_equal(at(event_at(stream, 6), "choices/0/finish_reason"), "\"length\"");
    assert_string_equal(at(event_at(stream, 6), "usage"), "absent");
    assert_non_null(strstr(stream, "\n\ndata: [DONE]\n\n"));
}

static void
streams_calls_piece_by_piece(void **state)
{
    (void)state;
    const struct chat_delta deltas[] = {
        {.kind = CHAT_DELTA_TOOL, .id = "c1", .name = "f"},
        {.kind = CHAT_DELTA_ARGUMENTS, .text = "{\"a\""},
        {.kind = CHAT_DELTA_ARGUMENTS, .text = ":1}"},
        {.kind = CHAT_DELTA_TOOL, .tool = 1, .id = "c2", .name = "g"},
        {.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_STOP},
    };
    const struct chat_usage usage = {.input = -1, .output = -1, .cached = -1, .thought = -1};
    const char *stream = write_stream(&surface_chat, "{}", deltas, 5, &usage);
    assert_string_equal(at(event_at(stream, 1), "choices/0/delta/tool_calls"),
                        "[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":"
                        "\"f\",\"arguments\":\"\"}}]");
    assert_string_equal(at(event_at(stream, 2), "choices/0/delta/tool_calls"),
                        "[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]");
    assert_string_equal(at(event_at(stream, 4), "choices/0/delta/tool_calls/0/index"), "1");
    assert_string_equal(at(event_at(stream, 5), "choices/0/finish_reason"), "\"tool_calls\"");
}

static void
streams_usage_to_who_asked_for_it(void **state)
{
    (void)state;
    const struct chat_delta deltas[] = {{.kind = CHAT_DELTA_TEXT, .text = "x"}};
    const struct chat_usage usage = {.input = 3, .output = 2, .cached = -1, .thought = -1};
    const char *stream = write_stream(
        &surface_chat, "{\"stream_options\":{\"include_usage\":true}}", deltas, 1, &usage);
    assert_string_equal(at(event_at(stream, 1), "usage"), "null");
    assert_string_equal(at(event_at(stream, 2), "choices"), "[]");
    assert_string_equal(at(event_at(stream, 2), "usage"),
                        "{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}");
}

static enum surface_pass
pass(const char *body, const char *data)
{
    struct reply reply = reply_of(&surface_chat, body);
    struct event event = {.name = "", .data = data, .length = strlen(data)};
    return surface_chat.pass(&reply, &event, data[0] == '{' ? json_of(data) : NULL);
}

static void
passes_all_but_the_usage_that_was_not_asked_for(void **state)
{
    (void)state;
    static const char usage[] = "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}";
    static const char asked[] = "{\"stream_options\":{\"include_usage\":true}}";
    assert_int_equal(pass("{}", usage), SURFACE_DROP);
    assert_int_equal(pass(asked, usage), SURFACE_PASS);
    assert_int_equal(pass("{}", "{\"choices\":[{\"delta\":{}}],\"usage\":null}"), SURFACE_PASS);
    assert_int_equal(pass("{}", "{\"choices\":[{\"delta\":{}}],\"usage\":{}}"), SURFACE_PASS);
    assert_int_equal(pass("{}", "{\"choices\":[],\"prompt_filter_results\":[]}"), SURFACE_PASS);
    assert_int_equal(pass("{}", "[DONE]"), SURFACE_END);
    assert_int_equal(pass("{}", "broken"), SURFACE_DROP);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_roles_and_texts, clean),
        cmocka_unit_test_teardown(reads_pictures_by_address_and_by_bytes, clean),
        cmocka_unit_test_teardown(reads_calls_and_what_tools_answered, clean),
        cmocka_unit_test_teardown(takes_absent_and_empty_arguments_for_none, clean),
        cmocka_unit_test_teardown(reads_tools_and_the_choice_among_them, clean),
        cmocka_unit_test_teardown(reads_every_choice_by_its_word, clean),
        cmocka_unit_test_teardown(reads_numbers_and_leaves_others_unset, clean),
        cmocka_unit_test_teardown(reads_the_form_of_the_answer, clean),
        cmocka_unit_test_teardown(names_what_has_no_counterpart, clean),
        cmocka_unit_test_teardown(ignores_hints_that_change_no_answer, clean),
        cmocka_unit_test_teardown(writes_a_text_with_its_usage, clean),
        cmocka_unit_test_teardown(writes_no_usage_that_was_not_reported, clean),
        cmocka_unit_test_teardown(writes_calls_without_content, clean),
        cmocka_unit_test_teardown(streams_texts_choice_by_choice, clean),
        cmocka_unit_test_teardown(streams_calls_piece_by_piece, clean),
        cmocka_unit_test_teardown(streams_usage_to_who_asked_for_it, clean),
        cmocka_unit_test_teardown(passes_all_but_the_usage_that_was_not_asked_for, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
