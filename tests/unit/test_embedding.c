/* Vectors of texts without a model. */
#include "nlp/embedding.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct vector {
    float at[EMBEDDING_DIMENSIONS];
    size_t words;
};

static struct arena arena;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    arena = (struct arena){0};
    return 0;
}

static struct vector
embed(const char *text)
{
    struct vector vector;
    vector.words = embedding_of(text, strlen(text), vector.at, &arena);
    return vector;
}

static double
product(const struct vector *a, const struct vector *b)
{
    double sum = 0;
    for (size_t i = 0; i < EMBEDDING_DIMENSIONS; i++)
        sum += (double)a->at[i] * (double)b->at[i];
    return sum;
}

static double
nearness(const char *a, const char *b)
{
    struct vector first = embed(a), second = embed(b);
    return product(&first, &second);
}

static void
has_length_one_whatever_the_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",     " ",          "!?",     "\xf0\x9f\x98\x80",         "a",
        "The",  "the and of", "Budget", "\xe6\x97\xa5\xe6\x9c\xac", "x\xcc\x81",
        "2026",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct vector vector = embed(texts[i]);
        assert_true(fabs(product(&vector, &vector) - 1) < 1e-5);
    }
}

static void
gives_equal_texts_equal_vectors(void **state)
{
    (void)state;
    struct vector first = embed("Boats came home with full nets."),
                  second = embed("Boats came home with full nets.");
    assert_memory_equal(first.at, second.at, sizeof(first.at));
    assert_int_equal(first.words, 6);
}

/* A vector of old must mean the same to a program of today: else the name has to change. */
static void
stays_what_it_was_under_its_name(void **state)
{
    (void)state;
    struct vector vector = embed("hearth");
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < EMBEDDING_DIMENSIONS; i++)
        sum = (sum ^ (uint32_t)lrint((double)vector.at[i] * 1e6)) * 16777619u;
    assert_string_equal(EMBEDDING_MODEL, "local-hash-256");
    assert_int_equal(sum, 0x91510919);
}

static void
puts_near_texts_nearer_than_far_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text, *near, *far;
    } rows[] = {
        {"How can I save money on groceries each month?",
         "Ways of saving money when buying groceries",
         "The telescope photographed a distant galaxy last night"},
        {"The storm closed the harbour for three days.",
         "Harbours were closed by storms for several days", "She plays the violin in an orchestra"},
        {"Wie kann ich beim Einkaufen Geld sparen?",
         "Beim Einkauf l\xc3\xa4sst sich viel Geld sparen",
         "Das Teleskop zeigt eine ferne Galaxie am Himmel"},
        {"Comment puis-je \xc3\xa9"
         "conomiser de l'argent sur les courses ?",
         "Des conseils pour \xc3\xa9"
         "conomiser l'argent des courses",
         "Le t\xc3\xa9lescope observe une galaxie lointaine"},
        {"\xc2\xbf"
         "C\xc3\xb3mo puedo ahorrar dinero en la compra?",
         "Consejos para ahorrar dinero en las compras", "El telescopio observa una galaxia lejana"},
        {"\xd0\x9a\xd0\xb0\xd0\xba \xd1\x8d\xd0\xba\xd0\xbe\xd0\xbd\xd0\xbe\xd0\xbc\xd0\xb8\xd1\x82\xd1\x8c \xd0\xb4\xd0\xb5\xd0\xbd\xd1\x8c\xd0\xb3\xd0\xb8 \xd0\xbd\xd0\xb0 \xd0\xbf\xd1\x80\xd0\xbe\xd0\xb4\xd1\x83\xd0\xba\xd1\x82\xd0\xb0\xd1\x85",
         "\xd0\xad\xd0\xba\xd0\xbe\xd0\xbd\xd0\xbe\xd0\xbc\xd0\xb8\xd1\x8f \xd0\xb4\xd0\xb5\xd0\xbd\xd0\xb5\xd0\xb3 \xd0\xbf\xd1\x80\xd0\xb8 \xd0\xbf\xd0\xbe\xd0\xba\xd1\x83\xd0\xbf\xd0\xba\xd0\xb5 \xd0\xbf\xd1\x80\xd0\xbe\xd0\xb4\xd1\x83\xd0\xba\xd1\x82\xd0\xbe\xd0\xb2",
         "\xd0\xa2\xd0\xb5\xd0\xbb\xd0\xb5\xd1\x81\xd0\xba\xd0\xbe\xd0\xbf \xd1\x83\xd0\xb2\xd0\xb8\xd0\xb4\xd0\xb5\xd0\xbb \xd0\xb4\xd0\xb0\xd0\xbb\xd1\x91\xd0\xba\xd0\xb8\xd0\xb5 \xd0\xb7\xd0\xb2\xd1\x91\xd0\xb7\xd0\xb4\xd1\x8b"},
        {"\xe5\xa6\x82\xe4\xbd\x95\xe7\x9c\x81\xe9\x92\xb1",
         "\xe7\x9c\x81\xe9\x92\xb1\xe7\x9a"
         "\x84\xe6\x96\xb9\xe6\xb3\x95",
         "\xe6\x98\x9f\xe7\xb3\xbb\xe5\xbe\x88\xe9\x81\xa5\xe8\xbf\x9c"},
        {"\xe3\x81\x8a\xe9\x87\x91\xe3\x82\x92\xe7\xaf\x80\xe7\xb4\x84\xe3\x81\x99\xe3\x82\x8b",
         "\xe7\xaf\x80\xe7\xb4\x84\xe3\x81\xae\xe6\x96\xb9\xe6\xb3\x95\xe3\x81\xa8\xe3\x81\x8a"
         "\xe9\x87\x91",
         "\xe6\x9c\x9b\xe9\x81\xa0\xe9\x8f\xa1\xe3\x81\xa7\xe6\x98\x9f\xe3\x82\x92\xe8\xa6\x8b"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double near = nearness(rows[i].text, rows[i].near);
        double far = nearness(rows[i].text, rows[i].far);
        if (near < far + 0.15)
            print_error("row %zu: near %.3f, far %.3f\n", i, near, far);
        assert_true(near >= far + 0.15);
    }
}

static void
does_not_mind_how_a_text_was_typed(void **state)
{
    (void)state;
    assert_true(nearness("CAF\xc3\x89 prices", "cafe\xcc\x81 PRICES") > 0.999);
    assert_true(nearness("don\xe2\x80\x99t worry", "Don't worry") > 0.999);
    assert_true(nearness("budgets", "budget") > 0.5);
    assert_true(nearness("unbelievable", "unbelieveable") > 0.2);
}

static void
reads_words_of_any_length(void **state)
{
    (void)state;
    char text[4001];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct vector vector = embed(text);
    assert_true(vector.words > 1);
    assert_true(fabs(product(&vector, &vector) - 1) < 1e-5);
    /* One character that becomes eighteen when it is folded. */
    char wide[301];
    for (size_t i = 0; i < 300; i += 3)
        memcpy(wide + i, "\xef\xb7\xba", 3);
    wide[300] = '\0';
    assert_true(embed(wide).words > 100);
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(has_length_one_whatever_the_text),   TEST(gives_equal_texts_equal_vectors),
        TEST(stays_what_it_was_under_its_name),   TEST(puts_near_texts_nearer_than_far_ones),
        TEST(does_not_mind_how_a_text_was_typed), TEST(reads_words_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
