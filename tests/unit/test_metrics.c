/* Metrics: counted once, named whole, and text that Prometheus reads. */
#include "host_fixture.h"

#include "host/breaker.h"
#include "host/metrics.h"
#include "host/metrics_table.h"

static char *
text_of(void **state)
{
    struct fixture *fixture = *state;
    struct strbuf out;
    strbuf_init(&out, &fixture->arena, 4096);
    metrics_write(fixture->host, &out);
    return out.data;
}

static void
counts_by_labels(void **state)
{
    struct host *host = host_of(state);
    metrics_add(host, METRIC_AI_CALLS, "operation=\"qa\",outcome=\"good\"", 2);
    metrics_add(host, METRIC_AI_CALLS, "operation=\"qa\",outcome=\"bad\"", 1);
    metrics_add(host, METRIC_AI_CALLS, "operation=\"qa\",outcome=\"good\"", 3);
    assert_int_equal(metrics_sum(host, METRIC_AI_CALLS, "outcome=\"good\""), 5);
    assert_int_equal(metrics_sum(host, METRIC_AI_CALLS, ""), 6);
    assert_int_equal(metrics_sum(host, METRIC_AI_ATTEMPTS, ""), 0);
}

static void
writes_families_once_with_sorted_series(void **state)
{
    struct host *host = host_of(state);
    metrics_add(host, METRIC_AI_CALLS, "operation=\"b\"", 1);
    metrics_add(host, METRIC_HTTP_REQUESTS, "route=\"x\"", 4);
    metrics_add(host, METRIC_AI_CALLS, "operation=\"a\"", 2);
    metrics_set(host, METRIC_HTTP_IN_FLIGHT, "", -3);
    assert_string_equal(
        text_of(state),
        "# HELP hearth_http_requests_total Requests answered, by route and status.\n"
        "# TYPE hearth_http_requests_total counter\n"
        "hearth_http_requests_total{route=\"x\"} 4\n"
        "# HELP hearth_http_requests_in_flight Requests being handled, by lane.\n"
        "# TYPE hearth_http_requests_in_flight gauge\n"
        "hearth_http_requests_in_flight -3\n"
        "# HELP hearth_ai_calls_total Operations run, by operation and outcome.\n"
        "# TYPE hearth_ai_calls_total counter\n"
        "hearth_ai_calls_total{operation=\"a\"} 2\n"
        "hearth_ai_calls_total{operation=\"b\"} 1\n"
        "# HELP hearth_series_dropped_total Observations lost because the table of series was "
        "full.\n"
        "# TYPE hearth_series_dropped_total counter\n"
        "hearth_series_dropped_total 0\n");
}

static void
tells_how_breakers_stand(void **state)
{
    struct breaker *breaker = breaker_find(host_of(state), "model");
    const struct breaker_policy policy = {.threshold = 1, .recovery_ms = 1000};
    breaker_failure(breaker, &policy, 1);
    const char *text = text_of(state);
    assert_non_null(strstr(text, "hearth_breaker_state{breaker=\"model\"} 2\n"));
    assert_non_null(strstr(text, "_changes_total{breaker=\"model\",state=\"open\"} 1\n"));
    assert_non_null(strstr(text, "_changes_total{breaker=\"model\",state=\"closed\"} 0\n"));
}

static void
puts_durations_in_cumulative_buckets_of_seconds(void **state)
{
    struct histogram *histogram =
        metrics_histogram(host_of(state), METRIC_HTTP_DURATION, "lane=\"front\"");
    histogram_observe(histogram, 50);
    histogram_observe(histogram, 51);
    histogram_observe(histogram, 300000000);
    histogram_observe(histogram, 300000001);
    const char *text = text_of(state);
    assert_non_null(strstr(text, "_bucket{lane=\"front\",le=\"5e-05\"} 1\n"));
    assert_non_null(strstr(text, "_bucket{lane=\"front\",le=\"0.0001\"} 2\n"));
    assert_non_null(strstr(text, "_bucket{lane=\"front\",le=\"120\"} 2\n"));
    assert_non_null(strstr(text, "_bucket{lane=\"front\",le=\"300\"} 3\n"));
    assert_non_null(strstr(text, "_bucket{lane=\"front\",le=\"+Inf\"} 4\n"));
    assert_non_null(strstr(text, "_sum{lane=\"front\"} 600.000102\n"));
    assert_non_null(strstr(text, "_count{lane=\"front\"} 4\n"));
    assert_int_equal(metrics_sum(host_of(state), METRIC_HTTP_DURATION, ""), 4);
}

static void
drops_labels_that_prometheus_cannot_read(void **state)
{
    static const char *const bad[] = {
        "a",        "a=b",       "a=\"",       "=\"b\"",    "a=\"b\",", "a=\"\n\"",
        "1a=\"b\"", "a=\"\\x\"", "a=\"\xff\"", "a=\"b\"c=", "a=\"b\\",
    };
    char long_labels[METRIC_LABELS_MAX + 2];
    memset(long_labels, 'l', sizeof long_labels);
    memcpy(long_labels, "a=\"", 3);
    memcpy(long_labels + sizeof long_labels - 2, "\"", 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        metrics_add(host_of(state), METRIC_AI_CALLS, bad[i], 1);
    metrics_add(host_of(state), METRIC_AI_CALLS, long_labels, 1);
    assert_int_equal(metrics_sum(host_of(state), METRIC_AI_CALLS, ""), 0);
    assert_int_equal(metrics_sum(host_of(state), METRIC_SERIES_DROPPED, ""), 12);
    memcpy(long_labels + METRIC_LABELS_MAX - 1, "\"", 2);
    metrics_add(host_of(state), METRIC_AI_CALLS, long_labels, 1);
    assert_int_equal(metrics_sum(host_of(state), METRIC_AI_CALLS, ""), 1);
}

static void
counts_what_a_full_table_drops(void **state)
{
    char labels[32];
    struct host *host = host_of(state);
    for (int i = 0; i < SERIES_MAX + 5; i++) {
        snprintf(labels, sizeof labels, "number=\"%d\"", i);
        metrics_add(host, METRIC_AI_CALLS, labels, 1);
    }
    assert_int_equal(metrics_sum(host, METRIC_AI_CALLS, ""), SERIES_MAX);
    assert_non_null(strstr(text_of(state), "hearth_series_dropped_total 5\n"));
}

/* What a worker leaves that is killed after its claim, and after one word of the name. */
static void
heals_a_series_whose_claimer_died(void **state)
{
    struct host *host = host_of(state);
    const char *labels = "operation=\"summarize\"";
    struct series *series =
        (struct series *)(void *)((unsigned char *)metrics_cell(host, METRIC_AI_CALLS, labels) -
                                  offsetof(struct series, value));
    memset(&series->name, 0, sizeof series->name);
    assert_null(strstr(text_of(state), "summarize"));
    metrics_add(host, METRIC_AI_CALLS, labels, 7);
    assert_non_null(strstr(text_of(state), "hearth_ai_calls_total{operation=\"summarize\"} 7\n"));
    memset(&series->name.words[1], 0, sizeof series->name.words - 8);
    assert_null(strstr(text_of(state), "summarize"));
    metrics_add(host, METRIC_AI_CALLS, labels, 1);
    assert_non_null(strstr(text_of(state), "hearth_ai_calls_total{operation=\"summarize\"} 8\n"));
}

static void
keeps_names_of_equal_hash_apart(void **state)
{
    struct host *host = host_of(state);
    const char *first = "operation=\"one\"", *second = "operation=\"two\"";
    atomic_uint_fast64_t *cell = metrics_cell(host, METRIC_AI_CALLS, first);
    struct series *series =
        (struct series *)(void *)((unsigned char *)cell - offsetof(struct series, value));
    uint64_t word;
    memset(&series->name.words[1], 0, sizeof series->name.words - 8);
    memcpy(&word, second + 8, 8);
    atomic_store(&series->name.words[1], word);
    assert_ptr_not_equal(metrics_cell(host, METRIC_AI_CALLS, first), cell);
}

static void
passes_promtool(void **state)
{
    struct host *host = host_of(state);
    char labels[64];
    if (system("command -v promtool >/dev/null") != 0)
        skip();
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        snprintf(labels, sizeof labels, "name=\"a\\\"b\\\\c\\n\xc3\xa9\",number=\"%d\"", metric);
        if (metric == METRIC_HTTP_DURATION || metric == METRIC_AI_DURATION)
            histogram_observe(metrics_histogram(host, (enum metric)metric, labels), 1234);
        else if (metric != METRIC_SERIES_DROPPED)
            metrics_add(host, (enum metric)metric, labels, 1);
    }
    FILE *promtool = popen("promtool check metrics", "w");
    assert_non_null(promtool);
    fputs(text_of(state), promtool);
    assert_int_equal(pclose(promtool), 0);
}

static void
add_value(void *sum, const char *labels, uint64_t value)
{
    (void)labels;
    *(uint64_t *)sum += value;
}

static void
reads_single_series_and_all_of_one_metric_without_making_any(void **state)
{
    struct host *host = host_of(state);
    uint64_t sum = 0;
    assert_int_equal(metrics_value(host, METRIC_AI_CALLS, "operation=\"qa\""), 0);
    metrics_each(host, METRIC_AI_CALLS, add_value, &sum);
    assert_int_equal(sum, 0);
    assert_null(strstr(text_of(state), "hearth_ai_calls_total"));
    metrics_add(host, METRIC_AI_CALLS, "operation=\"qa\"", 2);
    metrics_add(host, METRIC_AI_CALLS, "operation=\"qa\",outcome=\"hit\"", 3);
    metrics_add(host, METRIC_AI_ATTEMPTS, "operation=\"qa\"", 8);
    assert_int_equal(metrics_value(host, METRIC_AI_CALLS, "operation=\"qa\""), 2);
    metrics_each(host, METRIC_AI_CALLS, add_value, &sum);
    assert_int_equal(sum, 5);
}

static void
finds_the_values_of_labels(void **state)
{
    char value[8];
    (void)state;
    assert_true(metrics_label("a=\"1\",model=\"m\"", "model", value, sizeof value));
    assert_string_equal(value, "m");
    assert_false(metrics_label("base_model=\"m\"", "model", value, sizeof value));
    assert_false(metrics_label("model=\"too long for it\"", "model", value, sizeof value));
    assert_false(metrics_label("model=\"a\\\"b\"", "model", value, sizeof value));
    assert_false(metrics_label("", "model", value, sizeof value));
}

static void
writes_labels_of_one_pair_or_two(void **state)
{
    char labels[METRIC_LABELS_MAX];
    (void)state;
    metrics_labels(labels, "model", "m", NULL, NULL);
    assert_string_equal(labels, "model=\"m\"");
    metrics_labels(labels, "model", "", "outcome", "ok");
    assert_string_equal(labels, "model=\"\",outcome=\"ok\"");
}

static void
cuts_labels_that_are_too_long_so_that_they_are_dropped(void **state)
{
    char labels[METRIC_LABELS_MAX], value[2 * METRIC_LABELS_MAX] = {0};
    memset(value, 'x', sizeof(value) - 1);
    metrics_labels(labels, "model", value, "outcome", "ok");
    assert_int_equal(strlen(labels), METRIC_LABELS_MAX - 1);
    metrics_add(host_of(state), METRIC_AI_CALLS, labels, 1);
    assert_int_equal(metrics_sum(host_of(state), METRIC_AI_CALLS, ""), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_by_labels),
        TEST(writes_families_once_with_sorted_series),
        TEST(tells_how_breakers_stand),
        TEST(puts_durations_in_cumulative_buckets_of_seconds),
        TEST(drops_labels_that_prometheus_cannot_read),
        TEST(counts_what_a_full_table_drops),
        TEST(heals_a_series_whose_claimer_died),
        TEST(keeps_names_of_equal_hash_apart),
        TEST(reads_single_series_and_all_of_one_metric_without_making_any),
        TEST(finds_the_values_of_labels),
        TEST(writes_labels_of_one_pair_or_two),
        TEST(cuts_labels_that_are_too_long_so_that_they_are_dropped),
        TEST(passes_promtool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
