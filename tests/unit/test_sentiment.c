#include "nlp/nlp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int
reset(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

static const char *
label(const char *text)
{
    return nlp_sentiment(text, &arena).label;
}

static void
judges_most_of_the_labelled_sentences_right(void **state)
{
    (void)state;
    static const struct {
        const char *label, *text;
    } rows[] = {
#include "sentiment_set.inc"
    };
    size_t count = sizeof(rows) / sizeof(rows[0]), right = 0;
    for (size_t i = 0; i < count; i++) {
        struct nlp_sentiment found = nlp_sentiment(rows[i].text, &arena);
        right += strcmp(found.label, rows[i].label) == 0;
        if (strcmp(found.label, rows[i].label) != 0)
            print_message("%s %.2f for %s: %s (%s)\n", found.label, found.confidence, rows[i].label,
                          rows[i].text, found.explanation);
    }
    print_message("%zu of %zu right\n", right, count);
    assert_true(count >= 120);
    assert_true(right * 100 >= count * 94);
}

static void
turns_a_negated_word_round(void **state)
{
    (void)state;
    assert_string_equal(label("not good, I hate it"), "negative");
    assert_string_not_equal(label("I don't dislike it"), "negative");
    assert_string_equal(label("This is not a good phone"), "negative");
    assert_string_equal(label("No problem, it was great"), "positive");
}

static void
weighs_what_follows_but(void **state)
{
    (void)state;
    assert_string_equal(label("The staff was nice but the room was horrible."), "negative");
    assert_string_equal(label("The room was horrible but the staff was amazing."), "positive");
}

static void
strengthens_instead_of_judging_the_other_way(void **state)
{
    (void)state;
    assert_string_equal(label("He is under great stress."), "negative");
    assert_string_equal(label("It is a terribly good machine."), "positive");
    assert_string_equal(label("Good riddance!"), "negative");
    assert_string_equal(label("A great machine."), "positive");
    assert_string_equal(label("A terrible machine."), "negative");
}

static void
takes_no_side_in_plain_news(void **state)
{
    (void)state;
    struct nlp_sentiment found = nlp_sentiment(
        "A police officer was killed in an accident on the bridge last winter, and since then the "
        "speed limit has been thirty kilometres an hour. Shop owners fear that they will lose "
        "customers. \"We have no choice,\" the mayor said. The council expects the work to begin "
        "in September and to last for eighteen months. A temporary footbridge will be opened.",
        &arena);
    assert_string_equal(found.label, "neutral");
    assert_true(found.confidence >= 0.5 && found.confidence <= 0.7);
    assert_non_null(strstr(found.explanation, "\"killed\""));
    assert_string_equal(label("A police officer was killed in an accident."), "negative");
    assert_string_equal(
        label(
            "The hotel is dirty, the staff is rude and the food was cold and tasteless. Breakfast "
            "ended too early, the lift was broken, and the room smelled awful. The pool looked "
            "disgusting and the beach is far away. A horrible place for families and a waste of "
            "money for everybody else."),
        "negative");
}

static void
reads_phrases_with_either_apostrophe(void **state)
{
    (void)state;
    assert_string_equal(label("It doesn't work."), "negative");
    assert_string_equal(label("It doesn\xe2\x80\x99t work."), "negative");
    assert_string_equal(label("I can\xe2\x80\x99t wait to use it."), "positive");
    assert_string_equal(label("I can't recommend this highly enough."), "positive");
    assert_string_equal(label("I can\xe2\x80\x99t recommend this."), "negative");
}

static void
is_surer_with_emphasis(void **state)
{
    (void)state;
    double plain = nlp_sentiment("The food was good", &arena).confidence;
    assert_true(nlp_sentiment("The food was very good", &arena).confidence > plain);
    assert_true(nlp_sentiment("The food was GOOD", &arena).confidence > plain);
    assert_true(nlp_sentiment("The food was good!!!", &arena).confidence > plain);
    assert_true(nlp_sentiment("The food was slightly good", &arena).confidence < plain);
}

static void
reads_emoticons_and_emoji(void **state)
{
    (void)state;
    assert_string_equal(label("on my way :)"), "positive");
    assert_string_equal(label("on my way \xf0\x9f\x98\xa2"), "negative");
}

static void
names_the_words_it_rests_on(void **state)
{
    (void)state;
    const char *why = nlp_sentiment("not good, I hate it", &arena).explanation;
    assert_non_null(strstr(why, "\"hate\""));
    assert_non_null(strstr(why, "\"not good\""));
}

static void
is_unsure_and_says_why_in_another_language(void **state)
{
    (void)state;
    struct nlp_sentiment found =
        nlp_sentiment("Der Igel ist ein kleines Tier und lebt in der Hecke.", &arena);
    assert_string_equal(found.label, "neutral");
    assert_true(found.confidence <= 0.3);
    assert_non_null(strstr(found.explanation, "German"));
}

static void
survives_texts_without_words(void **state)
{
    (void)state;
    assert_string_equal(label(""), "neutral");
    assert_string_equal(label(" \n\t "), "neutral");
    assert_string_equal(label("((((;;;;!!!!"), "neutral");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(judges_most_of_the_labelled_sentences_right, reset),
        cmocka_unit_test_setup(turns_a_negated_word_round, reset),
        cmocka_unit_test_setup(weighs_what_follows_but, reset),
        cmocka_unit_test_setup(strengthens_instead_of_judging_the_other_way, reset),
        cmocka_unit_test_setup(takes_no_side_in_plain_news, reset),
        cmocka_unit_test_setup(reads_phrases_with_either_apostrophe, reset),
        cmocka_unit_test_setup(is_surer_with_emphasis, reset),
        cmocka_unit_test_setup(reads_emoticons_and_emoji, reset),
        cmocka_unit_test_setup(names_the_words_it_rests_on, reset),
        cmocka_unit_test_setup(is_unsure_and_says_why_in_another_language, reset),
        cmocka_unit_test_setup(survives_texts_without_words, reset),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
