/* Failures as the clients of OpenAI and of Anthropic expect them. */
#include "http/problem_parts.h"

struct openai_error {
    const char *message, *type, *param, *code;
    struct list attempts; /* struct error_attempt */
    const char *request_id;
};

struct openai_failure {
    struct openai_error *error;
};

struct anthropic_error {
    const char *type, *message;
};

struct anthropic_failure {
    const char *type;
    struct anthropic_error *error;
    const char *request_id;
};

static const struct schema openai_error_schema = {
    .name = "OpenaiError",
    .size = sizeof(struct openai_error),
    .fields =
        (const struct field[]){
            STRING(struct openai_error, message, .flags = FIELD_REQUIRED,
                   .doc = "What happened, for people; with bad fields, all of them."),
            STRING(struct openai_error, type, .flags = FIELD_REQUIRED,
                   .doc = "The class of failure, as OpenAI names them."),
            STRING(struct openai_error, param, .flags = FIELD_NULLABLE,
                   .doc = "The first bad field."),
            STRING(struct openai_error, code, .flags = FIELD_REQUIRED,
                   .doc = "The kind of failure, for programs."),
            ARRAY(struct openai_error, attempts, &problem_attempt_schema, .flags = FIELD_OMITTED,
                  .doc = "What was tried at models, in order."),
            STRING(struct openai_error, request_id, .flags = FIELD_REQUIRED,
                   .doc = "As in X-Request-Id."),
            {.name = NULL}},
    .doc = "OpenAI's error object.",
};

const struct schema openai_failure_schema = {
    .name = "OpenaiFailure",
    .size = sizeof(struct openai_failure),
    .fields = (const struct field[]){OBJECT(struct openai_failure, error, &openai_error_schema,
                                            .flags = FIELD_REQUIRED),
                                     {.name = NULL}},
    .doc = "What every failure answers on routes that speak as OpenAI's do.",
};

static const struct schema anthropic_error_schema = {
    .name = "AnthropicError",
    .size = sizeof(struct anthropic_error),
    .fields =
        (const struct field[]){
            STRING(struct anthropic_error, type, .flags = FIELD_REQUIRED,
                   .doc = "The class of failure, as Anthropic names them."),
            STRING(struct anthropic_error, message, .flags = FIELD_REQUIRED,
                   .doc = "What happened, for people; with bad fields, all of them."),
            {.name = NULL}},
    .doc = "Anthropic's error object.",
};

const struct schema anthropic_failure_schema = {
    .name = "AnthropicFailure",
    .size = sizeof(struct anthropic_failure),
    .fields = (const struct field[]){STRING(struct anthropic_failure, type, .flags = FIELD_REQUIRED,
                                            .doc = "Always error."),
                                     OBJECT(struct anthropic_failure, error,
                                            &anthropic_error_schema, .flags = FIELD_REQUIRED),
                                     STRING(struct anthropic_failure, request_id,
                                            .flags = FIELD_REQUIRED, .doc = "As in X-Request-Id."),
                                     {.name = NULL}},
    .doc = "What every failure answers on routes that speak as Anthropic's do.",
};

struct class
{
    int status;
    const char *openai, *anthropic;
};

/* How both name what our statuses mean; the last row is for all others from 500. */
static const struct class *
class_of(int status)
{
    static const struct class classes[] = {
        {401, "authentication_error", "authentication_error"},
        {402, "insufficient_quota", "billing_error"},
        {403, "permission_error", "permission_error"},
        {404, "not_found_error", "not_found_error"},
        {413, "invalid_request_error", "request_too_large"},
        {429, "rate_limit_error", "rate_limit_error"},
        {503, "api_error", "overloaded_error"},
        {504, "api_error", "timeout_error"},
        {400, "invalid_request_error", "invalid_request_error"},
        {500, "api_error", "api_error"},
    };
    size_t count = sizeof(classes) / sizeof(classes[0]);
    for (size_t i = 0; i < count; i++)
        if (classes[i].status == status)
            return &classes[i];
    return status < 500 ? &classes[count - 2] : &classes[count - 1];
}

const char *
problem_anthropic_type(enum error_code code)
{
    return class_of(problem_info(code, ERRORS_ANTHROPIC)->status)->anthropic;
}

/* Some that programs written for OpenAI compare with; all others are ours. */
const char *
problem_openai_code(enum error_code code)
{
    static const struct {
        enum error_code code;
        const char *name;
    } names[] = {
        {ERROR_UNAUTHORIZED, "invalid_api_key"},
        {ERROR_RATE_LIMITED, "rate_limit_exceeded"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].code == code)
            return names[i].name;
    return problem_info(code, ERRORS_OPENAI)->name;
}

/* These clients show one message: several bad fields are all named in it. */
static const char *
message(const struct error *err, const struct error_info *info, struct arena *arena)
{
    if (!err->fields || !err->fields->next)
        return problem_detail(err, info, arena);
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    for (const struct field_error *field = err->fields; field; field = field->next)
        strbuf_printf(&text, "%s%s %s", text.length > 0 ? "; " : "",
                      field->path[0] != '\0' ? field->path : "the body", field->message);
    return problem_clean(text.data, arena);
}

static const char *
first_field(const struct error *err, struct arena *arena)
{
    bool is_known = err->fields && err->fields->path[0] != '\0';
    return is_known ? problem_clean(err->fields->path, arena) : NULL;
}

void
problem_openai(struct request *request, const struct error *err, struct strbuf *out)
{
    const struct error_info *info = problem_info(err->code, ERRORS_OPENAI);
    struct openai_error error = {
        .message = message(err, info, &request->arena),
        .type = err->code == ERROR_BUDGET_EXHAUSTED ? info->name : class_of(info->status)->openai,
        .param = first_field(err, &request->arena),
        .code = err->reason_code ? err->reason_code : problem_openai_code(err->code),
        .attempts = problem_attempts(err, &request->arena),
        .request_id = request->id,
    };
    schema_encode(&openai_failure_schema, &(struct openai_failure){&error}, out);
}

void
problem_anthropic(struct request *request, const struct error *err, struct strbuf *out)
{
    const struct error_info *info = problem_info(err->code, ERRORS_ANTHROPIC);
    struct anthropic_error error = {
        .type = problem_anthropic_type(err->code),
        .message = message(err, info, &request->arena),
    };
    struct anthropic_failure failure = {
        .type = "error", .error = &error, .request_id = request->id};
    schema_encode(&anthropic_failure_schema, &failure, out);
}
