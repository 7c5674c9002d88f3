/* hearth resilience: what holds of presets and strategies, checks of configurations, breakers, and
 * the switch of a running pool. Acts on the memory that the workers share: no HTTP, no restart. */
#include "fcgi/hearth.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ai/strategy.h"
#include "apps/resilience/config_view.h"
#include "apps/resilience/recommend.h"
#include "apps/resilience/validate.h"

enum { CONFIGURATION_BYTES_MAX = 64 * 1024 };

extern char **environ;

/* A word after "hearth resilience" and what it does. */
struct action {
    const char *name;
    int (*run)(struct command *command, struct strategies *strategies, struct host *host);
    enum { ARGUMENT_NONE, ARGUMENT_MAY, ARGUMENT_MUST } argument;
    bool needs_host;
};

static int
list_presets(struct command *command, struct strategies *strategies, struct host *host)
{
    (void)host;
    const struct preset *now = strategies_now(strategies)->preset;
    if (command->json) {
        struct strbuf out;
        strbuf_init(&out, &command->arena, 2048);
        preset_items_encode(&out);
        return puts(out.data) < 0;
    }
    printf("  %-12s %-13s %8s %9s %9s  %s\n", "NAME", "DEFAULT", "ATTEMPTS", "THRESHOLD",
           "RECOVERY", "FOR");
    for (size_t i = 0; i < PRESET_COUNT; i++) {
        const struct preset *preset = &presets[i];
        printf("%c %-12s %-13s %8" PRId64 " %9" PRId64 " %7" PRId64 " s  %s\n",
               preset == now ? '*' : ' ', preset->name, strategy_policy(preset->strategy)->name,
               preset->attempts, preset->threshold, preset->recovery_s, preset->description);
    }
    return 0;
}

static void
print_policy(const char *name, const struct strategy_policy *policy, const char *source)
{
    printf("%-10s %-12s %-15s %2" PRId64 " in %" PRId64 " s, waits %g-%g s + %g s, rests %" PRId64
           " s after %" PRId64 "\n",
           name, policy->name, source, policy->attempts, policy->budget_ms / 1000,
           (double)policy->wait_min_ms / 1000, (double)policy->wait_max_ms / 1000,
           (double)policy->jitter_ms / 1000, policy->breaker.recovery_ms / 1000,
           policy->breaker.threshold);
}

static int
show(struct command *command, struct strategies *strategies, struct host *host)
{
    struct config_view *view = config_view(strategies, &command->arena);
    if (command->json)
        return command_json(command, &config_view_schema, view);
    printf("preset     %s, chosen by %s%s\n", view->preset_name,
           strcmp(view->preset_source, "operator") == 0 ? "the operator" : "the settings",
           host ? "" : " (no worker has run here)");
    if (*command->settings.resilience_custom_config)
        printf("custom     %s\n", command->settings.resilience_custom_config);
    const struct strategy_table *table = strategies_now(strategies);
    print_policy("default", &table->usual, "");
    for (size_t i = 0; i < STEERED_OPERATIONS; i++)
        print_policy(table->steered[i].operation, table->steered[i].policy,
                     strategy_source_name(table->steered[i].source));
    print_policy(table->gateway.operation, table->gateway.policy,
                 strategy_source_name(table->gateway.source));
    return 0;
}

/* The text of the file, or of standard input for "-"; NULL after a message. */
static const char *
read_configuration(struct command *command, size_t *length)
{
    const char *path = command->second;
    bool is_input = strcmp(path, "-") == 0;
    FILE *file = is_input ? stdin : fopen(path, "re");
    if (!file) {
        fprintf(stderr, "hearth: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    char *text = arena_alloc(&command->arena, CONFIGURATION_BYTES_MAX + 1);
    *length = fread(text, 1, CONFIGURATION_BYTES_MAX + 1, file);
    bool failed = ferror(file) != 0;
    if (!is_input)
        fclose(file);
    if (!failed && *length <= CONFIGURATION_BYTES_MAX)
        return text;
    fprintf(stderr, "hearth: %s: %s\n", path, failed ? strerror(errno) : "is too large");
    return NULL;
}

static void
print_findings(const char *kind, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        printf("%-10s %s\n", kind, findings->items[i]);
}

static int
print_validation(struct command *command, const struct validation *validation)
{
    bool good = validation->errors.count == 0;
    struct validation_answer answer = {.is_valid = good,
                                       .errors = findings_list(&validation->errors),
                                       .warnings = findings_list(&validation->warnings),
                                       .suggestions = findings_list(&validation->suggestions)};
    if (command->json)
        return command_json(command, &validation_answer_schema, &answer) || !good;
    print_findings("error", &validation->errors);
    print_findings("warning", &validation->warnings);
    print_findings("suggestion", &validation->suggestions);
    puts(good ? "valid" : "not valid");
    return good ? 0 : 1;
}

static int
validate(struct command *command, struct strategies *strategies, struct host *host)
{
    (void)host;
    size_t length;
    const char *text = read_configuration(command, &length);
    if (!text)
        return 1;
    struct validation validation;
    validation_init(&validation, &command->arena);
    struct error err = {0};
    const json_t *document = schema_parse(text, length, &command->arena, &err);
    if (!document)
        findings_add(&validation.errors, "Invalid JSON: %s", err.detail);
    else
        validate_content(&validation, document);
    if (document && validation.errors.count == 0)
        validate_fields(&validation, document, strategies_now(strategies)->preset);
    return print_validation(command, &validation);
}

static int
recommend(struct command *command, struct strategies *strategies, struct host *host)
{
    (void)strategies, (void)host;
    char name[256] = "";
    if (gethostname(name, sizeof(name) - 1) != 0)
        name[0] = '\0';
    struct recommendation found;
    if (command->second)
        recommend_named(command->second, &command->arena, &found);
    else
        recommend_detected(&command->settings, environ, name, &command->arena, &found);
    if (command->json) {
        struct detection_answer answer = {found.environment, found.preset, found.confidence,
                                          found.reasoning,
                                          command->second ? "the name given" : RECOMMEND_METHOD};
        return command_json(command, &detection_answer_schema, &answer);
    }
    printf("%s\n", found.preset);
    fprintf(stderr, "confidence %.2f: %s\n", found.confidence, found.reasoning);
    return 0;
}

static int
list_breakers(struct command *command, struct strategies *strategies, struct host *host)
{
    (void)strategies;
    return hearth_breakers(command, host);
}

static int
reset_breaker(struct command *command, struct strategies *strategies, struct host *host)
{
    (void)strategies;
    return hearth_breaker_reset(command, host);
}

static int
use(struct command *command, struct strategies *strategies, struct host *host)
{
    (void)host;
    struct error err = {0};
    if (!strategies_choose(strategies, command->second, "hearth", &err)) {
        fprintf(stderr, "hearth: %s\n", err.detail);
        return 1;
    }
    printf("preset %s holds on all workers of this host%s\n",
           strategies_now(strategies)->preset->name,
           strategies_chosen(strategies) ? "" : ", as the settings say");
    return 0;
}

static const struct action actions[] = {
    {"breakers", list_breakers, ARGUMENT_NONE, true},
    {"presets", list_presets, ARGUMENT_NONE, false},
    {"recommend", recommend, ARGUMENT_MAY, false},
    {"reset", reset_breaker, ARGUMENT_MUST, true},
    {"show", show, ARGUMENT_NONE, false},
    {"use", use, ARGUMENT_MUST, true},
    {"validate", validate, ARGUMENT_MUST, false},
};

static const struct action *
find_action(const char *name)
{
    for (size_t i = 0; name && i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

/* What is wrong with the words, or NULL. */
static const char *
complaint_of(const struct command *command, const struct action *action)
{
    if (!action)
        return "resilience needs: presets, show, validate FILE, recommend [ENVIRONMENT], "
               "breakers, reset NAME, or use NAME";
    if (action->argument == ARGUMENT_MUST && !command->second)
        return "a name or a file is missing";
    if (action->argument == ARGUMENT_NONE && command->second)
        return "there is a word too many";
    return NULL;
}

int
hearth_resilience(struct command *command)
{
    const struct action *action = find_action(command->argument);
    const char *problem = complaint_of(command, action);
    if (problem) {
        fprintf(stderr, "hearth: %s\n", problem);
        return 2;
    }
    /* A file named on the command line is read before root takes on another user. */
    struct host *host = action->run == validate ? NULL : command_host(command, &problem);
    if (!host && action->needs_host) {
        fprintf(stderr, "hearth: %s\n", problem);
        return 1;
    }
    struct error err = {0};
    struct strategies *strategies = strategies_open(&command->settings, host, &err);
    int code = strategies ? action->run(command, strategies, host) : 1;
    strategies_close(strategies);
    if (host)
        host_close(host);
    return fflush(stdout) != 0 ? 1 : code;
}
