/* Answers, streams and errors of all three providers, and the judging of structured answers. The
 * first byte picks the provider and how its bytes are read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ai/answer_schema.h"
#include "ai/prompt.h"
#include "ai/provider.h"
#include "ai/retry_after.h"
#include "ai/run.h"
#include "base/utf8.h"
#include "http/event_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct item {
    const char *name;
    int64_t count;
};
struct answer {
    const char *mood;
    double confidence;
    struct list reasons, items;
};

static const struct schema item_schema = {
    "FuzzItem", sizeof(struct item),
    .fields = (const struct field[]){STRING(struct item, name, .flags = FIELD_REQUIRED, .max = 10),
                                     INTEGER(struct item, count, .max = 9),
                                     {0}}};
static const struct schema answer_schema = {
    "FuzzAnswer", sizeof(struct answer),
    .fields = (const struct field[]){STRING(struct answer, mood, .flags = FIELD_REQUIRED,
                                            .choices = (const char *const[]){"good", "bad", NULL}),
                                     NUMBER(struct answer, confidence, .number_max = 1),
                                     STRINGS(struct answer, reasons),
                                     ARRAY(struct answer, items, &item_schema, .max = 4),
                                     {0}}};
static const struct operation operation = {
    .name = "fuzz", .input = &item_schema, .output = &answer_schema, .kind = ANSWER_JSON};

static void
judge(const char *text, struct arena *arena)
{
    struct item input = {.name = "x"};
    const struct ai_call call = {.operation = &operation, .input = &input};
    struct run run = {.arena = arena, .call = &call, .operation = &operation};
    prompt_init(&run.prompt, arena);
    const struct chat_choice choice = {.text = text, .finish = CHAT_FINISH_STOP};
    struct error err = {0};
    const void *output = judge_answer(&run, &choice, &err);
    if (!output == (err.code == ERROR_NONE))
        abort();
}

static void
check_failure(const struct provider_failure *failure)
{
    size_t count;
    if (failure->error.code == ERROR_NONE || failure->class == FAULT_NONE ||
        failure->retry_after_ms < -1 || failure->retry_after_ms > RETRY_AFTER_MAX_MS)
        abort();
    if (failure->reason && (strlen(failure->reason) > PROVIDER_REASON_MAX_BYTES ||
                            !utf8_count(failure->reason, strlen(failure->reason), &count)))
        abort();
    if (failure->reason && failure->key_refused)
        abort();
}

/* Reads every text, so that one that has been freed is found out. */
static size_t
read_through(const struct chat_answer *answer)
{
    size_t sum = 0;
    const struct chat_choice *choices = answer->choices.items;
    for (size_t i = 0; i < answer->choices.count; i++) {
        const struct chat_tool_call *calls = choices[i].tool_calls.items;
        sum += strlen(choices[i].text);
        for (size_t j = 0; j < choices[i].tool_calls.count; j++)
            sum += strlen(calls[j].id) + strlen(calls[j].name) + strlen(calls[j].arguments);
    }
    return sum;
}

/* A caller's own body goes on as the same JSON, but for what is ours to say. */
static void
pass_on(const struct provider *provider, const json_t *document, struct arena *arena)
{
    const struct provider_settings place = {
        .kind = provider == &provider_openai ? PROVIDER_OPENAI : PROVIDER_ANTHROPIC,
        .base_url = "http://x"};
    const struct model_settings model = {.provider = &place, .id = "m"};
    struct provider_request request;
    struct error err = {0};
    struct chat chat;
    chat_init(&chat);
    chat.native = document;
    chat.native_kind = place.kind;
    chat.native_path = "/chat/completions";
    if (!provider->build_chat(&chat, &model, arena, &request, &err))
        abort();
    json_t *sent = json_loadb(request.body.data, request.body.length, 0, NULL);
    json_t *wanted = json_copy((json_t *)document);
    json_object_set_new(wanted, "model", json_string("m"));
    if (json_object_get(wanted, "stream"))
        json_object_set_new(wanted, "stream", json_false());
    if (!sent || json_object_size(sent) != json_object_size(wanted))
        abort();
    json_decref(sent);
    json_decref(wanted);
}

static void
parse(const struct provider *provider, const char *bytes, size_t length)
{
    struct arena arena = {0};
    struct chat_answer answer;
    struct provider_failure failure;
    const json_t *document;
    if (!provider_parse(provider, bytes, length, &arena, &document, &answer, &failure)) {
        check_failure(&failure);
    } else {
        if (answer.choices.count == 0 || !document || failure.error.code != ERROR_NONE)
            abort();
        read_through(&answer);
        if (judge_ending(answer.choices.items, &failure))
            judge(((const struct chat_choice *)answer.choices.items)->text, &arena);
        else
            check_failure(&failure);
    }
    if (provider != &provider_gemini && json_is_object(document))
        pass_on(provider, document, &arena);
    struct embeddings vectors;
    struct error err = {0};
    if (provider->parse_embeddings && json_is_object(document) &&
        provider->parse_embeddings(document, length % 4, &arena, &vectors, &err) != !err.code)
        abort();
    arena_release(&arena);
}

/* A streamed answer, as it sums up over every split of its bytes. */
struct reading {
    const struct provider *provider;
    struct arena arena;
    struct provider_stream stream;
    struct provider_failure failure;
    size_t deltas, text_bytes;
    bool failed;
};

static size_t
length_of(const char *text)
{
    return text ? strlen(text) : 0;
}

static void
check_delta(struct reading *reading, const struct chat_delta *delta)
{
    bool has_text = delta->kind == CHAT_DELTA_TEXT || delta->kind == CHAT_DELTA_REFUSAL ||
                    delta->kind == CHAT_DELTA_ARGUMENTS;
    if (has_text != (delta->text != NULL) ||
        (delta->kind == CHAT_DELTA_TOOL && (!delta->id || !delta->name)) || delta->choice < 0 ||
        delta->tool < 0)
        abort();
    reading->deltas++;
    reading->text_bytes += length_of(delta->text) + length_of(delta->name);
}

static bool
take_event(void *context, const struct event *event)
{
    struct reading *reading = context;
    struct arena scratch = {0};
    struct provider_step step;
    bool good = provider_event(reading->provider, &reading->stream, event, &scratch, &step,
                               &reading->failure);
    for (size_t i = 0; good && i < step.count; i++)
        check_delta(reading, &step.deltas[i]);
    arena_release(&scratch);
    if (!good)
        check_failure(&reading->failure);
    reading->failed = !good;
    return good;
}

static void
stream(struct reading *reading, const char *bytes, size_t length, size_t piece)
{
    struct event_parser parser;
    bool goes_on = true;
    provider_stream_init(&reading->stream, &reading->arena);
    event_parser_init(&parser, &reading->arena, 1 << 20);
    for (size_t at = 0; goes_on && at < length; at += piece)
        goes_on = event_parser_feed(&parser, bytes + at, length - at < piece ? length - at : piece,
                                    take_event, reading);
    if (goes_on && !event_parser_end(&parser, take_event, reading) && !reading->failed)
        abort();
    if (reading->stream.finished && reading->stream.choice_count == 0)
        abort();
}

static void
stream_both_ways(const struct provider *provider, const char *bytes, size_t length)
{
    struct reading whole = {.provider = provider}, split = {.provider = provider};
    stream(&whole, bytes, length, length + 1);
    stream(&split, bytes, length, 1 + length % 5);
    if (whole.deltas != split.deltas || whole.text_bytes != split.text_bytes ||
        whole.failed != split.failed || whole.failure.class != split.failure.class ||
        whole.stream.finished != split.stream.finished ||
        whole.stream.finish != split.stream.finish ||
        whole.stream.malformed != split.stream.malformed)
        abort();
    arena_release(&whole.arena);
    arena_release(&split.arena);
}

static void
classify(const struct provider *provider, uint8_t choice, const char *bytes, size_t length)
{
    static const int statuses[] = {400, 429, 500, 413, 401, 404, 302, 422};
    struct arena arena = {0};
    struct provider_failure failure;
    const struct provider_head head = {.status = statuses[choice / 8 % 8],
                                       .retry_after = choice & 1 ? bytes : NULL,
                                       .retry_after_ms = choice & 2 ? bytes : NULL,
                                       .should_retry = choice & 4 ? bytes : NULL,
                                       .reset_requests = bytes,
                                       .reset_tokens = choice & 1 ? NULL : bytes,
                                       .remaining_tokens = "0"};
    provider_classify(provider, &head, bytes, length, 1000000000, &arena, &failure);
    check_failure(&failure);
    arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct provider *const providers[] = {&provider_openai, &provider_gemini,
                                                       &provider_anthropic};
    if (size < 2)
        return 0;
    const struct provider *provider = providers[data[0] % 3];
    struct arena arena = {0};
    size_t length = size - 2;
    const char *bytes = arena_strndup(&arena, (const char *)data + 2, length);
    if (data[0] / 3 % 3 == 0)
        parse(provider, bytes, length);
    else if (data[0] / 3 % 3 == 1)
        stream_both_ways(provider, bytes, length);
    else
        classify(provider, data[1], bytes, length);
    arena_release(&arena);
    return 0;
}
