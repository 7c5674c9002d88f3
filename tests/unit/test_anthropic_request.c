/* Whole chats in Anthropic's dialect. */
#include "../lib/provider_chat.h"

static void
open_bench(struct provider_bench *bench)
{
    provider_bench_open(bench, &provider_anthropic, "https://a.example/v1", "claude-x");
    bench->place.kind = PROVIDER_ANTHROPIC;
}

static void
says_texts_images_calls_and_results(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_chat_fill(&bench);
    const json_t *body = provider_bench_build(&bench);
    provider_chat_expect(body, "system",
                         "[{'type':'text','text':'Be brief.'},{'type':'text','text':'Be kind.'}]");
    provider_chat_expect(
        body, "messages",
        "[{'role':'user','content':[{'type':'text','text':'What is this?'},{'type':'image',"
        "'source':{'type':'base64','media_type':'image/png','data':'iVBO'}},{'type':'text','text':"
        "'And that?'}]},"
        "{'role':'assistant','content':[{'type':'text','text':'Let me see.'},{'type':'tool_use',"
        "'id':'t1','name':'weather','input':{'at':9007199254740993}},{'type':'tool_use','id':'t2',"
        "'name':'sky','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1','content':"
        "'{\\'c\\': 20}'},{'type':'tool_result','tool_use_id':'t2','content':'rain'}]},"
        "{'role':'user','content':'So?'}]");
    provider_chat_expect(
        body, "tools",
        "[{'name':'weather','description':'Tells it.','input_schema':{'type':'object','properties':"
        "{'at':{'type':'integer'}}}},{'name':'sky','input_schema':{'type':'object','properties':{}"
        "}}]");
    provider_chat_expect(body, "stop_sequences", "['END','\\n\\n']");
    provider_chat_expect(body, "metadata", "{'user_id':'u-1'}");
    provider_chat_expect(body, "temperature", "0.1");
    provider_chat_expect(body, "top_p", "0.95");
    provider_chat_expect(body, "tool_choice", NULL);
    provider_bench_close(&bench);
}

static void
says_images_by_address_and_in_results(void **state)
{
    (void)state;
    struct chat_part parts[] = {{.text = ""}, {.url = "https://x.example/a.png"}};
    struct chat_message messages[] = {
        {.role = CHAT_USER, .parts = LIST_OF(parts)},
        {.role = CHAT_TOOL, .parts = LIST_OF(parts), .tool_call_id = "t"}};
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.messages = LIST_OF(messages);
    const json_t *body = provider_bench_build(&bench);
    provider_chat_expect(
        body, "messages/0/content",
        "[{'type':'image','source':{'type':'url','url':'https://x.example/a.png'}}]");
    provider_chat_expect(
        body, "messages/1/content/0/content",
        "[{'type':'image','source':{'type':'url','url':'https://x.example/a.png'}}]");
    messages[1].role = CHAT_ASSISTANT;
    assert_string_equal(provider_bench_refused(&bench), "messages");
    provider_bench_close(&bench);
}

static void
says_which_tool_is_to_be_called(void **state)
{
    (void)state;
    static const struct {
        enum chat_tool_choice choice;
        int parallel;
        const char *expected;
    } rows[] = {
        {CHAT_TOOL_AUTO, CHAT_UNSET, "{'type':'auto'}"},
        {CHAT_TOOL_NONE, 0, "{'type':'none'}"},
        {CHAT_TOOL_REQUIRED, 1, "{'type':'any'}"},
        {CHAT_TOOL_NAMED, 0, "{'type':'tool','name':'sky','disable_parallel_tool_use':true}"},
        {CHAT_TOOL_UNSET, 0, "{'type':'auto','disable_parallel_tool_use':true}"},
        {CHAT_TOOL_UNSET, 1, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        provider_chat_fill(&bench);
        bench.chat.tool_choice = rows[i].choice;
        bench.chat.parallel_tool_calls = rows[i].parallel;
        bench.chat.tool_name = "sky";
        provider_chat_expect(provider_bench_build(&bench), "tool_choice", rows[i].expected);
        provider_bench_close(&bench);
    }
}

static void
asks_for_the_form_of_the_answer_by_a_forced_tool(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_chat_ask_schema(&bench);
    const json_t *body = provider_bench_build(&bench);
    provider_chat_expect(body, "tool_choice", "{'type':'tool','name':'give_answer'}");
    provider_chat_expect(body, "tools/0/input_schema",
                         "{'type':'object','properties':{'x':{'const':0.1}}}");
    bench.chat.format = CHAT_FORMAT_OBJECT;
    provider_chat_expect(provider_bench_build(&bench), "tools/0/input_schema/type", "'object'");
    provider_chat_fill(&bench);
    assert_string_equal(provider_bench_refused(&bench), "response_format");
    provider_bench_close(&bench);
}

static void
names_what_it_cannot_say(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "n",       "seed", "logprobs", "top_logprobs", "presence_penalty", "frequency_penalty",
        "input[0]"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        bench.chat.n = i == 0 ? 2 : 1;
        bench.chat.has_seed = i == 1;
        bench.chat.logprobs = i == 2;
        bench.chat.top_logprobs = i == 3 ? 4 : CHAT_UNSET;
        bench.chat.presence_penalty = i == 4 ? 1 : 0;
        bench.chat.frequency_penalty = i == 5 ? -1 : 0;
        bench.chat.untranslatable = i == 6 ? "input[0]" : NULL;
        assert_string_equal(provider_bench_refused(&bench), fields[i]);
        provider_bench_close(&bench);
    }
}

static void
names_fields_as_the_callers_interface_does(void **state)
{
    (void)state;
    static const struct {
        const char *path, *field;
    } rows[] = {{"/responses", "input"}, {"/chat/completions", "messages"}, {NULL, "messages"}};
    struct chat_tool_call call = {.id = "t", .name = "f", .arguments = "[]"};
    struct chat_message message = {.role = CHAT_ASSISTANT, .tool_calls = {&call, 1}};
    for (size_t i = 0; i < 3; i++) {
        struct provider_bench bench;
        open_bench(&bench);
        bench.chat.messages = (struct list){&message, 1};
        bench.chat.native_path = rows[i].path;
        assert_string_equal(provider_bench_refused(&bench), rows[i].field);
        provider_bench_close(&bench);
    }
}

static void
refuses_arguments_that_are_no_object(void **state)
{
    (void)state;
    struct chat_tool_call call = {.id = "t", .name = "f", .arguments = "{\"a\""};
    struct chat_message message = {.role = CHAT_ASSISTANT, .tool_calls = {&call, 1}};
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.messages = (struct list){&message, 1};
    assert_string_equal(provider_bench_refused(&bench), "messages");
    provider_bench_close(&bench);
}

static void
passes_the_callers_own_body_on_as_it_is(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.stream = true;
    provider_chat_native(&bench, PROVIDER_ANTHROPIC, "/messages",
                         "{'max_tokens':5,'thinking':{'budget':0.1},'model':'x','stream':true}");
    provider_chat_expect_bytes(
        &bench, "{'max_tokens':5,'thinking':{'budget':0.1},'model':'claude-x','stream':true}");
    assert_string_equal(bench.request.url, "https://a.example/v1/messages");
    assert_string_equal(provider_bench_header(&bench, "anthropic-version"), "2023-06-01");
    provider_bench_close(&bench);
}

static void
has_no_embeddings(void **state)
{
    (void)state;
    assert_null(provider_anthropic.build_embeddings);
}

static void
says_no_messages_that_say_nothing(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_anthropic, "http://host", "m");
    bench.chat.messages.count = 0;
    chat_add_text(&bench.chat, &bench.arena, CHAT_SYSTEM, "");
    chat_add_text(&bench.chat, &bench.arena, CHAT_USER, "one");
    chat_add_text(&bench.chat, &bench.arena, CHAT_ASSISTANT, "");
    chat_add_text(&bench.chat, &bench.arena, CHAT_USER, "two");
    const json_t *body = provider_bench_build(&bench);
    assert_null(json_object_get(body, "system"));
    assert_int_equal(json_array_size(json_object_get(body, "messages")), 2);
    assert_string_equal(provider_bench_text(body, "messages/1/content"), "two");
    provider_bench_close(&bench);
}

static void
refuses_a_chat_of_instructions_only(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_anthropic, "http://host", "m");
    bench.chat.messages.count = 1; /* the system's */
    assert_string_equal(provider_bench_refused(&bench), "messages");
    chat_add_text(&bench.chat, &bench.arena, CHAT_ASSISTANT, "");
    assert_string_equal(provider_bench_refused(&bench), "messages");
    provider_bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_no_messages_that_say_nothing),
        cmocka_unit_test(refuses_a_chat_of_instructions_only),
        cmocka_unit_test(says_texts_images_calls_and_results),
        cmocka_unit_test(says_images_by_address_and_in_results),
        cmocka_unit_test(says_which_tool_is_to_be_called),
        cmocka_unit_test(asks_for_the_form_of_the_answer_by_a_forced_tool),
        cmocka_unit_test(names_what_it_cannot_say),
        cmocka_unit_test(names_fields_as_the_callers_interface_does),
        cmocka_unit_test(refuses_arguments_that_are_no_object),
        cmocka_unit_test(passes_the_callers_own_body_on_as_it_is),
        cmocka_unit_test(has_no_embeddings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
