/* Decoding and encoding by rows. */
#include "http/schema.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct point {
    double x, y;
    bool has_y;
};

struct sample {
    const char *text, *mode, *note;
    int64_t count;
    struct decimal amount;
    bool flag;
    struct point *point;
    struct list points, tags;
    struct map sums, names;
    const json_t *any;
};

static const char *const modes[] = {"fast", "slow", NULL};

static const struct schema point_schema = {
    .name = "Point",
    .size = sizeof(struct point),
    .fields = (const struct field[]){NUMBER(struct point, x, .flags = FIELD_REQUIRED),
                                     NUMBER(struct point, y, .flags = FIELD_OMITTED,
                                            PRESENT(struct point, has_y), .number_min = -1,
                                            .number_max = 1.5),
                                     {.name = NULL}},
    .closed = true,
};

static void
check_sample(const void *value, struct schema_errors *errors)
{
    const struct sample *sample = value;
    if (sample->flag && !sample->note)
        schema_complain(errors, "note", "is needed with flag");
}

static const char *
check_tag(const char *text)
{
    return strchr(text, ' ') ? "must be one word" : NULL;
}

static const struct sample defaults = {.mode = "slow", .count = 3};

static const struct schema sample_schema = {
    .name = "Sample",
    .size = sizeof(struct sample),
    .fields =
        (const struct field[]){
            STRING(struct sample, text, .flags = FIELD_REQUIRED | FIELD_TRIMMED | FIELD_NOT_BLANK,
                   .min = 3, .max = 5),
            STRING(struct sample, mode, .choices = modes),
            STRING(struct sample, note, .flags = FIELD_NULLABLE),
            INTEGER(struct sample, count, .min = 1, .max = 10),
            DECIMAL(struct sample, amount),
            BOOLEAN(struct sample, flag),
            OBJECT(struct sample, point, &point_schema, .flags = FIELD_OMITTED),
            ARRAY(struct sample, points, &point_schema, .flags = FIELD_OMITTED, .max = 3),
            STRINGS(struct sample, tags, .max = 2, .check = check_tag),
            DECIMAL_MAP(struct sample, sums),
            STRING_MAP(struct sample, names, .flags = FIELD_OMITTED),
            JSON(struct sample, any, .flags = FIELD_OMITTED),
            {.name = NULL}},
    .initial = &defaults,
    .check = check_sample,
};

static struct arena arena;
static struct error err;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    error_clear(&err);
    return 0;
}

static const json_t *
parse(const char *text)
{
    error_clear(&err);
    return schema_parse(text, strlen(text), &arena, &err);
}

static struct sample *
decode(const char *text)
{
    const json_t *document = parse(text);
    assert_non_null(document);
    return schema_decode(&sample_schema, document, "", &arena, &err);
}

static const char *
message(const char *path)
{
    for (const struct field_error *field = err.fields; field; field = field->next)
        if (strcmp(field->path, path) == 0)
            return field->message;
    return "nothing";
}

static void
refuses(const char *text, const char *path, const char *expected)
{
    assert_null(decode(text));
    assert_int_equal(err.code, ERROR_VALIDATION_FAILED);
    assert_string_equal(message(path), expected);
}

static const char *
encode(const struct sample *sample)
{
    struct strbuf out;
    strbuf_init(&out, &arena, 16);
    schema_encode(&sample_schema, sample, &out);
    return out.data;
}

static void
gives_what_is_there_and_defaults_for_the_rest(void **state)
{
    (void)state;
    struct sample *sample = decode("{\"text\":\"abc\",\"point\":{\"x\":1},\"tags\":[\"a\"]}");
    assert_non_null(sample);
    assert_string_equal(sample->text, "abc");
    assert_string_equal(sample->mode, "slow");
    assert_int_equal(sample->count, 3);
    assert_true(sample->point->x == 1.0);
    assert_false(sample->point->has_y);
    assert_int_equal(sample->tags.count, 1);
    assert_null(sample->note);
}

static void
lists_every_violation_with_its_path(void **state)
{
    (void)state;
    assert_null(decode("{\"text\":\"ab\",\"mode\":\"x\",\"count\":11,\"flag\":1,"
                       "\"points\":[{\"x\":1},{\"y\":2,\"z\":0}],\"tags\":[\"a\",3],"
                       "\"sums\":{\"rent\":\"1\"}}"));
    assert_string_equal(message("text"), "must be at least 3 characters, has 2");
    assert_string_equal(message("mode"), "must be one of 'fast', 'slow'");
    assert_string_equal(message("count"), "must be at most 10, is 11");
    assert_string_equal(message("flag"), "must be true or false, is a number");
    assert_string_equal(message("points[1].x"), "is required");
    assert_string_equal(message("points[1].y"), "must be at most 1.5, is 2");
    assert_string_equal(message("points[1].z"), "is not known here");
    assert_string_equal(message("tags[1]"), "must be a string, is a number");
    assert_string_equal(message("sums.rent"), "must be a number, is a string");
    assert_string_equal(err.fields->path, "text");
    assert_non_null(strstr(err.detail, "(and 8 more)"));
}

static void
counts_code_points_before_trimming(void **state)
{
    (void)state;
    assert_string_equal(decode("{\"text\":\"\\u00e4\\ud83d\\ude00\\u00fc\"}")->text,
                        "\xc3\xa4\xf0\x9f\x98\x80\xc3\xbc");
    assert_string_equal(decode("{\"text\":\"\\u00a0ab\\u3000\\n\"}")->text, "ab");
    refuses("{\"text\":\"   ab  \"}", "text", "must be at most 5 characters, has 7");
    refuses("{\"text\":\" \\u2003 \"}", "text", "must not be blank");
}

static void
takes_whole_numbers_and_nothing_else_as_integers(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"text\":\"abc\",\"count\":4.0}")->count, 4);
    assert_int_equal(decode("{\"text\":\"abc\",\"count\":1e1}")->count, 10);
    refuses("{\"text\":\"abc\",\"count\":3.5}", "count", "must be a whole number");
    refuses("{\"text\":\"abc\",\"count\":1e300}", "count", "must be a whole number");
    refuses("{\"text\":\"abc\",\"count\":true}", "count", "must be a whole number, is a boolean");
    refuses("{\"text\":\"abc\",\"count\":\"4\"}", "count", "must be a whole number, is a string");
}

static void
takes_null_only_where_the_row_says_so(void **state)
{
    (void)state;
    assert_null(decode("{\"text\":\"abc\",\"note\":null}")->note);
    refuses("{\"text\":null}", "text", "must be a string, not null");
    refuses("{\"text\":\"abc\",\"point\":null}", "point", "must be an object, not null");
    assert_true(json_is_null(decode("{\"text\":\"abc\",\"any\":null}")->any));
}

static void
checks_across_fields_only_when_the_fields_are_good(void **state)
{
    (void)state;
    refuses("{\"text\":\"abc\",\"flag\":true}", "note", "is needed with flag");
    refuses("{\"text\":\"ab\",\"flag\":true}", "note", "nothing");
}

static void
checks_each_item_of_a_list_of_strings(void **state)
{
    (void)state;
    refuses("{\"text\":\"abc\",\"tags\":[\"a\",\"b c\"]}", "tags[1]", "must be one word");
    refuses("{\"text\":\"abc\",\"tags\":[\"a\",\"b\",\"c\"]}", "tags",
            "must hold at most 2 items, has 3");
}

static void
keeps_decimals_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t micros;
    } good[] = {{"0.1", 100000},
                {"-12.05", -12050000},
                {"1e3", 1000000000},
                {"0.000001", 1},
                {"123456789.123456", 123456789123456},
                {"9007199254", 9007199254000000},
                {"-0.0", 0}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct sample *sample =
            decode(arena_printf(&arena, "{\"text\":\"abc\",\"amount\":%s}", good[i].text));
        assert_non_null(sample);
        assert_int_equal(sample->amount.micros, good[i].micros);
    }
    static const char *const bad[] = {"0.0000001",          "1e-9",
                                      "1234567890.1234567", "1e15",
                                      "9999999999999999",   "0.30000000000000004"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuses(arena_printf(&arena, "{\"text\":\"abc\",\"amount\":%s}", bad[i]), "amount",
                "must be a decimal of at most 15 digits, six of them after the point");
}

static void
means_bounds_as_the_header_says(void **state)
{
    (void)state;
    static const struct {
        int64_t min, max, low, high;
    } rows[] = {{0, 0, INT64_MIN, INT64_MAX},
                {5, 0, 5, INT64_MAX},
                {-5, 0, -5, 0},
                {0, 7, 0, 7},
                {0, INT64_MAX, 0, INT64_MAX},
                {INT64_MIN, 0, INT64_MIN, 0},
                {-5, INT64_MAX, -5, INT64_MAX}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct field field = {.min = rows[i].min, .max = rows[i].max};
        int64_t low, high;
        schema_bounds(&field, &low, &high);
        assert_true(low == rows[i].low && high == rows[i].high);
    }
}

static void
keeps_a_hundred_violations_and_counts_the_rest(void **state)
{
    (void)state;
    struct strbuf text;
    strbuf_init(&text, &arena, 16);
    strbuf_add_text(&text, "{\"text\":\"abc\",\"sums\":{");
    for (int i = 0; i < 150; i++)
        strbuf_printf(&text, "%s\"k%d\":null", i > 0 ? "," : "", i);
    strbuf_add_text(&text, "}}");
    assert_null(decode(text.data));
    size_t kept = 0;
    for (const struct field_error *field = err.fields; field; field = field->next)
        kept++;
    assert_int_equal(kept, 100);
    assert_non_null(strstr(err.detail, "(and 149 more)"));
}

static void
bounds_the_length_of_paths(void **state)
{
    (void)state;
    struct strbuf text;
    strbuf_init(&text, &arena, 16);
    strbuf_add_text(&text, "{\"text\":\"abc\",\"sums\":{\"");
    for (int i = 0; i < 1000; i++)
        strbuf_add_text(&text, "\xc3\xa4");
    strbuf_add_text(&text, "\":null}}");
    assert_null(decode(text.data));
    assert_in_range(strlen(err.fields->path), 200, 255);
}

static void
takes_any_top_level_value_for_the_schema_to_refuse(void **state)
{
    (void)state;
    refuses("[1]", "", "must be an object, is an array");
    refuses("3", "", "must be an object, is a number");
    refuses("null", "", "must be an object, is null");
}

static void
refuses_malformed_json_and_says_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } bad[] = {
        {"{\"a\":1,\n\"a\":2}", "a member that its object has already at line 2, column"},
        {"{\"a\":\"\\u0000\"}", "\\u0000 in a string at line 1"},
        {"{\"a\":\"\xff\"}", "a byte that is not UTF-8 at line 1, column 7"},
        {"{\"a\":\"\\ud800\"}", "an escape that is half a surrogate pair at line 1"},
        {"{\"a\":\"\\udc00\\ud800\"}", "an escape that is half a surrogate pair at line 1"},
        {"{\"a\":\"\xed\xa0\x80\"}", "half a surrogate pair, which UTF-8 does not have at line 1"},
        {"\xef\xbb\xbf{}", "a byte order mark at line 1, column 1"},
        {"{} {}", "something follows its end at line 1"},
        {"{\"a\":99999999999999999999}", "a number out of range at line 1"},
        {"{\"a\":1e999}", "a number out of range at line 1"},
        {"{\"a\":", "it ends too early at line 1"},
        {"{secret}", "a syntax error at line 1"},
        {"{\"a\":NaN}", "a syntax error at line 1"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(parse(bad[i].text));
        assert_int_equal(err.code, ERROR_MALFORMED_REQUEST);
        assert_non_null(strstr(err.detail, bad[i].expected));
        assert_null(strstr(err.detail, "secret"));
    }
    assert_null(schema_parse("", 0, &arena, (error_clear(&err), &err)));
    assert_null(schema_parse("{}\0", 3, &arena, (error_clear(&err), &err)));
}

/* All that walks a document, on the stack of a handler. */
static void *
walk_deepest(void *context)
{
    char text[SCHEMA_DEPTH_MAX / 2 * 8 + 2] = "";
    struct arena own = {0};
    struct error none = {0};
    struct strbuf out;
    for (int i = 0; i < SCHEMA_DEPTH_MAX / 2; i++)
        strcat(text, "[{\"a\":");
    strcat(text, "1");
    for (int i = 0; i < SCHEMA_DEPTH_MAX / 2; i++)
        strcat(text, "}]");
    const json_t *document = schema_parse(text, strlen(text), &own, &none);
    strbuf_init(&out, &own, sizeof(text));
    if (document) {
        schema_encode_json(&out, document);
        char *dumped = json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);
        *(bool *)context = dumped && strcmp(out.data, text) == 0 && strcmp(dumped, text) == 0;
        free(dumped);
    }
    arena_release(&own);
    return NULL;
}

static void
what_is_as_deep_as_may_be_fits_a_handlers_stack(void **state)
{
    (void)state;
    bool good = false;
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    assert_int_equal(pthread_create(&thread, &attributes, walk_deepest, &good), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    assert_true(good);
}

static void
takes_128_levels_and_refuses_129(void **state)
{
    (void)state;
    char text[2 * 129];
    memset(text, '[', 129);
    memset(text + 129, ']', 129);
    error_clear(&err);
    assert_non_null(schema_parse(text + 1, 256, &arena, &err));
    assert_non_null(schema_parse_lenient(text + 1, 256, NULL, &arena));
    assert_null(schema_parse(text, 258, &arena, &err));
    assert_null(schema_parse_lenient(text, 258, NULL, &arena));
    assert_non_null(strstr(err.detail, "more than 128 nested levels at line 1, column 129"));
    assert_non_null(parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[\""));
}

static void
decodes_a_query_by_the_same_rows(void **state)
{
    (void)state;
    error_clear(&err);
    struct sample *sample = schema_decode_query(
        &sample_schema, "text=a%20b+c&count=4&flag=no&tags=x&tags=y&amount=1.5&&utm=1", &arena,
        &err);
    assert_non_null(sample);
    assert_string_equal(sample->text, "a b c");
    assert_int_equal(sample->count, 4);
    assert_false(sample->flag);
    assert_int_equal(sample->tags.count, 2);
    assert_string_equal(((const char **)sample->tags.items)[1], "y");
    assert_int_equal(sample->amount.micros, 1500000);
}

static void
complains_about_a_query_under_query(void **state)
{
    (void)state;
    error_clear(&err);
    assert_null(schema_decode_query(
        &sample_schema, "count=&count=2&flag=maybe&amount=0x1&point=1&mode=fast", &arena, &err));
    assert_string_equal(message("query.text"), "is required");
    assert_string_equal(message("query.count"), "must be given once");
    assert_string_equal(message("query.flag"), "must be true or false, is a string");
    assert_string_equal(message("query.amount"), "must be a number, is a string");
    assert_string_equal(message("query.point"), "must be an object, is a string");
}

static void
refuses_a_query_that_is_no_text(void **state)
{
    (void)state;
    static const char *const bad[] = {"text=%",   "text=%4", "text=%zz",
                                      "text=%00", "%ff=1",   "text=%c3"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error_clear(&err);
        assert_null(schema_decode_query(&sample_schema, bad[i], &arena, &err));
        assert_int_equal(err.code, ERROR_MALFORMED_REQUEST);
    }
}

static void
encodes_rows_in_order_without_white_space(void **state)
{
    (void)state;
    struct sample *sample =
        decode("{\"tags\":[\"b\",\"a\"],\"names\":{\"k\":\"v\"},\"sums\":{\"r\":1.10,\"a\":-2},"
               "\"point\":{\"x\":0.1,\"y\":1},\"any\":{\"z\":[1,2.5,null,true,false,{}]},"
               "\"amount\":32.50,\"text\":\"abc\"}");
    assert_string_equal(
        encode(sample),
        "{\"text\":\"abc\",\"mode\":\"slow\",\"note\":null,\"count\":3,\"amount\":32.5,"
        "\"flag\":false,\"point\":{\"x\":0.1,\"y\":1},\"tags\":[\"b\",\"a\"],"
        "\"sums\":{\"r\":1.1,\"a\":-2},\"names\":{\"k\":\"v\"},"
        "\"any\":{\"z\":[1,2.5,null,true,false,{}]}}");
}

static void
encodes_absent_fields_as_their_flags_say(void **state)
{
    (void)state;
    assert_string_equal(encode(&(struct sample){.text = "x"}),
                        "{\"text\":\"x\",\"mode\":null,\"note\":null,\"count\":0,\"amount\":0,"
                        "\"flag\":false,\"tags\":[],\"sums\":{}}");
}

static void
escapes_what_json_demands_and_nothing_else(void **state)
{
    (void)state;
    struct strbuf out;
    strbuf_init(&out, &arena, 16);
    const char text[] =
        "plain text that is long \"q\" \\ / \b\f\n\r\t\x01\x1f\x7f \xc3\xa4 12345678";
    schema_encode_string(&out, text, sizeof(text) - 1);
    assert_string_equal(out.data,
                        "\"plain text that is long \\\"q\\\" \\\\ / \\b\\f\\n\\r\\t\\u0001\\u001f"
                        "\x7f \xc3\xa4 12345678\"");
    for (size_t length = 0; length < sizeof(text); length++) {
        strbuf_truncate(&out, 0);
        schema_encode_string(&out, text, length < 60 ? length : 60);
        json_t *back = json_loadb(out.data, out.length, JSON_DECODE_ANY, NULL);
        if (back)
            assert_memory_equal(json_string_value(back), text, json_string_length(back));
        json_decref(back);
    }
}

static void
writes_the_shortest_number_that_reads_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0, "0"},
                {-0.0, "0"},
                {1, "1"},
                {-1.5, "-1.5"},
                {0.1, "0.1"},
                {0.05, "0.05"},
                {1e6, "1000000"},
                {100.25, "100.25"},
                {1e-7, "1e-07"},
                {1e300, "1e+300"},
                {0.1 + 0.2, "0.30000000000000004"}};
    struct strbuf out;
    strbuf_init(&out, &arena, 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        strbuf_truncate(&out, 0);
        schema_encode_number(&out, rows[i].value);
        assert_string_equal(out.data, rows[i].text);
    }
    uint64_t seed = 88172645463325252U;
    for (int i = 0; i < 200000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        double value = i % 2 ? ldexp((double)(seed >> 11), (int)(seed % 200) - 150)
                             : (double)(int64_t)(seed % 2000000000) / 1000.0;
        strbuf_truncate(&out, 0);
        schema_encode_number(&out, value);
        assert_true(strtod(out.data, NULL) == value);
    }
}

static void
writes_decimals_without_trailing_zeros(void **state)
{
    (void)state;
    static const struct {
        int64_t micros;
        const char *text;
    } rows[] = {{0, "0"},
                {-32500000, "-32.5"},
                {1, "0.000001"},
                {10000000, "10"},
                {INT64_MAX, "9223372036854.775807"},
                {INT64_MIN, "-9223372036854.775808"}};
    struct strbuf out;
    strbuf_init(&out, &arena, 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        strbuf_truncate(&out, 0);
        schema_encode_decimal(&out, (struct decimal){rows[i].micros});
        assert_string_equal(out.data, rows[i].text);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_what_is_there_and_defaults_for_the_rest),
        TEST(lists_every_violation_with_its_path),
        TEST(counts_code_points_before_trimming),
        TEST(takes_whole_numbers_and_nothing_else_as_integers),
        TEST(takes_null_only_where_the_row_says_so),
        TEST(checks_across_fields_only_when_the_fields_are_good),
        TEST(checks_each_item_of_a_list_of_strings),
        TEST(keeps_decimals_exact),
        TEST(means_bounds_as_the_header_says),
        TEST(keeps_a_hundred_violations_and_counts_the_rest),
        TEST(bounds_the_length_of_paths),
        TEST(takes_any_top_level_value_for_the_schema_to_refuse),
        TEST(refuses_malformed_json_and_says_where),
        TEST(takes_128_levels_and_refuses_129),
        TEST(what_is_as_deep_as_may_be_fits_a_handlers_stack),
        TEST(decodes_a_query_by_the_same_rows),
        TEST(complains_about_a_query_under_query),
        TEST(refuses_a_query_that_is_no_text),
        TEST(encodes_rows_in_order_without_white_space),
        TEST(encodes_absent_fields_as_their_flags_say),
        TEST(escapes_what_json_demands_and_nothing_else),
        TEST(writes_the_shortest_number_that_reads_back),
        TEST(writes_decimals_without_trailing_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
