/* A query is a statement of a .sql file and, beside it, the struct that a row of its answer
 * becomes.
 *
 * A file src/access/key.sql has blocks, each begun by a line "-- name: key_find" and comments:
 *
 *   -- name: key_find
 *   -- The key of a hash.
 *   SELECT id::text, prefix, hearth.micros(created_at) AS created_us
 *   FROM hearth.key WHERE hash = $1::bytea
 *
 * The build makes "access/key.sql.h" of it, where SQL_key_find is the first three members of struct
 * query, so that key.c says:
 *
 *   static const struct query key_find = {SQL_key_find, key_columns, sizeof(struct key_row)};
 *
 * Times cross as microseconds: hearth.micros(timestamptz) and hearth.moment(bigint). UUIDs cross as
 * text: id::text and $1::uuid. */
#ifndef HEARTH_STORE_QUERY_H
#define HEARTH_STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

/* Of a bytea; data is NULL for SQL's null. */
struct bytes {
    const unsigned char *data;
    size_t length;
};

enum column_type {
    COLUMN_TEXT,    /* const char *, NULL for null */
    COLUMN_INTEGER, /* int64_t, 0 for null */
    COLUMN_BOOLEAN, /* bool, false for null */
    COLUMN_BYTES,   /* struct bytes */
    COLUMN_TEXTS,   /* struct list of const char *, of a text[]; items is NULL for null, and ends
                       with a NULL else */
};

/* A column of the answer and the member it goes to. A row without a name ends a table; the answer
 * must have exactly these names in this order. */
struct column {
    const char *name;
    enum column_type type;
    size_t offset;
};

/* COLUMN_TEXT_OF(struct row, id) is the row of the column "id"; the member's type is checked. */
/* NOLINTBEGIN(bugprone-macro-parentheses): types cannot stand in parentheses. */
#define COLUMN_OF_TYPE(row, member, kind, type)                                                    \
    {                                                                                              \
        .name = #member, (kind), .offset = _Generic((row){}.member, type : offsetof(row, member))  \
    }
#define COLUMN_TEXT_OF(row, member) COLUMN_OF_TYPE(row, member, COLUMN_TEXT, const char *)
#define COLUMN_INTEGER_OF(row, member) COLUMN_OF_TYPE(row, member, COLUMN_INTEGER, int64_t)
#define COLUMN_BOOLEAN_OF(row, member) COLUMN_OF_TYPE(row, member, COLUMN_BOOLEAN, bool)
#define COLUMN_BYTES_OF(row, member) COLUMN_OF_TYPE(row, member, COLUMN_BYTES, struct bytes)
#define COLUMN_TEXTS_OF(row, member) COLUMN_OF_TYPE(row, member, COLUMN_TEXTS, struct list)
/* NOLINTEND(bugprone-macro-parentheses) */

struct query {
    const char *name, *text; /* these three from SQL_<name> */
    int parameters;
    const struct column *columns; /* NULL: no rows are read */
    size_t size;                  /* of the row's struct */
    bool reads; /* changes nothing and may be asked of a standby whose rows lag a little
                   (DATABASE_READ_URL); asked again when the connection breaks */
};

#endif
