/* Answers and errors of all three providers, and the judging of structured answers. The first byte
 * picks the provider and how its bytes are read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "ai/answer_schema.h"
#include "ai/prompt.h"
#include "ai/provider.h"
#include "ai/run.h"

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
    const struct run run = {.arena = arena, .call = &call, .operation = &operation};
    struct prompt prompt;
    prompt_init(&prompt, arena);
    const struct chat_choice choice = {.text = text, .finish = CHAT_FINISH_STOP};
    struct error err = {0};
    const void *output = judge_answer(&run, &prompt, &choice, &err);
    if (!output == (err.code == ERROR_NONE))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct provider *const providers[] = {&provider_openai, &provider_gemini,
                                                       &provider_anthropic};
    static const int statuses[] = {400, 429, 500, 413};
    if (size == 0)
        return 0;
    const struct provider *provider = providers[data[0] % 3];
    struct arena arena = {0};
    const char *bytes = arena_strndup(&arena, (const char *)data + 1, size - 1);
    struct chat_answer answer;
    struct provider_failure failure;
    bool parsed = provider_parse(provider, bytes, size - 1, &arena, NULL, &answer, &failure);
    if (parsed != (failure.error.code == ERROR_NONE) || (parsed && answer.choices.count == 0))
        abort();
    if (parsed)
        judge(((const struct chat_choice *)answer.choices.items)->text, &arena);
    const struct provider_head head = {.status = statuses[data[0] / 3 % 4],
                                       .retry_after = bytes,
                                       .retry_after_ms = data[0] & 64 ? bytes : NULL,
                                       .should_retry = data[0] & 128 ? bytes : NULL};
    provider_classify(provider, &head, bytes, size - 1, 1000000000, &arena, &failure);
    if (failure.error.code == ERROR_NONE)
        abort();
    arena_release(&arena);
    return 0;
}
