/* The five operations: prompt, reading of the answer, and the local way of each. */
#include "apps/text/text.h"

#include <inttypes.h>

#include "apps/text/judge.h"
#include "apps/text/lines.h"
#include "nlp/nlp.h"

static const char *const moods[] = {"positive", "negative", "neutral", NULL};

#define INPUT_SCHEMA(schema_name, object, row)                                                     \
    static const struct schema object = {                                                          \
        .name = (schema_name),                                                                     \
        .size = sizeof(struct text_input),                                                         \
        .fields = (const struct field[]){STRING(struct text_input, text, .flags = FIELD_REQUIRED), \
                                         row,                                                      \
                                         {.name = NULL}},                                          \
    }

INPUT_SCHEMA("SummarizeInput", summarize_input, INTEGER(struct text_input, max_length));
INPUT_SCHEMA("KeyPointsInput", key_points_input, INTEGER(struct text_input, max_points));
INPUT_SCHEMA("QuestionsInput", questions_input, INTEGER(struct text_input, num_questions));
INPUT_SCHEMA("AnswerInput", qa_input, STRING(struct text_input, question, .flags = FIELD_REQUIRED));

static const struct schema sentiment_input = {
    .name = "SentimentInput",
    .size = sizeof(struct text_input),
    .fields = (const struct field[]){STRING(struct text_input, text, .flags = FIELD_REQUIRED),
                                     {.name = NULL}},
};

static const struct schema result_output = {
    .name = "ResultOutput",
    .size = sizeof(struct text_output),
    .fields = (const struct field[]){STRING(struct text_output, result, .flags = FIELD_REQUIRED),
                                     NUMBER(struct text_output, confidence, .flags = FIELD_OMITTED,
                                            PRESENT(struct text_output, has_confidence)),
                                     {.name = NULL}},
};

static const struct schema sentiment_output = {
    .name = "SentimentOutput",
    .size = sizeof(struct text_output),
    .fields =
        (const struct field[]){STRING(struct text_output, sentiment, .flags = FIELD_REQUIRED,
                                      .choices = moods, .doc = "How the text as a whole feels."),
                               NUMBER(struct text_output, confidence, .flags = FIELD_REQUIRED,
                                      .number_max = 1, .doc = "How sure that is."),
                               STRING(struct text_output, explanation,
                                      .flags = FIELD_REQUIRED | FIELD_NOT_BLANK,
                                      .doc = "What in the text it rests on, in a sentence or two."),
                               {.name = NULL}},
};

static const struct schema key_points_output = {
    .name = "KeyPointsOutput",
    .size = sizeof(struct text_output),
    .fields = (const struct field[]){STRINGS(struct text_output, key_points,
                                             .flags = FIELD_REQUIRED, .min = 1,
                                             .doc = "One statement each, the weightiest first."),
                                     {.name = NULL}},
};

static const struct schema questions_output = {
    .name = "QuestionsOutput",
    .size = sizeof(struct text_output),
    .fields = (const struct field[]){STRINGS(struct text_output, questions, .flags = FIELD_REQUIRED,
                                             .min = 1, .doc = "One question each."),
                                     {.name = NULL}},
};

static size_t
untrusted(const void *data, const char **texts, size_t max)
{
    const struct text_input *input = data;
    size_t count = 0;
    if (count < max)
        texts[count++] = input->text;
    if (count < max && input->question)
        texts[count++] = input->question;
    return count;
}

static struct text_output *
output_new(struct arena *arena)
{
    return arena_alloc(arena, sizeof(struct text_output));
}

static void
build_summarize(const void *data, struct prompt *prompt, struct arena *arena)
{
    (void)arena;
    const struct text_input *input = data;
    judge_instruct(prompt);
    prompt_data(prompt, "text", input->text);
    prompt_task(prompt,
                "Summarise the text in running prose of about %" PRId64
                " words at most. Keep what a reader needs in order to skip the original.",
                input->max_length);
    prompt->max_tokens = input->max_length * 4 + 200;
}

static void
build_sentiment(const void *data, struct prompt *prompt, struct arena *arena)
{
    (void)arena;
    const struct text_input *input = data;
    judge_instruct(prompt);
    prompt_data(prompt, "text", input->text);
    prompt_task(prompt,
                "Judge the feeling of the text as a whole. Answer with one JSON object: "
                "\"sentiment\" is \"positive\", \"negative\" or \"neutral\"; \"confidence\" is a "
                "number from 0 to 1; \"explanation\" says in a sentence or two what it rests on.");
    prompt->max_tokens = 500;
}

static void
build_key_points(const void *data, struct prompt *prompt, struct arena *arena)
{
    (void)arena;
    const struct text_input *input = data;
    judge_instruct(prompt);
    prompt_data(prompt, "text", input->text);
    prompt_task(prompt,
                "Find the points that matter most, %" PRId64
                " at most. Answer with one JSON object whose \"key_points\" is an array of strings,"
                " one complete statement each, the weightiest first.",
                input->max_points);
    prompt->max_tokens = input->max_points * 100 + 200;
}

static void
build_questions(const void *data, struct prompt *prompt, struct arena *arena)
{
    (void)arena;
    const struct text_input *input = data;
    judge_instruct(prompt);
    prompt_data(prompt, "text", input->text);
    prompt_task(prompt,
                "Write %" PRId64
                " questions that make a reader think about the text and that the text can answer. "
                "Answer with one JSON object whose \"questions\" is an array of strings.",
                input->num_questions);
    prompt->max_tokens = input->num_questions * 100 + 200;
}

static void
build_qa(const void *data, struct prompt *prompt, struct arena *arena)
{
    (void)arena;
    const struct text_input *input = data;
    judge_instruct(prompt);
    prompt_data(prompt, "text", input->text);
    prompt_data(prompt, "question", input->question);
    prompt_task(prompt, "Answer the question from the text, as shortly as is still complete. Where "
                        "the text holds no answer, say that it does not.");
    prompt->max_tokens = 1000;
}

static void *
parse_prose(const void *data, const char *text, const void *value, struct arena *arena,
            struct error *err)
{
    (void)value;
    const struct text_input *input = data;
    if (!judge_text(text, input->text, err))
        return NULL;
    struct text_output *output = output_new(arena);
    output->result = arena_strdup(arena, text);
    return output;
}

static void *
parse_key_points(const void *data, const char *text, const void *value, struct arena *arena,
                 struct error *err)
{
    (void)text;
    const struct text_input *input = data;
    const struct text_output *found = value;
    struct text_output *output = output_new(arena);
    output->key_points = lines_clean(&found->key_points, (size_t)input->max_points, arena);
    if (output->key_points.count > 0)
        return output;
    error_set(err, ERROR_UPSTREAM_INVALID, "the model named no key points");
    return NULL;
}

static void *
parse_questions(const void *data, const char *text, const void *value, struct arena *arena,
                struct error *err)
{
    (void)text;
    const struct text_input *input = data;
    const struct text_output *found = value;
    struct text_output *output = output_new(arena);
    output->questions = lines_clean(&found->questions, (size_t)input->num_questions, arena);
    if (output->questions.count > 0)
        return output;
    error_set(err, ERROR_UPSTREAM_INVALID, "the model asked no questions");
    return NULL;
}

static void *
local_summarize(const void *data, struct arena *arena, struct error *err)
{
    (void)err;
    const struct text_input *input = data;
    struct text_output *output = output_new(arena);
    output->result = nlp_summarize(input->text, input->max_length, arena);
    return output;
}

static void *
local_sentiment(const void *data, struct arena *arena, struct error *err)
{
    (void)err;
    const struct text_input *input = data;
    struct text_output *output = output_new(arena);
    struct nlp_sentiment found = nlp_sentiment(input->text, arena);
    output->sentiment = found.label;
    output->confidence = found.confidence;
    output->has_confidence = true;
    output->explanation = found.explanation;
    return output;
}

static void *
local_key_points(const void *data, struct arena *arena, struct error *err)
{
    (void)err;
    const struct text_input *input = data;
    struct text_output *output = output_new(arena);
    const char **points = NULL;
    size_t count = nlp_key_points(input->text, input->max_points, arena, &points);
    output->key_points = lines_of(points, count, input->text, arena);
    return output;
}

static void *
local_questions(const void *data, struct arena *arena, struct error *err)
{
    const struct text_input *input = data;
    struct text_output *output = output_new(arena);
    const char **questions = NULL;
    size_t count = nlp_questions(input->text, input->num_questions, arena, &questions);
    if (count > 0) {
        output->questions = lines_of(questions, count, input->text, arena);
        return output;
    }
    error_set(err, ERROR_VALIDATION_FAILED, "the text holds no word to ask about");
    return NULL;
}

static void *
local_qa(const void *data, struct arena *arena, struct error *err)
{
    (void)err;
    const struct text_input *input = data;
    struct text_output *output = output_new(arena);
    output->result = nlp_answer(input->text, input->question, arena, &output->confidence);
    output->has_confidence = true;
    if (!output->result) {
        output->result = "The text does not say.";
        output->confidence = 0;
    }
    return output;
}

static const struct operation summarize = {
    .name = "summarize",
    .version = 2,
    .input = &summarize_input,
    .output = &result_output,
    .kind = ANSWER_TEXT,
    .ttl_s = 7200,
    .strategy = STRATEGY_BALANCED,
    .build = build_summarize,
    .parse = parse_prose,
    .local = local_summarize,
    .untrusted = untrusted,
};

static const struct operation sentiment = {
    .name = "sentiment",
    .version = 2,
    .input = &sentiment_input,
    .output = &sentiment_output,
    .kind = ANSWER_JSON,
    .ttl_s = 3600,
    .strategy = STRATEGY_AGGRESSIVE,
    .repairable = true,
    .build = build_sentiment,
    .local = local_sentiment,
    .untrusted = untrusted,
};

static const struct operation key_points = {
    .name = "key_points",
    .version = 2,
    .input = &key_points_input,
    .output = &key_points_output,
    .kind = ANSWER_JSON,
    .ttl_s = 5400,
    .strategy = STRATEGY_BALANCED,
    .repairable = true,
    .build = build_key_points,
    .parse = parse_key_points,
    .local = local_key_points,
    .untrusted = untrusted,
};

static const struct operation questions = {
    .name = "questions",
    .version = 2,
    .input = &questions_input,
    .output = &questions_output,
    .kind = ANSWER_JSON,
    .ttl_s = 3600,
    .strategy = STRATEGY_BALANCED,
    .repairable = true,
    .build = build_questions,
    .parse = parse_questions,
    .local = local_questions,
    .untrusted = untrusted,
};

static const struct operation qa = {
    .name = "qa",
    .version = 2,
    .input = &qa_input,
    .output = &result_output,
    .kind = ANSWER_TEXT,
    .ttl_s = 1800,
    .strategy = STRATEGY_CONSERVATIVE,
    .build = build_qa,
    .parse = parse_prose,
    .local = local_qa,
    .untrusted = untrusted,
};

const struct text_operation text_operations[] = {
    {"summarize",
     "Summarize",
     "A shorter text that says what matters in the given one.",
     {"max_length"},
     false,
     &summarize},
    {"sentiment",
     "Sentiment",
     "Whether the text is positive, negative or neutral, and why.",
     {NULL},
     false,
     &sentiment},
    {"key_points",
     "Key points",
     "The statements of the text that carry the most.",
     {"max_points"},
     false,
     &key_points},
    {"questions",
     "Questions",
     "Questions that the text can answer.",
     {"num_questions"},
     false,
     &questions},
    {"qa",
     "Question answering",
     "The answer to a question, taken from the text.",
     {NULL},
     true,
     &qa},
    {.name = NULL},
};

const char *const text_operation_names[] = {"summarize", "sentiment", "key_points",
                                            "questions", "qa",        NULL};
const struct operation *const text_operation_list[] = {&summarize, &sentiment, &key_points,
                                                       &questions, &qa,        NULL};
