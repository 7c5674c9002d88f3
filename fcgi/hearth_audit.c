/* hearth audit and hearth request: what is kept of the past, for whoever may read the database. */
#include "fcgi/hearth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/audit/schemas.h"
#include "base/clock.h"

enum { ROWS_USUAL = 1000, PAGE_ROWS = 1000 };

static int
fail(const struct error *err)
{
    fprintf(stderr, "hearth: %s\n", err->detail);
    return 1;
}

/* "7d", "24h", "90m": so long ago. */
static bool
read_ago(const char *text, int64_t *since_us)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    char *end;
    long long count = strtoll(text, &end, 10);
    if (end == text || count < 0 || count > 1000000)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (end[0] != units[i].unit || end[1] != '\0')
            continue;
        *since_us = clock_realtime_us() - count * units[i].seconds * 1000000;
        return true;
    }
    return false;
}

static const char *
complaint_of(const struct command *command, struct audit_wish *wish)
{
    if (command->since && !read_ago(command->since, &wish->since_us) &&
        !clock_parse(command->since, &wish->since_us))
        return "--since is a date, a time of RFC 3339, or as long ago as 90m, 24h or 7d";
    for (size_t i = 0; command->event && audit_event_names[i]; i++)
        if (strcmp(audit_event_names[i], command->event) == 0)
            return NULL;
    return command->event ? "--event is none of those that docs/audit.md lists" : NULL;
}

static void
print_row(const struct audit_row *row)
{
    char at[CLOCK_TEXT_BYTES];
    clock_format(at, row->at_us);
    printf("%s  %-14s  ", at, row->event);
    command_print(row->actor);
    if (row->subject) {
        fputs("  -> ", stdout);
        command_print(row->subject);
    }
    if (row->detail) {
        fputs("  ", stdout);
        command_print(row->detail);
    }
    if (row->address) {
        fputs("  from ", stdout);
        command_print(row->address);
    }
    if (row->request_id) {
        fputs("  request ", stdout);
        command_print(row->request_id);
    }
    putchar('\n');
}

static void
show_rows(struct command *command, const struct list *rows, struct arena *arena)
{
    const struct audit_row *row = rows->items;
    for (size_t i = 0; i < rows->count; i++) {
        if (command->json) {
            struct audit_view view = audit_view(&row[i], arena);
            command_json(command, &audit_view_schema, &view);
        } else {
            print_row(&row[i]);
        }
    }
}

/* Page by page, so that memory stays small however long the trail is. */
static bool
show_pages(struct command *command, struct store *store, struct audit_wish *wish, struct error *err)
{
    struct arena arena = {0};
    char before[40] = "";
    int64_t left = command->limit > 0 ? command->limit : ROWS_USUAL;
    bool good = true, more = true;
    while (good && more && left > 0) {
        arena_reset(&arena);
        wish->limit = left < PAGE_ROWS ? left : PAGE_ROWS;
        const struct list *rows = audit_list(store, wish, &arena, err);
        good = rows != NULL;
        if (!good)
            break;
        show_rows(command, rows, &arena);
        more = rows->count == (size_t)wish->limit;
        left -= (int64_t)rows->count;
        if (!more)
            break;
        const struct audit_row *last = (const struct audit_row *)rows->items + rows->count - 1;
        snprintf(before, sizeof(before), "%s", last->id);
        wish->until_us = last->at_us;
        wish->before_id = before;
    }
    wish->before_id = NULL;
    arena_release(&arena);
    return good;
}

int
hearth_audit(struct command *command)
{
    struct audit_wish wish = {.event = command->event,
                              .subject = command->subject,
                              .until_us = INT64_C(253402300799) * 1000000};
    struct error err = {0};
    struct database database;
    const char *complaint = complaint_of(command, &wish);
    if (complaint) {
        fprintf(stderr, "hearth: %s\n", complaint);
        return 2;
    }
    if (!command_database(command, false, &database, &err))
        return fail(&err);
    bool good = show_pages(command, database.store, &wish, &err);
    command_database_close(&database);
    if (!good)
        return fail(&err);
    return fflush(stdout) != 0;
}

static void
print_trace(const struct trace_row *row)
{
    char at[CLOCK_TEXT_BYTES];
    clock_format(at, row->at_us);
    printf("%s  ", at);
    command_print(row->request_id);
    fputs("  ", stdout);
    command_print(row->tenant);
    fputs("  ", stdout);
    command_print(row->route);
    printf("  %" PRId64 "\n  asked:    ", row->status);
    command_print(row->question);
    fputs("\n  answered: ", stdout);
    command_print(row->answer);
    putchar('\n');
}

int
hearth_request(struct command *command)
{
    if (!command->second || strcmp(command->argument, "show") != 0) {
        fputs("hearth: request needs: show ID\n", stderr);
        return 2;
    }
    struct error err = {0};
    struct database database;
    if (!command_database(command, false, &database, &err))
        return fail(&err);
    const struct list *rows = trace_list(database.store, command->second, &command->arena, &err);
    const struct trace_row *row = rows ? rows->items : NULL;
    for (size_t i = 0; rows && i < rows->count; i++) {
        if (command->json) {
            struct trace_view view = trace_view(&row[i], &command->arena);
            command_json(command, &trace_view_schema, &view);
        } else {
            print_trace(&row[i]);
        }
    }
    command_database_close(&database);
    if (!rows)
        return fail(&err);
    if (rows->count == 0)
        fputs("hearth: no bodies of such a request are kept\n", stderr);
    return rows->count == 0 || fflush(stdout) != 0;
}
