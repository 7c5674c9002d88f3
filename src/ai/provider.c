/* What all dialects share: where they are asked, and what their errors mean. */
#include "ai/provider.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct provider *
provider_of(enum provider_kind kind)
{
    static const struct provider *const providers[] = {
        [PROVIDER_LOCAL] = NULL,
        [PROVIDER_OPENAI] = &provider_openai,
        [PROVIDER_GEMINI] = &provider_gemini,
        [PROVIDER_ANTHROPIC] = &provider_anthropic,
    };
    return providers[kind];
}

static bool
names_a_version(const char *base_url)
{
    const char *host = strstr(base_url, "://");
    const char *path = strchr(host ? host + 3 : base_url, '/');
    for (; path; path = strchr(path + 1, '/'))
        if (path[1] == 'v' && isdigit((unsigned char)path[2]))
            return true;
    return false;
}

const char *
provider_url(struct arena *arena, const char *base_url, const char *version, const char *path)
{
    return arena_printf(arena, "%s%s%s", base_url, names_a_version(base_url) ? "" : version, path);
}

void
provider_add_header(struct provider_request *request, const char *name, const char *value)
{
    if (request->header_count == PROVIDER_HEADERS_MAX)
        abort();
    request->headers[request->header_count++] = (struct provider_header){name, value};
}

const char *
provider_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

int64_t
provider_count(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > INT32_MAX)
        return -1;
    return json_integer_value(value);
}

void
provider_add_member(struct strbuf *body, const char *name, const char *text)
{
    strbuf_add_char(body, '"');
    strbuf_add_text(body, name);
    strbuf_add_text(body, "\":");
    schema_encode_string(body, text, strlen(text));
}

void
provider_add_number(struct strbuf *body, double number)
{
    schema_encode_decimal(body,
                          (struct decimal){(int64_t)(number * 1e6 + (number < 0 ? -0.5 : 0.5))});
}

static const json_t *
read_document(const char *bytes, size_t length, struct arena *arena)
{
    struct error ignored = {0};
    return schema_parse(bytes, length, arena, &ignored);
}

static bool
is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

bool
provider_fail(struct provider_failure *failure, enum error_code code, const char *detail)
{
    *failure = (struct provider_failure){.retry_after_ms = -1};
    return error_set(&failure->error, code, "%s", detail);
}

bool
provider_parse(const struct provider *provider, const char *bytes, size_t length,
               struct arena *arena, struct provider_answer *answer,
               struct provider_failure *failure)
{
    *answer = (struct provider_answer){.tokens_input = -1, .tokens_output = -1};
    const json_t *document = read_document(bytes, length, arena);
    if (!json_is_object(document)) {
        provider_fail(failure, ERROR_UPSTREAM_INVALID,
                      "the provider's answer is not a JSON object");
        failure->retryable = failure->counts = true;
        return false;
    }
    *failure = (struct provider_failure){.retry_after_ms = -1};
    bool parsed = provider->parse_answer(document, arena, answer, &failure->error);
    if (parsed && !answer->truncated && is_blank(answer->text))
        parsed = error_set(&failure->error, ERROR_UPSTREAM_INVALID, "the model's answer is empty");
    failure->final = !parsed && failure->error.code == ERROR_CONTENT_REFUSED;
    failure->retryable = !parsed && !failure->final;
    return parsed;
}

/* Phrases by which providers say that the prompt does not fit, where no machine code does. */
static bool
says_too_long(const struct provider_fault *fault)
{
    static const char *const codes[] = {"context_length_exceeded", "exceed_context_size_error"};
    static const char *const phrases[] = {
        "maximum context length", "context length",     "context size",
        "context window",         "prompt is too long", "exceeds the maximum number of tokens",
        "too many tokens",
    };
    for (size_t i = 0; fault->code && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(fault->code, codes[i]) == 0)
            return true;
    for (size_t i = 0; fault->message && i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (strcasestr(fault->message, phrases[i]))
            return true;
    return false;
}

static bool
says_refused(const struct provider_fault *fault)
{
    static const char *const codes[] = {"content_filter", "content_policy_violation",
                                        "moderation_blocked", "responsible_ai_policy_violation"};
    for (size_t i = 0; fault->code && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(fault->code, codes[i]) == 0)
            return true;
    return fault->message && strcasestr(fault->message, "content filtering policy");
}

/* A date of any year is still no longer than a day. */
enum { RETRY_AFTER_MAX_MS = 24 * 3600 * 1000 };

static int64_t
whole_number(const char *text, int64_t unit_ms)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || errno || !(number >= 0) || number > 1e9)
        return -1;
    return (int64_t)(number * (double)unit_ms + 0.5);
}

/* retry-after-ms, else Retry-After as seconds or as a date, else what the body said. */
static int64_t
read_retry_after(const struct provider_head *head, const struct provider_fault *fault,
                 int64_t now_s)
{
    if (head->retry_after_ms) {
        int64_t given_ms = whole_number(head->retry_after_ms, 1);
        if (given_ms >= 0)
            return given_ms;
    }
    if (head->retry_after) {
        int64_t given_ms = whole_number(head->retry_after, 1000);
        if (given_ms >= 0)
            return given_ms;
        time_t date = curl_getdate(head->retry_after, NULL);
        if (date != -1) {
            int64_t left_s = date > now_s ? (int64_t)date - now_s : 0;
            return left_s < RETRY_AFTER_MAX_MS / 1000 ? left_s * 1000 : RETRY_AFTER_MAX_MS;
        }
    }
    return fault->retry_after_ms;
}

/* The provider's machine code, where it is one: it may stand in an error that people see. */
static const char *
shown_code(const struct provider_fault *fault, struct arena *arena)
{
    size_t length = fault->code ? strlen(fault->code) : 0;
    if (length == 0 || length > 60)
        return "";
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)fault->code[i]) && !strchr("_-.", fault->code[i]))
            return "";
    return arena_printf(arena, " (%s)", fault->code);
}

static void
classify_status(int status, const char *code, const struct provider_fault *fault,
                struct provider_failure *failure)
{
    int retry_s = failure->retry_after_ms < 0 ? 0 : (int)((failure->retry_after_ms + 999) / 1000);
    if (status == 401 || status == 403 || fault->key_refused) {
        failure->key_refused = true;
        error_set(&failure->error, ERROR_UPSTREAM_ERROR, "the provider refused our key");
    } else if (status == 429) {
        failure->retryable = !fault->quota_spent;
        error_set_retry(&failure->error, ERROR_PROVIDER_RATE_LIMITED, retry_s, "%s%s",
                        fault->quota_spent ? "our quota at the provider is spent"
                                           : "the provider limits our rate of calls",
                        code);
    } else if (status == 408 || status >= 500) {
        failure->retryable = failure->counts = true;
        error_set_retry(&failure->error, ERROR_UPSTREAM_ERROR, retry_s,
                        "the provider answered with status %d%s", status, code);
    } else {
        error_set(&failure->error, ERROR_UPSTREAM_ERROR,
                  "the provider did not accept the request: status %d%s", status, code);
    }
}

void
provider_classify(const struct provider *provider, const struct provider_head *head,
                  const char *bytes, size_t length, int64_t now_s, struct arena *arena,
                  struct provider_failure *failure)
{
    struct provider_fault fault = {.retry_after_ms = -1};
    const json_t *document = read_document(bytes, length, arena);
    if (json_is_object(document))
        provider->read_fault(document, &fault);
    int64_t wait_ms = read_retry_after(head, &fault, now_s);
    if (wait_ms > RETRY_AFTER_MAX_MS)
        wait_ms = RETRY_AFTER_MAX_MS;
    *failure = (struct provider_failure){.retry_after_ms = wait_ms};
    bool is_request_fault = head->status == 400 || head->status == 413 || head->status == 422;
    if (is_request_fault && !fault.key_refused && says_refused(&fault)) {
        failure->final = true;
        error_set(&failure->error, ERROR_CONTENT_REFUSED,
                  "the model's provider refused this content");
    } else if (is_request_fault && !fault.key_refused && says_too_long(&fault)) {
        failure->final = true;
        error_set(&failure->error, ERROR_CONTEXT_TOO_LONG, "the text is too long for the model");
    } else {
        classify_status(head->status, shown_code(&fault, arena), &fault, failure);
    }
    if (head->should_retry && strcasecmp(head->should_retry, "false") == 0)
        failure->retryable = false;
}
