/* Strategies: which one applies under settings, presets and custom configurations, and how long
 * they wait. */
#include "host_fixture.h"

#include "ai/strategy.h"
#include "host/choice.h"
#include "host/journal.h"

static struct settings
settings_of(const char *preset, const char *custom)
{
    return (struct settings){.resilience_preset = preset, .resilience_custom_config = custom};
}

static struct strategies *
opened(void **state, const struct settings *settings)
{
    struct error err = {0};
    struct strategies *strategies = strategies_open(settings, host_of(state), &err);
    assert_string_equal(err.detail, "");
    strategies_announce(strategies);
    return strategies;
}

static const struct strategy_policy *
policy_of(struct strategies *strategies, const char *name)
{
    const struct operation operation = {.name = name, .strategy = STRATEGY_CRITICAL};
    return strategy_of(strategies, &operation);
}

static const struct strategy_row *
row_of(struct strategies *strategies, const char *name)
{
    const struct strategy_table *table = strategies_now(strategies);
    for (size_t i = 0; i < STEERED_OPERATIONS; i++)
        if (strcmp(table->steered[i].operation, name) == 0)
            return &table->steered[i];
    return NULL;
}

static void
gives_the_presets_numbers_to_its_default(void **state)
{
    const struct settings settings = settings_of("simple", "");
    struct strategies *strategies = opened(state, &settings);
    const struct strategy_policy *policy = policy_of(strategies, "qa");
    assert_string_equal(policy->name, "balanced");
    assert_int_equal(policy->attempts, 3);
    assert_int_equal(policy->budget_ms, 60000);
    assert_int_equal(policy->breaker.threshold, 5);
    assert_int_equal(policy->breaker.recovery_ms, 60000);
    assert_int_equal(row_of(strategies, "qa")->source, STRATEGY_FROM_PRESET_DEFAULT);
    strategies_close(strategies);
}

static void
gives_an_override_of_the_preset_its_own_numbers(void **state)
{
    const struct settings settings = settings_of("production", "");
    struct strategies *strategies = opened(state, &settings);
    assert_string_equal(policy_of(strategies, "qa")->name, "critical");
    assert_int_equal(policy_of(strategies, "qa")->attempts, 7);
    assert_string_equal(policy_of(strategies, "questions")->name, "balanced");
    assert_int_equal(policy_of(strategies, "questions")->budget_ms, 30000);
    /* An override for the default strategy is the strategy's row too, not the preset's. */
    assert_string_equal(policy_of(strategies, "summarize")->name, "conservative");
    assert_int_equal(policy_of(strategies, "summarize")->breaker.threshold, 8);
    assert_int_equal(row_of(strategies, "summarize")->source, STRATEGY_FROM_PRESET_OVERRIDE);
    strategies_close(strategies);
}

static void
prefers_setting_then_override_then_preset_then_default(void **state)
{
    struct settings settings =
        settings_of("production", "{\"default_strategy\": \"aggressive\", \"operation_overrides\": "
                                  "{\"qa\": \"balanced\", \"sentiment\": \"critical\"}}");
    settings.strategy_qa = "conservative";
    struct strategies *strategies = opened(state, &settings);
    assert_string_equal(policy_of(strategies, "qa")->name, "conservative");
    assert_int_equal(row_of(strategies, "qa")->source, STRATEGY_FROM_SETTING);
    assert_string_equal(policy_of(strategies, "sentiment")->name, "critical");
    assert_int_equal(row_of(strategies, "sentiment")->source, STRATEGY_FROM_CUSTOM_OVERRIDE);
    assert_string_equal(policy_of(strategies, "questions")->name, "balanced");
    assert_int_equal(row_of(strategies, "questions")->source, STRATEGY_FROM_PRESET_OVERRIDE);
    strategies_close(strategies);
    settings.resilience_preset = "simple";
    strategies = opened(state, &settings);
    assert_string_equal(policy_of(strategies, "questions")->name, "aggressive");
    assert_int_equal(policy_of(strategies, "questions")->attempts, 3); /* of the preset */
    assert_int_equal(row_of(strategies, "questions")->source, STRATEGY_FROM_CUSTOM_DEFAULT);
    strategies_close(strategies);
}

static void
puts_custom_numbers_on_top_of_the_presets(void **state)
{
    const struct settings settings = settings_of(
        "simple", "{\"retry_attempts\": 6.0, \"circuit_breaker_threshold\": 9, "
                  "\"recovery_timeout\": 45, \"exponential_multiplier\": 0.5, "
                  "\"exponential_min\": 0.5, \"exponential_max\": 7.5, \"jitter_enabled\": false}");
    struct strategies *strategies = opened(state, &settings);
    const struct strategy_policy *policy = policy_of(strategies, "summarize");
    assert_int_equal(policy->attempts, 6);
    assert_int_equal(policy->budget_ms, 120000);
    assert_int_equal(policy->breaker.threshold, 9);
    assert_int_equal(policy->breaker.recovery_ms, 45000);
    assert_int_equal(policy->wait_min_ms, 500);
    assert_int_equal(policy->wait_max_ms, 7500);
    assert_int_equal(policy->jitter_ms, 0);
    assert_int_equal(strategy_wait_ms(policy, 2, UINT32_MAX), 1000);
    strategies_close(strategies);
}

static void
leaves_operations_no_preset_speaks_of_as_they_were_written(void **state)
{
    const struct settings settings = settings_of("simple", "");
    struct strategies *strategies = opened(state, &settings);
    assert_string_equal(policy_of(strategies, "budget_insight")->name, "critical");
    const struct operation chat = {.name = "chat", .strategy = STRATEGY_GATEWAY};
    assert_string_equal(strategy_of(strategies, &chat)->name, "gateway");
    assert_string_equal(strategy_of_gateway(strategies)->name, "gateway");
    assert_int_equal(strategy_wait_ms(strategy_of_gateway(strategies), 3, 0), 1000);
    assert_int_equal(strategy_wait_ms(strategy_of_gateway(strategies), 9, 0), 8000);
    strategies_close(strategies);
}

static void
lets_the_settings_choose_the_gateways_strategy(void **state)
{
    struct settings settings = settings_of("simple", "");
    settings.strategy_gateway = "critical";
    struct strategies *strategies = opened(state, &settings);
    assert_string_equal(strategy_of_gateway(strategies)->name, "critical");
    strategies_close(strategies);
}

static void
takes_clocks_from_the_strategys_section(void **state)
{
    const struct strategy_settings sections[] = {
        {.name = "balanced", .gap_timeout_ms = 700},
        {.name = "critical", .connect_timeout_ms = 9, .total_timeout_ms = 8}};
    struct settings settings = settings_of("simple", "");
    settings.strategies = sections;
    settings.strategy_count = 2;
    settings.strategy_qa = "critical";
    struct strategies *strategies = opened(state, &settings);
    const struct upstream_clocks *clocks = &policy_of(strategies, "summarize")->clocks;
    assert_int_equal(clocks->gap_ms, 700);
    assert_int_equal(clocks->connect_ms, 5000);
    assert_int_equal(clocks->headers_ms, 30000);
    assert_int_equal(clocks->first_token_ms, 20000);
    assert_int_equal(clocks->total_ms, 300000);
    assert_int_equal(policy_of(strategies, "qa")->clocks.connect_ms, 9);
    assert_int_equal(policy_of(strategies, "qa")->clocks.total_ms, 8);
    strategies_close(strategies);
}

static void
follows_the_choice_of_another_process_at_once(void **state)
{
    const struct settings settings = settings_of("simple", "");
    struct strategies *one = opened(state, &settings);
    struct strategies *other = opened(state, &settings);
    struct error err = {0};
    assert_int_equal(policy_of(other, "key_points")->attempts, 3);
    assert_null(strategies_chosen(other));
    assert_true(strategies_choose(one, "development", "test", &err));
    assert_int_equal(policy_of(other, "key_points")->attempts, 2);
    assert_string_equal(strategies_chosen(other)->name, "development");
    assert_true(strategies_choose(one, "default", "test", &err));
    assert_int_equal(policy_of(other, "key_points")->attempts, 3);
    assert_null(strategies_chosen(one));
    strategies_close(one);
    strategies_close(other);
}

static void
keeps_the_choice_for_processes_that_start_later(void **state)
{
    const struct settings settings = settings_of("simple", "");
    struct strategies *one = opened(state, &settings);
    struct error err = {0};
    assert_true(strategies_choose(one, "production", "test", &err));
    strategies_close(one);
    one = opened(state, &settings);
    assert_string_equal(strategies_now(one)->preset->name, "production");
    choice_make(host_of(state), "of a later version");
    assert_string_equal(strategies_now(one)->preset->name, "simple");
    strategies_close(one);
}

static void
refuses_a_preset_that_is_not_there(void **state)
{
    const struct settings settings = settings_of("simple", "");
    struct strategies *strategies = opened(state, &settings);
    struct error err = {0};
    assert_false(strategies_choose(strategies, "brave", "test", &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(err.detail, "simple, development and production"));
    assert_string_equal(strategies_now(strategies)->preset->name, "simple");
    strategies_close(strategies);
}

struct tally {
    unsigned counts[JOURNAL_KIND_COUNT];
    char session[40];
};

static bool
count_row(void *context, const struct journal_row *row)
{
    struct tally *tally = context;
    tally->counts[row->kind]++;
    if (row->kind == JOURNAL_CONFIG_CHANGE)
        journal_text(tally->session, sizeof tally->session, row->session);
    return true;
}

static void
notes_loads_changes_and_errors_in_the_journal(void **state)
{
    struct settings settings = settings_of("simple", "");
    struct strategies *strategies = opened(state, &settings);
    struct error err = {0};
    assert_true(strategies_choose(strategies, "production", "anna", &err));
    strategies_close(strategies);
    settings.resilience_custom_config = "{\"retry_attempts\": 11}";
    assert_null(strategies_open(&settings, host_of(state), &err));
    struct tally tally = {0};
    journal_read(host_of(state), count_row, &tally);
    assert_int_equal(tally.counts[JOURNAL_CONFIG_LOAD], 2);
    assert_int_equal(tally.counts[JOURNAL_PRESET_USAGE], 2);
    assert_int_equal(tally.counts[JOURNAL_CONFIG_CHANGE], 1);
    assert_int_equal(tally.counts[JOURNAL_CONFIG_ERROR], 1);
    assert_int_equal(tally.counts[JOURNAL_ALERT], 1);
    assert_string_equal(tally.session, "anna");
}

static void
does_not_start_with_a_custom_configuration_that_does_not_hold(void **state)
{
    static const struct {
        const char *custom, *complaint;
    } rows[] = {
        {"{\"retry_attempts\": 11}", "RESILIENCE_CUSTOM_CONFIG: retry_attempts must be at most 10"},
        {"{\"retry_attempts\": true}", "retry_attempts must be a whole number, is a boolean"},
        {"{\"tries\": 3}", "tries"},
        {"{\"operation_overrides\": {\"q\": \"balanced\"}}", "operation_overrides.q"},
        {"{\"operation_overrides\": {\"qa\": \"brave\"}}", "operation_overrides.qa must be one of"},
        {"{\"exponential_min\": 9, \"exponential_max\": 8}", "exponential_min must be less"},
        {"{}", "must have at least one field"},
        {"[1]", "object"},
        {"{\"retry_attempts\": 3", "RESILIENCE_CUSTOM_CONFIG: "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct settings settings = settings_of("simple", rows[i].custom);
        struct fixture *fixture = *state;
        struct error err = {0};
        struct strbuf complaints;
        strbuf_init(&complaints, &fixture->arena, 256);
        assert_null(strategies_open(&settings, host_of(state), &err));
        assert_false(strategies_check(&settings, &complaints));
        assert_ptr_equal(strstr(complaints.data, "RESILIENCE_CUSTOM_CONFIG: "), complaints.data);
        if (!strstr(err.detail, rows[i].complaint))
            fail_msg("%s: \"%s\" is not in \"%s\"", rows[i].custom, rows[i].complaint, err.detail);
    }
}

static void
warns_of_what_is_allowed_but_seldom_meant(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    const char *warnings[PRESET_CUSTOM_WARNINGS_MAX];
    const struct preset_custom *custom = preset_custom_parse(
        "{\"retry_attempts\": 8, \"max_delay_seconds\": 15, \"circuit_breaker_threshold\": 2, "
        "\"exponential_min\": 10, \"jitter_enabled\": false, \"jitter_max\": 1}",
        &fixture->arena, &err);
    assert_non_null(custom);
    const struct preset *simple = preset_find("simple");
    assert_int_equal(preset_custom_warnings(custom, simple, &fixture->arena, warnings), 5);
    assert_string_equal(warnings[0], "max_delay_seconds (15) may be too short for 8 attempts");
    custom = preset_custom_parse("{\"retry_attempts\": 7, \"max_delay_seconds\": 14}",
                                 &fixture->arena, &err);
    assert_int_equal(preset_custom_warnings(custom, simple, &fixture->arena, warnings), 0);
}

static void
holds_the_presets_within_the_bounds_of_their_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < PRESET_COUNT; i++) {
        const struct preset *preset = &presets[i];
        assert_ptr_equal(preset_find(preset->name), preset);
        assert_in_range(preset->attempts, 1, 10);
        assert_in_range(preset->threshold, 1, 20);
        assert_in_range(preset->recovery_s, 10, 300);
        assert_true(preset->wait_min_s < preset->wait_max_s);
    }
    assert_null(preset_find("Simple"));
    assert_int_equal(preset_budget_s(2), 40);
    assert_int_equal(preset_budget_s(10), 120);
}

static void
waits_twice_as_long_each_time_within_bounds(void **state)
{
    (void)state;
    const struct strategy_policy *balanced = strategy_policy(STRATEGY_BALANCED);
    assert_int_equal(strategy_wait_ms(balanced, 1, 0), 2000);
    assert_int_equal(strategy_wait_ms(balanced, 2, 0), 2000);
    assert_int_equal(strategy_wait_ms(balanced, 3, 0), 4000);
    assert_int_equal(strategy_wait_ms(balanced, 4, 0), 8000);
    assert_int_equal(strategy_wait_ms(balanced, 5, 0), 10000);
    assert_int_equal(strategy_wait_ms(balanced, 1000, 0), 10000);
}

static void
adds_jitter_up_to_its_most(void **state)
{
    (void)state;
    const struct strategy_policy *critical = strategy_policy(STRATEGY_CRITICAL);
    assert_int_equal(strategy_wait_ms(critical, 1, UINT32_MAX), 3000 + 5000);
    assert_in_range(strategy_wait_ms(critical, 1, UINT32_MAX / 2), 3000 + 2499, 3000 + 2500);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_the_presets_numbers_to_its_default),
        TEST(gives_an_override_of_the_preset_its_own_numbers),
        TEST(prefers_setting_then_override_then_preset_then_default),
        TEST(puts_custom_numbers_on_top_of_the_presets),
        TEST(leaves_operations_no_preset_speaks_of_as_they_were_written),
        TEST(lets_the_settings_choose_the_gateways_strategy),
        TEST(takes_clocks_from_the_strategys_section),
        TEST(follows_the_choice_of_another_process_at_once),
        TEST(keeps_the_choice_for_processes_that_start_later),
        TEST(refuses_a_preset_that_is_not_there),
        TEST(notes_loads_changes_and_errors_in_the_journal),
        TEST(does_not_start_with_a_custom_configuration_that_does_not_hold),
        TEST(warns_of_what_is_allowed_but_seldom_meant),
        TEST(holds_the_presets_within_the_bounds_of_their_fields),
        TEST(waits_twice_as_long_each_time_within_bounds),
        TEST(adds_jitter_up_to_its_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
