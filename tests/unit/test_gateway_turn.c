/* What goes to the client of a streamed answer, and when. */
#include "gateway_fixture.h"

#include "apps/gateway/turn.h"

/* A request whose transport notes what was sent. */
static struct {
    struct strbuf bytes;
    size_t writes;
    bool gone;
} sent;

static bool
begin(void *carrier, struct request *request)
{
    (void)carrier;
    (void)request;
    return true;
}

static bool
take(void *carrier, const char *bytes, size_t length)
{
    (void)carrier;
    sent.writes++;
    strbuf_add(&sent.bytes, bytes, length);
    return !sent.gone;
}

static const struct transport transport = {.begin = begin, .send = take};
static const struct provider_settings places[] = {
    {.name = "one", .kind = PROVIDER_OPENAI, .base_url = "http://127.0.0.1:1"},
    {.name = "two", .kind = PROVIDER_ANTHROPIC, .base_url = "http://127.0.0.1:1"},
};
static const struct model_settings models[] = {
    {.name = "gpt", .id = "gpt", .provider = &places[0]},
    {.name = "claude", .id = "claude", .provider = &places[1]},
};

static void
begin_attempt(struct turn *turn, const struct model_settings *model)
{
    struct provider_request request = {0};
    struct error err = {0};
    strbuf_init(&request.body, &arena, 64);
    assert_true(turn_question.build(&turn->ask, model, &request, &err));
}

static struct turn *
open_turn(const struct surface *surface, const struct model_settings *model, bool whole)
{
    struct request *request = arena_alloc(&arena, sizeof(*request));
    struct turn *turn = arena_alloc(&arena, sizeof(*turn));
    request->transport = &transport;
    request->document = json_of("{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\","
                                "\"content\":\"hi\"}]}");
    *turn = (struct turn){.request = request,
                          .surface = surface,
                          .model = model,
                          .beta = "",
                          .streams = true,
                          .whole = whole};
    turn->ask = (struct ask){
        .request = request, .arena = &arena, .receipt = &turn->receipt, .context = turn};
    chat_init(&turn->chat);
    chat_add_text(&turn->chat, &arena, CHAT_USER, "hi");
    turn->chat.native = request->document;
    turn->chat.native_kind = surface->family;
    turn->chat.native_path = surface->native_path;
    strbuf_init(&turn->pending, &arena, 64);
    strbuf_init(&turn->mark, &arena, 64);
    strbuf_init(&turn->body, &arena, 64);
    event_stream_init(&turn->events, request);
    strbuf_init(&sent.bytes, &arena, 64);
    sent.writes = 0;
    sent.gone = false;
    begin_attempt(turn, model);
    return turn;
}

static bool
say(struct turn *turn, const char *data, bool has_content, struct provider_failure *failure)
{
    const struct event event = {.name = "", .data = data, .length = strlen(data)};
    const struct provider_step step = {.document = data[0] == '{' ? json_of(data) : NULL,
                                       .has_content = has_content};
    return turn_question.step(&turn->ask, turn->model, &event, &step, failure);
}

static enum ask_verdict
end(struct turn *turn)
{
    struct provider_failure failure = {0};
    const struct provider_stream stream = {
        .usage = {.input = -1, .output = -1, .cached = -1, .thought = -1, .written = -1},
        .finished = true};
    return turn_question.end(&turn->ask, turn->model, &stream, &failure);
}

#define ROLE "{\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}"
#define TEXT "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}"

static void
sends_nothing_before_the_first_content(void **state)
{
    (void)state;
    struct provider_failure failure = {0};
    struct turn *turn = open_turn(&surface_chat, &models[0], false);
    assert_true(say(turn, ROLE, false, &failure));
    assert_int_equal(sent.writes, 0);
    assert_false(turn->ask.committed);
    assert_true(say(turn, TEXT, true, &failure));
    assert_int_equal(sent.writes, 1);
    assert_true(turn->ask.committed);
    assert_true(say(turn, TEXT, true, &failure));
    assert_int_equal(sent.writes, 2);
    assert_int_equal(end(turn), ASK_TAKEN);
    assert_string_equal(sent.bytes.data,
                        "data: " ROLE "\n\ndata: " TEXT "\n\ndata: " TEXT "\n\ndata: [DONE]\n\n");
    arena_release(&turn->request->arena);
}

static void
holds_back_what_is_to_come_whole(void **state)
{
    (void)state;
    struct provider_failure failure = {0};
    struct turn *turn = open_turn(&surface_chat, &models[0], true);
    assert_true(say(turn, TEXT, true, &failure));
    assert_int_equal(sent.writes, 0);
    assert_false(turn->ask.committed);
    /* Another attempt: what the first one said is forgotten. */
    begin_attempt(turn, &models[0]);
    assert_true(say(turn, ROLE, false, &failure));
    assert_int_equal(end(turn), ASK_TAKEN);
    assert_int_equal(sent.writes, 1);
    assert_string_equal(sent.bytes.data, "data: " ROLE "\n\ndata: [DONE]\n\n");
    arena_release(&turn->request->arena);
}

static void
gives_up_what_is_too_large_to_be_held_back(void **state)
{
    (void)state;
    enum { TEXT_BYTES = 1 << 20 };
    struct provider_failure failure = {0};
    struct turn *turn = open_turn(&surface_chat, &models[0], true);
    char *text = arena_alloc(&arena, TEXT_BYTES);
    memset(text, 'x', TEXT_BYTES - 1);
    const char *data =
        arena_printf(&arena, "{\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}", text);
    int said = 0;
    while (said < 20 && say(turn, data, true, &failure))
        said++;
    assert_int_equal(said, 7);
    assert_int_equal(failure.error.code, ERROR_UPSTREAM_INVALID);
    assert_int_equal(sent.writes, 0);
    arena_release(&turn->request->arena);
}

static void
sends_the_providers_own_mark_of_completeness_last(void **state)
{
    (void)state;
    static const char stop[] = "{\"type\":\"message_stop\",\"more\":1}";
    struct provider_failure failure = {0};
    struct turn *turn = open_turn(&surface_messages, &models[1], false);
    assert_true(say(turn, "{\"type\":\"content_block_delta\"}", true, &failure));
    assert_true(say(turn, stop, false, &failure));
    assert_null(strstr(sent.bytes.data, "message_stop"));
    assert_int_equal(end(turn), ASK_TAKEN);
    assert_non_null(strstr(sent.bytes.data, stop));
    arena_release(&turn->request->arena);
}

static bool
end_choice(struct turn *turn, enum chat_finish finish, const char *reason,
           struct provider_failure *failure)
{
    static const char data[] = "{\"choices\":[]}";
    const struct event event = {.name = "", .data = data, .length = sizeof(data) - 1};
    const struct chat_delta deltas[] = {
        {.kind = CHAT_DELTA_TEXT, .text = "x"},
        {.kind = CHAT_DELTA_FINISH, .finish = finish, .reason = reason},
    };
    const struct provider_step step = {
        .document = json_of(data), .deltas = deltas, .count = 2, .has_content = true};
    return turn_question.step(&turn->ask, turn->model, &event, &step, failure);
}

static void
shows_no_end_of_what_the_provider_gave_up(void **state)
{
    (void)state;
    static const struct {
        const struct model_settings *model;
        enum chat_finish finish;
        const char *reason;
    } rows[] = {
        {&models[0], CHAT_FINISH_FAILED, "error"},
        {&models[1], CHAT_FINISH_FAILED, "error"},
        {&models[1], CHAT_FINISH_NONE, "pause_turn"},
        {&models[1], CHAT_FINISH_NONE, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_failure failure = {0};
        struct turn *turn = open_turn(&surface_chat, rows[i].model, false);
        assert_false(end_choice(turn, rows[i].finish, rows[i].reason, &failure));
        assert_int_equal(failure.class, rows[i].reason ? FAULT_UNUSABLE : FAULT_TRANSIENT);
        assert_int_equal(failure.error.code, ERROR_UPSTREAM_INCOMPLETE);
        assert_int_equal(sent.writes, 0);
        arena_release(&turn->request->arena);
    }
}

static void
passes_a_word_for_the_end_that_only_its_dialect_knows(void **state)
{
    (void)state;
    struct provider_failure failure = {0};
    struct turn *turn = open_turn(&surface_chat, &models[0], false);
    assert_true(end_choice(turn, CHAT_FINISH_NONE, "new_word", &failure));
    assert_int_equal(sent.writes, 1);
    assert_false(turn->stops);
    arena_release(&turn->request->arena);
}

static void
leaves_out_what_is_no_json(void **state)
{
    (void)state;
    struct provider_failure failure = {0};
    struct turn *turn = open_turn(&surface_chat, &models[0], false);
    assert_true(say(turn, TEXT, true, &failure));
    assert_true(say(turn, "broken", false, &failure));
    assert_string_equal(sent.bytes.data, "data: " TEXT "\n\n");
    arena_release(&turn->request->arena);
}

static void
ends_when_the_client_has_left(void **state)
{
    (void)state;
    struct provider_failure failure = {0};
    struct turn *turn = open_turn(&surface_chat, &models[0], false);
    sent.gone = true;
    assert_false(say(turn, TEXT, true, &failure));
    assert_int_equal(failure.error.code, ERROR_CLIENT_CLOSED);
    assert_int_equal(failure.class, FAULT_CALLER);
    arena_release(&turn->request->arena);
}

static void
asks_only_models_of_the_family_what_has_no_translation(void **state)
{
    (void)state;
    struct turn *turn = open_turn(&surface_chat, &models[0], false);
    struct provider_request request = {0};
    struct error err = {0};
    strbuf_init(&request.body, &arena, 64);
    error_set_field(&turn->untranslatable, &arena, "logit_bias", "cannot be translated");
    assert_false(turn_question.build(&turn->ask, &models[1], &request, &err));
    assert_int_equal(err.code, ERROR_INVALID_REQUEST);
    assert_string_equal(err.fields->path, "logit_bias");
    begin_attempt(turn, &models[0]);
    arena_release(&turn->request->arena);
}

/* The path that a model of this kind complains of. */
static const char *
path_refused(const struct surface *surface, enum provider_kind kind, const char *body)
{
    const struct provider_settings place = {.kind = kind, .base_url = "http://127.0.0.1:1"};
    const struct model_settings model = {.name = "m", .id = "m", .provider = &place};
    struct provider_request request = {0};
    struct error err = {0};
    struct chat chat;
    chat_init(&chat);
    chat.body = json_of(body);
    chat.native_path = surface->native_path;
    assert_true(surface->decode(chat.body, &arena, &chat, &err));
    assert_false(provider_of(kind)->build_chat(&chat, &model, &arena, &request, &err));
    assert_int_equal(err.code, ERROR_INVALID_REQUEST);
    return err.fields->path;
}

static void
names_the_member_that_a_family_cannot_be_told(void **state)
{
    (void)state;
    static const char picture[] =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"%s\",\"content\":[{"
        "\"type\":\"text\",\"text\":\"see\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
        "\"https://a.example/b.png\"}}]}]}";
    static const char call[] =
        "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":"
        "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"[1]\"}}]}]}";
    static const char address[] = "messages[1].content[1].image_url.url";
    const char *shown = arena_printf(&arena, picture, "user");
    assert_string_equal(path_refused(&surface_chat, PROVIDER_GEMINI, shown), address);
    shown = arena_printf(&arena, picture, "assistant");
    assert_string_equal(path_refused(&surface_chat, PROVIDER_OPENAI, shown), address);
    assert_string_equal(path_refused(&surface_chat, PROVIDER_ANTHROPIC, shown), address);
    shown = arena_printf(&arena, picture, "system");
    assert_string_equal(path_refused(&surface_chat, PROVIDER_ANTHROPIC, shown), address);
    assert_string_equal(path_refused(&surface_chat, PROVIDER_GEMINI, shown), address);
    assert_string_equal(path_refused(&surface_chat, PROVIDER_GEMINI, call),
                        "messages[0].tool_calls[0].function.arguments");
    assert_string_equal(path_refused(&surface_chat, PROVIDER_ANTHROPIC, call),
                        "messages[0].tool_calls[0].function.arguments");
    assert_string_equal(
        path_refused(&surface_messages, PROVIDER_OPENAI,
                     "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
                     "\"tool_use_id\":\"c\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":"
                     "\"base64\",\"media_type\":\"image/png\",\"data\":\"aGk=\"}}]}]}]}"),
        "messages[0].content[0].content[0].source.data");
    assert_string_equal(
        path_refused(&surface_responses, PROVIDER_GEMINI,
                     "{\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":"
                     "\"x\"}]}"),
        "input[0].call_id");
}

static void
passes_beta_features_to_models_of_the_family_only(void **state)
{
    (void)state;
    struct turn *turn = open_turn(&surface_messages, &models[1], false);
    struct provider_request request = {0};
    struct error err = {0};
    turn->beta = "new-things";
    assert_true(turn_question.build(&turn->ask, &models[1], &request, &err));
    const struct provider_header *last = &request.headers[request.header_count - 1];
    assert_string_equal(last->name, "anthropic-beta");
    assert_string_equal(last->value, "new-things");
    assert_true(turn_question.build(&turn->ask, &models[0], &request, &err));
    for (size_t i = 0; i < request.header_count; i++)
        assert_string_not_equal(request.headers[i].name, "anthropic-beta");
    arena_release(&turn->request->arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(sends_nothing_before_the_first_content, clean),
        cmocka_unit_test_teardown(holds_back_what_is_to_come_whole, clean),
        cmocka_unit_test_teardown(gives_up_what_is_too_large_to_be_held_back, clean),
        cmocka_unit_test_teardown(sends_the_providers_own_mark_of_completeness_last, clean),
        cmocka_unit_test_teardown(shows_no_end_of_what_the_provider_gave_up, clean),
        cmocka_unit_test_teardown(passes_a_word_for_the_end_that_only_its_dialect_knows, clean),
        cmocka_unit_test_teardown(leaves_out_what_is_no_json, clean),
        cmocka_unit_test_teardown(ends_when_the_client_has_left, clean),
        cmocka_unit_test_teardown(asks_only_models_of_the_family_what_has_no_translation, clean),
        cmocka_unit_test_teardown(names_the_member_that_a_family_cannot_be_told, clean),
        cmocka_unit_test_teardown(passes_beta_features_to_models_of_the_family_only, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
