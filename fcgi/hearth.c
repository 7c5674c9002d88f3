/* The operator's command: its options and the table of subcommands. */
#include "fcgi/hearth.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ai/strategy.h"
#include "base/log.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

const char *argp_program_version = "hearth " PACKAGE_VERSION;

struct subcommand {
    const char *name;
    int (*run)(struct command *command);
    int arguments;         /* how many words may follow it */
    bool without_settings; /* runs though they do not hold, or without reading them */
    const char *summary;
};

/* A line of --help each: 13 columns before a summary, and argp fills what goes beyond 78. */
static const struct subcommand subcommands[] = {
    {"ask", hearth_ask, 1, false, "answer about standard input: hearth ask summarize < file"},
    {"audit", hearth_audit, 0, false, "show who did what: hearth audit --since 24h"},
    {"budget", hearth_budget, 3, false, "see and set what callers may spend: hearth budget list"},
    {"doctor", hearth_doctor, 0, true, "check this installation and say what to do"},
    {"key", hearth_key, 2, false, "make and end API keys: hearth key create NAME --scopes text"},
    {"maintain", hearth_maintain, 0, false, "care for the database's tables: for a daily timer"},
    {"migrate", hearth_migrate, 0, false, "bring the database's tables up to this program"},
    {"request", hearth_request, 2, false, "show kept bodies: hearth request show ID"},
    {"resilience", hearth_resilience, 2, false,
     "see and steer how models are tried: hearth resilience show"},
    {"settings", hearth_settings, 0, false, "list all settings and where they come from"},
    {"status", hearth_status, 0, false, "show workers, lanes, cache and models"},
    {"usage", hearth_usage, 2, false, "show what calls used: hearth usage 2026-11-01 2026-11-30"},
    {"user", hearth_user, 2, false, "see and steer the accounts of people: hearth user list"},
};
enum { SUBCOMMAND_COUNT = sizeof(subcommands) / sizeof(subcommands[0]) };

enum {
    KEY_ACCOUNT = 0x100,
    KEY_ALL,
    KEY_CSV,
    KEY_DRY_RUN,
    KEY_EVENT,
    KEY_EXPIRES,
    KEY_JSON,
    KEY_MARKDOWN,
    KEY_MODELS,
    KEY_OVERLAP,
    KEY_RATE,
    KEY_RETENTION,
    KEY_SCOPES,
    KEY_SINCE,
    KEY_SUBJECT,
    KEY_SOCKET,
    KEY_STATUS,
    KEY_STREAMS,
    KEY_URL
};

/* At most 49 columns of text each, which is what argp leaves of a line. */
static const struct argp_option options[] = {
    {"account", KEY_ACCOUNT, "ID", 0, "key create, key list: of this account", 0},
    {"all", KEY_ALL, NULL, 0, "key list: those that were revoked, too", 0},
    {"config", 'c', "FILE", 0, "instead of " SETTINGS_DEFAULT_FILE, 0},
    {"csv", KEY_CSV, NULL, 0, "usage: print CSV", 0},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "migrate: run what is pending and take it back", 0},
    {"event", KEY_EVENT, "NAME", 0, "audit: only such events", 0},
    {"expires", KEY_EXPIRES, "TIME", 0, "key create: ends after so long, as 24h or 90d", 0},
    {"json", KEY_JSON, NULL, 0, "print JSON, where a command can", 0},
    {"limit", 'n', "NUMBER", 0, "ask: most words or points; audit: most rows", 0},
    {"markdown", KEY_MARKDOWN, NULL, 0, "settings: print the manual's table", 0},
    {"model", 'm', "NAME", 0, "ask: the model to ask; usage: only this one", 0},
    {"models", KEY_MODELS, "NAMES", 0, "key create: may ask for these only: a,b", 0},
    {"overlap", KEY_OVERLAP, "TIME", 0, "key rotate: the old key is good for so long", 0},
    {"question", 'q', "TEXT", 0, "ask qa: the question", 0},
    {"rate", KEY_RATE, "COUNT/SECONDS", 0, "key create: so many requests, as 60/60", 0},
    {"retention", KEY_RETENTION, "TABLE=DAYS", 0, "maintain: keep rows so long, as usage=90", 0},
    {"scopes", KEY_SCOPES, "NAMES", 0, "key create: may be used for these: text,gateway", 0},
    {"since", KEY_SINCE, "WHEN", 0, "audit: a date, a time, or as long ago as 24h", 0},
    {"socket", KEY_SOCKET, "PATH", 0, "status, doctor: socket of the worker pool", 0},
    {"status", KEY_STATUS, NULL, 0, "migrate: only tell what is applied and pending", 0},
    {"streams", KEY_STREAMS, "NUMBER", 0, "key create: so many streams at once", 0},
    {"subject", KEY_SUBJECT, "WHOM", 0, "audit: only about account:ID, key:ID ...", 0},
    {"url", KEY_URL, "URL", 0, "status, doctor: where the web server answers", 0},
    {0},
};

struct line {
    struct command *command;
    const struct subcommand *subcommand;
};

static const struct subcommand *
find_subcommand(const char *name)
{
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
        if (strcmp(subcommands[i].name, name) == 0)
            return &subcommands[i];
    return NULL;
}

/* Exits with 2, not with argp's 64, as every wrong call here does. */
static void
take_argument(struct line *line, const char *argument, struct argp_state *state)
{
    if (!line->subcommand) {
        line->subcommand = find_subcommand(argument);
        if (!line->subcommand)
            argp_failure(state, 2, 0, "\"%s\" is not a command; try --help", argument);
    } else if (line->subcommand->arguments > 0 && !line->command->argument) {
        line->command->argument = argument;
    } else if (line->subcommand->arguments > 1 && !line->command->second) {
        line->command->second = argument;
    } else if (line->subcommand->arguments > 2 && !line->command->third) {
        line->command->third = argument;
    } else {
        argp_failure(state, 2, 0, "\"%s\" is too much for %s", argument, line->subcommand->name);
    }
}

static void
take_limit(struct command *command, const char *argument, struct argp_state *state)
{
    char *end;
    long limit = strtol(argument, &end, 10);
    if (*end || end == argument || limit < 1 || limit > 10000)
        argp_failure(state, 2, 0, "--limit is \"%s\", allowed is 1 to 10000", argument);
    else
        command->limit = (int)limit;
}

static void
take_retention(struct command *command, const char *argument, struct argp_state *state)
{
    enum { MOST = sizeof(command->retention) / sizeof(command->retention[0]) - 1 };
    size_t count = 0;
    while (command->retention[count])
        count++;
    if (count == MOST)
        argp_failure(state, 2, 0, "--retention is there more than %d times", MOST);
    else
        command->retention[count] = argument;
}

/* Options that are kept as they were written. false: it is none of them. */
static bool
take_text(struct command *command, int key, const char *argument)
{
    const struct {
        int key;
        const char **member;
    } texts[] = {
        {KEY_ACCOUNT, &command->account}, {KEY_EXPIRES, &command->expires},
        {KEY_MODELS, &command->models},   {KEY_OVERLAP, &command->overlap},
        {KEY_RATE, &command->rate},       {KEY_SCOPES, &command->scopes},
        {KEY_STREAMS, &command->streams},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].key == key) {
            *texts[i].member = argument;
            return true;
        }
    }
    return false;
}

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
    struct line *line = state->input;
    struct command *command = line->command;
    switch (key) {
    case 'c':
        command->config = argument;
        break;
    case 'm':
        command->model = argument;
        break;
    case 'n':
        take_limit(command, argument, state);
        break;
    case 'q':
        command->question = argument;
        break;
    case KEY_EVENT:
        command->event = argument;
        break;
    case KEY_RETENTION:
        take_retention(command, argument, state);
        break;
    case KEY_SINCE:
        command->since = argument;
        break;
    case KEY_SUBJECT:
        command->subject = argument;
        break;
    case KEY_CSV:
        command->csv = true;
        break;
    case KEY_DRY_RUN:
        command->dry_run = true;
        break;
    case KEY_STATUS:
        command->status = true;
        break;
    case KEY_JSON:
        command->json = true;
        break;
    case KEY_MARKDOWN:
        command->markdown = true;
        break;
    case KEY_SOCKET:
        command->socket = argument;
        break;
    case KEY_URL:
        command->url = argument;
        break;
    case ARGP_KEY_ARG:
        take_argument(line, argument, state);
        break;
    case ARGP_KEY_END:
        if (!line->subcommand)
            argp_failure(state, 2, 0, "no command given; try --help");
        break;
    case KEY_ALL:
        command->all = true;
        break;
    default:
        return take_text(command, key, argument) ? 0 : ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* The commands' summaries go below the options. */
static char *
help_text(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    char *list = NULL;
    size_t length;
    FILE *stream = open_memstream(&list, &length);
    if (!stream)
        return (char *)text;
    fputs("Commands:\n\n", stream);
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
        fprintf(stream, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
    fclose(stream);
    return list;
}

int
hearth_settings(struct command *command)
{
    struct strbuf out;
    strbuf_init(&out, &command->arena, 16384);
    if (command->markdown)
        settings_markdown(&out);
    else
        settings_list(&command->settings, &out);
    return fputs(out.data, stdout) < 0 || fflush(stdout) != 0;
}

static int
run(const struct subcommand *subcommand, struct command *command)
{
    if (subcommand->run == hearth_settings && command->markdown)
        return hearth_settings(command);
    struct strbuf complaints;
    strbuf_init(&complaints, &command->arena, 256);
    command->settings_good =
        settings_load(&command->settings, command->config, &command->arena, &complaints) &&
        strategies_check(&command->settings, &complaints);
    command->complaints = complaints.data;
    if (!command->settings_good && !subcommand->without_settings) {
        fputs(complaints.data, stderr);
        return EX_CONFIG;
    }
    return subcommand->run(command);
}

int
main(int count, char **arguments)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = "Asks Hearth's operations, shows its settings and state, steers how models are "
               "tried, and checks an installation.\v-",
        .help_filter = help_text,
    };
    struct command command = {0};
    struct line line = {.command = &command};
    argp_err_exit_status = 2;
    if (argp_parse(&argp, count, arguments, 0, NULL, &line) != 0)
        return 2;
    log_set_level(LOG_LEVEL_ERROR);
    int code = run(line.subcommand, &command);
    arena_release(&command.arena);
    return code;
}
