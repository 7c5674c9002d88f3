/* A schema is one table per JSON object. From its rows come decoding into a C struct with every
 * violation named by its path, encoding of that struct, and the OpenAPI 3.1 schema: one truth for
 * requests, for responses and for the answers of models. */
#ifndef HEARTH_HTTP_SCHEMA_H
#define HEARTH_HTTP_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "base/strbuf.h"

/* An exact decimal: value / 1,000,000. For money: sums of these are exact. */
struct decimal {
    int64_t micros;
};

/* A map with text keys in document order; values lie one after another as in a list. */
struct map {
    const char **keys;
    void *values;
    size_t count;
};

enum field_type {
    FIELD_STRING,  /* const char *, NULL when absent or null */
    FIELD_INTEGER, /* int64_t; 3.0 counts, 3.5 and true do not */
    FIELD_NUMBER,  /* double, always finite */
    FIELD_DECIMAL, /* struct decimal, at most six places and 15 digits */
    FIELD_BOOLEAN, /* bool */
    FIELD_OBJECT,  /* struct T *, NULL when absent or null */
    FIELD_ARRAY,   /* struct list of the item schema's struct */
    FIELD_STRINGS, /* struct list of const char *; choices, check and text flags are for each */
    FIELD_MAP,     /* struct map of struct decimal or const char * (see .of), or of a schema */
    FIELD_JSON,    /* const json_t *: anything, null too; borrowed from the document on decode */
};

enum field_flag {
    FIELD_REQUIRED = 1 << 0, /* must be there on decode; listed as required in OpenAPI */
    FIELD_NULLABLE =
        1 << 1, /* null is accepted and means absent; an absent one is written as null */
    FIELD_OMITTED = 1 << 2,   /* an absent one is left out on encode. Without it, it is written as
                                 null; a list or map that is neither this nor nullable as [] or {} */
    FIELD_TRIMMED = 1 << 3,   /* white space at both ends is dropped, after the length is checked */
    FIELD_NOT_BLANK = 1 << 4, /* must hold something that is not white space */
    FIELD_UPPER_CASE = 1 << 5, /* letters of ASCII become capitals, before choices and check */
    FIELD_OR_TEXT = 1 << 6,    /* of a DECIMAL: "-12.50" is taken as well as -12.5 */
};

struct schema;
struct schema_errors;

struct field {
    const char *name; /* as in JSON; NULL ends the rows */
    enum field_type type;
    unsigned flags; /* enum field_flag */
    size_t offset;
    /* Optional presence: offset + 1 of a bool that says whether the field is there; 0 for none.
     * Strings, objects, lists and JSON are present when their pointer is not NULL and need none. */
    size_t present_offset;
    /* Code points of a string, items of a list, members of a map, or the value of a number.
     * Both 0: no bounds. max 0 with min > 0: no upper bound. max 0 with min < 0: the bound 0.
     * "Not negative" alone is .max = INT64_MAX, "not positive" alone is .min = INT64_MIN. */
    int64_t min, max;
    /* More bounds on NUMBER and DECIMAL where these are no whole numbers; checked when number_max >
     * number_min. INFINITY and -INFINITY say that there is none on that side. */
    double number_min, number_max;
    const char *const *choices; /* NULL-terminated; exact match */
    const char *pattern_hint;   /* with check: what a good value looks like, also "pattern" doc */
    /* More rules on a string: returns NULL, or the complaint ("must be an ISO 4217 code"). */
    const char *(*check)(const char *text);
    const struct schema *of;  /* OBJECT, ARRAY, MAP of objects: the schema of the values */
    enum field_type map_type; /* MAP without .of: FIELD_DECIMAL or FIELD_STRING */
    const char *doc;          /* one sentence */
    const char *example;      /* JSON text */
    const char
        *default_json; /* JSON text, for the document only: the struct's initial value is it */
};

struct schema {
    const char *name; /* unique over the product: the OpenAPI component's name */
    size_t size;      /* sizeof(struct T) */
    const struct field *fields;
    const void *initial; /* a struct T with the defaults, or NULL for all zero */
    bool closed;         /* unknown members are errors; otherwise they are ignored */
    const char *doc;
    const char *example; /* JSON text of a whole good value, used in the docs and by tests */
    /* Rules over several fields, after the rows passed; adds to the list through schema_complain().
     * May be NULL. */
    void (*check)(const void *value, struct schema_errors *errors);
};

/* Collects violations in document order; at most 100 are kept. */
struct schema_errors {
    struct arena *arena;
    struct field_error *first, **last;
    size_t count;
    char path[256]; /* of the object being checked; managed by schema_decode() */
};

/* Adds "path.name: message". name "" speaks of the object itself. */
void schema_complain(struct schema_errors *errors, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The field's offset, refusing at compile time a member whose C type does not fit the row. */
/* NOLINTBEGIN(bugprone-macro-parentheses): types and initialisers cannot stand in parentheses. */
#define FIELD_OFFSET(T, member, ctype)                                                             \
    (offsetof(T, member) + 0 * sizeof(char[_Generic(((T *)0)->member, ctype : 1)]))

/* Rows: STRING(struct text_request, text, .flags = FIELD_REQUIRED, .min = 10, .max = 10000) */
#define STRING(T, m, ...)                                                                          \
    {                                                                                              \
        .name = #m, .type = FIELD_STRING, .offset = FIELD_OFFSET(T, m, const char *), __VA_ARGS__  \
    }
#define INTEGER(T, m, ...)                                                                         \
    {                                                                                              \
        .name = #m, .type = FIELD_INTEGER, .offset = FIELD_OFFSET(T, m, int64_t), __VA_ARGS__      \
    }
#define NUMBER(T, m, ...)                                                                          \
    {                                                                                              \
        .name = #m, .type = FIELD_NUMBER, .offset = FIELD_OFFSET(T, m, double), __VA_ARGS__        \
    }
#define DECIMAL(T, m, ...)                                                                         \
    {                                                                                              \
        .name = #m, .type = FIELD_DECIMAL, .offset = FIELD_OFFSET(T, m, struct decimal),           \
        __VA_ARGS__                                                                                \
    }
#define BOOLEAN(T, m, ...)                                                                         \
    {                                                                                              \
        .name = #m, .type = FIELD_BOOLEAN, .offset = FIELD_OFFSET(T, m, bool), __VA_ARGS__         \
    }
#define OBJECT(T, m, schema_of, ...)                                                               \
    {                                                                                              \
        .name = #m, .type = FIELD_OBJECT, .offset = offsetof(T, m), .of = (schema_of), __VA_ARGS__ \
    }
#define ARRAY(T, m, schema_of, ...)                                                                \
    {                                                                                              \
        .name = #m, .type = FIELD_ARRAY, .offset = FIELD_OFFSET(T, m, struct list),                \
        .of = (schema_of), __VA_ARGS__                                                             \
    }
#define STRINGS(T, m, ...)                                                                         \
    {                                                                                              \
        .name = #m, .type = FIELD_STRINGS, .offset = FIELD_OFFSET(T, m, struct list), __VA_ARGS__  \
    }
#define DECIMAL_MAP(T, m, ...)                                                                     \
    {                                                                                              \
        .name = #m, .type = FIELD_MAP, .offset = FIELD_OFFSET(T, m, struct map),                   \
        .map_type = FIELD_DECIMAL, __VA_ARGS__                                                     \
    }
#define STRING_MAP(T, m, ...)                                                                      \
    {                                                                                              \
        .name = #m, .type = FIELD_MAP, .offset = FIELD_OFFSET(T, m, struct map),                   \
        .map_type = FIELD_STRING, __VA_ARGS__                                                      \
    }
#define OBJECT_MAP(T, m, schema_of, ...)                                                           \
    {                                                                                              \
        .name = #m, .type = FIELD_MAP, .offset = FIELD_OFFSET(T, m, struct map),                   \
        .of = (schema_of), __VA_ARGS__                                                             \
    }
#define JSON(T, m, ...)                                                                            \
    {                                                                                              \
        .name = #m, .type = FIELD_JSON, .offset = FIELD_OFFSET(T, m, const json_t *), __VA_ARGS__  \
    }

/* In rows of numbers and booleans that may be absent: PRESENT(struct T, has_limit). */
#define PRESENT(T, m) .present_offset = FIELD_OFFSET(T, m, bool) + 1
/* NOLINTEND(bugprone-macro-parentheses) */

/* The range that min and max of a row mean; INT64_MIN or INT64_MAX where there is no bound. */
void schema_bounds(const struct field *field, int64_t *low, int64_t *high);

/* How many levels JSON from outside may have. All that walks documents calls itself for each. */
enum { SCHEMA_DEPTH_MAX = 128 };

/* Parses JSON text from outside: at most SCHEMA_DEPTH_MAX levels, no duplicate members, valid
 * UTF-8, no NUL in strings, no number beyond 64 bits or a double, nothing behind the value. Any
 * value may be at the top: it is for the schema to refuse. The document joins the arena. NULL with
 * an ERROR_MALFORMED_REQUEST that says where, by line and column, and never repeats the text. */
const json_t *schema_parse(const char *text, size_t length, struct arena *arena, struct error *err)
    __attribute__((warn_unused_result));

/* Parses JSON from a provider, who cannot be asked to write it otherwise, by json_read_lenient(),
 * has_halves included, which may be NULL. Valid UTF-8, as many levels as schema_parse() takes. NULL
 * for what is no JSON. The document joins the arena. */
const json_t *schema_parse_lenient(const char *text, size_t length, bool *has_halves,
                                   struct arena *arena) __attribute__((warn_unused_result));

/* Hands the document to the arena, which ends it. Returns it. */
json_t *schema_keep(json_t *document, struct arena *arena);

/* Checks document against the rows and returns a filled struct in the arena; its texts are borrowed
 * from document or live in the arena. NULL with ERROR_VALIDATION_FAILED and every violation in
 * err->fields; path_prefix ("body", "query" or "") starts each path. */
void *schema_decode(const struct schema *schema, const json_t *document, const char *path_prefix,
                    struct arena *arena, struct error *err) __attribute__((warn_unused_result));

/* As schema_decode() into a list of the caller's, which may hold violations already: complains to
 * errors under errors->path. The struct is only good when the count did not grow. */
void *schema_decode_into(const struct schema *schema, const json_t *document,
                         struct schema_errors *errors) __attribute__((warn_unused_result));

/* Fills err with ERROR_VALIDATION_FAILED and the list, which holds at least one violation. Returns
 * false. */
bool schema_refuse(const struct schema_errors *errors, struct error *err);

/* Decodes an urlencoded query string by the same rows; "+" is a space; a repeated name is an error
 * unless the field is STRINGS. Numbers are written as in JSON; booleans are true, false, 1, 0, yes,
 * no, on or off. Paths begin with "query.". Bad escapes, NUL and bytes that are not UTF-8 are
 * ERROR_MALFORMED_REQUEST. */
void *schema_decode_query(const struct schema *schema, const char *query, struct arena *arena,
                          struct error *err) __attribute__((warn_unused_result));

/* Appends the struct as compact JSON: every row in order, so equal values give equal bytes (which
 * is what makes it the canonical input of cache keys). */
void schema_encode(const struct schema *schema, const void *value, struct strbuf *out);

/* Appends a JSON value as schema_encode() writes it: compact, members in document order. */
void schema_encode_json(struct strbuf *out, const json_t *value);

/* The JSON Schema (2020-12) object of the rows, with references to "#/components/schemas/". The
 * caller owns it. */
json_t *schema_openapi(const struct schema *schema);

/* The same of one row, as for a query parameter. The caller owns it. */
json_t *schema_field_openapi(const struct field *field);

/* Appends text as a JSON string in quotes. text must be valid UTF-8. */
void schema_encode_string(struct strbuf *out, const char *text, size_t length);

/* Appends a finite double in its shortest form that reads back as the same double, whatever the
 * locale. */
void schema_encode_number(struct strbuf *out, double value);

/* The same of a float: the shortest form that reads back as the same float. */
void schema_encode_float(struct strbuf *out, float value);

/* Appends micros / 1,000,000 without trailing zeros: "-32.5", "0". */
void schema_encode_decimal(struct strbuf *out, struct decimal value);

#endif
