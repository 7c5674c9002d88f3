/* What the tests of the three providers share: a chat, and reading of recorded bytes. */
#ifndef HEARTH_TESTS_PROVIDER_BENCH_H
#define HEARTH_TESTS_PROVIDER_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ai/provider.h"
#include "ai/run.h"
#include "ai/stream.h"
#include "ai/vectors.h"
#include "http/event_parser.h"

#define BENCH_SYSTEM "Be \"brief\"."
#define BENCH_USER "Line one\nline two \xc3\xa9"

struct verdict {
    const char *mood;
    double confidence;
    struct list reasons;
};

static const struct schema verdict_schema = {
    "Verdict", sizeof(struct verdict),
    .fields = (const struct field[]){
        STRING(struct verdict, mood, .flags = FIELD_REQUIRED,
               .choices = (const char *const[]){"good", "bad", NULL}, .doc = "How \"it\" is."),
        NUMBER(struct verdict, confidence, .flags = FIELD_REQUIRED, .number_max = 1),
        STRINGS(struct verdict, reasons, .max = 3),
        {0}}};

struct provider_bench {
    struct arena arena;
    const struct provider *provider;
    struct provider_settings place;
    struct model_settings model;
    struct chat chat;
    struct provider_request request;
    struct chat_answer answer;
    struct chat_choice choice; /* the first one */
    struct provider_failure failure;
};

static inline void
provider_bench_open(struct provider_bench *bench, const struct provider *provider,
                    const char *base_url, const char *id)
{
    *bench = (struct provider_bench){.provider = provider};
    bench->place = (struct provider_settings){.name = "p", .base_url = base_url, .key = "s3cret"};
    bench->model = (struct model_settings){.name = "m", .provider = &bench->place, .id = id};
    chat_init(&bench->chat);
    chat_add_text(&bench->chat, &bench->arena, CHAT_SYSTEM, BENCH_SYSTEM);
    chat_add_text(&bench->chat, &bench->arena, CHAT_USER, BENCH_USER);
    bench->chat.max_tokens = 100;
    bench->chat.temperature = 0.7;
}

static inline void
provider_bench_close(struct provider_bench *bench)
{
    arena_release(&bench->arena);
}

static inline void
provider_bench_ask_verdict(struct provider_bench *bench)
{
    bench->chat.format = CHAT_FORMAT_SCHEMA;
    bench->chat.answer = &verdict_schema;
}

/* The body as JSON, so that tests do not depend on its order. */
static inline const json_t *
provider_bench_build(struct provider_bench *bench)
{
    struct error err = {0};
    if (!bench->provider->build_chat(&bench->chat, &bench->model, &bench->arena, &bench->request,
                                     &err))
        fail_msg("%s", err.detail);
    const json_t *body =
        schema_parse(bench->request.body.data, bench->request.body.length, &bench->arena, &err);
    if (!body)
        fail_msg("%s in %s", err.detail, bench->request.body.data);
    return body;
}

/* The field for which the chat is refused. */
static inline const char *
provider_bench_refused(struct provider_bench *bench)
{
    struct error err = {0};
    assert_false(bench->provider->build_chat(&bench->chat, &bench->model, &bench->arena,
                                             &bench->request, &err));
    assert_int_equal(err.code, ERROR_INVALID_REQUEST);
    return err.fields->path;
}

static inline const char *
provider_bench_header(const struct provider_bench *bench, const char *name)
{
    for (size_t i = 0; i < bench->request.header_count; i++)
        if (strcmp(bench->request.headers[i].name, name) == 0)
            return bench->request.headers[i].value;
    return NULL;
}

static inline bool
provider_bench_parse(struct provider_bench *bench, const char *bytes)
{
    if (!provider_parse(bench->provider, bytes, strlen(bytes), &bench->arena, NULL, &bench->answer,
                        &bench->failure))
        return false;
    assert_true(bench->answer.choices.count > 0);
    bench->choice = *(const struct chat_choice *)bench->answer.choices.items;
    return true;
}

/* As an operation reads it: the first choice, ended as an answer does. */
static inline bool
provider_bench_judge(struct provider_bench *bench, const char *bytes)
{
    return provider_bench_parse(bench, bytes) &&
           judge_ending(bench->answer.choices.items, &bench->failure);
}

static inline enum error_code
provider_bench_classify(struct provider_bench *bench, const struct provider_head *head,
                        const char *bytes)
{
    provider_classify(bench->provider, head, bytes, strlen(bytes), 1000000000, &bench->arena,
                      &bench->failure);
    return bench->failure.error.code;
}

/* The texts at a path of object members and array positions, like "messages/0/content". */
static inline const json_t *
provider_bench_at(const json_t *document, const char *path)
{
    char part[64];
    while (document && *path) {
        size_t length = strcspn(path, "/");
        assert_true(length < sizeof(part));
        memcpy(part, path, length);
        part[length] = '\0';
        document = json_is_array(document)
                       ? json_array_get(document, (size_t)strtoul(part, NULL, 10))
                       : json_object_get(document, part);
        path += length + (path[length] == '/');
    }
    return document;
}

static inline const char *
provider_bench_text(const json_t *document, const char *path)
{
    return json_string_value(provider_bench_at(document, path));
}

/* A streamed answer that is read. */
struct provider_bench_stream {
    const struct provider *provider;
    struct arena arena;
    struct provider_stream stream;
    struct provider_failure failure;
    struct strbuf trace; /* "text 0 Hi|call 0.0 id name|arguments 0.0 {}|end 0 stop|" */
    size_t with_content, documents;
    bool failed;
};

static inline void
provider_bench_trace(struct strbuf *trace, const struct chat_delta *delta)
{
    static const char *const kinds[] = {[CHAT_DELTA_TEXT] = "text",
                                        [CHAT_DELTA_REFUSAL] = "refusal",
                                        [CHAT_DELTA_TOOL] = "call",
                                        [CHAT_DELTA_ARGUMENTS] = "arguments",
                                        [CHAT_DELTA_FINISH] = "end"};
    static const char *const ends[] = {
        [CHAT_FINISH_NONE] = "?",          [CHAT_FINISH_STOP] = "stop",
        [CHAT_FINISH_LENGTH] = "length",   [CHAT_FINISH_TOOL_CALLS] = "calls",
        [CHAT_FINISH_REFUSED] = "refused", [CHAT_FINISH_FAILED] = "failed"};
    strbuf_printf(trace, "%s %d", kinds[delta->kind], (int)delta->choice);
    if (delta->kind == CHAT_DELTA_TOOL)
        strbuf_printf(trace, ".%d %s %s|", (int)delta->tool, delta->id, delta->name);
    else if (delta->kind == CHAT_DELTA_ARGUMENTS)
        strbuf_printf(trace, ".%d %s|", (int)delta->tool, delta->text);
    else
        strbuf_printf(trace, " %s|",
                      delta->kind == CHAT_DELTA_FINISH ? ends[delta->finish] : delta->text);
}

static inline bool
provider_bench_take(void *context, const struct event *event)
{
    struct provider_bench_stream *bench = context;
    struct arena scratch = {0};
    struct provider_step step;
    bench->failed =
        !provider_event(bench->provider, &bench->stream, event, &scratch, &step, &bench->failure);
    bench->with_content += step.has_content;
    bench->documents += step.document != NULL;
    for (size_t i = 0; !bench->failed && i < step.count; i++)
        provider_bench_trace(&bench->trace, &step.deltas[i]);
    arena_release(&scratch);
    return !bench->failed;
}

static inline void
provider_bench_split(struct provider_bench_stream *bench, const struct provider *provider,
                     const char *bytes, size_t piece)
{
    *bench = (struct provider_bench_stream){.provider = provider};
    struct event_parser parser;
    size_t length = strlen(bytes), at = 0;
    bool goes_on = true;
    provider_stream_init(&bench->stream, &bench->arena);
    strbuf_init(&bench->trace, &bench->arena, 256);
    event_parser_init(&parser, &bench->arena, 1 << 20);
    for (; goes_on && at < length; at += piece)
        goes_on = event_parser_feed(&parser, bytes + at, length - at < piece ? length - at : piece,
                                    provider_bench_take, bench);
    if (goes_on)
        (void)!event_parser_end(&parser, provider_bench_take, bench);
}

/* Reads the bytes whole and split in pieces of every size up to 9: it makes no difference. The
 * caller ends the arena. */
static inline void
provider_bench_stream(struct provider_bench_stream *bench, const struct provider *provider,
                      const char *bytes)
{
    provider_bench_split(bench, provider, bytes, strlen(bytes) + 1);
    for (size_t piece = 1; piece < 10; piece++) {
        struct provider_bench_stream split;
        provider_bench_split(&split, provider, bytes, piece);
        assert_string_equal(split.trace.data, bench->trace.data);
        assert_int_equal(split.failed, bench->failed);
        arena_release(&split.arena);
    }
}

#endif
