/* Alerts by POST: what is sent, how often, and what becomes of failures. */
#include "host_fixture.h"

#include <jansson.h>
#include <sched.h>

#include "../lib/http_stub.h"
#include "ai/webhook.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/alert.h"
#include "host/metrics.h"

enum { PATIENCE_MS = 20000 };
static const struct alert opened = {
    .level = JOURNAL_WARNING, .kind = "breaker_open", .subject = "model-a"};

struct receiver {
    struct stub stub;
    char url[64];
    struct settings settings;
    struct webhook *webhook;
};

static void
receive(struct receiver *receiver, struct host *host, const struct stub_answer *script,
        size_t length)
{
    struct error err = {0};
    stub_start(&receiver->stub);
    stub_script(&receiver->stub, script, length);
    snprintf(receiver->url, sizeof receiver->url, "http://127.0.0.1:%d/secret",
             receiver->stub.port);
    receiver->settings = (struct settings){.alert_webhook_url = receiver->url};
    assert_true(webhook_open(&receiver->settings, host, &receiver->webhook, &err));
    assert_non_null(receiver->webhook);
}

static void
await(struct host *host, const char *outcome, uint64_t count)
{
    int64_t start_ms = clock_monotonic_ms();
    while (metrics_sum(host, METRIC_ALERT_DELIVERIES, outcome) < count &&
           clock_monotonic_ms() - start_ms < PATIENCE_MS)
        sched_yield();
    assert_int_equal(metrics_sum(host, METRIC_ALERT_DELIVERIES, outcome), count);
}

static void
is_not_opened_where_no_address_is_set(void **state)
{
    struct settings settings = {.alert_webhook_url = ""};
    struct webhook *webhook;
    struct error err = {0};
    assert_true(webhook_open(&settings, host_of(state), &webhook, &err));
    assert_null(webhook);
    webhook_close(webhook);
}

static void
posts_an_alert_as_json_once(void **state)
{
    static const struct stub_answer script[] = {{204, NULL, "", STUB_KEEPS}};
    struct receiver receiver;
    receive(&receiver, host_of(state), script, 1);
    struct webhook *second;
    struct error err = {0};
    assert_true(webhook_open(&receiver.settings, host_of(state), &second, &err));
    alert_raise(host_of(state), &opened, "it has \"failed\" %d times", 5);
    await(host_of(state), "delivered", 1);
    json_t *document = json_loads(receiver.stub.body, 0, NULL);
    assert_non_null(document);
    static const char *const members[][2] = {{"level", "warning"},
                                             {"kind", "breaker_open"},
                                             {"subject", "model-a"},
                                             {"message", "it has \"failed\" 5 times"}};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(json_string_value(json_object_get(document, members[i][0])),
                            members[i][1]);
    assert_non_null(json_object_get(document, "time"));
    assert_non_null(json_object_get(document, "host"));
    json_decref(document);
    webhook_close(second);
    webhook_close(receiver.webhook);
    stub_stop(&receiver.stub);
    assert_int_equal(atomic_load(&receiver.stub.calls), 1);
}

static void
tries_twice_and_raises_no_alert_of_its_own(void **state)
{
    static const struct stub_answer script[] = {
        {500, NULL, "no", 0}, {200, NULL, "", 0}, {503, NULL, "no", 0}};
    struct receiver receiver;
    receive(&receiver, host_of(state), script, 3);
    alert_raise(host_of(state), &opened, "first");
    await(host_of(state), "delivered", 1);
    alert_raise(host_of(state), &opened, "second");
    await(host_of(state), "failed", 1);
    assert_int_equal(metrics_sum(host_of(state), METRIC_ALERTS, ""), 2);
    webhook_close(receiver.webhook);
    stub_stop(&receiver.stub);
    assert_int_equal(atomic_load(&receiver.stub.calls), 4);
}

static void
ends_at_once_while_a_delivery_hangs(void **state)
{
    static const struct stub_answer script[] = {{-1, NULL, "", 0}};
    struct receiver receiver;
    receive(&receiver, host_of(state), script, 1);
    alert_raise(host_of(state), &opened, "nobody answers");
    while (atomic_load(&receiver.stub.calls) == 0)
        sched_yield();
    int64_t start_ms = clock_monotonic_ms();
    webhook_close(receiver.webhook);
    assert_true(clock_monotonic_ms() - start_ms < 3000);
    stub_stop(&receiver.stub);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_not_opened_where_no_address_is_set),
        TEST(posts_an_alert_as_json_once),
        TEST(tries_twice_and_raises_no_alert_of_its_own),
        TEST(ends_at_once_while_a_delivery_hangs),
    };
    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
