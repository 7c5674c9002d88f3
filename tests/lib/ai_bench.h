/* What the tests of the pipeline share: two providers in this process, operations, and calls. */
#ifndef HEARTH_TESTS_AI_BENCH_H
#define HEARTH_TESTS_AI_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_stub.h"
#include "ai/ai.h"
#include "ai/run.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/settings.h"
#include "cache/record.h"
#include "host/breaker.h"
#include "host/l1.h"
#include "host/metrics.h"

struct text {
    const char *text;
};
struct mood {
    const char *mood;
    double confidence;
};
struct reply {
    const char *text;
};

static const struct schema ask_schema = {
    "TestAsk", sizeof(struct text),
    .fields = (const struct field[]){STRING(struct text, text, .flags = FIELD_REQUIRED), {0}}};
static const struct schema reply_schema = {
    "TestReply", sizeof(struct reply),
    .fields = (const struct field[]){STRING(struct reply, text, .flags = FIELD_REQUIRED), {0}}};
static const struct schema mood_schema = {
    "TestMood", sizeof(struct mood),
    .fields = (const struct field[]){
        STRING(struct mood, mood, .flags = FIELD_REQUIRED,
               .choices = (const char *const[]){"good", "bad", NULL}),
        NUMBER(struct mood, confidence, .flags = FIELD_REQUIRED, .number_max = 1),
        {0}}};

static void
build(const void *input, struct prompt *prompt, struct arena *arena)
{
    (void)arena;
    prompt->max_tokens = 50;
    prompt_data(prompt, "text", ((const struct text *)input)->text);
    prompt_task(prompt, "Answer.");
}

static void *
parse(const void *input, const char *text, const void *value, struct arena *arena,
      struct error *err)
{
    (void)input, (void)value;
    if (strlen(text) < 3) {
        error_set(err, ERROR_UPSTREAM_INVALID, "the answer is too short");
        return NULL;
    }
    struct reply *reply = arena_alloc(arena, sizeof(*reply));
    reply->text = text;
    return reply;
}

static void *
local(const void *input, struct arena *arena, struct error *err)
{
    (void)input, (void)err;
    struct reply *reply = arena_alloc(arena, sizeof(*reply));
    reply->text = "local answer";
    return reply;
}

static size_t
untrusted(const void *input, const char **texts, size_t max)
{
    assert_true(max > 0);
    texts[0] = ((const struct text *)input)->text;
    return 1;
}

static const struct operation prose = {.name = "prose",
                                       .version = 1,
                                       .input = &ask_schema,
                                       .output = &reply_schema,
                                       .kind = ANSWER_TEXT,
                                       .ttl_s = 600,
                                       .strategy = STRATEGY_BALANCED,
                                       .build = build,
                                       .parse = parse,
                                       .local = local,
                                       .untrusted = untrusted};

/* Without an answer of our own for when no model gives one. */
static const struct operation no_local = {.name = "bare",
                                          .input = &ask_schema,
                                          .output = &reply_schema,
                                          .strategy = STRATEGY_BALANCED,
                                          .build = build,
                                          .parse = parse};

static const struct operation strict = {.name = "mood",
                                        .version = 1,
                                        .input = &ask_schema,
                                        .output = &mood_schema,
                                        .kind = ANSWER_JSON,
                                        .ttl_s = 600,
                                        .strategy = STRATEGY_AGGRESSIVE,
                                        .repairable = true,
                                        .build = build};

/* Everything one test needs, made anew for each. */
struct bench {
    struct arena arena;
    struct settings settings;
    struct host *host;
    struct cache *cache;
    struct ai *ai;
    struct stub stub, second;
    char directory[32];
};

static atomic_bool client_is_gone;
static int64_t pauses_ms[16];
static size_t pause_count;

static bool
client_gone(void *carrier)
{
    (void)carrier;
    return atomic_load(&client_is_gone);
}

static bool
note_pause(struct ask *waiting, int64_t wait_ms)
{
    if (pause_count < 16)
        pauses_ms[pause_count++] = wait_ms;
    /* The time of a rest passes with the pause. */
    struct breaker *breaker = breaker_find(waiting->ai->host, waiting->model->name);
    struct breaker_view view;
    breaker_view(breaker, clock_monotonic_us(), &view);
    if (view.rest_ms > 0)
        breaker_reset(breaker);
    return ask_goes_on(waiting);
}

static const struct transport transport = {.client_gone = client_gone};

static void
settings_make(struct bench *bench, const char *more, const char *models)
{
    const char *file = arena_printf(
        &bench->arena,
        "[provider \"one\"]\nkind = openai\nbase_url = http://127.0.0.1:%d/v1\nkey = s3cret\n"
        "[provider \"two\"]\nkind = anthropic\nbase_url = http://127.0.0.1:%d\nkey = k\n%s",
        bench->stub.port, bench->second.port, models);
    char *const environment[] = {(char *)"AI_MODEL=first",
                                 (char *)"MEMCACHED_SERVERS=",
                                 (char *)"ENVIRONMENT=local",
                                 (char *)"CACHE_PRESET=simple",
                                 (char *)more,
                                 NULL};
    struct strbuf complaints;
    strbuf_init(&complaints, &bench->arena, 256);
    if (!settings_parse(&bench->settings, file, "test", environment, &bench->arena, &complaints))
        fail_msg("%s", complaints.data);
}

static void
bench_open(struct bench *bench, const char *more, const char *models)
{
    atomic_store(&client_is_gone, false);
    pause_count = 0;
    arena_init(&bench->arena);
    stub_start(&bench->stub);
    stub_start(&bench->second);
    settings_make(bench, more, models);
    strcpy(bench->directory, "/tmp/hearth-test-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    struct error err = {0};
    bench->host = host_open(bench->directory, 1 << 20, &err);
    assert_non_null(bench->host);
    bench->cache = cache_open(&bench->settings, bench->host, &err);
    assert_non_null(bench->cache);
    bench->ai = ai_open(&bench->settings, bench->host, bench->cache, &err);
    assert_non_null(bench->ai);
    bench->ai->pause = note_pause;
}

static void
bench_close(struct bench *bench)
{
    ai_close(bench->ai);
    cache_close(bench->cache);
    host_close(bench->host);
    stub_stop(&bench->stub);
    stub_stop(&bench->second);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", bench->directory);
    assert_int_equal(system(command), 0);
    arena_release(&bench->arena);
}

#define ONE_MODEL "[model \"first\"]\nprovider = one\nid = m-1\n"
#define TWO_MODELS ONE_MODEL "fallbacks = second\n[model \"second\"]\nprovider = two\nid = m-2\n"
#define OK_BODY                                                                                    \
    "{\"choices\":[{\"message\":{\"content\":\"A fine answer.\"},\"finish_reason\":\"stop\"}],"    \
    "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":4}}"
#define OK_SECOND                                                                                  \
    "{\"content\":[{\"type\":\"text\",\"text\":\"From the second.\"}],\"stop_reason\":\"end_turn\"}"
#define SAYS(text)                                                                                 \
    "{\"choices\":[{\"message\":{\"content\":\"" text "\"},\"finish_reason\":\"stop\"}]}"

static const struct stub_answer ok[] = {{200, NULL, OK_BODY, 0}};
static const struct stub_answer ok_second[] = {{200, NULL, OK_SECOND, 0}};
static const struct stub_answer down[] = {{503, NULL, "{}", 0}};

#define SCRIPT(stub, answers) stub_script(stub, answers, sizeof(answers) / sizeof((answers)[0]))

/* One call of one client, with a request and an arena of its own. */
struct asked {
    struct request request;
    struct receipt receipt;
    struct error err;
    struct ai_call call;
    struct text input;
    const void *output;
};

static void
asked_init(struct asked *asked, const struct operation *operation, const char *text)
{
    *asked = (struct asked){0};
    asked->request.transport = &transport;
    asked->request.may_wait = true;
    strcpy(asked->request.id, "test-request");
    asked->input.text = text;
    asked->call.operation = operation;
    asked->call.tenant = "tenant";
}

static void
ask_again(struct bench *bench, struct asked *asked)
{
    error_clear(&asked->err);
    asked->call.input = &asked->input;
    asked->output = ai_run(bench->ai, &asked->request, &asked->request.arena, &asked->call,
                           &asked->receipt, &asked->err);
}

static void
ask(struct bench *bench, struct asked *asked, const struct operation *operation)
{
    asked_init(asked, operation, "some text");
    ask_again(bench, asked);
}

static const char *
text_of(const struct asked *asked)
{
    assert_non_null(asked->output);
    return ((const struct reply *)asked->output)->text;
}

static void
asked_end(struct asked *asked)
{
    arena_release(&asked->request.arena);
}

#endif
