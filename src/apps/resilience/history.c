/* The journal's rows: alerts, one session's, all of them to take away, and removing old ones. */
#include <string.h>
#include <strings.h>

#include "apps/resilience/history_schemas.h"
#include "apps/resilience/seeing.h"
#include "base/clock.h"
#include "host/journal.h"

enum { HUNDREDTHS = 100, ALERT_HOURS = 24, PRESETS_MAX = 64, MICROS = 1000000 };
#define HOUR_US (INT64_C(3600) * 1000000)

static double
value_of(const struct journal_row *row)
{
    if (row->kind == JOURNAL_CONFIG_LOAD)
        return (double)row->value / 1000.0;
    return row->kind == JOURNAL_PERFORMANCE ? (double)row->value / 1000000.0 : 1.0;
}

static bool
is_about_preset(enum journal_kind kind)
{
    return kind == JOURNAL_PRESET_USAGE || kind == JOURNAL_CONFIG_LOAD ||
           kind == JOURNAL_CONFIG_CHANGE;
}

/* What the journal keeps of an alert in place of a session is its kind. */
static struct metric_row
view_row(const struct journal_row *row, struct arena *arena)
{
    static const char *const operations[JOURNAL_KIND_COUNT] = {
        [JOURNAL_PRESET_USAGE] = "load",   [JOURNAL_CONFIG_LOAD] = "load",
        [JOURNAL_CONFIG_ERROR] = "error",  [JOURNAL_CONFIG_CHANGE] = "change",
        [JOURNAL_VALIDATION] = "validate", [JOURNAL_PERFORMANCE] = "benchmark",
        [JOURNAL_ALERT] = "alert",         [JOURNAL_BREAKER_RESET] = "reset",
    };
    struct metric_metadata *metadata = arena_alloc(arena, sizeof(*metadata));
    const char *subject = arena_strdup(arena, row->subject);
    const char *session = *row->session ? arena_strdup(arena, row->session) : NULL;
    bool is_alert = row->kind == JOURNAL_ALERT;
    *metadata = (struct metric_metadata){
        .detail = *row->text ? arena_strdup(arena, row->text) : NULL,
        .level = journal_level_name(row->level),
        .subject = subject,
        .kind = is_alert ? session : NULL,
    };
    return (struct metric_row){
        .timestamp = clock_text(arena, row->time_us),
        .metric_type = journal_kind_name(row->kind),
        .preset_name = is_about_preset(row->kind) ? subject : NULL,
        .operation = operations[row->kind],
        .value = value_of(row),
        .metadata = metadata,
        .session_id = is_alert ? NULL : session,
    };
}

struct alert_reading {
    const struct alerts_query *query;
    struct arena *arena;
    int64_t from_us;
    struct alert_row *rows;
    size_t count;
    int64_t by_level[JOURNAL_LEVEL_COUNT];
};

static bool
take_alert(void *context, const struct journal_row *row)
{
    struct alert_reading *reading = context;
    const struct alerts_query *query = reading->query;
    const char *level = journal_level_name(row->level);
    if (row->kind != JOURNAL_ALERT || row->time_us < reading->from_us ||
        (query->level && strcasecmp(query->level, level) != 0))
        return true;
    reading->by_level[row->level]++;
    if (reading->count >= (size_t)query->max_alerts)
        return true;
    struct arena *arena = reading->arena;
    struct alert_metadata *metadata = arena_alloc(arena, sizeof(*metadata));
    metadata->subject = arena_strdup(arena, row->subject);
    reading->rows[reading->count++] = (struct alert_row){
        .timestamp = clock_text(arena, row->time_us),
        .level = level,
        .title = arena_printf(arena, "%s: %s", row->session, row->subject),
        .description = arena_strdup(arena, row->text),
        .metric_type = journal_kind_name(row->kind),
        .kind = arena_strdup(arena, row->session),
        .threshold_value = (double)row->threshold / HUNDREDTHS,
        .actual_value = (double)row->value / HUNDREDTHS,
        .is_measured = row->threshold > 0,
        .metadata = metadata,
    };
    return true;
}

bool
resilience_show_alerts(struct request *request, struct error *err)
{
    (void)err;
    const struct alerts_query *query = request->filter;
    struct alert_reading reading = {
        .query = query,
        .arena = &request->arena,
        .from_us = clock_realtime_us() - ALERT_HOURS * HOUR_US,
        .rows = arena_array(&request->arena, (size_t)query->max_alerts, sizeof(*reading.rows)),
    };
    journal_read(request->service->host, take_alert, &reading);
    struct alert_counts counts = {reading.by_level[JOURNAL_INFO], reading.by_level[JOURNAL_WARNING],
                                  reading.by_level[JOURNAL_ERROR],
                                  reading.by_level[JOURNAL_CRITICAL]};
    struct alerts_summary summary = {
        .total_alerts = counts.info + counts.warning + counts.error + counts.critical,
        .alert_counts = &counts,
        .has_critical = counts.critical > 0,
        .has_errors = counts.error > 0,
    };
    struct alerts_answer response = {{reading.rows, reading.count}, &summary};
    response_json(request, 200, &alerts_answer_schema, &response);
    return true;
}

struct session_reading {
    const char *id;
    struct arena *arena;
    struct metric_row *rows;
    size_t count;
    const char **presets;
    struct decimal *uses;
    size_t preset_count;
    int64_t errors, loads, load_us;
};

static void
count_use(struct session_reading *reading, const char *preset)
{
    size_t i = 0;
    while (i < reading->preset_count && strcmp(reading->presets[i], preset) != 0)
        i++;
    if (i == PRESETS_MAX)
        return;
    if (i == reading->preset_count) {
        reading->presets[i] = arena_strdup(reading->arena, preset);
        reading->preset_count++;
    }
    reading->uses[i].micros += MICROS;
}

static bool
take_session(void *context, const struct journal_row *row)
{
    struct session_reading *reading = context;
    if (row->kind == JOURNAL_ALERT || strcmp(row->session, reading->id) != 0)
        return true;
    reading->rows[reading->count++] = view_row(row, reading->arena);
    if (row->kind == JOURNAL_PRESET_USAGE)
        count_use(reading, row->subject);
    reading->errors += row->kind == JOURNAL_CONFIG_ERROR;
    if (row->kind == JOURNAL_CONFIG_LOAD) {
        reading->loads++;
        reading->load_us += row->value;
    }
    return true;
}

bool
resilience_show_session(struct request *request, struct error *err)
{
    (void)err;
    struct arena *arena = &request->arena;
    struct session_reading reading = {
        .id = request->path_parameters[0],
        .arena = arena,
        .rows = arena_array(arena, JOURNAL_ROWS, sizeof(*reading.rows)),
        .presets = arena_array(arena, PRESETS_MAX, sizeof(*reading.presets)),
        .uses = arena_array(arena, PRESETS_MAX, sizeof(*reading.uses)),
    };
    journal_read(request->service->host, take_session, &reading);
    struct session_summary summary = {
        .total_operations = (int64_t)reading.count,
        .preset_usage = {reading.presets, reading.uses, reading.preset_count},
        .error_count = reading.errors,
        .error_rate = reading.count > 0 ? (double)reading.errors / (double)reading.count : 0.0,
        .avg_load_time_ms =
            reading.loads > 0 ? (double)reading.load_us / 1000.0 / (double)reading.loads : 0.0,
    };
    struct session_answer response = {reading.id, {reading.rows, reading.count}, &summary};
    response_json(request, 200, &session_answer_schema, &response);
    return true;
}

struct exporting {
    struct arena *arena;
    struct strbuf text;
    int64_t from_us;
    size_t rows;
};

static bool
export_json(void *context, const struct journal_row *row)
{
    struct exporting *exporting = context;
    if (row->time_us < exporting->from_us)
        return true;
    struct metric_row view = view_row(row, exporting->arena);
    strbuf_add_char(&exporting->text, exporting->rows++ > 0 ? ',' : '[');
    schema_encode(&metric_row_schema, &view, &exporting->text);
    return true;
}

/* In quotes, those inside doubled (RFC 4180). */
static void
add_field(struct strbuf *text, const char *field, char end)
{
    strbuf_add_char(text, '"');
    /* A spreadsheet would take it for a formula. */
    if (field && *field && strchr("=+-@", *field))
        strbuf_add_char(text, '\'');
    for (; field && *field; field++) {
        if (*field == '"')
            strbuf_add_char(text, '"');
        strbuf_add_char(text, *field);
    }
    strbuf_add_char(text, '"');
    strbuf_add_char(text, end);
}

static bool
export_csv(void *context, const struct journal_row *row)
{
    struct exporting *exporting = context;
    struct strbuf *text = &exporting->text;
    if (row->time_us < exporting->from_us)
        return true;
    struct metric_row view = view_row(row, exporting->arena);
    add_field(text, view.timestamp, ',');
    add_field(text, view.metric_type, ',');
    add_field(text, view.preset_name, ',');
    add_field(text, view.operation, ',');
    schema_encode_number(text, view.value);
    strbuf_add_char(text, ',');
    add_field(text, view.metadata->level, ',');
    add_field(text, view.session_id, ',');
    add_field(text, view.metadata->detail, ',');
    add_field(text, view.metadata->subject, ',');
    add_field(text, view.metadata->kind, '\r');
    strbuf_add_char(text, '\n');
    return true;
}

bool
resilience_export_history(struct request *request, struct error *err)
{
    const struct export_query *query = request->filter;
    bool csv = strcasecmp(query->format, "csv") == 0;
    if (!csv && strcasecmp(query->format, "json") != 0)
        return error_set(err, ERROR_INVALID_REQUEST, "query.format: must be json or csv");
    struct exporting exporting = {.arena = &request->arena};
    if (query->has_time_window_hours)
        exporting.from_us = clock_realtime_us() - query->time_window_hours * HOUR_US;
    strbuf_init(&exporting.text, &request->arena, 16384);
    if (csv)
        strbuf_add_text(&exporting.text, "timestamp,metric_type,preset_name,operation,value,level,"
                                         "session_id,detail,subject,kind\r\n");
    journal_read(request->service->host, csv ? export_csv : export_json, &exporting);
    if (!csv)
        strbuf_add_text(&exporting.text, exporting.rows > 0 ? "]" : "[]");
    struct export_answer response = {
        .format = csv ? "csv" : "json",
        .time_window_hours = query->time_window_hours,
        .has_time_window_hours = query->has_time_window_hours,
        .data = exporting.text.data,
        .export_timestamp = clock_text(&request->arena, clock_realtime_us()),
    };
    response_json(request, 200, &export_answer_schema, &response);
    return true;
}

struct counting {
    int64_t before_us;
    int64_t alerts_before, alerts_after;
};

static bool
count_alert(void *context, const struct journal_row *row)
{
    struct counting *counting = context;
    if (row->kind == JOURNAL_ALERT)
        *(row->time_us < counting->before_us ? &counting->alerts_before
                                             : &counting->alerts_after) += 1;
    return true;
}

/* Others add rows between the two counts. */
static int64_t
difference(int64_t all, int64_t alerts)
{
    return all > alerts ? all - alerts : 0;
}

bool
resilience_clean_history(struct request *request, struct error *err)
{
    (void)err;
    const struct hours_query *query = request->filter;
    struct host *host = request->service->host;
    struct counting counting = {.before_us = clock_realtime_us() - query->hours * HOUR_US};
    size_t remaining;
    journal_read(host, count_alert, &counting);
    size_t removed = journal_clean(host, counting.before_us, &remaining);
    struct cleanup_answer response = {
        .cleanup_threshold_hours = query->hours,
        .metrics_removed = difference((int64_t)removed, counting.alerts_before),
        .alerts_removed = counting.alerts_before,
        .metrics_remaining = difference((int64_t)remaining, counting.alerts_after),
        .alerts_remaining = counting.alerts_after,
        .cleanup_timestamp = clock_text(&request->arena, clock_realtime_us()),
    };
    response_json(request, 200, &cleanup_answer_schema, &response);
    return true;
}
