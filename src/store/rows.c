/* Reads rows by column tables. */
#include "store/rows.h"

#include <string.h>

#include "store/value.h"

static size_t
count_columns(const struct query *query)
{
    size_t count = 0;
    while (query->columns[count].name)
        count++;
    return count;
}

static bool
check_columns(const PGresult *result, const struct query *query, struct error *err)
{
    size_t wanted = count_columns(query), found = (size_t)PQnfields(result);
    for (size_t i = 0; i < wanted && i < found; i++)
        if (strcmp(PQfname(result, (int)i), query->columns[i].name) != 0)
            return error_set(err, ERROR_INTERNAL,
                             "column %zu of query \"%s\" is \"%s\", not \"%s\" as its table says",
                             i + 1, query->name, PQfname(result, (int)i), query->columns[i].name);
    if (wanted != found)
        return error_set(err, ERROR_INTERNAL,
                         "query \"%s\" gives %zu columns, not %zu as its table says", query->name,
                         found, wanted);
    return true;
}

/* Members are zero before, which is what null reads as. */
static bool
read_value(const struct column *column, const char *text, struct arena *arena, void *member)
{
    switch (column->type) {
    case COLUMN_TEXT:
        *(const char **)member = arena_strdup(arena, text);
        return true;
    case COLUMN_INTEGER:
        return value_integer(text, member);
    case COLUMN_BOOLEAN:
        *(bool *)member = *text == 't';
        return strcmp(text, "t") == 0 || strcmp(text, "f") == 0;
    case COLUMN_BYTES:
        return value_bytes(text, arena, member);
    case COLUMN_TEXTS:
        return value_texts(text, arena, member);
    }
    return false;
}

static bool
read_row(const PGresult *result, int row, const struct query *query, struct arena *arena, char *out)
{
    for (int i = 0; query->columns[i].name; i++) {
        const struct column *column = &query->columns[i];
        if (!PQgetisnull(result, row, i) &&
            !read_value(column, PQgetvalue(result, row, i), arena, out + column->offset))
            return false;
    }
    return true;
}

const struct list *
rows_read(const PGresult *result, const struct query *query, struct arena *arena, struct error *err)
{
    struct list *rows = arena_alloc(arena, sizeof(*rows));
    if (!query->columns) {
        int64_t changed = 0;
        if (value_integer(PQcmdTuples((PGresult *)result), &changed))
            rows->count = (size_t)changed;
        return rows;
    }
    if (!check_columns(result, query, err))
        return NULL;
    rows->count = (size_t)PQntuples(result);
    rows->items = arena_array(arena, rows->count + 1, query->size);
    for (size_t i = 0; i < rows->count; i++)
        if (!read_row(result, (int)i, query, arena, (char *)rows->items + i * query->size)) {
            error_set(err, ERROR_INTERNAL, "an answer to query \"%s\" cannot be read", query->name);
            return NULL;
        }
    return rows;
}
