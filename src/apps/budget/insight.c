/* The operation behind insights: the sums are given, words are found for them. */
#include "apps/budget/budget.h"

#include <stdlib.h>
#include <string.h>

#include "apps/budget/currency.h"
#include "apps/budget/knowledge.h"
#include "apps/budget/tones.h"

enum { CATEGORIES_SHOWN = 40 };

const char *const insight_tones[] = {"reassuring", "motivating", "grounding", NULL};

static const struct schema input_schema = {
    .name = "InsightInput",
    .size = sizeof(struct insight_input),
    .fields =
        (const struct field[]){DECIMAL_MAP(struct insight_input, spending),
                               STRING(struct insight_input, currency, .flags = FIELD_NULLABLE),
                               DECIMAL(struct insight_input, total),
                               DECIMAL(struct insight_input, income),
                               DECIMAL(struct insight_input, top_amount),
                               STRING(struct insight_input, top_category),
                               STRING(struct insight_input, level),
                               {.name = NULL}},
};

static const struct schema output_schema = {
    .name = "InsightOutput",
    .size = sizeof(struct insight_response),
    .fields =
        (const struct field[]){STRING(struct insight_response, emotional_tone,
                                      .flags = FIELD_REQUIRED, .choices = insight_tones,
                                      .doc = "How the insight means to sound."),
                               STRING(struct insight_response, suggested_action,
                                      .flags = FIELD_REQUIRED | FIELD_TRIMMED | FIELD_NOT_BLANK,
                                      .doc = "One gentle thing to do."),
                               STRING(struct insight_response, aiva_insight,
                                      .flags = FIELD_REQUIRED | FIELD_TRIMMED | FIELD_NOT_BLANK,
                                      .doc = "Three or four sentences."),
                               {.name = NULL}},
};

static bool
worth_is_known(const char *currency)
{
    return !currency || strcmp(currency, "GBP") == 0 || strcmp(currency, "EUR") == 0 ||
           strcmp(currency, "USD") == 0;
}

const char *
insight_level(const struct spending *spending)
{
    static const int64_t low = 50000000, moderate = 150000000;
    int64_t total = spending->total.micros, income = spending->income.micros;
    if (worth_is_known(spending->currency))
        return total < low ? "low" : total < moderate ? "moderate" : "high";
    if (income <= 0)
        return "";
    return total < income / 2 ? "low" : total < income / 10 * 9 ? "moderate" : "high";
}

struct entry {
    const char *category;
    struct decimal amount;
};

static int
compare_entries(const void *left, const void *right)
{
    int64_t a = ((const struct entry *)left)->amount.micros;
    int64_t b = ((const struct entry *)right)->amount.micros;
    return a < b ? 1 : a > b ? -1 : 0;
}

/* "Food: 36.70 GBP", one a line, the largest first. */
static const char *
list_spending(const struct insight_input *input, struct arena *arena)
{
    size_t count = input->spending.count;
    struct entry *entries = arena_array(arena, count, sizeof(*entries));
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct entry){input->spending.keys[i],
                                    ((const struct decimal *)input->spending.values)[i]};
    qsort(entries, count, sizeof(*entries), compare_entries);
    struct strbuf lines;
    strbuf_init(&lines, arena, 1024);
    for (size_t i = 0; i < count && i < CATEGORIES_SHOWN; i++)
        strbuf_printf(&lines, "%s: %s\n", entries[i].category,
                      currency_format(entries[i].amount, input->currency, arena));
    if (count > CATEGORIES_SHOWN)
        strbuf_printf(&lines, "(and %zu smaller ones)\n", count - CATEGORIES_SHOWN);
    return lines.data;
}

static void
build(const void *data, struct prompt *prompt, struct arena *arena)
{
    const struct insight_input *input = data;
    prompt_instruct(prompt, WHO_SPEAKS);
    prompt_instruct(prompt, "The sums are exact: repeat them as they are and compute no others.");
    prompt_instruct(prompt, "What is known about this kind of spending: %s",
                    knowledge_find(input->top_category)->guidance);
    prompt_data(prompt, "spending by category", list_spending(input, arena));
    prompt_data(prompt, "category with the largest sum", input->top_category);
    prompt_task(prompt, "In all %s went out%s%s.",
                currency_format(input->total, input->currency, arena),
                input->level[0] ? ", which is " : "", input->level);
    prompt_task(
        prompt,
        "Answer with one JSON object: \"emotional_tone\" is \"reassuring\", "
        "\"motivating\" or \"grounding\", whichever helps here; \"suggested_action\" is one "
        "small and gentle thing to do; \"aiva_insight\" is three or four warm sentences on "
        "what the spending may say about needs and feelings.");
    prompt->max_tokens = 800;
}

static const char *
share_text(const struct insight_input *input, struct arena *arena)
{
    int percent =
        (int)(100.0 * (double)input->top_amount.micros / (double)input->total.micros + 0.5);
    if (input->spending.count == 1)
        return arena_printf(arena, "All of it went to %s.", input->top_category);
    const char *amount = currency_format(input->top_amount, input->currency, arena);
    if (percent >= 60)
        return arena_printf(arena, "Most of it, %s (%d %%), went to %s.", amount, percent,
                            input->top_category);
    if (percent >= 35)
        return arena_printf(arena, "The largest part, %s (%d %%), went to %s.", amount, percent,
                            input->top_category);
    return arena_printf(arena, "It is spread widely; %s leads with %s (%d %%).",
                        input->top_category, amount, percent);
}

static const char *
balance_text(const struct insight_input *input)
{
    if (input->income.micros > input->total.micros)
        return " More came in than went out, which leaves you room to choose.";
    if (input->income.micros > 0)
        return " More went out than came in this time; one look at it is a good first step.";
    return "";
}

static void *
answer_locally(const void *data, struct arena *arena, struct error *err)
{
    (void)err;
    const struct insight_input *input = data;
    const struct knowledge *known = knowledge_find(input->top_category);
    struct insight_response *output = arena_alloc(arena, sizeof(*output));
    bool strained = input->income.micros > 0 && input->income.micros < input->total.micros;
    bool heavy = strcmp(input->level, "high") == 0 || strained;
    output->emotional_tone = heavy                              ? "grounding"
                             : strcmp(input->level, "low") == 0 ? "motivating"
                                                                : "reassuring";
    output->suggested_action = known->action;
    output->aiva_insight =
        arena_printf(arena, "In these transactions %s went out. %s %s%s",
                     currency_format(input->total, input->currency, arena),
                     share_text(input, arena), known->guidance, balance_text(input));
    return output;
}

static size_t
untrusted(const void *data, const char **texts, size_t max)
{
    const struct insight_input *input = data;
    size_t count = input->spending.count < max ? input->spending.count : max;
    for (size_t i = 0; i < count; i++)
        texts[i] = input->spending.keys[i];
    return count;
}

const struct operation insight_operation = {
    .name = "insights",
    .version = 1,
    .input = &input_schema,
    .output = &output_schema,
    .kind = ANSWER_JSON,
    .ttl_s = 3600,
    .strategy = STRATEGY_BALANCED,
    .repairable = true,
    .build = build,
    .local = answer_locally,
    .untrusted = untrusted,
};
