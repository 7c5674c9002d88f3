/* Decoding by the rows: every violation is found in one walk. */
#include "http/schema.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "http/number.h"
#include "http/schema_errors.h"
#include "http/text.h"

void
schema_bounds(const struct field *field, int64_t *low, int64_t *high)
{
    bool none = field->min == 0 && field->max == 0;
    *low = none ? INT64_MIN : field->min;
    *high = none || (field->max == 0 && field->min > 0) ? INT64_MAX : field->max;
}

static const char *
kind_of(const json_t *value)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "a boolean",
        [JSON_FALSE] = "a boolean",  [JSON_NULL] = "null",
    };
    return kinds[json_typeof(value)];
}

static bool
mistyped(struct schema_errors *errors, const char *expected, const json_t *value)
{
    schema_complain(errors, "", "must be %s, is %s", expected, kind_of(value));
    return false;
}

/* Checks a length or count against min and max of the row. */
static bool
check_count(const struct field *field, size_t count, const char *verb, const char *unit,
            struct schema_errors *errors)
{
    int64_t low, high;
    schema_bounds(field, &low, &high);
    if ((int64_t)count < low)
        schema_complain(errors, "", "must %s at least %" PRId64 " %s%s, has %zu", verb, low, unit,
                        low == 1 ? "" : "s", count);
    else if ((int64_t)count > high)
        schema_complain(errors, "", "must %s at most %" PRId64 " %s%s, has %zu", verb, high, unit,
                        high == 1 ? "" : "s", count);
    else
        return true;
    return false;
}

static bool
check_choices(const struct field *field, const char *text, struct schema_errors *errors)
{
    struct strbuf list;
    for (const char *const *choice = field->choices; *choice; choice++)
        if (strcmp(*choice, text) == 0)
            return true;
    strbuf_init(&list, errors->arena, 128);
    for (const char *const *choice = field->choices; *choice; choice++)
        strbuf_printf(&list, "%s'%s'", choice == field->choices ? "" : ", ", *choice);
    schema_complain(errors, "", "must be one of %s", list.data);
    return false;
}

/* What a string and each item of STRINGS have in common: all rules but the length. */
static const char *
decode_text(const struct field *field, const json_t *value, struct schema_errors *errors)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if ((field->flags & (FIELD_TRIMMED | FIELD_NOT_BLANK)) != 0) {
        size_t start, end;
        text_trim(text, length, &start, &end);
        if (start == end && (field->flags & FIELD_NOT_BLANK) != 0) {
            schema_complain(errors, "", "must not be blank");
            return NULL;
        }
        if ((field->flags & FIELD_TRIMMED) != 0 && end - start < length)
            text = arena_strndup(errors->arena, text + start, end - start);
    }
    if ((field->flags & FIELD_UPPER_CASE) != 0)
        text = text_upper_case(text, errors->arena);
    if (field->choices && !check_choices(field, text, errors))
        return NULL;
    const char *complaint = field->check ? field->check(text) : NULL;
    if (complaint) {
        schema_complain(errors, "", "%s", complaint);
        return NULL;
    }
    return text;
}

static bool
decode_string(const struct field *field, const json_t *value, void *slot,
              struct schema_errors *errors)
{
    if (!json_is_string(value))
        return mistyped(errors, "a string", value);
    size_t code_points;
    if (!utf8_count(json_string_value(value), json_string_length(value), &code_points) ||
        !check_count(field, code_points, "be", "character", errors))
        return false;
    const char *text = decode_text(field, value, errors);
    *(const char **)slot = text;
    return text != NULL;
}

static bool
decode_integer(const struct field *field, const json_t *value, void *slot,
               struct schema_errors *errors)
{
    int64_t integer;
    if (json_is_integer(value))
        integer = json_integer_value(value);
    else if (!json_is_real(value))
        return mistyped(errors, "a whole number", value);
    else if (!number_integer(json_real_value(value), &integer)) {
        schema_complain(errors, "", "must be a whole number");
        return false;
    }
    int64_t low, high;
    schema_bounds(field, &low, &high);
    if (integer < low)
        schema_complain(errors, "", "must be at least %" PRId64 ", is %" PRId64, low, integer);
    else if (integer > high)
        schema_complain(errors, "", "must be at most %" PRId64 ", is %" PRId64, high, integer);
    *(int64_t *)slot = integer;
    return integer >= low && integer <= high;
}

static bool
check_number(const struct field *field, double number, struct schema_errors *errors)
{
    int64_t low, high;
    schema_bounds(field, &low, &high);
    bool fine = field->number_max > field->number_min;
    double least = fine ? field->number_min : -__builtin_inf();
    double most = fine ? field->number_max : __builtin_inf();
    if (low != INT64_MIN && (double)low > least)
        least = (double)low;
    if (high != INT64_MAX && (double)high < most)
        most = (double)high;
    if (number < least)
        schema_complain(errors, "", "must be at least %.15g, is %.15g", least, number);
    else if (number > most)
        schema_complain(errors, "", "must be at most %.15g, is %.15g", most, number);
    return number >= least && number <= most;
}

static bool
decode_number(const struct field *field, const json_t *value, void *slot,
              struct schema_errors *errors)
{
    if (!json_is_number(value))
        return mistyped(errors, "a number", value);
    double number = json_number_value(value);
    *(double *)slot = number;
    return check_number(field, number, errors);
}

static bool
decode_decimal(const struct field *field, const json_t *value, void *slot,
               struct schema_errors *errors)
{
    bool is_text = json_is_string(value) && (field->flags & FIELD_OR_TEXT) != 0;
    if (!json_is_number(value) && !is_text)
        return mistyped(errors, "a number", value);
    struct decimal *decimal = slot;
    bool exact = is_text ? number_decimal_of_text(json_string_value(value), decimal)
                 : json_is_integer(value)
                     ? number_decimal_of_integer(json_integer_value(value), decimal)
                     : number_decimal(json_real_value(value), decimal);
    if (!exact) {
        schema_complain(errors, "",
                        "must be a decimal of at most 15 digits, six of them after the point");
        return false;
    }
    double number = is_text ? (double)decimal->micros / 1000000 : json_number_value(value);
    return check_number(field, number, errors);
}

static bool
decode_boolean(const struct field *field, const json_t *value, void *slot,
               struct schema_errors *errors)
{
    (void)field;
    if (!json_is_boolean(value))
        return mistyped(errors, "true or false", value);
    *(bool *)slot = json_is_true(value);
    return true;
}

static bool
decode_json(const struct field *field, const json_t *value, void *slot,
            struct schema_errors *errors)
{
    (void)field;
    (void)errors;
    *(const json_t **)slot = value;
    return true;
}

static bool decode_struct(const struct schema *schema, const json_t *document, void *out,
                          struct schema_errors *errors);

static bool
decode_object(const struct field *field, const json_t *value, void *slot,
              struct schema_errors *errors)
{
    void *object = arena_alloc(errors->arena, field->of->size);
    *(void **)slot = object;
    return decode_struct(field->of, value, object, errors);
}

static bool
decode_array(const struct field *field, const json_t *value, void *slot,
             struct schema_errors *errors)
{
    if (!json_is_array(value))
        return mistyped(errors, "an array", value);
    size_t count = json_array_size(value);
    if (!check_count(field, count, "hold", "item", errors))
        return false;
    char *items = arena_array(errors->arena, count, field->of->size);
    for (size_t i = 0; i < count; i++) {
        size_t used = schema_path_enter_index(errors, i);
        decode_struct(field->of, json_array_get(value, i), items + i * field->of->size, errors);
        schema_path_leave(errors, used);
    }
    *(struct list *)slot = (struct list){items, count};
    return true;
}

static bool
decode_strings(const struct field *field, const json_t *value, void *slot,
               struct schema_errors *errors)
{
    if (!json_is_array(value))
        return mistyped(errors, "an array of strings", value);
    size_t count = json_array_size(value);
    if (!check_count(field, count, "hold", "item", errors))
        return false;
    const char **items = arena_array(errors->arena, count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        size_t used = schema_path_enter_index(errors, i);
        if (json_is_string(item))
            items[i] = decode_text(field, item, errors);
        else
            mistyped(errors, "a string", item);
        schema_path_leave(errors, used);
    }
    *(struct list *)slot = (struct list){items, count};
    return true;
}

static void
decode_map_value(const struct field *field, const json_t *value, struct map *map,
                 struct schema_errors *errors)
{
    static const struct field plain = {.name = ""};
    if (field->of)
        decode_struct(field->of, value, (char *)map->values + map->count * field->of->size, errors);
    else if (field->map_type == FIELD_DECIMAL)
        decode_decimal(&plain, value, (struct decimal *)map->values + map->count, errors);
    else
        decode_string(&plain, value, (const char **)map->values + map->count, errors);
}

static bool
decode_map(const struct field *field, const json_t *value, void *slot, struct schema_errors *errors)
{
    if (!json_is_object(value))
        return mistyped(errors, "an object", value);
    size_t count = json_object_size(value);
    if (!check_count(field, count, "hold", "member", errors))
        return false;
    size_t size = field->of                          ? field->of->size
                  : field->map_type == FIELD_DECIMAL ? sizeof(struct decimal)
                                                     : sizeof(const char *);
    struct map map = {.keys = arena_array(errors->arena, count, sizeof(char *)),
                      .values = arena_array(errors->arena, count, size)};
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)value, key, item)
    {
        size_t used = schema_path_enter(errors, key);
        map.keys[map.count] = key;
        decode_map_value(field, item, &map, errors);
        map.count++;
        schema_path_leave(errors, used);
    }
    *(struct map *)slot = map;
    return true;
}

static const struct {
    const char *expected;
    bool (*decode)(const struct field *field, const json_t *value, void *slot,
                   struct schema_errors *errors);
} kinds[] = {
    [FIELD_STRING] = {"a string", decode_string},
    [FIELD_INTEGER] = {"a whole number", decode_integer},
    [FIELD_NUMBER] = {"a number", decode_number},
    [FIELD_DECIMAL] = {"a number", decode_decimal},
    [FIELD_BOOLEAN] = {"true or false", decode_boolean},
    [FIELD_OBJECT] = {"an object", decode_object},
    [FIELD_ARRAY] = {"an array", decode_array},
    [FIELD_STRINGS] = {"an array of strings", decode_strings},
    [FIELD_MAP] = {"an object", decode_map},
    [FIELD_JSON] = {"a value", decode_json},
};

static void
decode_field(const struct field *field, const json_t *document, void *out,
             struct schema_errors *errors)
{
    const json_t *value = json_object_get(document, field->name);
    if (!value) {
        if ((field->flags & FIELD_REQUIRED) != 0)
            schema_complain(errors, field->name, "is required");
        return;
    }
    bool is_null = json_is_null(value);
    if (is_null && (field->flags & FIELD_NULLABLE) != 0)
        return;
    if (is_null && field->type != FIELD_JSON) {
        schema_complain(errors, field->name, "must be %s, not null", kinds[field->type].expected);
        return;
    }
    size_t used = schema_path_enter(errors, field->name);
    bool taken = kinds[field->type].decode(field, value, (char *)out + field->offset, errors);
    schema_path_leave(errors, used);
    if (taken && field->present_offset > 0)
        *(bool *)((char *)out + field->present_offset - 1) = true;
}

static void
refuse_unknown(const struct schema *schema, const json_t *document, struct schema_errors *errors)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)document, name, value)
    {
        const struct field *field = schema->fields;
        while (field->name && strcmp(field->name, name) != 0)
            field++;
        if (!field->name)
            schema_complain(errors, name, "is not known here");
    }
}

static bool
decode_struct(const struct schema *schema, const json_t *document, void *out,
              struct schema_errors *errors)
{
    if (!json_is_object(document))
        return mistyped(errors, "an object", document);
    if (schema->initial)
        memcpy(out, schema->initial, schema->size);
    size_t before = errors->count;
    for (const struct field *field = schema->fields; field->name; field++)
        decode_field(field, document, out, errors);
    if (schema->closed)
        refuse_unknown(schema, document, errors);
    if (schema->check && errors->count == before)
        schema->check(out, errors);
    return errors->count == before;
}

void *
schema_decode_into(const struct schema *schema, const json_t *document,
                   struct schema_errors *errors)
{
    void *out = arena_alloc(errors->arena, schema->size);
    decode_struct(schema, document, out, errors);
    return out;
}

void *
schema_decode(const struct schema *schema, const json_t *document, const char *path_prefix,
              struct arena *arena, struct error *err)
{
    struct schema_errors errors = {.arena = arena};
    schema_path_append(&errors, path_prefix, strlen(path_prefix));
    void *out = schema_decode_into(schema, document, &errors);
    if (errors.count == 0)
        return out;
    schema_refuse(&errors, err);
    return NULL;
}
