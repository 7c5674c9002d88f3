/* hearth maintain: one care of all tables, and how long they are kept. */
#include "fcgi/hearth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "access/audit.h"
#include "access/maintain.h"
#include "store/store.h"

static const struct schema maintenance_schema = {
    .name = "MaintenanceLine",
    .size = sizeof(struct maintenance),
    .fields = (const struct field[]){BOOLEAN(struct maintenance, ran),
                                     INTEGER(struct maintenance, made),
                                     INTEGER(struct maintenance, dropped),
                                     INTEGER(struct maintenance, moved),
                                     INTEGER(struct maintenance, deleted),
                                     BOOLEAN(struct maintenance, again),
                                     {.name = NULL}},
};

/* "usage=90" */
static bool
read_retention(const char *text, char *relation, size_t size, int64_t *days)
{
    const char *sign = strchr(text, '=');
    if (!sign || sign == text || (size_t)(sign - text) >= size)
        return false;
    memcpy(relation, text, (size_t)(sign - text));
    relation[sign - text] = '\0';
    char *end;
    long long value = strtoll(sign + 1, &end, 10);
    *days = value;
    return end > sign + 1 && *end == '\0' && value >= 1 && value <= 36500;
}

static bool
retain(struct command *command, struct store *store, const char *text, struct error *err)
{
    char relation[32];
    int64_t days;
    if (!read_retention(text, relation, sizeof(relation), &days))
        return error_set(err, ERROR_INVALID_REQUEST,
                         "--retention is \"%s\", not TABLE=DAYS with 1 to 36500 days", text);
    const struct audit_entry entry = {
        .event = AUDIT_ADMIN_CALL,
        .detail = arena_printf(&command->arena, "retention %s", text),
    };
    return maintain_retain(store, relation, days, &command->arena, err) &&
           audit_add_operator(store, &entry, &command->arena, err);
}

static void
print(const struct maintenance *sum)
{
    if (!sum->ran) {
        puts("another one is at it already");
        return;
    }
    printf("partitions: %" PRId64 " made, %" PRId64 " dropped; rows: %" PRId64 " moved, %" PRId64
           " deleted\n",
           sum->made, sum->dropped, sum->moved, sum->deleted);
    if (sum->again)
        puts("a table was in use all the time: run this again later");
}

static bool
maintain(struct command *command, struct store *store, struct maintenance *sum, struct error *err)
{
    for (size_t i = 0; command->retention[i]; i++)
        if (!retain(command, store, command->retention[i], err))
            return false;
    return maintain_run(store, &command->arena, sum, err);
}

int
hearth_maintain(struct command *command)
{
    struct error err = {0};
    struct database database;
    struct maintenance sum;
    if (!command_database(command, command->retention[0] != NULL, &database, &err)) {
        fprintf(stderr, "hearth: %s\n", err.detail);
        return 1;
    }
    bool good = maintain(command, database.store, &sum, &err);
    command_database_close(&database);
    if (!good) {
        bool misused = err.code == ERROR_INVALID_REQUEST || err.code == ERROR_NOT_FOUND;
        fprintf(stderr, "hearth: %s\n", err.detail);
        if (!misused && command->retention[0] && !*command->settings.database_migration_url)
            fputs(
                "hearth: --retention needs the tables' owner: DATABASE_MIGRATION_URL is not set\n",
                stderr);
        return misused ? 2 : 1;
    }
    if (command->json)
        command_json(command, &maintenance_schema, &sum);
    else
        print(&sum);
    if (fflush(stdout) != 0)
        return 1;
    return sum.again ? EX_TEMPFAIL : 0;
}
