/* The text operations as pure functions: prompts, readings of answers, local ways, and the rules on
 * requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "apps/text/batch.h"
#include "apps/text/judge.h"
#include "apps/text/lines.h"
#include "apps/text/text.h"

static const char library[] =
    "The town opened a second library in May. It lends tools as well as books. Two hundred people "
    "joined in the first week, and the council is delighted with the wonderful start. Opening "
    "hours will grow next year if the money allows it.";

static struct arena arena;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct operation *
operation(const char *name)
{
    const struct text_operation *row = text_operations;
    while (strcmp(row->name, name) != 0)
        row++;
    return row->operation;
}

static const struct text_input *
input(void)
{
    static const struct text_input value = {.text = library,
                                            .question = "What does the library lend?",
                                            .max_length = 30,
                                            .max_points = 2,
                                            .num_questions = 2};
    return &value;
}

static const struct text_output *
parse(const char *name, const char *text, const struct text_output *value, struct error *err)
{
    return operation(name)->parse(input(), text, value, &arena, err);
}

static struct list
list_of(const char **items, size_t count)
{
    return (struct list){items, count};
}

static const char *
item(const struct list *list, size_t index)
{
    return ((const char *const *)list->items)[index];
}

static void
puts_what_users_wrote_only_between_the_markers(void **state)
{
    (void)state;
    for (const struct text_operation *row = text_operations; row->name; row++) {
        struct prompt prompt;
        prompt_init(&prompt, &arena);
        row->operation->build(input(), &prompt, &arena);
        assert_null(strstr(prompt.system.data, library));
        const char *at = strstr(prompt.user.data, library);
        assert_non_null(at);
        const char *marker = strstr(prompt.user.data, prompt.marker);
        assert_true(marker && marker < at);
        assert_non_null(strstr(at, prompt.marker));
        assert_null(strstr(at + 1, library));
    }
}

static void
tells_the_model_how_much_was_asked_for(void **state)
{
    (void)state;
    struct prompt prompt;
    prompt_init(&prompt, &arena);
    operation("summarize")->build(input(), &prompt, &arena);
    assert_non_null(strstr(prompt.user.data, "30 words"));
}

static void
keeps_options_of_other_operations_out_of_the_cache_key(void **state)
{
    (void)state;
    struct text_input changed = *input();
    changed.max_points = 9;
    changed.question = "Something else?";
    struct strbuf before, after;
    strbuf_init(&before, &arena, 64);
    strbuf_init(&after, &arena, 64);
    schema_encode(operation("summarize")->input, input(), &before);
    schema_encode(operation("summarize")->input, &changed, &after);
    assert_string_equal(before.data, after.data);
    changed.max_length = 31;
    strbuf_truncate(&after, 0);
    schema_encode(operation("summarize")->input, &changed, &after);
    assert_string_not_equal(before.data, after.data);
}

static void
accepts_an_honest_summary_about_summaries_and_prompts(void **state)
{
    (void)state;
    struct error err = {0};
    const char *honest =
        "The text is about summarization, the system prompt and question answering.";
    const struct text_output *output = parse("summarize", honest, NULL, &err);
    assert_non_null(output);
    assert_string_equal(output->result, honest);
}

static void
rejects_refusals(void **state)
{
    (void)state;
    const char *const refusals[] = {
        "I'm sorry, but I can't assist with that request.",
        "I cannot fulfill this request.",
        "As an AI language model I am unable to process this.",
        "I\xe2\x80\x99m sorry, I can\xe2\x80\x99t help with that.",
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct error err = {0};
        assert_null(parse("qa", refusals[i], NULL, &err));
        assert_int_equal(err.code, ERROR_UPSTREAM_INVALID);
    }
}

static void
accepts_what_only_sounds_like_a_refusal(void **state)
{
    (void)state;
    struct error err = {0};
    assert_true(judge_text("I cannot provide the rent, he wrote to the landlord.",
                           "Dear sir, I cannot pay. I cannot provide the rent this month.", &err));
    assert_true(judge_text("I am sorry to hear of the loss, says the letter.", "A letter.", &err));
    assert_true(judge_text("The author is unable to continue with the project.", "A text.", &err));
}

static void
rejects_an_empty_answer(void **state)
{
    (void)state;
    struct error err = {0};
    assert_null(parse("summarize", "", NULL, &err));
    assert_int_equal(err.code, ERROR_UPSTREAM_INVALID);
}

static void
rejects_its_own_instructions(void **state)
{
    (void)state;
    struct prompt prompt;
    prompt_init(&prompt, &arena);
    judge_instruct(&prompt);
    struct error err = {0};
    assert_false(judge_text(prompt.system.data, "A short text.", &err));
    assert_int_equal(err.code, ERROR_UPSTREAM_INVALID);
}

static void
rejects_a_long_text_handed_back(void **state)
{
    (void)state;
    struct strbuf text;
    strbuf_init(&text, &arena, 300);
    for (int i = 0; i < 40; i++)
        strbuf_add_text(&text, "word and ");
    struct error err = {0};
    assert_false(judge_text(text.data, text.data, &err));
    assert_int_equal(err.code, ERROR_UPSTREAM_INVALID);
}

static void
strips_bullets_and_numbers_and_keeps_the_first_so_many(void **state)
{
    (void)state;
    const char *items[] = {"- one point", "  ", "2. another", "third"};
    struct text_output given = {.key_points = list_of(items, 4)};
    struct error err = {0};
    const struct text_output *output = parse("key_points", "", &given, &err);
    assert_non_null(output);
    assert_int_equal(output->key_points.count, 2);
    assert_string_equal(item(&output->key_points, 0), "one point");
    assert_string_equal(item(&output->key_points, 1), "another");
}

static void
leaves_numbers_that_are_no_bullets(void **state)
{
    (void)state;
    const char *items[] = {"2024. A year to remember", "3.5 percent more", "-5 degrees", "1.Mai"};
    struct list given = list_of(items, 4);
    struct list cleaned = lines_clean(&given, 10, &arena);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(item(&cleaned, i), items[i]);
}

static void
finds_no_answer_in_blank_questions(void **state)
{
    (void)state;
    const char *items[] = {" ", ""};
    struct text_output given = {.questions = list_of(items, 2)};
    struct error err = {0};
    assert_null(parse("questions", "", &given, &err));
    assert_int_equal(err.code, ERROR_UPSTREAM_INVALID);
}

static void
answers_every_operation_locally(void **state)
{
    (void)state;
    struct error err = {0};
    const struct text_output *output = operation("summarize")->local(input(), &arena, &err);
    assert_true(output && output->result[0] != '\0');
    output = operation("sentiment")->local(input(), &arena, &err);
    assert_string_equal(output->sentiment, "positive");
    assert_true(output->explanation[0] != '\0');
    output = operation("key_points")->local(input(), &arena, &err);
    assert_in_range(output->key_points.count, 1, 2);
    output = operation("questions")->local(input(), &arena, &err);
    assert_in_range(output->questions.count, 1, 2);
    output = operation("qa")->local(input(), &arena, &err);
    assert_non_null(strstr(output->result, "tools"));
    assert_true(output->has_confidence && output->confidence > 0);
}

static void
says_so_when_the_text_holds_no_answer(void **state)
{
    (void)state;
    struct text_input asked = {.text = "Bees make honey in summer.",
                               .question = "Who won the chess tournament in Berlin?"};
    struct error err = {0};
    const struct text_output *output = operation("qa")->local(&asked, &arena, &err);
    assert_string_equal(output->result, "The text does not say.");
    assert_true(output->confidence == 0);
}

static void *
decode(const struct schema *schema, const char *json, struct error *err)
{
    const json_t *document = schema_parse(json, strlen(json), &arena, err);
    assert_non_null(document);
    return schema_decode(schema, document, "", &arena, err);
}

static void
demands_a_question_for_qa(void **state)
{
    (void)state;
    const char *const bad[] = {
        "{\"text\":\"long enough text\",\"operation\":\"qa\"}",
        "{\"text\":\"long enough text\",\"operation\":\"qa\",\"question\":null}",
        "{\"text\":\"long enough text\",\"operation\":\"qa\",\"question\":\"  \"}",
    };
    for (size_t i = 0; i < 3; i++) {
        struct error err = {0};
        assert_null(decode(&text_request_schema, bad[i], &err));
        assert_int_equal(err.code, ERROR_VALIDATION_FAILED);
        assert_string_equal(err.fields->path, "question");
    }
}

static void
names_every_bad_field_at_once(void **state)
{
    (void)state;
    struct error err = {0};
    assert_null(
        decode(&text_request_schema,
               "{\"text\":\"short\",\"operation\":\"translate\",\"options\":{\"max_length\":"
               "0},\"user_metadata\":[]}",
               &err));
    assert_string_equal(err.fields->path, "text");
    assert_string_equal(err.fields->next->path, "operation");
    assert_string_equal(err.fields->next->next->path, "options.max_length");
}

static void
counts_code_points_before_it_trims(void **state)
{
    (void)state;
    struct error err = {0};
    const struct text_request *asked =
        decode(&text_request_schema,
               "{\"text\":\"  \\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9  \",\"operation\":"
               "\"summarize\",\"unknown\":1}",
               &err);
    assert_non_null(asked);
    assert_string_equal(asked->text, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
}

static void
lets_a_batch_hold_an_item_without_its_question(void **state)
{
    (void)state;
    struct error err = {0};
    const struct batch_request *asked =
        decode(&batch_request_schema,
               "{\"requests\":[{\"text\":\"long enough text\",\"operation\":\"qa\"}]}", &err);
    assert_non_null(asked);
    assert_int_equal(asked->requests.count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(puts_what_users_wrote_only_between_the_markers, clean),
        cmocka_unit_test_teardown(tells_the_model_how_much_was_asked_for, clean),
        cmocka_unit_test_teardown(keeps_options_of_other_operations_out_of_the_cache_key, clean),
        cmocka_unit_test_teardown(accepts_an_honest_summary_about_summaries_and_prompts, clean),
        cmocka_unit_test_teardown(rejects_refusals, clean),
        cmocka_unit_test_teardown(accepts_what_only_sounds_like_a_refusal, clean),
        cmocka_unit_test_teardown(rejects_an_empty_answer, clean),
        cmocka_unit_test_teardown(rejects_its_own_instructions, clean),
        cmocka_unit_test_teardown(rejects_a_long_text_handed_back, clean),
        cmocka_unit_test_teardown(strips_bullets_and_numbers_and_keeps_the_first_so_many, clean),
        cmocka_unit_test_teardown(leaves_numbers_that_are_no_bullets, clean),
        cmocka_unit_test_teardown(finds_no_answer_in_blank_questions, clean),
        cmocka_unit_test_teardown(answers_every_operation_locally, clean),
        cmocka_unit_test_teardown(says_so_when_the_text_holds_no_answer, clean),
        cmocka_unit_test_teardown(demands_a_question_for_qa, clean),
        cmocka_unit_test_teardown(names_every_bad_field_at_once, clean),
        cmocka_unit_test_teardown(counts_code_points_before_it_trims, clean),
        cmocka_unit_test_teardown(lets_a_batch_hold_an_item_without_its_question, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
