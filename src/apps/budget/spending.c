/* Sums in integers of a millionth, each addition checked; categories found by hashing, so that
 * 5,000 rows with as many categories cost no more than 5,000 with one. */
#include "apps/budget/spending.h"

#include <inttypes.h>
#include <string.h>

#include "base/id.h"
#include "host/hash.h"

struct tally {
    struct map *map;
    size_t *slots; /* position in the map + 1; 0: free */
    size_t mask;
    uint64_t seed; /* so that nobody can choose names that all fall into one place */
};

static void
tally_init(struct tally *tally, struct map *map, size_t rows, struct arena *arena)
{
    size_t size = 16;
    while (size < rows * 2)
        size *= 2;
    *map = (struct map){.keys = arena_array(arena, rows + 1, sizeof(char *)),
                        .values = arena_array(arena, rows + 1, sizeof(struct decimal))};
    *tally = (struct tally){
        .map = map, .slots = arena_array(arena, size, sizeof(size_t)), .mask = size - 1};
    random_bytes(&tally->seed, sizeof(tally->seed));
}

/* The sum of the category, made on first use. */
static struct decimal *
tally_find(struct tally *tally, const char *category)
{
    struct map *map = tally->map;
    size_t at = hash_seeded(category, strlen(category), tally->seed) & tally->mask;
    for (; tally->slots[at] > 0; at = (at + 1) & tally->mask)
        if (strcmp(map->keys[tally->slots[at] - 1], category) == 0)
            return (struct decimal *)map->values + tally->slots[at] - 1;
    map->keys[map->count] = category;
    tally->slots[at] = ++map->count;
    return (struct decimal *)map->values + map->count - 1;
}

static bool
same_currency(const struct transaction *rows, size_t count, const char **currency,
              struct arena *arena, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].currency)
            continue;
        if (!*currency)
            *currency = rows[i].currency;
        if (strcmp(*currency, rows[i].currency) != 0)
            return error_set_field(
                err, arena, arena_printf(arena, "transactions[%zu].currency", i),
                "must be %s like the others, is %s: amounts of different currencies have no sum",
                *currency, rows[i].currency);
    }
    return true;
}

static bool
add_row(const struct transaction *row, struct tally *tally, struct spending *spending)
{
    if (row->amount.micros > 0)
        return !__builtin_add_overflow(spending->income.micros, row->amount.micros,
                                       &spending->income.micros);
    struct decimal *sum = tally_find(tally, row->category);
    return !__builtin_sub_overflow(sum->micros, row->amount.micros, &sum->micros) &&
           !__builtin_sub_overflow(spending->total.micros, row->amount.micros,
                                   &spending->total.micros);
}

static void
find_top(struct spending *spending)
{
    const struct decimal *sums = spending->by_category.values;
    for (size_t i = 0; i < spending->by_category.count; i++) {
        if (spending->top_category && sums[i].micros <= spending->top_amount.micros)
            continue;
        spending->top_category = spending->by_category.keys[i];
        spending->top_amount = sums[i];
    }
}

bool
spending_sum(const struct list *transactions, const char *currency, struct arena *arena,
             struct spending *spending, struct error *err)
{
    const struct transaction *rows = transactions->items;
    *spending = (struct spending){.currency = currency};
    if (!same_currency(rows, transactions->count, &spending->currency, arena, err))
        return false;
    struct tally tally;
    tally_init(&tally, &spending->by_category, transactions->count, arena);
    for (size_t i = 0; i < transactions->count; i++)
        if (!add_row(&rows[i], &tally, spending))
            return error_set_field(err, arena, arena_printf(arena, "transactions[%zu].amount", i),
                                   "makes a sum too large to be exact");
    find_top(spending);
    if (spending->total.micros == 0)
        return error_set(err, ERROR_INVALID_REQUEST,
                         "No spending data available to analyze: spending has negative amounts");
    return true;
}
