/* Pages of sums, and what is written of them. */
#include "access/usage.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "access/caller.h"
#include "access/usage.sql.h"
#include "base/clock.h"
#include "store/store.h"

#define DAY_US (INT64_C(86400) * 1000000)

static const struct column columns[] = {COLUMN_TEXT_OF(struct usage_row, day),
                                        COLUMN_TEXT_OF(struct usage_row, model),
                                        COLUMN_TEXT_OF(struct usage_row, operation),
                                        COLUMN_TEXT_OF(struct usage_row, caller),
                                        COLUMN_INTEGER_OF(struct usage_row, calls),
                                        COLUMN_INTEGER_OF(struct usage_row, input),
                                        COLUMN_INTEGER_OF(struct usage_row, output),
                                        COLUMN_INTEGER_OF(struct usage_row, cached),
                                        COLUMN_INTEGER_OF(struct usage_row, written),
                                        COLUMN_INTEGER_OF(struct usage_row, thought),
                                        COLUMN_INTEGER_OF(struct usage_row, cost_micros),
                                        COLUMN_INTEGER_OF(struct usage_row, estimated),
                                        COLUMN_INTEGER_OF(struct usage_row, failed),
                                        COLUMN_INTEGER_OF(struct usage_row, lost),
                                        {0}};

static const struct query of_caller = {SQL_usage_of_caller, columns, sizeof(struct usage_row),
                                       true};
static const struct query of_account = {SQL_usage_of_account, columns, sizeof(struct usage_row),
                                        true};
static const struct query of_callers = {SQL_usage_of_callers, columns, sizeof(struct usage_row),
                                        true};
static const struct query of_all = {SQL_usage_of_all, columns, sizeof(struct usage_row), true};

static const struct {
    const char *name;
    enum usage_by by;
} parts[] = {{"day", USAGE_BY_DAY},
             {"model", USAGE_BY_MODEL},
             {"operation", USAGE_BY_OPERATION},
             {"caller", USAGE_BY_CALLER}};

void
usage_own(struct usage_wish *wish, const struct caller *caller)
{
    wish->account_id = caller->account_id;
    wish->caller = caller->account_id ? NULL : caller->tenant;
}

static const char *
flag(unsigned by, enum usage_by part)
{
    return by & part ? "true" : "false";
}

/* Each has an index that fits it, and whom it is of as its first parameter. */
static const struct query *
query_of(const struct usage_wish *wish, const char **whom)
{
    *whom = "true";
    if (wish->account_id) {
        *whom = wish->account_id;
        return &of_account;
    }
    if (wish->caller) {
        *whom = wish->caller;
        return &of_caller;
    }
    return wish->by & USAGE_BY_CALLER ? &of_callers : &of_all;
}

const struct list *
usage_read(struct store *store, const struct usage_wish *wish, const struct usage_row *after,
           struct arena *arena, struct error *err)
{
    const char *whom;
    const struct query *query = query_of(wish, &whom);
    const char *const parameters[] = {
        whom,
        wish->from,
        wish->to,
        flag(wish->by, USAGE_BY_DAY),
        flag(wish->by, USAGE_BY_MODEL),
        flag(wish->by, USAGE_BY_OPERATION),
        flag(wish->by, USAGE_BY_CALLER),
        wish->model,
        wish->operation,
        after ? after->caller : NULL,
        after ? after->day : NULL,
        after ? after->model : NULL,
        after ? after->operation : NULL,
        store_integer(arena, USAGE_PAGE_ROWS),
    };
    return store_query(store, query, parameters, arena, err);
}

bool
usage_parse_by(const char *text, unsigned *by)
{
    *by = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, ","), found = 0;
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
            if (strlen(parts[i].name) == length && strncmp(parts[i].name, text, length) == 0)
                found = parts[i].by;
        if (found == 0)
            return false;
        *by |= (unsigned)found;
        text += length;
        text += *text == ',' && text[1] != '\0';
        if (*text == ',')
            return false;
    }
    return true;
}

/* As clock_text() writes days. */
const char *
usage_day_complaint(const char *text)
{
    static const char wanted[] = "must be a day: 2026-11-21";
    int numbers[3] = {0}, part = 0;
    if (strlen(text) != USAGE_DAY_BYTES - 1)
        return wanted;
    for (size_t i = 0; i < USAGE_DAY_BYTES - 1; i++) {
        bool is_dash = i == 4 || i == 7;
        if (is_dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9'))
            return wanted;
        part += is_dash;
        if (!is_dash)
            numbers[part] = numbers[part] * 10 + text[i] - '0';
    }
    struct tm date = {
        .tm_year = numbers[0] - 1900, .tm_mon = numbers[1] - 1, .tm_mday = numbers[2]};
    time_t moment = timegm(&date);
    bool stayed = moment != (time_t)-1 && date.tm_mon == numbers[1] - 1 &&
                  date.tm_mday == numbers[2] && numbers[0] >= 1970;
    return stayed ? NULL : wanted;
}

void
usage_day_before(char day[USAGE_DAY_BYTES], int64_t now_us, int64_t days)
{
    char text[CLOCK_TEXT_BYTES];
    clock_format(text, now_us - days * DAY_US);
    memcpy(day, text, USAGE_DAY_BYTES - 1);
    day[USAGE_DAY_BYTES - 1] = '\0';
}

/* Programs that open CSV take such a beginning for a formula: an apostrophe makes it text. */
static void
add_text(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, '"');
    if (text[0] != '\0' && strchr("=+-@\t\r\n", text[0]))
        strbuf_add_char(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            strbuf_add_char(out, '"');
        strbuf_add_char(out, *text);
    }
    strbuf_add_text(out, "\",");
}

void
usage_csv_head(struct strbuf *out)
{
    strbuf_add_text(out, "day,model,operation,caller,calls,input,output,cached,cache_write,"
                         "reasoning,cost_micros,estimated,failed,lost\r\n");
}

void
usage_csv_row(const struct usage_row *row, struct strbuf *out)
{
    add_text(out, row->day);
    add_text(out, row->model);
    add_text(out, row->operation);
    add_text(out, row->caller);
    const int64_t counts[] = {row->calls,   row->input,   row->output,      row->cached,
                              row->written, row->thought, row->cost_micros, row->estimated,
                              row->failed,  row->lost};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        strbuf_printf(out, "%s%" PRId64, i > 0 ? "," : "", counts[i]);
    strbuf_add_text(out, "\r\n");
}
