/* hearth usage: what calls used, by day, model, operation and caller. */
#include "fcgi/hearth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "access/usage.h"
#include "base/clock.h"
#include "store/store.h"

enum { USUAL_DAYS = 30 };

static void
print_head(void)
{
    printf("%-10s  %-24s  %-24s  %-44s  %9s  %12s  %12s  %16s\n", "day", "model", "operation",
           "caller", "calls", "input", "output", "cost");
}

static void
print_row(const struct usage_row *row)
{
    printf("%-10s  %-24s  %-24s  %-44s  %9" PRId64 "  %12" PRId64 "  %12" PRId64 "  %9" PRId64
           ".%06" PRId64 "%s\n",
           row->day, row->model, row->operation, row->caller, row->calls, row->input, row->output,
           row->cost_micros / 1000000, row->cost_micros % 1000000,
           row->lost > 0 ? "  and calls that were lost" : "");
}

static void
print_page(const struct command *command, const struct list *page, struct arena *arena)
{
    const struct usage_row *rows = page->items;
    struct strbuf text;
    strbuf_init(&text, arena, 4096);
    for (size_t i = 0; i < page->count; i++)
        if (command->csv)
            usage_csv_row(&rows[i], &text);
        else
            print_row(&rows[i]);
    if (text.length > 0)
        fwrite(text.data, 1, text.length, stdout);
}

/* Two arenas in turn: a page names where the next one begins. */
static bool
print_pages(const struct command *command, struct store *store, const struct usage_wish *wish,
            struct error *err)
{
    struct arena arenas[2] = {0};
    const struct usage_row *last = NULL;
    const struct list *page;
    size_t at = 0;
    while ((page = usage_read(store, wish, last, &arenas[at], err))) {
        print_page(command, page, &arenas[at]);
        if (page->count < USAGE_PAGE_ROWS)
            break;
        last = &((const struct usage_row *)page->items)[page->count - 1];
        at = 1 - at;
        arena_reset(&arenas[at]);
    }
    arena_release(&arenas[0]);
    arena_release(&arenas[1]);
    return page;
}

int
hearth_usage(struct command *command)
{
    char first[USAGE_DAY_BYTES], last[USAGE_DAY_BYTES];
    usage_day_before(first, clock_realtime_us(), USUAL_DAYS);
    usage_day_before(last, clock_realtime_us(), 0);
    const struct usage_wish wish = {
        .from = command->argument ? command->argument : first,
        .to = command->second ? command->second : last,
        .by = USAGE_BY_DAY | USAGE_BY_MODEL | USAGE_BY_OPERATION | USAGE_BY_CALLER,
        .model = command->model,
    };
    if (usage_day_complaint(wish.from) || usage_day_complaint(wish.to)) {
        fputs("hearth usage: [FROM [TO]] are days as 2026-11-21\n", stderr);
        return 2;
    }
    struct database database;
    struct error err = {0};
    if (!command_database(command, false, &database, &err)) {
        fprintf(stderr, "hearth usage: %s\n", err.detail);
        return 1;
    }
    struct strbuf head;
    strbuf_init(&head, &command->arena, 256);
    usage_csv_head(&head);
    if (command->csv)
        fwrite(head.data, 1, head.length, stdout);
    else
        print_head();
    bool printed = print_pages(command, database.store, &wish, &err);
    command_database_close(&database);
    if (!printed)
        fprintf(stderr, "hearth usage: %s\n", err.detail);
    return printed ? 0 : 1;
}
