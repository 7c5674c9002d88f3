/* The settings: where a value comes from, what does not do, and which models there are. */
#include "base/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/settings_row.h"

struct reading {
    struct arena arena;
    struct strbuf complaints;
    struct settings settings;
};

static int
setup(void **state)
{
    struct reading *reading = xcalloc(1, sizeof(*reading));
    strbuf_init(&reading->complaints, &reading->arena, 64);
    *state = reading;
    return 0;
}

static int
teardown(void **state)
{
    struct reading *reading = *state;
    arena_release(&reading->arena);
    free(reading);
    return 0;
}

#define ENVIRONMENT(...) ((char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static bool
parse(struct reading *reading, const char *text, char **environment)
{
    return settings_parse(&reading->settings, text, "h.conf", environment, &reading->arena,
                          &reading->complaints);
}

static void
assert_good(struct reading *reading, const char *text, char **environment)
{
    bool good = parse(reading, text, environment);
    assert_string_equal(reading->complaints.data, "");
    assert_true(good);
}

static void
assert_complaint(struct reading *reading, const char *text, char **environment,
                 const char *expected)
{
    assert_false(parse(reading, text, environment));
    if (!strstr(reading->complaints.data, expected))
        fail_msg("no \"%s\" in \"%s\"", expected, reading->complaints.data);
}

static const char *
origin(const struct settings *settings, const char *name)
{
    return settings->origins[settings_row(settings_rows, name) - settings_rows];
}

static void
has_defaults_without_any_source(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, NULL, ENVIRONMENT());
    const struct settings *settings = &reading->settings;
    assert_string_equal(settings->app_name, "Hearth");
    assert_string_equal(settings->environment, "local");
    assert_false(settings->production);
    assert_int_equal(settings->batch_max_requests, 200);
    assert_int_equal(settings->max_request_bytes, 10485760);
    assert_int_equal(settings->rate_limit_auth.count, 5);
    assert_int_equal(settings->rate_limit_auth.seconds, 300);
    assert_string_equal(settings->strategy_qa, "");
    assert_string_equal(settings->default_model->name, "local");
    assert_null(settings->default_model->fallbacks[0]);
    assert_int_equal(settings->model_count, 1);
    assert_string_equal(origin(settings, "APP_NAME"), "default");
}

static void
takes_the_environment_before_the_file(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, "APP_NAME = File\nLOG_LEVEL = warning\n",
                ENVIRONMENT("APP_NAME=Shell", "LOG_LEVEL="));
    assert_string_equal(reading->settings.app_name, "Shell");
    assert_string_equal(origin(&reading->settings, "APP_NAME"), "environment");
    assert_string_equal(reading->settings.log_level, "warning");
    assert_string_equal(origin(&reading->settings, "LOG_LEVEL"), "h.conf:2");
}

static void
logs_more_for_debug_unless_a_level_is_set(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, NULL, ENVIRONMENT("DEBUG=True"));
    assert_string_equal(reading->settings.log_level, "debug");
    assert_good(reading, NULL, ENVIRONMENT("DEBUG=1", "LOG_LEVEL=ERROR"));
    assert_string_equal(reading->settings.log_level, "error");
}

static void
reads_quotes_and_comments(void **state)
{
    struct reading *reading = *state;
    assert_good(reading,
                "# all\n; of it\n  APP_NAME = \"a \\\"b\\\" # c\" # d\r\n"
                "CACHE_CUSTOM_CONFIG={\"a\": \"#1\"}   # note\nENVIRONMENT='test'\n"
                "API_KEY=a#b\n",
                ENVIRONMENT());
    assert_string_equal(reading->settings.app_name, "a \"b\" # c");
    assert_string_equal(reading->settings.cache_custom_config, "{\"a\": \"#1\"}");
    assert_string_equal(reading->settings.environment, "test");
    assert_string_equal(reading->settings.api_key, "a#b");
}

static void
expands_nothing_in_the_file(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, "APP_NAME = \"${HOME}~$HOME\"\n", ENVIRONMENT("HOME=/root"));
    assert_string_equal(reading->settings.app_name, "${HOME}~$HOME");
}

static void
takes_lists_as_json_and_with_commas_and_under_the_old_name(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, "ADDITIONAL_API_KEYS = a , ,b,\n",
                ENVIRONMENT("CORS_ORIGINS=[\"http://a\", \"http://b\"]"));
    assert_string_equal(reading->settings.allowed_origins, "http://a,http://b");
    assert_string_equal(reading->settings.additional_api_keys, "a,b");
}

static void
takes_sizes_with_units(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, "MAX_REQUEST_SIZE = 2k\nCACHE_L1_BYTES = 1G\n", ENVIRONMENT());
    assert_int_equal(reading->settings.max_request_bytes, 2048);
    assert_int_equal(reading->settings.cache_l1_bytes, 1 << 30);
}

static void
complains_of_everything_at_once_with_line_value_and_range(void **state)
{
    struct reading *reading = *state;
    assert_complaint(reading,
                     "AI_TEMPERATURE = 3\nREDIS_PASSWORD = hunter2\nnonsense\n"
                     "RATE_LIMIT_AUTH = 5/0\nGUARD_MODE = maybe\nAPP_NAME = \"open\n"
                     "FRONT_THREADS = 99999999999999999999\n[route \"x\"]\n[model local",
                     ENVIRONMENT("DEBUG=perhaps"),
                     "h.conf:1: AI_TEMPERATURE is \"3\", allowed is a number from 0 to 2\n");
    const char *all = reading->complaints.data;
    assert_non_null(strstr(all, "h.conf:2: unknown setting \"REDIS_PASSWORD\"\n"));
    assert_null(strstr(all, "hunter2"));
    assert_non_null(strstr(all, "h.conf:3: expected \"name = value\""));
    assert_non_null(strstr(all, "h.conf:4: RATE_LIMIT_AUTH is \"5/0\""));
    assert_non_null(
        strstr(all, "h.conf:5: GUARD_MODE is \"maybe\", allowed is one of flag, block"));
    assert_non_null(strstr(all, "h.conf:6: the quoted value of APP_NAME"));
    assert_non_null(strstr(all, "h.conf:7: FRONT_THREADS is"));
    assert_non_null(strstr(all, "h.conf:8: unknown section \"route\""));
    assert_non_null(strstr(all, "h.conf:9: a section ends with"));
    assert_non_null(strstr(all, "environment: DEBUG is \"perhaps\", allowed is true or false"));
}

static void
never_repeats_a_secret_in_a_complaint(void **state)
{
    struct reading *reading = *state;
    assert_complaint(reading, NULL, ENVIRONMENT("API_KEY=hunter2\nx"),
                     "environment: the value of API_KEY does not do");
    assert_null(strstr(reading->complaints.data, "hunter2"));
}

static void
never_repeats_a_password_in_an_url(void **state)
{
    struct reading *reading = *state;
    assert_complaint(reading, NULL, ENVIRONMENT("OPENAI_BASE_URL=https://me:hunter2@example.org"),
                     "environment: the value of OPENAI_BASE_URL does not do");
    assert_null(strstr(reading->complaints.data, "hunter2"));
}

static void
stops_listing_after_a_hundred_complaints(void **state)
{
    struct reading *reading = *state;
    struct strbuf text;
    strbuf_init(&text, &reading->arena, 4096);
    for (int i = 0; i < 1000; i++)
        strbuf_printf(&text, "unknown_%d = 1\n", i);
    assert_complaint(reading, text.data, ENVIRONMENT(), "h.conf:100:");
    assert_null(strstr(reading->complaints.data, "h.conf:101:"));
    assert_non_null(strstr(reading->complaints.data, "and more\n"));
}

static void
refuses_a_setting_given_twice(void **state)
{
    assert_complaint(*state, "CORS_ORIGINS = http://a\nALLOWED_ORIGINS = http://b\n", ENVIRONMENT(),
                     "h.conf:2: ALLOWED_ORIGINS is already set on line 1");
}

static void
demands_a_key_in_production(void **state)
{
    struct reading *reading = *state;
    assert_complaint(reading, NULL, ENVIRONMENT("ENVIRONMENT=Production"),
                     "API_KEY: no key is set");
    strbuf_truncate(&reading->complaints, 0);
    assert_complaint(reading, NULL, ENVIRONMENT("ENFORCE_AUTH=true"), "ENFORCE_AUTH is true");
    strbuf_truncate(&reading->complaints, 0);
    assert_good(reading, NULL, ENVIRONMENT("ENVIRONMENT=live", "ADDITIONAL_API_KEYS=k"));
    assert_true(reading->settings.production);
}

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void
takes_secrets_from_files_in_the_documented_order(void **state)
{
    struct reading *reading = *state;
    char directory[] = "/tmp/hearth-settings-XXXXXX";
    assert_non_null(mkdtemp(directory));
    char *credential = arena_printf(&reading->arena, "%s/API_KEY", directory);
    char *named = arena_printf(&reading->arena, "%s/named", directory);
    char *directory_variable = arena_printf(&reading->arena, "CREDENTIALS_DIRECTORY=%s", directory);
    char *named_variable = arena_printf(&reading->arena, "API_KEY_FILE=%s", named);
    write_file(credential, "from-credential\n");
    write_file(named, "from-named \r\n");
    const char *file = "API_KEY = from-conf\n";

    assert_good(reading, file,
                ENVIRONMENT("API_KEY=from-shell", named_variable, directory_variable));
    assert_string_equal(reading->settings.api_key, "from-shell");
    assert_good(reading, file, ENVIRONMENT(named_variable, directory_variable));
    assert_string_equal(reading->settings.api_key, "from-named");
    assert_good(reading, file, ENVIRONMENT(directory_variable));
    assert_string_equal(reading->settings.api_key, "from-credential");
    assert_good(reading, file, ENVIRONMENT());
    assert_string_equal(reading->settings.api_key, "from-conf");
    assert_good(reading, named_variable, ENVIRONMENT());
    assert_string_equal(reading->settings.api_key, "from-named");
    assert_string_equal(origin(&reading->settings, "API_KEY"), "h.conf:1");

    unlink(named);
    assert_complaint(reading, file, ENVIRONMENT(named_variable), "API_KEY_FILE: cannot read");
    unlink(credential);
    rmdir(directory);
}

static void
makes_a_provider_and_a_model_of_a_key(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, NULL, ENVIRONMENT("OPENAI_API_KEY=k", "ANTHROPIC_API_KEY=l"));
    const struct settings *settings = &reading->settings;
    assert_int_equal(settings->model_count, 3);
    assert_string_equal(settings->default_model->name, "gpt-4o-mini");
    assert_string_equal(settings->default_model->provider->name, "openai");
    assert_string_equal(settings->default_model->provider->key, "k");
    assert_string_equal(settings->default_model->provider->base_url, "https://api.openai.com/v1");
    assert_int_equal(settings->default_model->connect_timeout_ms, 0);
    assert_int_equal(settings->default_model->total_timeout_ms, 0);
    assert_int_equal(settings->default_model->queue_timeout_ms, 1000);
    assert_true(settings->default_model->provider->responses);
    assert_string_equal(settings->default_model->fallbacks[0]->name, "local");
    assert_null(settings->default_model->fallbacks[1]);
    assert_string_equal(settings_model(settings, "claude-3-5-haiku-latest")->provider->key, "l");
    assert_string_equal(settings->models[2].name, "local");
}

static void
gives_a_model_named_by_ai_model_to_its_own_provider(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, NULL,
                ENVIRONMENT("GEMINI_API_KEY=k", "OPENAI_API_KEY=l", "AI_MODEL=gpt-4.1"));
    assert_string_equal(reading->settings.default_model->name, "gpt-4.1");
    assert_string_equal(reading->settings.default_model->provider->name, "openai");
    assert_non_null(settings_model(&reading->settings, "gemini-2.5-flash"));
    assert_null(settings_model(&reading->settings, "gpt-4o-mini"));
}

static void
gives_an_unknown_ai_model_to_the_first_provider(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, NULL,
                ENVIRONMENT("OPENAI_BASE_URL=http://127.0.0.1:11434/v1/", "AI_MODEL=qwen2.5:7b"));
    const struct model_settings *model = reading->settings.default_model;
    assert_string_equal(model->id, "qwen2.5:7b");
    assert_string_equal(model->provider->base_url, "http://127.0.0.1:11434/v1");
    assert_null(model->provider->key);
}

static void
starts_with_an_old_ai_model_and_no_key(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, NULL, ENVIRONMENT("AI_MODEL=gemini-2.0-flash-exp", "GEMINI_API_KEY="));
    assert_string_equal(reading->settings.default_model->name, "local");
    assert_non_null(strstr(reading->settings.warnings, "gemini-2.0-flash-exp"));
    assert_complaint(reading, NULL, ENVIRONMENT("AI_MODEL=mystery"),
                     "AI_MODEL: no model is called");
}

static void
warns_of_redis_until_memcached_is_named(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, NULL, ENVIRONMENT("REDIS_URL=redis://x", "REDIS_PASSWORD=y"));
    assert_non_null(strstr(reading->settings.warnings, "MEMCACHED_SERVERS"));
    assert_good(reading, NULL, ENVIRONMENT("REDIS_URL=redis://x", "MEMCACHED_SERVERS=h:11211"));
    assert_string_equal(reading->settings.warnings, "");
}

static const char sections[] = "[provider \"work\"]\n"
                               "kind = anthropic\n"
                               "key = secret\n"
                               "[provider \"house\"]\n"
                               "base_url = http://127.0.0.1:11434/v1/\n"
                               "[model \"main\"]\n"
                               "provider = work\n"
                               "id = claude-x\n"
                               "context = 200000\n"
                               "price_input = 0.80\n"
                               "price_output = 4\n"
                               "fallbacks = small, local\n"
                               "requests_per_minute = 50\n"
                               "total_timeout_ms = 100\n"
                               "[model \"small\"]\n"
                               "provider = house\n";

static void
reads_providers_and_models_of_the_file(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, sections, ENVIRONMENT("OPENAI_API_KEY=never-to-the-house"));
    const struct model_settings *model = reading->settings.default_model;
    assert_string_equal(model->name, "main");
    assert_string_equal(model->id, "claude-x");
    assert_int_equal(model->provider->kind, PROVIDER_ANTHROPIC);
    assert_string_equal(model->provider->key, "secret");
    assert_int_equal(model->price_input_micros, 800000);
    assert_int_equal(model->price_output_micros, 4000000);
    assert_int_equal(model->total_timeout_ms, 100);
    assert_int_equal(model->headers_timeout_ms, 0);
    assert_string_equal(model->fallbacks[0]->name, "small");
    assert_string_equal(model->fallbacks[1]->name, "local");
    assert_null(model->fallbacks[2]);
    assert_string_equal(model->fallbacks[0]->provider->base_url, "http://127.0.0.1:11434/v1");
    assert_null(model->fallbacks[0]->provider->key);
    assert_null(settings_model(&reading->settings, "gpt-4o-mini"));
}

static const char aliases[] = "[provider \"p\"]\nbase_url = http://h/\nresponses = yes\n"
                              "[model \"a\"]\nprovider = p\naliases = gpt-4o, house/large\n"
                              "concurrency = 8\ndelivery = whole\ngap_timeout_ms = 50\n"
                              "[model \"b\"]\nprovider = p\nfallbacks = gpt-4o\n";

static void
finds_models_by_their_aliases(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, aliases, ENVIRONMENT("AI_MODEL=house/large"));
    const struct settings *settings = &reading->settings;
    const struct model_settings *model = settings_model(settings, "gpt-4o");
    assert_string_equal(model->name, "a");
    assert_ptr_equal(settings->default_model, model);
    assert_ptr_equal(settings_model(settings, "b")->fallbacks[0], model);
    assert_string_equal(model->aliases[1], "house/large");
    assert_null(model->aliases[2]);
    assert_null(settings_model(settings, "b")->aliases[0]);
    assert_int_equal(model->concurrency, 8);
    assert_true(model->whole);
    assert_false(settings_model(settings, "b")->whole);
    assert_int_equal(model->gap_timeout_ms, 50);
    assert_true(model->provider->responses);
    struct strbuf list;
    strbuf_init(&list, &reading->arena, 4096);
    settings_list(settings, &list);
    assert_non_null(strstr(list.data, "also called gpt-4o, house/large, then local"));
}

static void
complains_of_aliases_that_are_taken(void **state)
{
    struct reading *reading = *state;
    assert_complaint(reading,
                     "[provider \"p\"]\nbase_url = http://h/\n"
                     "[model \"a\"]\nprovider = p\naliases = x,b,a,local\n"
                     "[model \"b\"]\nprovider = p\naliases = x\n",
                     ENVIRONMENT(),
                     "h.conf:3: model \"a\" has the alias \"b\", which is what the "
                     "model \"b\" is called already");
    const char *all = reading->complaints.data;
    assert_non_null(strstr(all, "h.conf:3: model \"a\" has the alias \"a\""));
    assert_non_null(strstr(all, "h.conf:3: model \"a\" has the alias \"local\""));
    assert_non_null(strstr(all,
                           "h.conf:6: model \"b\" has the alias \"x\", which is what the model "
                           "\"a\" is called already"));
}

static void
reads_the_clocks_of_strategies(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, "[strategy \"gateway\"]\ngap_timeout_ms = 7000\n[strategy \"critical\"]\n",
                ENVIRONMENT());
    assert_int_equal(reading->settings.strategy_count, 2);
    assert_string_equal(reading->settings.strategies[0].name, "gateway");
    assert_int_equal(reading->settings.strategies[0].gap_timeout_ms, 7000);
    assert_int_equal(reading->settings.strategies[0].total_timeout_ms, 0);
    assert_complaint(reading, "[strategy \"brave\"]\ngap_timeout_ms = 0\n", ENVIRONMENT(),
                     "h.conf:1: no strategy is called \"brave\", allowed are aggressive, balanced, "
                     "conservative, critical, gateway");
    assert_non_null(strstr(reading->complaints.data, "h.conf:2: gap_timeout_ms is \"0\""));
}

static void
takes_an_empty_choice_only_where_that_is_the_default(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, "QA_RESILIENCE_STRATEGY =\nALERT_WEBHOOK_URL =\n", ENVIRONMENT());
    assert_string_equal(reading->settings.strategy_qa, "");
    assert_string_equal(reading->settings.resilience_preset, "simple");
    assert_complaint(reading, "GUARD_MODE =\n", ENVIRONMENT(), "GUARD_MODE is \"\"");
    assert_complaint(reading, NULL, ENVIRONMENT("RESILIENCE_PRESET=brave"),
                     "allowed is one of simple, development, production");
}

static void
keeps_the_address_of_alerts_with_its_query_and_to_itself(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, NULL, ENVIRONMENT("ALERT_WEBHOOK_URL=https://h.example/x/?token=t0p"));
    assert_string_equal(reading->settings.alert_webhook_url, "https://h.example/x/?token=t0p");
    struct strbuf list;
    strbuf_init(&list, &reading->arena, 4096);
    settings_list(&reading->settings, &list);
    assert_null(strstr(list.data, "t0p"));
    assert_complaint(reading, NULL, ENVIRONMENT("ALERT_WEBHOOK_URL=ftp://t0p"),
                     "the value of ALERT_WEBHOOK_URL does not do");
    assert_null(strstr(reading->complaints.data, "t0p"));
}

static void
says_which_providers_have_the_responses_interface(void **state)
{
    struct reading *reading = *state;
    assert_good(reading,
                "[provider \"openai\"]\nresponses = no\n"
                "[provider \"near\"]\nbase_url = https://api.openai.com.example/v1\n",
                ENVIRONMENT("OPENAI_API_KEY=k", "GEMINI_API_KEY=l"));
    for (size_t i = 0; i < reading->settings.provider_count; i++)
        assert_false(reading->settings.providers[i].responses);
}

static void
complains_of_models_that_lead_nowhere(void **state)
{
    struct reading *reading = *state;
    assert_complaint(reading,
                     "[model \"a\"]\n[model \"b\"]\nprovider = none\nfallbacks = ghost\n"
                     "[model \"b\"]\n[model \"local\"]\n[model \"memcached\"]\n"
                     "[provider \"p\"]\nprice = 3\n",
                     ENVIRONMENT(), "h.conf:1: model \"a\" names no provider");
    const char *all = reading->complaints.data;
    assert_non_null(strstr(all, "h.conf:2: model \"b\" names the provider \"none\""));
    assert_non_null(strstr(all, "h.conf:2: model \"b\" falls back to \"ghost\""));
    assert_non_null(strstr(all, "h.conf:5: model \"b\" is already on line 2"));
    assert_non_null(strstr(all, "h.conf:6: the name local is taken"));
    assert_non_null(strstr(all, "h.conf:7: the name memcached is taken"));
    assert_non_null(strstr(all, "h.conf:9: unknown setting \"price\""));
}

static void
finds_circles_of_fallbacks(void **state)
{
    struct reading *reading = *state;
    assert_complaint(reading,
                     "[provider \"p\"]\nbase_url = http://h/\n"
                     "[model \"a\"]\nprovider = p\nfallbacks = b,c\n"
                     "[model \"b\"]\nprovider = p\nfallbacks = c\n"
                     "[model \"c\"]\nprovider = p\nfallbacks = b\n",
                     ENVIRONMENT(), "lead in a circle");
    strbuf_truncate(&reading->complaints, 0);
    assert_good(reading,
                "[provider \"p\"]\nbase_url = http://h/\n"
                "[model \"a\"]\nprovider = p\nfallbacks = b,c\n"
                "[model \"b\"]\nprovider = p\nfallbacks = c\n"
                "[model \"c\"]\nprovider = p\n",
                ENVIRONMENT());
}

static void
masks_secrets_in_the_list(void **state)
{
    struct reading *reading = *state;
    assert_good(reading, sections, ENVIRONMENT("API_KEY=hunter2"));
    struct strbuf list;
    strbuf_init(&list, &reading->arena, 4096);
    settings_list(&reading->settings, &list);
    assert_null(strstr(list.data, "hunter2"));
    assert_non_null(strstr(list.data, "********"));
    assert_non_null(strstr(list.data, "* main"));
}

static void
has_rows_in_alphabetical_order_with_defaults_that_do(void **state)
{
    (void)state;
    const struct setting *const tables[] = {settings_rows, provider_rows, model_rows};
    for (size_t i = 0; i < 3; i++)
        for (const struct setting *row = tables[i]; row[1].name; row++) {
            if (strcmp(row[0].name, row[1].name) >= 0)
                fail_msg("%s is before %s", row[0].name, row[1].name);
            assert_true(strlen(row->doc) > 0);
            assert_true(row->initial || tables[i] != settings_rows);
        }
}

/* A file of the source tree, which the test may be run from or told of. */
static char *
source_file(struct arena *arena, const char *name)
{
    const char *root = getenv("srcdir");
    FILE *file = fopen(arena_printf(arena, "%s/%s", root ? root : ".", name), "r");
    if (!file)
        fail_msg("cannot open %s", name);
    char *text = arena_alloc(arena, 65536);
    size_t length = fread(text, 1, 65535, file);
    fclose(file);
    assert_in_range(length, 1, 65534);
    return text;
}

static void
has_a_manual_that_is_up_to_date(void **state)
{
    struct reading *reading = *state;
    struct strbuf expected;
    strbuf_init(&expected, &reading->arena, 16384);
    settings_markdown(&expected);
    const char *manual = source_file(&reading->arena, "docs/settings.md");
    if (strcmp(manual, expected.data) != 0)
        fail_msg("docs/settings.md is old: hearth settings --markdown > docs/settings.md");
}

static void
reads_the_example_as_shipped_and_with_every_line_in_force(void **state)
{
    struct reading *reading = *state;
    char *text = source_file(&reading->arena, "docs/hearth.conf");
    assert_good(reading, text, ENVIRONMENT());
    struct strbuf all;
    strbuf_init(&all, &reading->arena, 4096);
    for (char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        bool needs_a_file = memmem(line, length, "_FILE", 5) || memmem(line, length, "key_file", 8);
        if (line[0] == '#' && line[1] != ' ' && !needs_a_file)
            strbuf_add(&all, line + 1, length - (length > 0));
        strbuf_add_char(&all, '\n');
        line += length + (line[length] == '\n');
    }
    assert_good(reading, all.data, ENVIRONMENT());
    assert_int_equal(reading->settings.model_count, 4);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(has_defaults_without_any_source),
        TEST(takes_the_environment_before_the_file),
        TEST(logs_more_for_debug_unless_a_level_is_set),
        TEST(reads_quotes_and_comments),
        TEST(expands_nothing_in_the_file),
        TEST(takes_lists_as_json_and_with_commas_and_under_the_old_name),
        TEST(takes_sizes_with_units),
        TEST(complains_of_everything_at_once_with_line_value_and_range),
        TEST(never_repeats_a_secret_in_a_complaint),
        TEST(never_repeats_a_password_in_an_url),
        TEST(stops_listing_after_a_hundred_complaints),
        TEST(refuses_a_setting_given_twice),
        TEST(demands_a_key_in_production),
        TEST(takes_secrets_from_files_in_the_documented_order),
        TEST(makes_a_provider_and_a_model_of_a_key),
        TEST(gives_a_model_named_by_ai_model_to_its_own_provider),
        TEST(gives_an_unknown_ai_model_to_the_first_provider),
        TEST(starts_with_an_old_ai_model_and_no_key),
        TEST(warns_of_redis_until_memcached_is_named),
        TEST(reads_providers_and_models_of_the_file),
        TEST(finds_models_by_their_aliases),
        TEST(complains_of_aliases_that_are_taken),
        TEST(reads_the_clocks_of_strategies),
        TEST(takes_an_empty_choice_only_where_that_is_the_default),
        TEST(keeps_the_address_of_alerts_with_its_query_and_to_itself),
        TEST(says_which_providers_have_the_responses_interface),
        TEST(complains_of_models_that_lead_nowhere),
        TEST(finds_circles_of_fallbacks),
        TEST(masks_secrets_in_the_list),
        TEST(has_rows_in_alphabetical_order_with_defaults_that_do),
        TEST(has_a_manual_that_is_up_to_date),
        TEST(reads_the_example_as_shipped_and_with_every_line_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
