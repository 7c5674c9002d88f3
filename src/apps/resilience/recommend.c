/* The rules by which a preset is recommended. */
#include "apps/resilience/recommend.h"

#include <string.h>
#include <strings.h>

enum { NAME_BYTES_MAX = 100 };

static const double AGREEMENT = 0.05, MOST_CONFIDENT = 0.98, CONFLICT = 0.85, STRONG = 0.7;

struct rule {
    const char *text; /* a whole name, or a part of one */
    const char *preset;
    double confidence;
};

static const struct rule names[] = {
    {"development", "development", 0.95}, {"dev", "development", 0.90},
    {"testing", "development", 0.85},     {"test", "development", 0.85},
    {"staging", "production", 0.90},      {"stage", "production", 0.85},
    {"production", "production", 0.95},   {"prod", "production", 0.90},
    {"live", "production", 0.85},         {NULL, NULL, 0},
};

/* In this order: "preprod" is no development, "dev-main" is one. */
static const struct rule parts[] = {
    {"stag", "production", 0.70},
    {"pre-prod", "production", 0.70},
    {"preprod", "production", 0.70},
    {"uat", "production", 0.70},
    {"integration", "production", 0.70},
    {"dev", "development", 0.75},
    {"local", "development", 0.75},
    {"test", "development", 0.75},
    {"sandbox", "development", 0.75},
    {"demo", "development", 0.75},
    {"prod", "production", 0.75},
    {"live", "production", 0.75},
    {"release", "production", 0.75},
    {"stable", "production", 0.75},
    {"main", "production", 0.75},
    {"master", "production", 0.75},
    {NULL, NULL, 0},
};

static const struct rule host_parts[] = {
    {"stag", "production", 0.65},
    {"prod", "production", 0.70},
    {"live", "production", 0.70},
    {"dev", "development", 0.60},
    {"test", "development", 0.60},
    {"local", "development", 0.60},
    {NULL, NULL, 0},
};

static const struct rule *
rule_named(const char *name)
{
    for (const struct rule *rule = names; rule->text; rule++)
        if (strcasecmp(rule->text, name) == 0)
            return rule;
    return NULL;
}

static const struct rule *
rule_within(const struct rule *rules, const char *name)
{
    for (const struct rule *rule = rules; rule->text; rule++)
        if (strcasestr(name, rule->text))
            return rule;
    return NULL;
}

void
recommend_named(const char *environment, struct arena *arena, struct recommendation *out)
{
    const char *name = arena_strndup(arena, environment, strnlen(environment, NAME_BYTES_MAX));
    const struct rule *whole = rule_named(name);
    const struct rule *part = whole ? NULL : rule_within(parts, name);
    *out = (struct recommendation){.environment = name, .preset = "simple", .confidence = 0.40};
    if (whole) {
        out->preset = whole->preset;
        out->confidence = whole->confidence;
        out->reasoning = arena_printf(arena,
                                      "\"%s\" is a usual name of an environment that the "
                                      "preset %s is made for",
                                      name, whole->preset);
    } else if (part) {
        out->preset = part->preset;
        out->confidence = part->confidence;
        out->reasoning = arena_printf(arena,
                                      "the name holds \"%s\", as environments do that the "
                                      "preset %s is made for",
                                      part->text, part->preset);
    } else {
        out->reasoning = "the name says nothing of the environment, and simple suits most";
    }
}

/* What one thing around the process speaks for. */
struct signal {
    const char *name, *value; /* "ENVIRONMENT", "prod" */
    const char *preset;
    double confidence;
};

enum { SIGNALS_MAX = 16 };

struct signals {
    struct signal list[SIGNALS_MAX];
    size_t count;
};

static void
signals_add(struct signals *signals, struct signal signal)
{
    if (signals->count < SIGNALS_MAX)
        signals->list[signals->count++] = signal;
}

static const char *
variable_value(char *const *variables, const char *name)
{
    size_t length = strlen(name);
    for (; *variables; variables++)
        if (strncmp(*variables, name, length) == 0 && (*variables)[length] == '=')
            return (*variables)[length + 1] ? *variables + length + 1 : NULL;
    return NULL;
}

/* A variable whose value is the name of an environment. */
static void
add_named(struct signals *signals, const char *variable, const char *value, double confidence)
{
    const struct rule *rule = rule_named(value);
    if (!rule)
        rule = rule_within(parts, value);
    if (rule)
        signals_add(signals, (struct signal){variable, value, rule->preset, confidence});
}

static bool
is_one_of(const char *value, const char *const *list)
{
    for (; *list; list++)
        if (strcasecmp(*list, value) == 0)
            return true;
    return false;
}

static void
add_switches(struct signals *signals, char *const *variables)
{
    static const char *const yes[] = {"true", "1", "yes", "on", NULL};
    static const char *const no[] = {"false", "0", "no", "off", NULL};
    static const char *const switches[] = {"PRODUCTION", "PROD", NULL};
    const char *debug = variable_value(variables, "DEBUG");
    if (debug && is_one_of(debug, yes))
        signals_add(signals, (struct signal){"DEBUG", debug, "development", 0.70});
    else if (debug && is_one_of(debug, no))
        signals_add(signals, (struct signal){"DEBUG", debug, "production", 0.75});
    for (const char *const *name = switches; *name; name++) {
        const char *value = variable_value(variables, *name);
        if (value && is_one_of(value, yes))
            signals_add(signals, (struct signal){*name, value, "production", 0.75});
    }
}

static void
collect(struct signals *signals, const struct settings *settings, char *const *variables,
        const char *host)
{
    static const char *const frameworks[] = {
        "NODE_ENV",  "FLASK_ENV", "APP_ENV", "ENV", "DEPLOYMENT_ENV", "DJANGO_SETTINGS_MODULE",
        "RAILS_ENV", NULL};
    /* "local" is the default and says nothing by itself. */
    bool said =
        variable_value(variables, "ENVIRONMENT") || strcmp(settings->environment, "local") != 0;
    if (said)
        add_named(signals, "ENVIRONMENT", settings->environment, 0.95);
    for (const char *const *name = frameworks; *name; name++) {
        const char *value = variable_value(variables, *name);
        if (value)
            add_named(signals, *name, value, 0.85);
    }
    add_switches(signals, variables);
    const struct rule *rule = host ? rule_within(host_parts, host) : NULL;
    if (rule)
        signals_add(signals, (struct signal){"HOSTNAME", host, rule->preset, rule->confidence});
}

static const struct signal *
strongest(const struct signals *signals)
{
    const struct signal *best = NULL;
    for (size_t i = 0; i < signals->count; i++)
        if (!best || signals->list[i].confidence > best->confidence)
            best = &signals->list[i];
    return best;
}

void
recommend_detected(const struct settings *settings, char *const *variables, const char *host,
                   struct arena *arena, struct recommendation *out)
{
    struct signals signals = {.count = 0};
    collect(&signals, settings, variables, host);
    const struct signal *best = strongest(&signals);
    *out = (struct recommendation){"unknown", "simple", 0.5,
                                   "nothing here tells of the environment, and simple suits most"};
    if (!best)
        return;
    double confidence = best->confidence;
    size_t agreeing = 0;
    const struct signal *conflict = NULL;
    for (size_t i = 0; i < signals.count; i++) {
        const struct signal *other = &signals.list[i];
        if (other == best)
            continue;
        if (strcmp(other->preset, best->preset) == 0)
            agreeing++;
        else if (other->confidence > STRONG)
            conflict = other;
    }
    confidence += AGREEMENT * (double)agreeing;
    if (confidence > MOST_CONFIDENT)
        confidence = MOST_CONFIDENT;
    if (conflict)
        confidence *= CONFLICT;
    out->environment = best->preset;
    out->preset = best->preset;
    out->confidence = confidence;
    out->reasoning = arena_printf(arena, "%s is \"%.60s\"; %zu more agree%s%s", best->name,
                                  best->value, agreeing, conflict ? ", against it speaks " : "",
                                  conflict ? conflict->name : "");
}
