/* The operator's command: what its subcommands are given and how doctor's checks report. */
#ifndef HEARTH_FCGI_HEARTH_H
#define HEARTH_FCGI_HEARTH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/settings.h"
#include "host/host.h"
#include "http/schema.h"

/* What the command line said, and the settings. */
struct command {
    const char *config;                  /* --config, or NULL */
    const char *model;                   /* --model, or NULL */
    const char *question;                /* --question, or NULL */
    const char *socket;                  /* --socket, or NULL */
    const char *url;                     /* --url, or NULL */
    const char *since, *event, *subject; /* --since, --event, --subject, or NULL */
    const char *retention[8];            /* each --retention, NULL-terminated */
    const char *account, *expires, *models, *overlap, *rate, *scopes, *streams; /* key's, or NULL */
    bool all;                                                                   /* --all */
    int limit; /* --limit: words, points or questions; 0 for the usual number */
    bool csv, json, markdown, status, dry_run;
    const char *argument; /* what followed the subcommand, or NULL */
    const char *second;   /* what followed that, or NULL */
    const char *third;    /* what followed that, or NULL */
    struct settings settings;
    bool settings_good; /* else complaints tell why; only doctor runs then */
    const char *complaints;
    struct arena arena;
};

/* Each returns the exit code: 0, 1 for what failed, 2 for what was asked wrongly. Settings that do
 * not hold end with 78 before. */
int hearth_ask(struct command *command);
int hearth_audit(struct command *command);
int hearth_maintain(struct command *command);
int hearth_request(struct command *command);
int hearth_settings(struct command *command);
int hearth_status(struct command *command);
int hearth_doctor(struct command *command);
int hearth_resilience(struct command *command);
int hearth_migrate(struct command *command);
int hearth_budget(struct command *command);
int hearth_usage(struct command *command);
int hearth_user(struct command *command);
int hearth_key(struct command *command);

/* Parts of hearth resilience. The first one's code is 1 while a breaker is open. */
int hearth_breakers(struct command *command, struct host *host);
int hearth_breaker_reset(struct command *command, struct host *host);

/* Prints value as a line of JSON; returns the exit code. */
int command_json(struct command *command, const struct schema *schema, const void *value);

/* The memory that the workers share; never made here, since its maker would own it. As root, takes
 * on the user whom it belongs to. NULL with *problem in the arena. The caller closes it. */
struct host *command_host(struct command *command, const char **problem);

/* Removes a directory of ours and the files in it; what is open or mapped goes on. */
void command_remove(struct arena *arena, const char *path);

/* A way to the database for a command. It has memory of its own instead of the workers', and more
 * time for each call. */
struct database {
    struct settings settings;
    struct host *host;
    struct store *store;
};

/* as_owner: as the role of DATABASE_MIGRATION_URL, where that is set. false with err where there is
 * no database; whether it answers is for the first call to find out. */
bool command_database(struct command *command, bool as_owner, struct database *database,
                      struct error *err) __attribute__((warn_unused_result));
void command_database_close(struct database *database);

/* Prints text with everything that could steer a terminal escaped, "\x1b"; NULL as "-". */
void command_print(const char *text);

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

/* Prints one line of doctor and remembers failures in *failed. */
struct doctor {
    struct command *command;
    bool failed;
    bool url_answers; /* --url led to a worker */
};
void doctor_say(struct doctor *doctor, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void doctor_check_settings(struct doctor *doctor);
void doctor_check_runtime_directory(struct doctor *doctor);
void doctor_check_clock(struct doctor *doctor);
void doctor_check_socket(struct doctor *doctor);
void doctor_check_url(struct doctor *doctor);
void doctor_check_memcached(struct doctor *doctor);
void doctor_check_database(struct doctor *doctor);
void doctor_check_web_servers(struct doctor *doctor);
void doctor_check_providers(struct doctor *doctor);

/* The socket of the pool: --socket, or where the shipped service puts it. */
const char *command_socket(const struct command *command);

/* Asks whoever listens on a Unix socket for path by FastCGI, waiting at most timeout_ms for each
 * piece of the answer. Returns the status, 200 where the answer names none, or 0 with *problem
 * saying in a static text what went wrong. */
int fastcgi_get(const char *socket_path, const char *path, int timeout_ms, const char **problem);

#endif
