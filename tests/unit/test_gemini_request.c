/* Whole chats in Gemini's dialect. */
#include "../lib/provider_chat.h"

static void
open_bench(struct provider_bench *bench)
{
    provider_bench_open(bench, &provider_gemini, "https://g.example/v1beta", "gemini-2.5-flash");
    bench->place.kind = PROVIDER_GEMINI;
}

static void
says_texts_images_calls_and_results(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_chat_fill(&bench);
    const json_t *body = provider_bench_build(&bench);
    provider_chat_expect(body, "systemInstruction",
                         "{'parts':[{'text':'Be brief.'},{'text':'Be kind.'}]}");
    provider_chat_expect(
        body, "contents",
        "[{'role':'user','parts':[{'text':'What is this?'},{'inlineData':{'mimeType':'image/png',"
        "'data':'iVBO'}},{'text':'And that?'}]},"
        "{'role':'model','parts':[{'text':'Let me see.'},{'functionCall':{'name':'weather','args':"
        "{'at':9007199254740993}}},{'functionCall':{'name':'sky','args':{}}}]},"
        "{'role':'user','parts':[{'functionResponse':{'name':'weather','response':{'c':20}}},"
        "{'functionResponse':{'name':'sky','response':{'result':'rain'}}}]},"
        "{'role':'user','parts':[{'text':'So?'}]}]");
    provider_chat_expect(
        body, "tools",
        "[{'functionDeclarations':[{'name':'weather','description':'Tells it.',"
        "'parametersJsonSchema':{'type':'object','properties':{'at':{'type':'integer'}}}},"
        "{'name':'sky'}]}]");
    provider_chat_expect(body, "generationConfig",
                         "{'candidateCount':1,'maxOutputTokens':100,'temperature':0.1,'topP':0.95,"
                         "'stopSequences':['END','\\n\\n']}");
    provider_bench_close(&bench);
}

static void
signs_calls_for_models_that_demand_it(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.model.id = "gemini-3-pro-preview";
    provider_chat_fill(&bench);
    const json_t *body = provider_bench_build(&bench);
    provider_chat_expect(body, "contents/1/parts/1/thoughtSignature",
                         "'skip_thought_signature_validator'");
    provider_chat_expect(body, "contents/1/parts/2/thoughtSignature", NULL);
    provider_bench_close(&bench);
}

static void
says_every_option(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.presence_penalty = -0.5;
    bench.chat.frequency_penalty = 1;
    bench.chat.n = 2;
    bench.chat.has_seed = true;
    bench.chat.seed = 7;
    bench.chat.top_k = 40;
    bench.chat.stream = true;
    provider_chat_expect(provider_bench_build(&bench), "generationConfig",
                         "{'candidateCount':2,'maxOutputTokens':100,'temperature':0.7,'topK':40,"
                         "'presencePenalty':-0.5,'frequencyPenalty':1,'seed':7}");
    assert_string_equal(
        bench.request.url,
        "https://g.example/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
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
        {CHAT_TOOL_AUTO, "{'mode':'AUTO'}"},
        {CHAT_TOOL_NONE, "{'mode':'NONE'}"},
        {CHAT_TOOL_REQUIRED, "{'mode':'ANY'}"},
        {CHAT_TOOL_NAMED, "{'mode':'ANY','allowedFunctionNames':['sky']}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        provider_chat_fill(&bench);
        bench.chat.tool_choice = rows[i].choice;
        bench.chat.tool_name = "sky";
        provider_chat_expect(provider_bench_build(&bench), "toolConfig/functionCallingConfig",
                             rows[i].expected);
        provider_bench_close(&bench);
    }
}

static void
says_the_form_of_the_answer(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_chat_ask_schema(&bench);
    const json_t *body = provider_bench_build(&bench);
    provider_chat_expect(body, "generationConfig/responseMimeType", "'application/json'");
    provider_chat_expect(body, "generationConfig/responseJsonSchema",
                         "{'type':'object','properties':{'x':{'const':0.1}}}");
    bench.chat.format = CHAT_FORMAT_OBJECT;
    body = provider_bench_build(&bench);
    provider_chat_expect(body, "generationConfig/responseMimeType", "'application/json'");
    provider_chat_expect(body, "generationConfig/responseJsonSchema", NULL);
    provider_bench_close(&bench);
}

static void
names_what_it_cannot_say(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.logprobs = true;
    assert_string_equal(provider_bench_refused(&bench), "logprobs");
    bench.chat.logprobs = false;
    bench.chat.parallel_tool_calls = 0;
    assert_string_equal(provider_bench_refused(&bench), "parallel_tool_calls");
    bench.chat.parallel_tool_calls = 1;
    bench.chat.has_seed = true;
    bench.chat.seed = INT64_C(1) << 40;
    assert_string_equal(provider_bench_refused(&bench), "seed");
    bench.chat.untranslatable = "tools[0].type";
    assert_string_equal(provider_bench_refused(&bench), "tools[0].type");
    provider_bench_close(&bench);
}

static void
takes_images_by_address_only_from_its_own_storage(void **state)
{
    (void)state;
    struct chat_part part = {.url = "gs://bucket/a.png", .media_type = "image/png"};
    struct chat_message message = {.role = CHAT_USER, .parts = {&part, 1}};
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.messages = (struct list){&message, 1};
    provider_chat_expect(provider_bench_build(&bench), "contents/0/parts",
                         "[{'fileData':{'mimeType':'image/png','fileUri':'gs://bucket/a.png'}}]");
    part.url = "https://x.example/a.png";
    assert_string_equal(provider_bench_refused(&bench), "messages");
    provider_bench_close(&bench);
}

static void
refuses_calls_and_results_that_fit_nothing(void **state)
{
    (void)state;
    struct chat_tool_call call = {.id = "t", .name = "f", .arguments = "not JSON"};
    struct chat_part part = {.text = "x"};
    struct chat_message messages[] = {
        {.role = CHAT_ASSISTANT, .tool_calls = {&call, 1}},
        {.role = CHAT_TOOL, .parts = {&part, 1}, .tool_call_id = "u"}};
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.messages = (struct list){messages, 1};
    assert_string_equal(provider_bench_refused(&bench), "messages");
    call.arguments = "[]";
    assert_string_equal(provider_bench_refused(&bench), "messages");
    call.arguments = "{}";
    provider_bench_build(&bench);
    bench.chat.messages = (struct list){messages, 2};
    assert_string_equal(provider_bench_refused(&bench), "messages");
    messages[1].name = "f";
    provider_chat_expect(provider_bench_build(&bench), "contents/1/parts/0/functionResponse/name",
                         "'f'");
    provider_bench_close(&bench);
}

static void
asks_for_embeddings_and_reads_them(void **state)
{
    (void)state;
    const char *texts[] = {"a", "b"};
    struct provider_bench bench;
    struct error err = {0};
    open_bench(&bench);
    assert_true(provider_gemini.build_embeddings(&LIST_OF(texts), 0, &bench.model, &bench.arena,
                                                 &bench.request, &err));
    assert_string_equal(bench.request.url,
                        "https://g.example/v1beta/models/gemini-2.5-flash:batchEmbedContents");
    assert_string_equal(
        bench.request.body.data,
        "{\"requests\":[{\"model\":\"models/gemini-2.5-flash\",\"content\":{\"parts\":[{\"text\":"
        "\"a\"}]}},{\"model\":\"models/gemini-2.5-flash\",\"content\":{\"parts\":[{\"text\":\"b\"}]"
        "}}]}");
    struct embeddings embeddings;
    const json_t *answer =
        provider_object("{\"embeddings\":[{\"values\":[1,2]},{\"values\":[3,4]}]}", &bench.arena);
    assert_true(provider_gemini.parse_embeddings(answer, 2, &bench.arena, &embeddings, &err));
    assert_true(embeddings.vectors[1][1] == 4);
    assert_int_equal(embeddings.tokens, -1);
    answer = provider_object("{\"embeddings\":[{\"values\":[1]}],"
                             "\"usageMetadata\":{\"promptTokenCount\":7}}",
                             &bench.arena);
    assert_true(provider_gemini.parse_embeddings(answer, 1, &bench.arena, &embeddings, &err));
    assert_int_equal(embeddings.tokens, 7);
    answer =
        provider_object("{\"embeddings\":[{\"values\":[1,2]},{\"values\":[3,4]}]}", &bench.arena);
    assert_false(provider_gemini.parse_embeddings(answer, 3, &bench.arena, &embeddings, &err));
    provider_bench_close(&bench);
}

static void
says_no_messages_that_say_nothing(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_gemini, "http://host", "m");
    bench.chat.messages.count = 0;
    chat_add_text(&bench.chat, &bench.arena, CHAT_SYSTEM, "");
    chat_add_text(&bench.chat, &bench.arena, CHAT_USER, "one");
    chat_add_text(&bench.chat, &bench.arena, CHAT_ASSISTANT, "");
    chat_add_text(&bench.chat, &bench.arena, CHAT_USER, "two");
    const json_t *body = provider_bench_build(&bench);
    assert_null(json_object_get(body, "systemInstruction"));
    assert_int_equal(json_array_size(json_object_get(body, "contents")), 2);
    assert_string_equal(provider_bench_text(body, "contents/1/parts/0/text"), "two");
    provider_bench_close(&bench);
}

static void
refuses_a_chat_of_instructions_only(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_gemini, "http://host", "m");
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
        cmocka_unit_test(signs_calls_for_models_that_demand_it),
        cmocka_unit_test(says_every_option),
        cmocka_unit_test(says_which_tool_is_to_be_called),
        cmocka_unit_test(says_the_form_of_the_answer),
        cmocka_unit_test(names_what_it_cannot_say),
        cmocka_unit_test(takes_images_by_address_only_from_its_own_storage),
        cmocka_unit_test(refuses_calls_and_results_that_fit_nothing),
        cmocka_unit_test(asks_for_embeddings_and_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
