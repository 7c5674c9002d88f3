/* Anthropic's messages: bodies read for other houses, their answers and streams written. */
#include "gateway_fixture.h"

#define WITH(members)                                                                                  \
    "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]," members \
    "}"
#define MESSAGES(list) "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[" list "]}"

static void
reads_the_system_first(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_messages,
        WITH("\"system\":[{\"type\":\"text\",\"text\":\"be brief\",\"cache_control\":{\"type\":"
             "\"ephemeral\"}}],\"top_k\":5,\"stop_sequences\":[\"X\"],\"temperature\":0.25,"
             "\"metadata\":{\"user_id\":\"u\"},\"thinking\":{\"type\":\"disabled\"}"));
    assert_int_equal(chat->messages.count, 2);
    assert_int_equal(message_at(chat, 0)->role, CHAT_SYSTEM);
    assert_string_equal(part_at(chat, 0, 0)->text, "be brief");
    assert_string_equal(part_at(chat, 1, 0)->text, "hi");
    assert_int_equal(chat->max_tokens, 9);
    assert_int_equal(chat->top_k, 5);
    assert_int_equal(chat->stop.count, 1);
    assert_true(chat->temperature == 0.25);
    assert_string_equal(chat->user, "u");
}

static void
reads_pictures(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_messages,
        MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"what?\"},"
                 "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\","
                 "\"data\":\"AAAA\"}},{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":"
                 "\"https://example.org/a\"}}]}"));
    assert_int_equal(message_at(chat, 0)->parts.count, 3);
    assert_string_equal(part_at(chat, 0, 1)->media_type, "image/png");
    assert_string_equal(part_at(chat, 0, 1)->base64, "AAAA");
    assert_string_equal(part_at(chat, 0, 2)->url, "https://example.org/a");
}

static void
makes_messages_of_what_tools_answered(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_messages,
        MESSAGES(
            "{\"role\":\"user\",\"content\":\"weather?\"},"
            "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","
            "\"signature\":\"s\"},{\"type\":\"text\",\"text\":\"let me see\"},"
            "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"weather\",\"input\":{\"city\":"
            "\"Kiel\"}},{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"time\",\"input\":{}}]},"
            "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
            "\"content\":\"rain\"},{\"type\":\"tool_result\",\"tool_use_id\":\"t2\","
            "\"content\":[{\"type\":\"text\",\"text\":\"noon\"}],\"is_error\":false},"
            "{\"type\":\"text\",\"text\":\"and now?\"}]}"));
    assert_int_equal(chat->messages.count, 5);
    assert_int_equal(message_at(chat, 1)->parts.count, 1);
    assert_int_equal(message_at(chat, 1)->tool_calls.count, 2);
    assert_string_equal(call_at(chat, 1, 0)->arguments, "{\"city\":\"Kiel\"}");
    assert_int_equal(message_at(chat, 2)->role, CHAT_TOOL);
    assert_string_equal(message_at(chat, 2)->tool_call_id, "t1");
    assert_string_equal(message_at(chat, 2)->name, "weather");
    assert_string_equal(part_at(chat, 3, 0)->text, "noon");
    assert_int_equal(message_at(chat, 4)->role, CHAT_USER);
    assert_string_equal(part_at(chat, 4, 0)->text, "and now?");
}

static void
reads_tools_and_the_choice_among_them(void **state)
{
    (void)state;
    const struct chat *chat = read_good(
        &surface_messages,
        WITH(
            "\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\":"
            "\"object\"}}],\"tool_choice\":{\"type\":\"any\",\"disable_parallel_tool_use\":true}"));
    const struct chat_tool *tool = chat->tools.items;
    assert_string_equal(tool->name, "f");
    assert_true(json_is_object(tool->parameters));
    assert_int_equal(chat->tool_choice, CHAT_TOOL_REQUIRED);
    assert_int_equal(chat->parallel_tool_calls, 0);
    chat = read_good(&surface_messages, WITH("\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\"}"));
    assert_int_equal(chat->tool_choice, CHAT_TOOL_NAMED);
    assert_string_equal(chat->tool_name, "f");
}

static void
names_what_has_no_counterpart(void **state)
{
    (void)state;
    static const struct {
        const char *body, *path;
    } rows[] = {
        {WITH("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}"), "thinking"},
        {WITH("\"mcp_servers\":[]"), "mcp_servers"},
        {WITH("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"w\"}]"), "tools[0].type"},
        {WITH("\"tool_choice\":{\"type\":\"tool\"}"), "tool_choice.name"},
        {WITH("\"system\":[{\"type\":\"image\"}]"), "system[0]"},
        {WITH("\"output_config\":{\"effort\":\"low\"}"), "output_config.effort"},
        {MESSAGES("{\"role\":\"system\",\"content\":\"x\"}"), "messages[0].role"},
        {MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"document\"}]}"),
         "messages[0].content[0]"},
        {MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"tool_use\"}]}"),
         "messages[0].content[0]"},
        {MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":"
                  "\"file\"}}]}"),
         "messages[0].content[0].source.type"},
        {MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\"}]}"),
         "messages[0].content[0].tool_use_id"},
        {MESSAGES("{\"role\":\"user\",\"content\":[]}"), "messages"},
        {MESSAGES(
             "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"{\"}"),
         "messages[1]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(refused(&surface_messages, rows[i].body), rows[i].path);
}

static void
writes_a_text_with_its_usage(void **state)
{
    (void)state;
    struct chat_choice choice = {.text = "Hello", .finish = CHAT_FINISH_STOP};
    struct chat_answer answer = {.choices = {&choice, 1},
                                 .usage = {.input = 10, .output = 5, .cached = 4, .thought = 2}};
    const json_t *body = write_answer(&surface_messages, &answer);
    assert_string_equal(at(body, "id"), "\"msg_0123456789abcdef0123456789abcdef\"");
    assert_string_equal(at(body, "type"), "\"message\"");
    assert_string_equal(at(body, "content"), "[{\"type\":\"text\",\"text\":\"Hello\"}]");
    assert_string_equal(at(body, "stop_reason"), "\"end_turn\"");
    /* What came from the provider's cache is told beside the rest of the input. */
    assert_string_equal(at(body, "usage/input_tokens"), "6");
    assert_string_equal(at(body, "usage/cache_read_input_tokens"), "4");
    assert_string_equal(at(body, "usage/output_tokens"), "5");
}

static void
writes_calls_and_wraps_what_is_no_object(void **state)
{
    (void)state;
    struct chat_tool_call calls[] = {{.id = "c1", .name = "f", .arguments = "{\"a\":1}"},
                                     {.id = "c2", .name = "g", .arguments = ""},
                                     {.id = "c3", .name = "h", .arguments = "{\"a\":"}};
    struct chat_choice choice = {
        .text = "", .tool_calls = {calls, 3}, .finish = CHAT_FINISH_TOOL_CALLS};
    struct chat_answer answer = {
        .choices = {&choice, 1},
        .usage = {.input = -1, .output = -1, .cached = -1, .thought = -1, .written = -1}};
    const json_t *body = write_answer(&surface_messages, &answer);
    assert_string_equal(at(body, "stop_reason"), "\"tool_use\"");
    assert_string_equal(at(body, "content/0"),
                        "{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"f\",\"input\":{\"a\":1}}");
    assert_string_equal(at(body, "content/1/input"), "{}");
    assert_string_equal(at(body, "content/2/input"), "{\"INVALID_JSON\":\"{\\\"a\\\":\"}");
    assert_string_equal(at(body, "usage/input_tokens"), "0");
}

static void
streams_blocks_one_after_another(void **state)
{
    (void)state;
    const struct chat_delta deltas[] = {
        {.kind = CHAT_DELTA_TEXT, .text = "He"},
        {.kind = CHAT_DELTA_TEXT, .text = "llo"},
        {.kind = CHAT_DELTA_TOOL, .id = "c1", .name = "f"},
        {.kind = CHAT_DELTA_ARGUMENTS, .text = "{}"},
        {.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_STOP},
    };
    const struct chat_usage usage = {.input = 3, .output = 2, .cached = -1, .thought = -1};
    const char *stream = write_stream(&surface_messages, "{}", deltas, 5, &usage);
    static const char *const types[] = {
        "message_start",      "content_block_start", "content_block_delta", "content_block_delta",
        "content_block_stop", "content_block_start", "content_block_delta", "content_block_stop",
        "message_delta",      "message_stop"};
    assert_int_equal(event_count(stream), 10);
    for (size_t i = 0; i < 10; i++) {
        const char *type = json_string_value(json_object_get(event_at(stream, i), "type"));
        assert_string_equal(type, types[i]);
        assert_non_null(strstr(stream, arena_printf(&arena, "event: %s\ndata: ", type)));
    }
    assert_string_equal(at(event_at(stream, 0), "message/content"), "[]");
    assert_string_equal(at(event_at(stream, 2), "delta"),
                        "{\"type\":\"text_delta\",\"text\":\"He\"}");
    assert_string_equal(at(event_at(stream, 5), "index"), "1");
    assert_string_equal(at(event_at(stream, 5), "content_block"),
                        "{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"f\",\"input\":{}}");
    assert_string_equal(at(event_at(stream, 6), "delta"),
                        "{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}");
    assert_string_equal(at(event_at(stream, 8), "delta/stop_reason"), "\"tool_use\"");
    assert_string_equal(at(event_at(stream, 8), "usage/output_tokens"), "2");
}

/* The types of a stream's events with the index of their block: "start 0, delta 0, ...". */
static const char *
order_of(const char *stream)
{
    struct strbuf order;
    strbuf_init(&order, &arena, 256);
    for (size_t i = 0; i < event_count(stream); i++) {
        const json_t *event = event_at(stream, i);
        const char *type = json_string_value(json_object_get(event, "type"));
        if (strncmp(type, "content_block_", 14) == 0)
            strbuf_printf(&order, "%s %s, ", type + 14, at(event, "index"));
    }
    return order.data;
}

static void
ends_a_block_before_the_next_whose_pieces_came_among_its_own(void **state)
{
    (void)state;
    const struct chat_delta deltas[] = {
        {.kind = CHAT_DELTA_TOOL, .tool = 0, .id = "c0", .name = "f"},
        {.kind = CHAT_DELTA_ARGUMENTS, .tool = 0, .text = "{\"a\":\"}\\\""},
        {.kind = CHAT_DELTA_TOOL, .tool = 1, .id = "c1", .name = "g"},
        {.kind = CHAT_DELTA_ARGUMENTS, .tool = 1, .text = "{\"b\":"},
        {.kind = CHAT_DELTA_TEXT, .text = "Wait."},
        {.kind = CHAT_DELTA_ARGUMENTS, .tool = 0, .text = "\"}"},
        {.kind = CHAT_DELTA_ARGUMENTS, .tool = 1, .text = "2}"},
        {.kind = CHAT_DELTA_ARGUMENTS, .tool = 0, .text = " "},
        {.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_TOOL_CALLS},
    };
    const struct chat_usage usage = {.input = 3, .output = 2, .cached = -1, .thought = -1};
    const char *stream = write_stream(&surface_messages, "{}", deltas, 9, &usage);
    assert_string_equal(order_of(stream), "start 0, delta 0, delta 0, stop 0, start 1, delta 1, "
                                          "delta 1, stop 1, start 2, delta 2, stop 2, ");
    assert_string_equal(at(event_at(stream, 3), "delta/partial_json"), "\"\\\"}\"");
    assert_string_equal(at(event_at(stream, 5), "content_block/name"), "\"g\"");
    assert_string_equal(at(event_at(stream, 7), "delta/partial_json"), "\"2}\"");
    assert_string_equal(at(event_at(stream, 10), "delta/text"), "\"Wait.\"");
}

static void
says_at_once_what_need_not_wait_and_counts_what_must(void **state)
{
    (void)state;
    struct reply reply = reply_of(&surface_messages, "{}");
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    surface_messages.begin(&reply, &out);
    const struct chat_delta whole[] = {
        {.kind = CHAT_DELTA_TOOL, .tool = 0, .id = "c0", .name = "f"},
        {.kind = CHAT_DELTA_ARGUMENTS, .tool = 0, .text = "{\"a\":[{}]}\n"},
        {.kind = CHAT_DELTA_TOOL, .tool = 1, .id = "c1", .name = "g"},
        {.kind = CHAT_DELTA_ARGUMENTS, .tool = 1, .text = "{"},
    };
    for (size_t i = 0; i < 4; i++)
        surface_messages.delta(&reply, &whole[i], &out);
    assert_string_equal(order_of(out.data), "start 0, delta 0, stop 0, start 1, delta 1, ");
    assert_int_equal(reply.held_bytes, 0);
    const struct chat_delta later = {.kind = CHAT_DELTA_TOOL, .tool = 2, .id = "c2", .name = "h"};
    const struct chat_delta text = {.kind = CHAT_DELTA_TEXT, .text = "Wait."};
    surface_messages.delta(&reply, &later, &out);
    size_t held = reply.held_bytes;
    surface_messages.delta(&reply, &text, &out);
    assert_true(held > 0 && reply.held_bytes > held);
    held = reply.held_bytes;
    const struct chat_delta rest = {.kind = CHAT_DELTA_ARGUMENTS, .tool = 1, .text = "}"};
    surface_messages.delta(&reply, &rest, &out);
    assert_true(reply.held_bytes > 0 && reply.held_bytes < held);
    const struct chat_delta last = {.kind = CHAT_DELTA_ARGUMENTS, .tool = 2, .text = "{}"};
    surface_messages.delta(&reply, &last, &out);
    assert_int_equal(reply.held_bytes, 0);
}

static void
holds_the_mark_of_completeness_back(void **state)
{
    (void)state;
    struct reply reply = reply_of(&surface_messages, "{}");
    struct event event = {.name = "message_stop", .data = "", .length = 0};
    assert_int_equal(surface_messages.pass(&reply, &event, json_of("{\"type\":\"message_stop\"}")),
                     SURFACE_END);
    assert_int_equal(surface_messages.pass(&reply, &event, json_of("{\"type\":\"ping\"}")),
                     SURFACE_PASS);
    assert_int_equal(surface_messages.pass(&reply, &event, NULL), SURFACE_DROP);
}

static void
tells_a_failure_by_an_event_of_its_own(void **state)
{
    (void)state;
    struct reply reply = reply_of(&surface_messages, "{}");
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    (surface_messages.fail)(&reply, "{\"type\":\"error\"}", 16, &out);
    assert_string_equal(out.data, "event: error\ndata: {\"type\":\"error\"}\n\n");
    strbuf_truncate(&out, 0);
    (surface_chat.fail)(&reply, "{\"error\":{}}", 12, &out);
    assert_string_equal(out.data, "data: {\"error\":{}}\n\n");
}

static void
writes_data_of_several_lines_as_several(void **state)
{
    (void)state;
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    gateway_event(&out, NULL, "{\n}", 3);
    assert_string_equal(out.data, "data: {\ndata: }\n\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_the_system_first, clean),
        cmocka_unit_test_teardown(reads_pictures, clean),
        cmocka_unit_test_teardown(makes_messages_of_what_tools_answered, clean),
        cmocka_unit_test_teardown(reads_tools_and_the_choice_among_them, clean),
        cmocka_unit_test_teardown(names_what_has_no_counterpart, clean),
        cmocka_unit_test_teardown(writes_a_text_with_its_usage, clean),
        cmocka_unit_test_teardown(writes_calls_and_wraps_what_is_no_object, clean),
        cmocka_unit_test_teardown(streams_blocks_one_after_another, clean),
        cmocka_unit_test_teardown(ends_a_block_before_the_next_whose_pieces_came_among_its_own,
                                  clean),
        cmocka_unit_test_teardown(says_at_once_what_need_not_wait_and_counts_what_must, clean),
        cmocka_unit_test_teardown(holds_the_mark_of_completeness_back, clean),
        cmocka_unit_test_teardown(tells_a_failure_by_an_event_of_its_own, clean),
        cmocka_unit_test_teardown(writes_data_of_several_lines_as_several, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
