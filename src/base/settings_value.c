/* Values: from text to the member that a row names, with a complaint where one does not do. */
#include "base/settings_row.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static const char *const truths[] = {"true", "1", "yes", "on", "t", "y", NULL};
static const char *const falsehoods[] = {"false", "0", "no", "off", "f", "n", NULL};

static const char *
in_list(const char *const *list, const char *value)
{
    for (; *list; list++)
        if (strcasecmp(*list, value) == 0)
            return *list;
    return NULL;
}

static bool
within(const struct setting *row, double value)
{
    if (row->minimum == 0 && row->maximum == 0)
        return true;
    return value >= row->minimum && value <= row->maximum;
}

static bool
parse_integer(const char *value, bool suffix, int64_t *out)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end == value || errno != 0 || isspace((unsigned char)value[0]))
        return false;
    int shift = 0;
    if (suffix && *end) {
        const char *units = "KMG";
        const char *unit = strchr(units, toupper((unsigned char)*end));
        if (!unit)
            return false;
        shift = 10 * (int)(unit - units + 1);
        end++;
    }
    if (*end)
        return false;
    return !__builtin_mul_overflow((int64_t)number, (int64_t)1 << shift, out);
}

static bool
parse_number(const char *value, double *out)
{
    if (strspn(value, "0123456789.+-eE") != strlen(value))
        return false;
    char *end;
    *out = strtod(value, &end);
    return end != value && *end == '\0' && isfinite(*out);
}

/* "10/60" */
static bool
parse_rate(const char *value, struct rate *rate)
{
    const char *slash = strchr(value, '/');
    if (!slash || slash - value > 20)
        return false;
    char count[24] = {0};
    memcpy(count, value, (size_t)(slash - value));
    return parse_integer(count, false, &rate->count) &&
           parse_integer(slash + 1, false, &rate->seconds) && rate->seconds >= 1 &&
           rate->seconds <= 86400;
}

/* Bytes that would break a line of a log, a header or a request to a cache; lines may be apart in
 * lists and in JSON. */
static bool
is_printable(const struct setting *row, const char *value)
{
    for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
        bool blank = *at == '\n' || *at == '\t' || *at == '\r';
        if ((*at < 0x20 && !(blank && !row->secret)) || *at == 0x7f)
            return false;
    }
    size_t count;
    return utf8_count(value, strlen(value), &count);
}

static void
list_add(struct strbuf *list, const char *item, size_t length)
{
    while (length > 0 && isspace((unsigned char)item[0])) {
        item++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)item[length - 1]))
        length--;
    if (length == 0)
        return;
    if (list->length > 0)
        strbuf_add_char(list, ',');
    strbuf_add(list, item, length);
}

static bool
list_add_json(struct strbuf *list, const char *value)
{
    json_auto_t *array = json_loads(value, 0, NULL);
    if (!json_is_array(array))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item) || strpbrk(json_string_value(item), ",\n"))
            return false;
        list_add(list, json_string_value(item), json_string_length(item));
    }
    return true;
}

static const char *
parse_list(struct arena *arena, const char *value)
{
    struct strbuf list;
    strbuf_init(&list, arena, strlen(value) + 1);
    while (isspace((unsigned char)*value))
        value++;
    if (*value != '[' || !list_add_json(&list, value))
        for (const char *at = value; *at; at += strspn(at, ",\n")) {
            size_t length = strcspn(at, ",\n");
            list_add(&list, at, length);
            at += length;
        }
    return list.data;
}

static bool
parse_url(struct arena *arena, const char *value, const char **out)
{
    size_t scheme = strncmp(value, "http://", 7) == 0    ? 7
                    : strncmp(value, "https://", 8) == 0 ? 8
                                                         : 0;
    size_t length = strlen(value);
    while (length > scheme && value[length - 1] == '/')
        length--;
    if (scheme == 0 || length == scheme || length > 1024 || strpbrk(value, " \t\r\n\"<>\\@?#"))
        return false;
    *out = arena_strndup(arena, value, length);
    return true;
}

/* A webhook often carries its token in the path or the query. */
static bool
parse_address(struct arena *arena, const char *value, const char **out)
{
    size_t scheme = strncmp(value, "http://", 7) == 0    ? 7
                    : strncmp(value, "https://", 8) == 0 ? 8
                                                         : 0;
    bool good = scheme > 0 && value[scheme] && !strchr("/?", value[scheme]) &&
                strlen(value) <= 2048 && !strpbrk(value, " \t\r\n\"<>\\@#");
    *out = arena_strdup(arena, value);
    return good || !*value;
}

static bool
parse_text(const struct setting *row, struct arena *arena, const char *value, const char **out)
{
    switch (row->type) {
    case SETTING_LIST:
        *out = parse_list(arena, value);
        break;
    case SETTING_URL:
        return parse_url(arena, value, out);
    case SETTING_ADDRESS:
        return parse_address(arena, value, out) && is_printable(row, *out);
    case SETTING_CHOICE:
        *out = !*value && row->initial && !*row->initial ? "" : in_list(row->choices, value);
        return *out != NULL;
    default:
        *out = arena_strdup(arena, value);
        if (!within(row, (double)strlen(value)))
            return false;
    }
    return is_printable(row, *out) &&
           (!row->characters || strspn(*out, row->characters) == strlen(*out));
}

static bool
put(const struct setting *row, struct arena *arena, void *member, const char *value)
{
    int64_t integer;
    double number;
    struct rate rate;
    const char *text;
    switch (row->type) {
    case SETTING_BOOLEAN:
        if (!in_list(truths, value) && !in_list(falsehoods, value))
            return false;
        *(bool *)member = in_list(truths, value) != NULL;
        return true;
    case SETTING_INTEGER:
    case SETTING_BYTES:
        if (!parse_integer(value, row->type == SETTING_BYTES, &integer) ||
            !within(row, (double)integer))
            return false;
        *(int64_t *)member = integer;
        return true;
    case SETTING_NUMBER:
    case SETTING_MICROS:
        if (!parse_number(value, &number) || !within(row, number))
            return false;
        if (row->type == SETTING_NUMBER)
            *(double *)member = number;
        else
            *(int64_t *)member = llround(number * 1e6);
        return true;
    case SETTING_RATE:
        if (!parse_rate(value, &rate) || !within(row, (double)rate.count))
            return false;
        *(struct rate *)member = rate;
        return true;
    default:
        if (!parse_text(row, arena, value, &text))
            return false;
        *(const char **)member = text;
        return true;
    }
}

void
setting_allowed(const struct setting *row, struct strbuf *out)
{
    static const char *const forms[] = {
        [SETTING_TEXT] = "printable text",
        [SETTING_LIST] = "a comma list or a JSON list of texts",
        [SETTING_URL] = "http://host/path or https://host/path, without user, query or fragment",
        [SETTING_ADDRESS] = "http://host/path or https://host/path, without user or fragment",
        [SETTING_CHOICE] = "one of",
        [SETTING_BOOLEAN] = "true or false",
        [SETTING_INTEGER] = "a whole number",
        [SETTING_BYTES] = "a whole number, also with K, M or G,",
        [SETTING_NUMBER] = "a number",
        [SETTING_MICROS] = "a decimal number",
        [SETTING_RATE] = "count/seconds with 1 to 86400 seconds and a count",
    };
    strbuf_add_text(out, forms[row->type]);
    for (const char *const *choice = row->choices; choice && *choice; choice++)
        strbuf_printf(out, "%s%s", choice == row->choices ? " " : ", ", *choice);
    if (row->minimum != 0 || row->maximum != 0)
        strbuf_printf(out, " %s%.0f to %.0f%s", row->type == SETTING_TEXT ? "of " : "from ",
                      row->minimum, row->maximum, row->type == SETTING_TEXT ? " bytes" : "");
    if (row->characters)
        strbuf_printf(out, " of the characters a-z, A-Z, 0-9 and %s",
                      row->characters + strcspn(row->characters, "9") + 1);
}

bool
setting_put(struct settings_reading *reading, const struct setting *row, void *base,
            const char *value, const char *where)
{
    if (put(row, reading->arena, (char *)base + row->offset, value))
        return true;
    struct strbuf allowed;
    strbuf_init(&allowed, reading->arena, 128);
    setting_allowed(row, &allowed);
    /* The user part of an URL is not taken, but may have been meant as one. */
    if (row->secret || (row->type == SETTING_URL && strchr(value, '@')))
        settings_complain(reading, where, "the value of %s does not do, allowed is %s", row->name,
                          allowed.data);
    else
        settings_complain(reading, where, "%s is \"%.100s\", allowed is %s", row->name, value,
                          allowed.data);
    return false;
}

void
settings_defaults(struct settings_reading *reading, const struct setting *rows, void *base)
{
    for (const struct setting *row = rows; row->name; row++)
        if (row->initial)
            setting_put(reading, row, base, row->initial, "default");
}

const struct setting *
settings_row(const struct setting *rows, const char *name)
{
    for (const struct setting *row = rows; row->name; row++)
        if (strcmp(row->name, name) == 0 || (row->alias && strcmp(row->alias, name) == 0))
            return row;
    return NULL;
}
