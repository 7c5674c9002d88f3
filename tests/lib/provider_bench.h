/* What the tests of the three providers share: a question, and reading of recorded bytes. */
#ifndef HEARTH_TESTS_PROVIDER_BENCH_H
#define HEARTH_TESTS_PROVIDER_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ai/provider.h"

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
    struct provider_question question;
    struct provider_request request;
    struct provider_answer answer;
    struct provider_failure failure;
};

static inline void
provider_bench_open(struct provider_bench *bench, const struct provider *provider,
                    const char *base_url, const char *id)
{
    *bench = (struct provider_bench){.provider = provider};
    bench->place = (struct provider_settings){.name = "p", .base_url = base_url, .key = "s3cret"};
    bench->model = (struct model_settings){.name = "m", .provider = &bench->place, .id = id};
    bench->question = (struct provider_question){.model = &bench->model,
                                                 .system = "Be \"brief\".",
                                                 .user = "Line one\nline two \xc3\xa9",
                                                 .max_tokens = 100,
                                                 .temperature = 0.7};
}

/* The body as JSON, so that tests do not depend on its order. */
static inline const json_t *
provider_bench_build(struct provider_bench *bench)
{
    bench->request = (struct provider_request){0};
    strbuf_init(&bench->request.body, &bench->arena, 16);
    bench->provider->build_request(&bench->question, &bench->arena, &bench->request);
    struct error err = {0};
    const json_t *body =
        schema_parse(bench->request.body.data, bench->request.body.length, &bench->arena, &err);
    if (!body)
        fail_msg("%s in %s", err.detail, bench->request.body.data);
    return body;
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
    return provider_parse(bench->provider, bytes, strlen(bytes), &bench->arena, &bench->answer,
                          &bench->failure);
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

#endif
