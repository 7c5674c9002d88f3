/* A chat with everything in it, and comparing what is made of it. */
#ifndef HEARTH_TESTS_PROVIDER_CHAT_H
#define HEARTH_TESTS_PROVIDER_CHAT_H

#include "provider_bench.h"

/* Checks what stands at a path of the body: JSON with ' for ", NULL for nothing. */
static inline void
provider_chat_expect(const json_t *body, const char *path, const char *expected)
{
    const json_t *found = provider_bench_at(body, path);
    if (!expected) {
        assert_null(found);
        return;
    }
    char *text = strdup(expected);
    for (char *byte = text; *byte; byte++)
        if (*byte == '\'')
            *byte = '"';
    json_t *wanted = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!wanted)
        fail_msg("%s is no JSON", text);
    free(text);
    if (!found || !json_equal(found, wanted)) {
        char *dumped = found ? json_dumps(found, JSON_ENCODE_ANY) : strdup("nothing");
        fail_msg("%s is %s", path, dumped);
    }
    json_decref(wanted);
}

#define LIST(...) ((struct list){__VA_ARGS__})
#define LIST_OF(array) LIST((array), sizeof(array) / sizeof((array)[0]))

/* A look at two pictures, two calls at once, their results, and a question after them. */
static inline void
provider_chat_fill(struct provider_bench *bench)
{
    static struct chat_part rules[] = {{.text = "Be brief."}}, more[] = {{.text = "Be kind."}},
                            question[] = {{.text = "What is this?"},
                                          {.media_type = "image/png",
                                           .base64 = "iVBO",
                                           .detail = "low"},
                                          {.text = "And that?"}},
                            said[] = {{.text = "Let me see."}}, first[] = {{.text = "{\"c\": 20}"}},
                            second[] = {{.text = "rain"}}, last[] = {{.text = "So?"}};
    static struct chat_tool_call calls[] = {
        {.id = "t1", .name = "weather", .arguments = "{\"at\": 9007199254740993}"},
        {.id = "t2", .name = "sky", .arguments = "{}"}};
    static struct chat_message messages[] = {
        {.role = CHAT_SYSTEM, .parts = LIST_OF(rules)},
        {.role = CHAT_SYSTEM, .parts = LIST_OF(more)},
        {.role = CHAT_USER, .parts = LIST_OF(question), .name = "ann"},
        {.role = CHAT_ASSISTANT, .parts = LIST_OF(said), .tool_calls = LIST_OF(calls)},
        {.role = CHAT_TOOL, .parts = LIST_OF(first), .tool_call_id = "t1"},
        {.role = CHAT_TOOL, .parts = LIST_OF(second), .tool_call_id = "t2"},
        {.role = CHAT_USER, .parts = LIST_OF(last)}};
    static struct chat_tool tools[] = {{.name = "weather", .description = "Tells it."},
                                       {.name = "sky"}};
    static const char *stops[] = {"END", "\n\n"};
    struct error err = {0};
    const char parameters[] =
        "{\"type\":\"object\",\"properties\":{\"at\":{\"type\":\"integer\"}}}";
    tools[0].parameters = schema_parse(parameters, strlen(parameters), &bench->arena, &err);
    bench->chat.messages = LIST_OF(messages);
    bench->chat.tools = LIST_OF(tools);
    bench->chat.stop = LIST_OF(stops);
    bench->chat.temperature = 0.1;
    bench->chat.top_p = 0.95;
    bench->chat.user = "u-1";
}

static inline void
provider_chat_ask_schema(struct provider_bench *bench)
{
    struct error err = {0};
    const char schema[] = "{\"type\":\"object\",\"properties\":{\"x\":{\"const\":0.1}}}";
    bench->chat.format = CHAT_FORMAT_SCHEMA;
    bench->chat.schema = schema_parse(schema, strlen(schema), &bench->arena, &err);
    bench->chat.schema_name = "x";
    bench->chat.schema_strict = true;
}

/* The caller's own body, with ' for ". */
static inline void
provider_chat_native(struct provider_bench *bench, enum provider_kind kind, const char *path,
                     const char *body)
{
    struct error err = {0};
    char *text = arena_strdup(&bench->arena, body);
    for (char *byte = text; *byte; byte++)
        if (*byte == '\'')
            *byte = '"';
    bench->chat.native = schema_parse(text, strlen(text), &bench->arena, &err);
    bench->chat.native_kind = kind;
    bench->chat.native_path = path;
    assert_non_null(bench->chat.native);
}

/* The bytes of the body are these, with ' for ". */
static inline void
provider_chat_expect_bytes(struct provider_bench *bench, const char *expected)
{
    char *text = arena_strdup(&bench->arena, expected);
    for (char *byte = text; *byte; byte++)
        if (*byte == '\'')
            *byte = '"';
    provider_bench_build(bench);
    assert_string_equal(bench->request.body.data, text);
}

#endif
