/* The problem of RFC 9457, with the members that older clients read. */
#include "http/problem_parts.h"

#include <string.h>

#include "base/clock.h"
#include "http/text.h"

struct problem_field {
    const char *path, *message;
};

struct problem {
    const char *type, *title;
    int64_t status;
    const char *detail, *instance, *code, *request_id;
    bool retryable;
    bool has_retry_after;
    int64_t retry_after;
    bool has_limit;
    int64_t limit, window_seconds, retry_after_seconds;
    struct list errors;   /* struct problem_field */
    struct list attempts; /* struct error_attempt */
    bool success;
    const char *error, *error_code, *timestamp;
};

static const struct schema problem_field_schema = {
    .name = "ProblemField",
    .size = sizeof(struct problem_field),
    .fields =
        (const struct field[]){
            STRING(struct problem_field, path, .flags = FIELD_REQUIRED,
                   .doc = "Where: requests[3].text, query.limit, or nothing for the whole body."),
            STRING(struct problem_field, message, .flags = FIELD_REQUIRED,
                   .doc = "What is wrong there, for people."),
            {.name = NULL}},
    .doc = "One bad field.",
};

#define TEXT(member, text) STRING(struct problem, member, .flags = FIELD_REQUIRED, .doc = (text))

const struct schema problem_schema = {
    .name = "Problem",
    .size = sizeof(struct problem),
    .fields =
        (const struct field[]){
            TEXT(type, "/problems/ and the code: a stable name of this kind of problem."),
            TEXT(title, "The kind of problem, for people."),
            INTEGER(struct problem, status, .flags = FIELD_REQUIRED, .min = 400, .max = 599,
                    .doc = "The HTTP status."),
            TEXT(detail, "What happened this time, for people."),
            TEXT(instance, "The path that was asked for."),
            TEXT(code, "The kind of problem, for programs."),
            TEXT(request_id, "As in X-Request-Id."),
            BOOLEAN(struct problem, retryable, .flags = FIELD_REQUIRED,
                    .doc = "Whether the same request may succeed later."),
            INTEGER(struct problem, retry_after, .flags = FIELD_OMITTED, .max = INT64_MAX,
                    PRESENT(struct problem, has_retry_after),
                    .doc = "Seconds to wait before that, as in Retry-After."),
            INTEGER(struct problem, limit, .flags = FIELD_OMITTED, .max = INT64_MAX,
                    PRESENT(struct problem, has_limit),
                    .doc = "Requests that are allowed in window_seconds, with rate_limited."),
            INTEGER(struct problem, window_seconds, .flags = FIELD_OMITTED, .max = INT64_MAX,
                    PRESENT(struct problem, has_limit), .doc = "See limit."),
            INTEGER(struct problem, retry_after_seconds, .flags = FIELD_OMITTED, .max = INT64_MAX,
                    PRESENT(struct problem, has_limit), .doc = "As retry_after, next to limit."),
            ARRAY(struct problem, errors, &problem_field_schema, .flags = FIELD_OMITTED,
                  .doc = "All bad fields, with validation_failed."),
            ARRAY(struct problem, attempts, &problem_attempt_schema, .flags = FIELD_OMITTED,
                  .doc = "What was tried at models, in order, where one was asked."),
            BOOLEAN(struct problem, success, .flags = FIELD_REQUIRED, .doc = "Always false."),
            TEXT(error, "As detail, for older clients."),
            TEXT(error_code, "The kind of problem, by the name that older clients know."),
            TEXT(timestamp, "When, in UTC (RFC 3339)."),
            {.name = NULL}},
    .doc = "What every failure answers (RFC 9457).",
};

static struct list
list_fields(const struct field_error *first, struct arena *arena)
{
    size_t count = 0;
    for (const struct field_error *field = first; field; field = field->next)
        count++;
    if (count == 0)
        return (struct list){0};
    struct problem_field *items = arena_array(arena, count, sizeof(*items));
    for (size_t i = 0; i < count; i++, first = first->next)
        items[i] = (struct problem_field){problem_clean(first->path, arena),
                                          problem_clean(first->message, arena)};
    return (struct list){items, count};
}

/* The name by which clients of the replaced systems know a code; of one that they do not know, ours
 * in their spelling. */
static const char *
older_name(enum error_code code, const char *name, struct arena *arena)
{
    static const struct {
        enum error_code code;
        const char *name;
    } names[] = {
        {ERROR_UNAUTHORIZED, "AUTHENTICATION_ERROR"},
        {ERROR_FORBIDDEN, "AUTHORIZATION_ERROR"},
        {ERROR_INVALID_REQUEST, "VALIDATION_ERROR"},
        {ERROR_VALIDATION_FAILED, "VALIDATION_ERROR"},
        {ERROR_RATE_LIMITED, "RATE_LIMIT_EXCEEDED"},
        {ERROR_PROVIDER_RATE_LIMITED, "RATE_LIMIT_EXCEEDED"},
        {ERROR_UPSTREAM_ERROR, "AI_SERVICE_ERROR"},
        {ERROR_UPSTREAM_INVALID, "AI_SERVICE_ERROR"},
        {ERROR_UPSTREAM_TIMEOUT, "SERVICE_UNAVAILABLE"},
        {ERROR_CIRCUIT_OPEN, "SERVICE_UNAVAILABLE"},
        {ERROR_OVERLOADED, "SERVICE_UNAVAILABLE"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].code == code)
            return names[i].name;
    return text_upper_case(name, arena);
}

static void
write_problem(struct request *request, const struct error *err, const struct error_info *info,
              struct strbuf *out)
{
    struct arena *arena = &request->arena;
    const char *detail = problem_detail(err, info, arena);
    char timestamp[CLOCK_TEXT_BYTES];
    clock_format(timestamp, clock_realtime_us());
    struct problem problem = {
        .type = arena_printf(arena, "/problems/%s", info->name),
        .title = info->title,
        .status = info->status,
        .detail = detail,
        .instance = request->path ? request->path : "/",
        .code = info->name,
        .request_id = request->id,
        .retryable = info->retryable && !err->lasting,
        .has_retry_after = problem_retry_after_s(err) > 0,
        .retry_after = problem_retry_after_s(err),
        .has_limit = err->limit_s > 0,
        .limit = err->limit,
        .window_seconds = err->limit_s,
        .retry_after_seconds = problem_retry_after_s(err),
        .errors = list_fields(err->fields, arena),
        .attempts = problem_attempts(err, arena),
        .error = detail,
        .error_code = older_name(err->code, info->name, arena),
        .timestamp = timestamp,
    };
    schema_encode(&problem_schema, &problem, out);
}

void
problem_rfc9457(struct request *request, const struct error *err, struct strbuf *out)
{
    write_problem(request, err, error_info(err->code), out);
}

/* The member that speaks of a field: its path up to the first '.' or '[', or of the whole body the
 * name that clients know from elsewhere. Its length is *length. */
static const char *
member_name(const struct field_error *field, size_t *length)
{
    static const char whole[] = "non_field_errors";
    *length = strcspn(field->path, ".[");
    if (*length > 0)
        return field->path;
    *length = sizeof(whole) - 1;
    return whole;
}

static bool
is_same_member(const struct field_error *left, const struct field_error *right)
{
    size_t left_length, right_length;
    const char *left_name = member_name(left, &left_length);
    const char *right_name = member_name(right, &right_length);
    return left_length == right_length && memcmp(left_name, right_name, left_length) == 0;
}

/* Whether it has a member still to write: not of a field before, and not one of the problem. */
static bool
is_new_member(const struct field_error *field, const struct field_error *first)
{
    size_t length;
    const char *name = member_name(field, &length);
    for (const struct field *row = problem_schema.fields; row->name; row++)
        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
            return false;
    for (; first != field; first = first->next)
        if (is_same_member(first, field))
            return false;
    return true;
}

static void
add_text(struct strbuf *out, const char *text, size_t length)
{
    const char *clean = problem_clean(arena_strndup(out->arena, text, length), out->arena);
    schema_encode_string(out, clean, strlen(clean));
}

void
problem_fields(struct request *request, const struct error *err, struct strbuf *out)
{
    write_problem(request, err, problem_info(err->code, ERRORS_FIELDS), out);
    strbuf_truncate(out, out->length - 1);
    for (const struct field_error *field = err->fields; field; field = field->next) {
        size_t length;
        const char *name = member_name(field, &length);
        if (!is_new_member(field, err->fields))
            continue;
        strbuf_add_char(out, ',');
        add_text(out, name, length);
        strbuf_add_text(out, ":[");
        for (const struct field_error *same = field; same; same = same->next) {
            if (!is_same_member(same, field))
                continue;
            if (same != field)
                strbuf_add_char(out, ',');
            add_text(out, same->message, strlen(same->message));
        }
        strbuf_add_char(out, ']');
    }
    strbuf_add_char(out, '}');
}
