#include "nlp/nlp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nlp/language.h"

static struct arena arena;

static const char *
language_of(const char *text)
{
    return language_detect(text, strlen(text))->code;
}

static int
reset(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

static const char tower[] =
    "The Lighthouse of Alexandria\n\n"
    "The Lighthouse of Alexandria was a tower built by the Ptolemaic Kingdom during the reign of "
    "Ptolemy II. It was at least 100 metres high. The lighthouse was damaged by three\n"
    "earthquakes between 956 and 1323 AD. However, Dr. J. Smith of the U.S. National Museum said "
    "the find was important because it confirmed old writers. The museum was opened to visitors in "
    "2021. The museum costs $3.5 million. The project has 120 workers, e.g. divers and engineers. "
    "Visitors can walk through glass tunnels under the sea.";

static int64_t
count_words(const char *text)
{
    int64_t count = 0;
    for (const char *at = text; *at != '\0'; at++)
        count += *at != ' ' && (at == text || at[-1] == ' ');
    return count;
}

static void
summarizes_within_the_word_limit(void **state)
{
    (void)state;
    for (int64_t limit = 1; limit < 100; limit += 7) {
        const char *summary = nlp_summarize(tower, limit, &arena);
        assert_true(count_words(summary) <= limit);
        assert_true(*summary != '\0');
    }
}

static void
keeps_whole_sentences_in_order(void **state)
{
    (void)state;
    const char *summary = nlp_summarize(tower, 60, &arena);
    assert_ptr_equal(strstr(summary, "The Lighthouse of Alexandria was a tower"), summary);
    assert_null(strstr(summary, "\xe2\x80\xa6"));
    assert_true(strlen(summary) < sizeof(tower) / 2 + 60);
}

static void
shortens_one_long_sentence_with_an_ellipsis(void **state)
{
    (void)state;
    const char *summary = nlp_summarize("The committee met on Monday, after a long delay, and it "
                                        "agreed on the plan for the bridge.",
                                        6, &arena);
    assert_string_equal(summary, "The committee met on Monday\xe2\x80\xa6");
    assert_string_equal(nlp_summarize("Great!", 100, &arena), "Great!");
}

static void
does_not_break_sentences_at_abbreviations(void **state)
{
    (void)state;
    double confidence;
    const char *answer = nlp_answer(tower, "Why was the find important?", &arena, &confidence);
    assert_non_null(answer);
    assert_non_null(strstr(answer, "Dr. J. Smith of the U.S. National Museum"));
    assert_non_null(strstr(answer, "old writers."));
}

static void
answers_by_the_kind_of_question(void **state)
{
    (void)state;
    double confidence;
    const char *text = "The bridge is old. The bridge was built in 1932. The bridge was built by "
                       "Anna Berg because the ferry was slow.";
    assert_non_null(
        strstr(nlp_answer(text, "When was the bridge built?", &arena, &confidence), "1932"));
    assert_true(confidence > 0.6);
    assert_non_null(
        strstr(nlp_answer(text, "Why was the bridge built?", &arena, &confidence), "because"));
}

static void
answers_with_the_sentence_a_pronoun_leans_on(void **state)
{
    (void)state;
    double confidence;
    const char *text = "The oven is old. Maria Merian was a painter. She was born in Frankfurt in "
                       "1647. Warm water turns corals white. This is called bleaching.";
    assert_string_equal(nlp_answer(text, "What is bleaching?", &arena, &confidence),
                        "Warm water turns corals white. This is called bleaching.");
    assert_string_equal(nlp_answer(text, "When was Merian born?", &arena, &confidence),
                        "Maria Merian was a painter. She was born in Frankfurt in 1647.");
    assert_true(confidence > 0.5);
    assert_string_equal(nlp_answer(text, "What is old?", &arena, &confidence), "The oven is old.");
}

static void
is_unsure_where_only_some_words_are_shared(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "Who designed the museum?",           "How deep is the sea?",
        "When was the first tunnel flooded?", "How many children did Ptolemy II have?",
        "What is the capital of Alexandria?", "How long is the glass?",
        "Why do visitors like the museum?",   "When will the museum close?",
    };
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        double confidence;
        nlp_answer(tower, questions[i], &arena, &confidence);
        if (confidence >= 0.45)
            print_message("%.2f for %s\n", confidence, questions[i]);
        assert_true(confidence < 0.45);
    }
    double confidence;
    nlp_answer(tower, "When was the museum opened to visitors?", &arena, &confidence);
    assert_true(confidence > 0.8);
}

static void
gives_no_answer_where_nothing_relates(void **state)
{
    (void)state;
    double confidence;
    assert_null(nlp_answer(tower, "Which football club won?", &arena, &confidence));
    assert_true(confidence == 0);
    assert_null(nlp_answer("", "Who?", &arena, &confidence));
}

static void
lists_key_points_without_openers(void **state)
{
    (void)state;
    const char **points;
    size_t count = nlp_key_points("The shop sells bread. However, the bakery closed in May. In "
                                  "addition, the owner moved to Spain with her family.",
                                  5, &arena, &points);
    assert_int_equal(count, 3);
    assert_string_equal(points[1], "The bakery closed in May.");
    assert_string_equal(points[2], "The owner moved to Spain with her family.");
    assert_int_equal(nlp_key_points(tower, 2, &arena, &points), 2);
}

static bool
asks(const char *text, const char *question)
{
    const char **questions;
    size_t count = nlp_questions(text, 10, &arena, &questions);
    for (size_t i = 0; i < count; i++)
        if (strcmp(questions[i], question) == 0)
            return true;
    return false;
}

static void
asks_what_the_text_answers(void **state)
{
    (void)state;
    assert_true(asks(tower, "What was the Lighthouse of Alexandria?"));
    assert_true(asks(tower, "When was the museum opened to visitors?"));
    assert_true(asks(tower, "How much does the museum cost?"));
    assert_true(asks(tower, "How many workers does the project have?"));
    assert_true(
        asks("The road was closed because the river had flooded it.", "Why was the road closed?"));
}

static void
asks_nothing_of_half_a_subject(void **state)
{
    (void)state;
    const char **questions;
    size_t count = nlp_questions(
        "Construction begins in March and should finish in June. The council voted for the plan, "
        "and the mayor voted too. Nobody voted against the bridge in the council. Next week we "
        "will move the bridge.",
        10, &arena, &questions);
    for (size_t i = 0; i < count; i++) {
        assert_null(strstr(questions[i], "begins"));
        assert_null(strstr(questions[i], "about voted"));
        assert_null(strstr(questions[i], "week we"));
    }
}

static const char reefs[] =
    "Coral reefs are among the most diverse ecosystems on Earth. Over half a billion people depend "
    "on reefs for food, income, and protection. However, reefs are in trouble. Warm oceans cause "
    "corals to turn white. This is called bleaching. In 2016, heat stress encompassed 51 percent "
    "of coral reefs globally. Pollution and overfishing make matters worse because weakened reefs "
    "recover slowly. Scientists are working on solutions. Dr. Ruth Gates and her team in Hawaii "
    "bred \"super corals\" that tolerate warmer water. None of this will be enough, experts warn, "
    "unless emissions fall quickly.";

static void
asks_by_who_what_when_how_many_and_why(void **state)
{
    (void)state;
    assert_true(asks(reefs, "How many people depend on reefs for food, income, and protection?"));
    assert_true(asks(reefs, "When did heat stress encompass 51 percent of coral reefs globally?"));
    assert_true(asks(reefs, "Why do pollution and overfishing make matters worse?"));
    assert_true(asks(reefs, "What is bleaching?"));
    assert_true(asks(reefs, "Who bred \"super corals\" that tolerate warmer water?"));
    assert_true(asks("In 2021, she left the house and never came back.", "What happened in 2021?"));
    assert_true(asks("The bridge carries about 14,000 vehicles a day.",
                     "How many vehicles does the bridge carry?"));
    assert_true(asks("Mayor Helen Ortega told reporters that repairs would cost a lot of money.",
                     "What did Mayor Helen Ortega tell reporters?"));
    assert_true(
        asks("The plant opened in 1974 and has made four engines.", "When did the plant open?"));
    assert_false(asks("Jan Berg discovered in 1779 that light is essential.",
                      "When did Jan Berg discover?"));
    assert_true(asks("The plan was approved. The app is maintained by Lena Vogt and her brother.",
                     "By whom is the app maintained?"));
}

static void
asks_nothing_of_a_pronoun_or_of_two_clauses(void **state)
{
    (void)state;
    const char **questions;
    size_t count = nlp_questions(reefs, 20, &arena, &questions);
    for (size_t i = 0; i < count; i++)
        assert_null(strcasestr(questions[i], "none of this"));
    count = nlp_questions("The motor is quiet and the jar is easy to clean. The library is written "
                          "in C and has no dependencies.",
                          10, &arena, &questions);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(strstr(questions[i], "What does the text say about "), questions[i]);
}

static void
writes_common_words_small_and_names_large(void **state)
{
    (void)state;
    assert_true(asks(reefs, "Are scientists working on solutions?"));
    assert_true(asks(reefs, "What does the text say about coral reefs?"));
    assert_true(asks("Tarn is a small store. The makers of Tarn are proud.", "What is Tarn?"));
    assert_true(asks("Merian was a painter of insects.", "Who was Merian?"));
    assert_true(
        asks("7.2 The Customer may end this Agreement at once.", "What may the Customer do?"));
}

static void
prefers_open_questions(void **state)
{
    (void)state;
    const char **questions;
    size_t count = nlp_questions(reefs, 6, &arena, &questions), closed = 0;
    for (size_t i = 0; i < count; i++)
        closed += strncmp(questions[i], "Are ", 4) == 0 || strncmp(questions[i], "Is ", 3) == 0;
    assert_int_equal(count, 6);
    assert_true(closed <= 2);
}

static void
asks_about_nouns_with_their_article(void **state)
{
    (void)state;
    const char *text = "I ordered a lamp. They said the lamp arrived. I ordered it when the old "
                       "lamp broke. The clean shade of my lamp is clean.";
    assert_true(asks(text, "What does the text say about the lamp?"));
    assert_false(asks(text, "What does the text say about clean?"));
    assert_false(asks(text, "What does the text say about ordered?"));
}

static void
drops_openers_whose_predecessor_is_left_out(void **state)
{
    (void)state;
    const char *summary = nlp_summarize(
        "Bread is old. We sang a song on that day. However, the bakery in the harbour sells the "
        "bread that most people in the harbour buy. It rained. Cats sleep. Nobody knows the reason for the rain, and hardly anybody has asked for one since then.",
        20, &arena);
    assert_null(strstr(summary, "However"));
    assert_non_null(strstr(summary, "The bakery in the harbour"));
}

static void
gives_less_than_half_of_a_text(void **state)
{
    (void)state;
    assert_true(count_words(nlp_summarize(reefs, 100, &arena)) * 2 < count_words(reefs));
    assert_true(count_words(nlp_summarize(tower, 100, &arena)) * 2 < count_words(tower));
}

static void
lists_items_and_nothing_twice_or_out_of_its_context(void **state)
{
    (void)state;
    const char **points;
    size_t count = nlp_key_points(
        "Notes\n\nThe team met on Monday in the small room of the old office. They were late. "
        "This was bad.\n\n- The release moves to the end of July.\n- The hosting contract must be "
        "renewed in August.\n- The hosting contract ends in August and must be renewed.\n",
        3, &arena, &points);
    assert_int_equal(count, 3);
    assert_string_equal(points[1], "The release moves to the end of July.");
    assert_non_null(strstr(points[2], "hosting contract"));
    assert_null(strstr(points[0], "They"));
}

static void
asks_in_the_language_of_the_text(void **state)
{
    (void)state;
    assert_true(asks("Der Igel ist ein kleines Tier, das in der Hecke lebt.", "Was ist der Igel?"));
    assert_true(asks("La tour est un monument qui se trouve dans la ville de Paris.",
                     "Qu'est-ce que la tour ?"));
    assert_true(asks("El flamenco es un arte que se baila en los pueblos del sur.",
                     "\xc2\xbfQu\xc3\xa9 es el flamenco?"));
}

static void
asks_at_least_one_question_and_none_twice(void **state)
{
    (void)state;
    const char **questions;
    assert_true(nlp_questions("Hello", 5, &arena, &questions) >= 1);
    size_t count = nlp_questions(tower, 50, &arena, &questions);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(questions[i], questions[j]);
}

static void
tells_languages_apart(void **state)
{
    (void)state;
    assert_string_equal(language_of("The cat is on the mat and it will stay."), "en");
    assert_string_equal(language_of("Die Katze liegt auf der Matte und sie bleibt."), "de");
    assert_string_equal(language_of("Le chat est sur le tapis et il reste dans la maison."), "fr");
    assert_string_equal(language_of("El gato est\xc3\xa1 en la casa y no quiere salir."), "es");
    assert_string_equal(language_of("猫が好きです。"), "ja");
    assert_string_equal(language_of("我喜欢猫。"), "zh");
    assert_string_equal(language_of("Кошка лежит на ковре."), "ru");
    assert_string_equal(language_of("القطة على السجادة"), "ar");
    assert_string_equal(language_of("12 34"), "");
}

static void
splits_texts_without_blanks(void **state)
{
    (void)state;
    const char *text =
        "富士山は日本で最も高い山です。標高は3776メートルあります。毎年多くの登山者が"
        "富士山に登ります。2013年に世界文化遺産に登録されました。";
    const char *summary = nlp_summarize(text, 12, &arena);
    assert_string_equal(summary, "富士山は日本で最も高い山です。");
}

static void
bounds_the_work_on_hostile_texts(void **state)
{
    (void)state;
    enum { LENGTH = 30000 };
    static const char *const patterns[] = {"a",   "A. ",   "e\xcc\x81", "\xd7\x90\xd7\x91. ",
                                           "?! ", "\n- x", "漢"};
    char *text = xmalloc(LENGTH + 8);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        size_t used = 0, length = strlen(patterns[i]);
        for (; used + length <= LENGTH; used += length)
            memcpy(text + used, patterns[i], length);
        text[used] = '\0';
        const char **list;
        double confidence;
        assert_true(*nlp_summarize(text, 20, &arena) != '\0');
        nlp_key_points(text, 5, &arena, &list);
        nlp_questions(text, 5, &arena, &list);
        nlp_answer(text, "What is a?", &arena, &confidence);
        arena_reset(&arena);
    }
    free(text);
}

static void
counts_words_of_scripts_without_blanks(void **state)
{
    (void)state;
    assert_int_equal(nlp_count_words(""), 0);
    assert_int_equal(nlp_count_words(" \t\n "), 0);
    assert_int_equal(nlp_count_words("It isn't  well-known,\nis it?"), 5);
    assert_int_equal(nlp_count_words("\xed\x95\x9c\xea\xb5\xad \xeb\xa7\x90"), 2);
    /* "Tokyo is Japan's capital." and "I love you" */
    assert_in_range(nlp_count_words("\xe6\x9d\xb1\xe4\xba\xac\xe3\x81\xaf\xe6\x97\xa5\xe6\x9c\xac"
                                    "\xe3\x81\xae\xe9\xa6\x96\xe9\x83\xbd\xe3\x80\x82"),
                    5, 6);
    assert_int_equal(nlp_count_words("\xe0\xb8\x89\xe0\xb8\xb1\xe0\xb8\x99\xe0\xb8\xa3\xe0\xb8\xb1"
                                     "\xe0\xb8\x81\xe0\xb8\x84\xe0\xb8\xb8\xe0\xb8\x93 yes"),
                     4);
    /* "I bought an iPhone-15." */
    assert_int_equal(nlp_count_words("iPhone-15\xe3\x82\x92\xe8\xb2\xb7\xe3\x81\x86"), 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_words_of_scripts_without_blanks),
        cmocka_unit_test_setup(summarizes_within_the_word_limit, reset),
        cmocka_unit_test_setup(keeps_whole_sentences_in_order, reset),
        cmocka_unit_test_setup(shortens_one_long_sentence_with_an_ellipsis, reset),
        cmocka_unit_test_setup(does_not_break_sentences_at_abbreviations, reset),
        cmocka_unit_test_setup(answers_by_the_kind_of_question, reset),
        cmocka_unit_test_setup(answers_with_the_sentence_a_pronoun_leans_on, reset),
        cmocka_unit_test_setup(is_unsure_where_only_some_words_are_shared, reset),
        cmocka_unit_test_setup(gives_no_answer_where_nothing_relates, reset),
        cmocka_unit_test_setup(lists_key_points_without_openers, reset),
        cmocka_unit_test_setup(asks_what_the_text_answers, reset),
        cmocka_unit_test_setup(asks_nothing_of_half_a_subject, reset),
        cmocka_unit_test_setup(asks_by_who_what_when_how_many_and_why, reset),
        cmocka_unit_test_setup(asks_nothing_of_a_pronoun_or_of_two_clauses, reset),
        cmocka_unit_test_setup(writes_common_words_small_and_names_large, reset),
        cmocka_unit_test_setup(prefers_open_questions, reset),
        cmocka_unit_test_setup(asks_about_nouns_with_their_article, reset),
        cmocka_unit_test_setup(drops_openers_whose_predecessor_is_left_out, reset),
        cmocka_unit_test_setup(gives_less_than_half_of_a_text, reset),
        cmocka_unit_test_setup(lists_items_and_nothing_twice_or_out_of_its_context, reset),
        cmocka_unit_test_setup(asks_in_the_language_of_the_text, reset),
        cmocka_unit_test_setup(asks_at_least_one_question_and_none_twice, reset),
        cmocka_unit_test_setup(tells_languages_apart, reset),
        cmocka_unit_test_setup(splits_texts_without_blanks, reset),
        cmocka_unit_test_setup(bounds_the_work_on_hostile_texts, reset),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
