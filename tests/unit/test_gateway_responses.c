/* The surface of OpenAI's responses: what it reads and what it writes. */
#include "apps/gateway/responses_surface.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct chat chat;
static struct error err;
static struct strbuf out;
static json_t *document;
static struct reply reply;

static int
start(void **state)
{
    (void)state;
    arena = (struct arena){0};
    chat = (struct chat){
        .temperature = NAN,
        .top_p = NAN,
        .max_tokens = CHAT_UNSET,
        .parallel_tool_calls = CHAT_UNSET,
    };
    err = (struct error){0};
    strbuf_init(&out, &arena, 64);
    document = NULL;
    reply = (struct reply){.arena = &arena, .model = "fast", .id = "0", .created_s = 7};
    return 0;
}

static int
clean(void **state)
{
    (void)state;
    json_decref(document);
    arena_release(&arena);
    return 0;
}

static bool
reads(const char *text)
{
    json_decref(document);
    document = json_loads(text, 0, NULL);
    assert_non_null(document);
    error_clear(&err);
    return responses_read(document, &arena, &chat, &err);
}

static const struct chat_message *
message(size_t index)
{
    assert_true(index < chat.messages.count);
    return &((const struct chat_message *)chat.messages.items)[index];
}

static const struct chat_part *
part(size_t message_index, size_t index)
{
    const struct chat_message *owner = message(message_index);
    assert_true(index < owner->parts.count);
    return &((const struct chat_part *)owner->parts.items)[index];
}

static void
takes_a_text_behind_its_instructions(void **state)
{
    (void)state;
    assert_true(reads("{\"model\":\"m\",\"input\":\"hello\",\"instructions\":\"be kind\","
                      "\"temperature\":0.5,\"top_p\":1,\"max_output_tokens\":9,\"store\":false}"));
    assert_int_equal(chat.messages.count, 2);
    assert_int_equal(message(0)->role, CHAT_SYSTEM);
    assert_string_equal(part(0, 0)->text, "be kind");
    assert_int_equal(message(1)->role, CHAT_USER);
    assert_string_equal(part(1, 0)->text, "hello");
    assert_true(chat.temperature == 0.5);
    assert_int_equal(chat.max_tokens, 9);
}

static void
takes_messages_with_parts_of_all_kinds(void **state)
{
    (void)state;
    assert_true(reads(
        "{\"input\":[{\"role\":\"developer\",\"content\":\"short\"},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"what is it\"},"
        "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AAAA\","
        "\"detail\":\"low\"}]},"
        "{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"completed\",\"role\":\"assistant\","
        "\"content\":[{\"type\":\"output_text\",\"text\":\"a cat\",\"annotations\":[]}]}]}"));
    assert_int_equal(chat.messages.count, 3);
    assert_int_equal(message(0)->role, CHAT_SYSTEM);
    assert_string_equal(part(1, 1)->media_type, "image/png");
    assert_string_equal(part(1, 1)->base64, "AAAA");
    assert_string_equal(part(1, 1)->detail, "low");
    assert_int_equal(message(2)->role, CHAT_ASSISTANT);
    assert_string_equal(part(2, 0)->text, "a cat");
}

static void
joins_calls_in_a_row_to_one_message(void **state)
{
    (void)state;
    assert_true(reads(
        "{\"input\":[{\"role\":\"user\",\"content\":\"weather?\"},"
        "{\"type\":\"function_call\",\"call_id\":\"a\",\"name\":\"rain\",\"arguments\":\"{}\"},"
        "{\"type\":\"function_call\",\"call_id\":\"b\",\"name\":\"sun\",\"arguments\":\"{}\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"a\",\"output\":\"none\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"b\",\"output\":[{\"type\":\"input_text\","
        "\"text\":\"much\"}]},"
        "{\"role\":\"assistant\",\"content\":\"wait\"},"
        "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"wind\",\"arguments\":\"{}\"}]}"));
    assert_int_equal(chat.messages.count, 5);
    assert_int_equal(message(1)->role, CHAT_ASSISTANT);
    assert_int_equal(message(1)->tool_calls.count, 2);
    const struct chat_tool_call *calls = message(1)->tool_calls.items;
    assert_string_equal(calls[1].id, "b");
    assert_string_equal(calls[1].name, "sun");
    assert_int_equal(message(2)->role, CHAT_TOOL);
    assert_string_equal(message(3)->tool_call_id, "b");
    assert_string_equal(message(3)->name, "sun");
    assert_string_equal(part(3, 0)->text, "much");
    assert_string_equal(part(4, 0)->text, "wait");
    assert_int_equal(message(4)->tool_calls.count, 1);
}

static void
takes_empty_arguments_for_none(void **state)
{
    (void)state;
    assert_true(reads("{\"input\":[{\"type\":\"function_call\",\"call_id\":\"a\","
                      "\"name\":\"rain\",\"arguments\":\"\"}]}"));
    const struct chat_tool_call *calls = message(0)->tool_calls.items;
    assert_string_equal(calls[0].arguments, "{}");
}

static void
takes_tools_and_the_form_of_the_answer(void **state)
{
    (void)state;
    assert_true(reads(
        "{\"input\":\"x\",\"tools\":[{\"type\":\"function\",\"name\":\"rain\",\"strict\":true,"
        "\"parameters\":{\"type\":\"object\"}}],\"tool_choice\":{\"type\":\"function\","
        "\"name\":\"rain\"},\"parallel_tool_calls\":false,\"text\":{\"format\":{"
        "\"type\":\"json_schema\",\"name\":\"day\",\"strict\":true,\"description\":\"of one day\","
        "\"schema\":{\"type\":\"object\"}}}}"));
    const struct chat_tool *tool = chat.tools.items;
    assert_int_equal(chat.tools.count, 1);
    assert_string_equal(tool->name, "rain");
    assert_true(tool->strict);
    assert_int_equal(chat.tool_choice, CHAT_TOOL_NAMED);
    assert_string_equal(chat.tool_name, "rain");
    assert_int_equal(chat.parallel_tool_calls, 0);
    assert_int_equal(chat.format, CHAT_FORMAT_SCHEMA);
    assert_string_equal(chat.schema_name, "day");
    assert_string_equal(json_string_value(json_object_get(chat.schema, "description")),
                        "of one day");
    assert_true(reads("{\"input\":\"x\",\"tool_choice\":\"required\","
                      "\"text\":{\"format\":{\"type\":\"json_object\"}}}"));
    assert_int_equal(chat.tool_choice, CHAT_TOOL_REQUIRED);
    assert_int_equal(chat.format, CHAT_FORMAT_OBJECT);
}

static void
names_what_cannot_be_said_in_other_dialects(void **state)
{
    (void)state;
    static const struct {
        const char *body, *path;
    } rows[] = {
        {"{\"input\":\"x\",\"previous_response_id\":\"resp_1\"}", "previous_response_id"},
        {"{\"input\":\"x\",\"store\":true}", "store"},
        {"{\"input\":\"x\",\"background\":true}", "background"},
        {"{\"input\":\"x\",\"reasoning\":{\"effort\":\"high\"}}", "reasoning"},
        {"{\"input\":\"x\",\"truncation\":\"auto\"}", "truncation"},
        {"{\"input\":\"x\",\"include\":[\"a\"]}", "include"},
        {"{\"input\":\"x\",\"tools\":[{\"type\":\"web_search\"}]}", "tools[0].type"},
        {"{\"input\":\"x\",\"tool_choice\":{\"type\":\"web_search\"}}", "tool_choice.type"},
        {"{\"input\":\"x\",\"text\":{\"verbosity\":\"low\"}}", "text.verbosity"},
        {"{\"input\":\"x\",\"text\":{\"format\":{\"type\":\"grammar\"}}}", "text.format.type"},
        {"{\"input\":[{\"type\":\"reasoning\",\"id\":\"r\"}]}", "input[0]"},
        {"{\"input\":[{\"role\":\"critic\",\"content\":\"x\"}]}", "input[0].role"},
        {"{\"input\":[{\"role\":\"user\"}]}", "input[0].content"},
        {"{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\"}]}]}",
         "input[0].content[0]"},
        {"{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\","
         "\"file_id\":\"f\"}]}]}",
         "input[0].content[0].file_id"},
        {"{\"input\":[null]}", "input[0]"},
        {"{\"input\":7}", "input"},
        {"{\"input\":null,\"instructions\":\"be brief\"}", "input"},
        {"{\"input\":[]}", "input"},
        {"{\"input\":\"x\",\"instructions\":[]}", "instructions"},
        {"{\"input\":[{\"type\":\"function_call\",\"call_id\":\"a\",\"name\":\"n\"}]}",
         "input[0].arguments"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(reads(rows[i].body));
        assert_int_equal(err.code, ERROR_VALIDATION_FAILED);
        assert_string_equal(err.fields->path, rows[i].path);
    }
}

static json_t *
written(const struct chat_answer *answer)
{
    strbuf_truncate(&out, 0);
    responses_write(&reply, answer, &out);
    json_decref(document);
    document = json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(document);
    return document;
}

static const char *
text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void
writes_an_answer_with_text_and_calls(void **state)
{
    (void)state;
    struct chat_tool_call calls[] = {{.id = "call_a", .name = "rain", .arguments = "{\"day\":1}"},
                                     {.id = "call_b", .name = "sun", .arguments = "{}"}};
    struct chat_choice choice = {
        .text = "Let me see.", .tool_calls = {calls, 2}, .finish = CHAT_FINISH_TOOL_CALLS};
    struct chat_answer answer = {.choices = {&choice, 1},
                                 .usage = {.input = 10, .output = 5, .cached = 4, .thought = -1}};
    json_auto_t *question = json_loads("{\"temperature\":0,\"tools\":[1]}", 0, NULL);
    reply.document = question;
    const json_t *body = written(&answer);
    assert_string_equal(text_of(body, "object"), "response");
    assert_string_equal(text_of(body, "status"), "completed");
    assert_true(json_is_false(json_object_get(body, "store")));
    assert_true(json_is_null(json_object_get(body, "error")));
    assert_int_equal(json_array_size(json_object_get(body, "tools")), 1);
    const json_t *output = json_object_get(body, "output");
    assert_int_equal(json_array_size(output), 3);
    const json_t *content = json_object_get(json_array_get(output, 0), "content");
    assert_string_equal(text_of(json_array_get(content, 0), "text"), "Let me see.");
    assert_string_equal(text_of(json_array_get(output, 2), "type"), "function_call");
    assert_string_equal(text_of(json_array_get(output, 2), "call_id"), "call_b");
    assert_string_equal(text_of(json_array_get(output, 1), "arguments"), "{\"day\":1}");
    const json_t *usage = json_object_get(body, "usage");
    assert_int_equal(json_integer_value(json_object_get(usage, "total_tokens")), 15);
    const json_t *details = json_object_get(usage, "input_tokens_details");
    assert_int_equal(json_integer_value(json_object_get(details, "cached_tokens")), 4);
    struct error none = {0};
    assert_non_null(schema_decode(&responses_response_schema, body, "", &arena, &none));
}

static void
says_what_an_answer_lacks(void **state)
{
    (void)state;
    struct chat_choice choice = {.text = "Half of", .finish = CHAT_FINISH_LENGTH};
    struct chat_answer answer = {
        .choices = {&choice, 1},
        .usage = {.input = -1, .output = -1, .cached = -1, .thought = -1, .written = -1}};
    const json_t *body = written(&answer);
    assert_string_equal(text_of(body, "status"), "incomplete");
    assert_string_equal(text_of(json_object_get(body, "incomplete_details"), "reason"),
                        "max_output_tokens");
    const json_t *item = json_array_get(json_object_get(body, "output"), 0);
    assert_string_equal(text_of(item, "status"), "incomplete");
    assert_true(json_is_null(json_object_get(body, "usage")));
    choice = (struct chat_choice){.text = "", .refusal = "No.", .finish = CHAT_FINISH_REFUSED};
    body = written(&answer);
    assert_string_equal(text_of(body, "status"), "completed");
    item = json_array_get(json_object_get(body, "output"), 0);
    const json_t *content = json_object_get(item, "content");
    assert_int_equal(json_array_size(content), 1);
    assert_string_equal(text_of(json_array_get(content, 0), "refusal"), "No.");
    choice = (struct chat_choice){.text = "", .finish = CHAT_FINISH_REFUSED};
    body = written(&answer);
    assert_string_equal(text_of(json_object_get(body, "incomplete_details"), "reason"),
                        "content_filter");
}

/* The types of the events in out, one a line, after checking that each is an event of its type and
 * that they are numbered from 0 on. */
static const char *
events(void)
{
    struct strbuf types;
    strbuf_init(&types, &arena, 256);
    json_int_t number = 0;
    const char *at = out.data;
    while (*at != '\0') {
        assert_memory_equal(at, "event: ", 7);
        const char *name = at + 7;
        size_t length = strcspn(name, "\n");
        const char *data = name + length + 1;
        assert_memory_equal(data, "data: ", 6);
        size_t data_length = strcspn(data + 6, "\n");
        json_auto_t *event = json_loadb(data + 6, data_length, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(event);
        assert_int_equal(strlen(text_of(event, "type")), length);
        assert_memory_equal(text_of(event, "type"), name, length);
        assert_int_equal(json_integer_value(json_object_get(event, "sequence_number")), number++);
        strbuf_add(&types, name, length);
        strbuf_add_char(&types, '\n');
        at = data + 6 + data_length;
        assert_memory_equal(at, "\n\n", 2);
        at += 2;
    }
    return types.data;
}

/* The data of the last event, owned by the test. */
static const json_t *
last_event(void)
{
    const char *at = out.data, *data = NULL;
    while ((at = strstr(at, "\ndata: ")) != NULL)
        data = at += 7;
    json_decref(document);
    document = json_loadb(data, strcspn(data, "\n"), 0, NULL);
    assert_non_null(document);
    return document;
}

static void
step(struct chat_delta delta)
{
    responses_step(&reply, &delta, &out);
}

static void
streams_text_and_calls_as_openai_does(void **state)
{
    (void)state;
    responses_begin(&reply, &out);
    step((struct chat_delta){.kind = CHAT_DELTA_TEXT, .text = "Let "});
    step((struct chat_delta){.kind = CHAT_DELTA_TEXT, .text = "me see."});
    step((struct chat_delta){.kind = CHAT_DELTA_TOOL, .id = "a", .name = "rain"});
    step((struct chat_delta){.kind = CHAT_DELTA_TOOL, .tool = 1, .id = "b", .name = "sun"});
    step((struct chat_delta){.kind = CHAT_DELTA_ARGUMENTS, .tool = 0, .text = "{\"x\":"});
    step((struct chat_delta){.kind = CHAT_DELTA_ARGUMENTS, .tool = 1, .text = "{}"});
    step((struct chat_delta){.kind = CHAT_DELTA_ARGUMENTS, .tool = 0, .text = "1}"});
    step((struct chat_delta){.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_TOOL_CALLS});
    responses_end(&reply,
                  &(struct chat_usage){.input = 3, .output = 2, .cached = -1, .thought = -1}, &out);
    responses_complete(&reply, &out);
    assert_string_equal(events(), "response.created\n"
                                  "response.in_progress\n"
                                  "response.output_item.added\n"
                                  "response.content_part.added\n"
                                  "response.output_text.delta\n"
                                  "response.output_text.delta\n"
                                  "response.output_text.done\n"
                                  "response.content_part.done\n"
                                  "response.output_item.done\n"
                                  "response.output_item.added\n"
                                  "response.output_item.added\n"
                                  "response.function_call_arguments.delta\n"
                                  "response.function_call_arguments.delta\n"
                                  "response.function_call_arguments.delta\n"
                                  "response.function_call_arguments.done\n"
                                  "response.output_item.done\n"
                                  "response.function_call_arguments.done\n"
                                  "response.output_item.done\n"
                                  "response.completed\n");
    const json_t *response = json_object_get(last_event(), "response");
    assert_string_equal(text_of(response, "status"), "completed");
    const json_t *output = json_object_get(response, "output");
    assert_int_equal(json_array_size(output), 3);
    assert_string_equal(text_of(json_array_get(output, 1), "arguments"), "{\"x\":1}");
    assert_string_equal(text_of(json_array_get(output, 2), "status"), "completed");
    const json_t *content = json_object_get(json_array_get(output, 0), "content");
    assert_string_equal(text_of(json_array_get(content, 0), "text"), "Let me see.");
    const json_t *usage = json_object_get(response, "usage");
    assert_int_equal(json_integer_value(json_object_get(usage, "total_tokens")), 5);
}

static void
streams_an_answer_without_a_word(void **state)
{
    (void)state;
    responses_begin(&reply, &out);
    step((struct chat_delta){.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_STOP});
    responses_end(
        &reply, &(struct chat_usage){.input = -1, .output = -1, .cached = -1, .thought = -1}, &out);
    responses_complete(&reply, &out);
    assert_non_null(strstr(events(), "response.output_item.done\nresponse.completed\n"));
    const json_t *response = json_object_get(last_event(), "response");
    assert_int_equal(json_array_size(json_object_get(response, "output")), 1);
}

static void
ends_a_cut_answer_as_incomplete(void **state)
{
    (void)state;
    responses_begin(&reply, &out);
    step((struct chat_delta){.kind = CHAT_DELTA_TEXT, .text = "Half"});
    step((struct chat_delta){.kind = CHAT_DELTA_FINISH, .finish = CHAT_FINISH_LENGTH});
    responses_end(
        &reply, &(struct chat_usage){.input = -1, .output = -1, .cached = -1, .thought = -1}, &out);
    responses_complete(&reply, &out);
    assert_null(strstr(events(), "response.completed"));
    const json_t *event = last_event();
    assert_string_equal(text_of(event, "type"), "response.incomplete");
    const json_t *response = json_object_get(event, "response");
    assert_string_equal(text_of(response, "status"), "incomplete");
}

static void
tells_of_a_failure_with_nothing_that_looks_complete(void **state)
{
    (void)state;
    static const char body[] = "{\"error\":{\"message\":\"it broke off\",\"type\":\"api_error\","
                               "\"param\":null,\"code\":\"upstream_incomplete\"}}";
    responses_begin(&reply, &out);
    step((struct chat_delta){.kind = CHAT_DELTA_TEXT, .text = "Half"});
    reply.is_shown = true;
    responses_fail(&reply, body, sizeof(body) - 1, &out);
    assert_non_null(strstr(events(), "response.failed\nerror\n"));
    assert_null(strstr(out.data, "response.completed"));
    assert_null(strstr(out.data, "\"completed\""));
    assert_null(strstr(out.data, "output_item.done"));
    const json_t *event = last_event();
    assert_string_equal(text_of(event, "code"), "upstream_incomplete");
    assert_string_equal(text_of(json_object_get(event, "error"), "message"), "it broke off");
    /* Of a provider's own stream we know no number. */
    reply.state = NULL;
    strbuf_truncate(&out, 0);
    responses_fail(&reply, body, sizeof(body) - 1, &out);
    assert_null(strstr(out.data, "response.failed"));
    assert_string_equal(text_of(last_event(), "message"), "it broke off");
}

static void
tells_of_no_response_that_was_never_shown(void **state)
{
    (void)state;
    static const char body[] = "{\"error\":{\"message\":\"it is down\",\"type\":\"api_error\","
                               "\"param\":null,\"code\":\"upstream_error\"}}";
    responses_begin(&reply, &out);
    strbuf_truncate(&out, 0);
    responses_fail(&reply, body, sizeof(body) - 1, &out);
    assert_string_equal(events(), "error\n");
    const json_t *event = last_event();
    assert_int_equal(json_integer_value(json_object_get(event, "sequence_number")), 0);
    assert_true(json_is_integer(json_object_get(event, "sequence_number")));
    assert_string_equal(text_of(event, "code"), "upstream_error");
}

static void
passes_a_providers_own_events(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        enum surface_pass pass;
    } rows[] = {
        {"{\"type\":\"response.created\"}", SURFACE_PASS},
        {"{\"type\":\"response.output_text.delta\"}", SURFACE_PASS},
        {"{\"type\":\"response.completed\"}", SURFACE_END},
        {"{\"type\":\"response.incomplete\"}", SURFACE_END},
        {"{}", SURFACE_DROP},
    };
    struct event event = {.name = "", .data = ""};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_auto_t *data = json_loads(rows[i].data, 0, NULL);
        assert_int_equal(responses_pass(&reply, &event, data), rows[i].pass);
    }
    assert_int_equal(responses_pass(&reply, &event, NULL), SURFACE_DROP);
    responses_complete(&reply, &out);
    assert_int_equal(out.length, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_a_text_behind_its_instructions),
        TEST(takes_messages_with_parts_of_all_kinds),
        TEST(joins_calls_in_a_row_to_one_message),
        TEST(takes_empty_arguments_for_none),
        TEST(takes_tools_and_the_form_of_the_answer),
        TEST(names_what_cannot_be_said_in_other_dialects),
        TEST(writes_an_answer_with_text_and_calls),
        TEST(says_what_an_answer_lacks),
        TEST(streams_text_and_calls_as_openai_does),
        TEST(streams_an_answer_without_a_word),
        TEST(ends_a_cut_answer_as_incomplete),
        TEST(tells_of_a_failure_with_nothing_that_looks_complete),
        TEST(tells_of_no_response_that_was_never_shown),
        TEST(passes_a_providers_own_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
