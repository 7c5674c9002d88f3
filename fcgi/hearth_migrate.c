/* hearth migrate: brings the database along. */
#include "fcgi/hearth.h"

#include <stdio.h>

#include "store/migrate.h"

int
hearth_migrate(struct command *command)
{
    const struct settings *settings = &command->settings;
    bool own = *settings->database_migration_url != '\0';
    const struct migrate_retention retention[] = {{"usage", settings->usage_retention_days},
                                                  {"usage_day", settings->usage_day_retention_days},
                                                  {"audit", settings->audit_retention_days},
                                                  {"trace", settings->trace_retention_days},
                                                  {0}};
    struct migrate_wish wish = {
        .mode = command->status    ? MIGRATE_STATUS
                : command->dry_run ? MIGRATE_DRY_RUN
                                   : MIGRATE_APPLY,
        .url = own ? settings->database_migration_url : settings->database_url,
        .setting = own ? "DATABASE_MIGRATION_URL" : "DATABASE_URL",
        .application_url = settings->database_url,
        .migrations = migrations_known(),
        .retention = retention,
        .out = stdout,
    };
    struct error err = {0};
    size_t pending;
    if (!*wish.url) {
        fputs("hearth migrate: DATABASE_URL is not set, so there is nothing to migrate\n", stderr);
        return 2;
    }
    if (!migrate_run(&wish, &pending, &err)) {
        fflush(stdout);
        fprintf(stderr, "hearth migrate: %s\n", err.detail);
        return 1;
    }
    int last = migrations_last(&wish.migrations);
    if (pending == 0)
        printf("the schema is at %04d: nothing is left to apply\n", last);
    else
        printf("%zu to apply, up to %04d\n", pending, last);
    return pending > 0 && command->status ? 1 : 0;
}
