/* Whole chats in OpenAI's dialect. */
#include "../lib/provider_chat.h"

static void
open_bench(struct provider_bench *bench)
{
    provider_bench_open(bench, &provider_openai, "http://localhost:11434/v1", "llama3");
    bench->place.kind = PROVIDER_OPENAI;
}

static void
says_texts_images_calls_and_results(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_chat_fill(&bench);
    const json_t *body = provider_bench_build(&bench);
    provider_chat_expect(
        body, "messages",
        "[{'role':'system','content':'Be brief.'},{'role':'system','content':'Be kind.'},"
        "{'role':'user','name':'ann','content':[{'type':'text','text':'What is this?'},"
        "{'type':'image_url','image_url':{'url':'data:image/png;base64,iVBO','detail':'low'}},"
        "{'type':'text','text':'And that?'}]},"
        "{'role':'assistant','content':'Let me see.','tool_calls':["
        "{'id':'t1','type':'function','function':{'name':'weather',"
        "'arguments':'{\\'at\\': 9007199254740993}'}},"
        "{'id':'t2','type':'function','function':{'name':'sky','arguments':'{}'}}]},"
        "{'role':'tool','tool_call_id':'t1','content':'{\\'c\\': 20}'},"
        "{'role':'tool','tool_call_id':'t2','content':'rain'},{'role':'user','content':'So?'}]");
    provider_chat_expect(body, "tools",
                         "[{'type':'function','function':{'name':'weather','description':'Tells "
                         "it.','parameters':{'type':'object','properties':{'at':{'type':"
                         "'integer'}}}}},{'type':'function','function':{'name':'sky'}}]");
    provider_chat_expect(body, "stop", "['END','\\n\\n']");
    provider_chat_expect(body, "temperature", "0.1");
    provider_chat_expect(body, "top_p", "0.95");
    provider_chat_expect(body, "user", "'u-1'");
    provider_chat_expect(body, "tool_choice", NULL);
    provider_chat_expect(body, "stream", NULL);
    provider_bench_close(&bench);
}

static void
says_an_assistant_that_only_called(void **state)
{
    (void)state;
    struct chat_tool_call call = {.id = "t", .name = "f", .arguments = "{}"};
    struct chat_message message = {.role = CHAT_ASSISTANT, .tool_calls = {&call, 1}};
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.messages = (struct list){&message, 1};
    provider_chat_expect(provider_bench_build(&bench), "messages/0/content", "null");
    provider_bench_close(&bench);
}

static void
says_images_by_address(void **state)
{
    (void)state;
    struct chat_part part = {.url = "https://x.example/a.png"};
    struct chat_message message = {.role = CHAT_USER, .parts = {&part, 1}};
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.messages = (struct list){&message, 1};
    provider_chat_expect(provider_bench_build(&bench), "messages/0/content",
                         "[{'type':'image_url','image_url':{'url':'https://x.example/a.png'}}]");
    message.role = CHAT_TOOL;
    assert_string_equal(provider_bench_refused(&bench), "messages");
    provider_bench_close(&bench);
}

static void
says_every_option(void **state)
{
    (void)state;
    static const struct {
        const char *path, *expected;
    } rows[] = {
        {"presence_penalty", "-0.5"},
        {"frequency_penalty", "2"},
        {"n", "3"},
        {"seed", "-9007199254740993"},
        {"top_k", "40"},
        {"logprobs", "true"},
        {"top_logprobs", "5"},
        {"parallel_tool_calls", "false"},
        {"stream", "true"},
        {"stream_options", "{'include_usage':true}"},
    };
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.presence_penalty = -0.5;
    bench.chat.frequency_penalty = 2;
    bench.chat.n = 3;
    bench.chat.has_seed = true;
    bench.chat.seed = -9007199254740993;
    bench.chat.top_k = 40;
    bench.chat.logprobs = true;
    bench.chat.top_logprobs = 5;
    bench.chat.parallel_tool_calls = 0;
    bench.chat.stream = true;
    const json_t *body = provider_bench_build(&bench);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        provider_chat_expect(body, rows[i].path, rows[i].expected);
    provider_bench_close(&bench);
}

static void
says_which_tool_is_to_be_called(void **state)
{
    (void)state;
    static const struct {
        enum chat_tool_choice choice;
        const char *expected;
    } rows[] = {
        {CHAT_TOOL_AUTO, "'auto'"},
        {CHAT_TOOL_NONE, "'none'"},
        {CHAT_TOOL_REQUIRED, "'required'"},
        {CHAT_TOOL_NAMED, "{'type':'function','function':{'name':'sky'}}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        provider_chat_fill(&bench);
        bench.chat.tool_choice = rows[i].choice;
        bench.chat.tool_name = "sky";
        provider_chat_expect(provider_bench_build(&bench), "tool_choice", rows[i].expected);
        provider_bench_close(&bench);
    }
}

static void
says_the_form_of_the_answer(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.format = CHAT_FORMAT_OBJECT;
    provider_chat_expect(provider_bench_build(&bench), "response_format", "{'type':'json_object'}");
    provider_chat_ask_schema(&bench);
    provider_chat_expect(provider_bench_build(&bench), "response_format",
                         "{'type':'json_schema','json_schema':{'name':'x','strict':true,'schema':"
                         "{'type':'object','properties':{'x':{'const':0.1}}}}}");
    provider_bench_close(&bench);
}

static void
names_what_openai_itself_does_not_take(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_openai, "https://api.openai.com/v1", "gpt-x");
    bench.chat.top_k = 5;
    assert_string_equal(provider_bench_refused(&bench), "top_k");
    bench.chat.untranslatable = "input[2].type";
    assert_string_equal(provider_bench_refused(&bench), "input[2].type");
    provider_bench_close(&bench);
}

static void
passes_the_callers_own_body_on_as_it_is(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.untranslatable = "odd";
    provider_chat_native(&bench, PROVIDER_OPENAI, "/chat/completions",
                         "{'odd':[9007199254740993,0.1,1e-7,-0.30000000000000004,null,true,{}],"
                         "'model':'alias','z':{'b':1,'a':'\\u00e9\\n'},'stream':false}");
    provider_chat_expect_bytes(
        &bench, "{'odd':[9007199254740993,0.1,1e-07,-0.30000000000000004,null,true,{}],"
                "'model':'llama3','z':{'b':1,'a':'\xc3\xa9\\n'},'stream':false}");
    assert_string_equal(bench.request.url, "http://localhost:11434/v1/chat/completions");
    provider_bench_close(&bench);
}

static void
asks_the_callers_own_stream_for_its_usage(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.stream = true;
    provider_chat_native(&bench, PROVIDER_OPENAI, "/chat/completions",
                         "{'model':'a','stream':true,'n':2}");
    provider_chat_expect_bytes(
        &bench, "{'model':'llama3','stream':true,'n':2,'stream_options':{'include_usage':true}}");
    provider_chat_native(&bench, PROVIDER_OPENAI, "/chat/completions",
                         "{'stream_options':{'x':1,'include_usage':false},'stream':true}");
    provider_chat_expect_bytes(
        &bench, "{'model':'llama3','stream':true,'stream_options':{'x':1,'include_usage':true}}");
    provider_bench_close(&bench);
}

static void
asks_for_a_response_only_where_there_is_such_an_endpoint(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_chat_native(&bench, PROVIDER_OPENAI, "/responses",
                         "{'model':'a','input':'x','stream':true}");
    bench.chat.stream = true;
    provider_bench_build(&bench);
    assert_string_equal(bench.request.url, "http://localhost:11434/v1/chat/completions");
    bench.place.responses = true;
    provider_chat_expect_bytes(&bench, "{'model':'llama3','input':'x','stream':true}");
    assert_string_equal(bench.request.url, "http://localhost:11434/v1/responses");
    provider_bench_close(&bench);
}

static void
translates_what_is_native_elsewhere(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_chat_native(&bench, PROVIDER_ANTHROPIC, "/messages", "{'model':'a'}");
    provider_chat_expect(provider_bench_build(&bench), "messages/0/role", "'system'");
    provider_bench_close(&bench);
}

static void
asks_for_embeddings_and_reads_them(void **state)
{
    (void)state;
    const char *texts[] = {"a", "b\n"};
    struct provider_bench bench;
    struct error err = {0};
    open_bench(&bench);
    assert_true(provider_openai.build_embeddings(&LIST_OF(texts), 2, &bench.model, &bench.arena,
                                                 &bench.request, &err));
    assert_string_equal(bench.request.url, "http://localhost:11434/v1/embeddings");
    assert_string_equal(bench.request.body.data,
                        "{\"model\":\"llama3\",\"input\":[\"a\",\"b\\n\"],\"encoding_format\":"
                        "\"float\",\"dimensions\":2}");
    const json_t *answer = provider_object(
        "{\"data\":[{\"index\":1,\"embedding\":[0.5,-1]},{\"index\":0,\"embedding\":[1,2]}],"
        "\"usage\":{\"prompt_tokens\":4}}",
        &bench.arena);
    struct embeddings embeddings;
    assert_true(provider_openai.parse_embeddings(answer, 2, &bench.arena, &embeddings, &err));
    assert_int_equal(embeddings.dimensions, 2);
    assert_int_equal(embeddings.tokens, 4);
    assert_true(embeddings.vectors[0][1] == 2 && embeddings.vectors[1][0] == 0.5F);
    answer =
        provider_object("{\"data\":[{\"index\":0,\"embedding\":\"AACAPwAAAL8=\"}]}", &bench.arena);
    assert_true(provider_openai.parse_embeddings(answer, 1, &bench.arena, &embeddings, &err));
    assert_int_equal(embeddings.dimensions, 2);
    assert_true(embeddings.vectors[0][0] == 1 && embeddings.vectors[0][1] == -0.5F);
    provider_bench_close(&bench);
}

static void
takes_no_bad_vectors(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "{}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":[1,2]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":2,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[]},{\"index\":1,\"embedding\":[]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":[null]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":[1e200]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":\"AAA=\"},{\"index\":1,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":\"AADAfw==\"},{\"index\":1,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":\"A*==\"},{\"index\":1,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":\"\"},{\"index\":1,\"embedding\":[1]}]}",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct arena arena = {0};
        struct embeddings embeddings;
        struct error err = {0};
        assert_false(provider_openai.parse_embeddings(provider_object(answers[i], &arena), 2,
                                                      &arena, &embeddings, &err));
        assert_int_equal(err.code, ERROR_UPSTREAM_INVALID);
        arena_release(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_texts_images_calls_and_results),
        cmocka_unit_test(says_an_assistant_that_only_called),
        cmocka_unit_test(says_images_by_address),
        cmocka_unit_test(says_every_option),
        cmocka_unit_test(says_which_tool_is_to_be_called),
        cmocka_unit_test(says_the_form_of_the_answer),
        cmocka_unit_test(names_what_openai_itself_does_not_take),
        cmocka_unit_test(passes_the_callers_own_body_on_as_it_is),
        cmocka_unit_test(asks_the_callers_own_stream_for_its_usage),
        cmocka_unit_test(asks_for_a_response_only_where_there_is_such_an_endpoint),
        cmocka_unit_test(translates_what_is_native_elsewhere),
        cmocka_unit_test(asks_for_embeddings_and_reads_them),
        cmocka_unit_test(takes_no_bad_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
