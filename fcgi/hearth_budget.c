/* hearth budget: what keys, accounts and organisations may spend. */
#include "fcgi/hearth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "access/budget.h"
#include "base/clock.h"
#include "store/store.h"

static const char USAGE[] =
    "hearth: budget needs: list [OWNER], set OWNER UNIT/PERIOD=LIMIT, or clear OWNER "
    "UNIT/PERIOD; OWNER is key:, account: or organisation: and an id, UNIT "
    "money, tokens or calls, PERIOD day, month or total; LIMIT of money has "
    "at most six decimals\n";

static int
misused(void)
{
    fputs(USAGE, stderr);
    return 2;
}

static const char *
find(const char *const *names, const char *name, size_t length)
{
    for (; *names; names++)
        if (strlen(*names) == length && strncmp(*names, name, length) == 0)
            return *names;
    return NULL;
}

/* A whole number, and of money up to six decimals: in millionths then. */
static bool
read_limit(const char *text, bool is_money, int64_t *limit)
{
    int decimals = -1;
    *limit = 0;
    if (*text == '\0' || *text == '.')
        return false;
    for (; *text != '\0'; text++) {
        if (*text == '.' && is_money && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || decimals == 6 || *limit > BUDGET_MOST / 10)
            return false;
        *limit = *limit * 10 + *text - '0';
        decimals += decimals >= 0;
    }
    for (int i = decimals < 0 ? 0 : decimals; is_money && i < 6; i++) {
        if (*limit > BUDGET_MOST / 10)
            return false;
        *limit *= 10;
    }
    return *limit <= BUDGET_MOST && decimals != 0;
}

/* "money/day=1.50"; without a limit where none is wanted. */
static bool
read_budget(const char *text, bool with_limit, struct budget *budget)
{
    size_t unit = strcspn(text, "/");
    if (text[unit] != '/')
        return false;
    const char *rest = text + unit + 1;
    size_t period = strcspn(rest, "=");
    budget->unit = find(budget_units, text, unit);
    budget->period = find(budget_periods, rest, period);
    if (!budget->unit || !budget->period || (rest[period] == '=') != with_limit)
        return false;
    return !with_limit ||
           read_limit(rest + period + 1, strcmp(budget->unit, "money") == 0, &budget->most);
}

static void
print_amount(const char *label, int64_t amount, const char *unit)
{
    if (strcmp(unit, "money") == 0)
        printf("  %s %" PRId64 ".%06" PRId64, label, amount / 1000000, amount % 1000000);
    else
        printf("  %s %" PRId64, label, amount);
}

static void
print_budget(const struct budget *budget)
{
    char renews[CLOCK_TEXT_BYTES] = "never";
    if (budget->renews_us > 0)
        clock_format(renews, budget->renews_us);
    printf("%s  %s/%s", budget->owner, budget->unit, budget->period);
    print_amount("limit", budget->most, budget->unit);
    print_amount("spent", budget->spent, budget->unit);
    print_amount("reserved", budget->reserved, budget->unit);
    printf("  renews %s\n", renews);
}

static int
list(struct store *store, const char *owner, struct arena *arena)
{
    struct error err = {0};
    const struct list *budgets = budget_list(store, owner, arena, &err);
    if (!budgets) {
        fprintf(stderr, "hearth budget: %s\n", err.detail);
        return 1;
    }
    for (size_t i = 0; i < budgets->count; i++)
        print_budget(&((const struct budget *)budgets->items)[i]);
    if (budgets->count == 0)
        puts("there are no budgets");
    return 0;
}

static int
change(struct command *command, struct store *store, bool sets)
{
    struct budget budget = {.owner = command->second};
    struct error err = {0};
    if (!command->second || budget_owner_complaint(command->second) || !command->third ||
        !read_budget(command->third, sets, &budget))
        return misused();
    bool done = sets ? budget_set(store, NULL, &budget, &command->arena, &err)
                     : budget_clear(store, NULL, &budget, &command->arena, &err);
    if (!done) {
        fprintf(stderr, "hearth budget: %s\n", err.detail);
        return 1;
    }
    return list(store, budget.owner, &command->arena);
}

int
hearth_budget(struct command *command)
{
    const char *verb = command->argument ? command->argument : "list";
    bool lists = strcmp(verb, "list") == 0, sets = strcmp(verb, "set") == 0;
    if ((!lists && !sets && strcmp(verb, "clear") != 0) || (lists && command->third))
        return misused();
    struct database database;
    struct error err = {0};
    if (!command_database(command, false, &database, &err)) {
        fprintf(stderr, "hearth budget: %s\n", err.detail);
        return 1;
    }
    int code = lists ? list(database.store, command->second, &command->arena)
                     : change(command, database.store, sets);
    command_database_close(&database);
    return code;
}
