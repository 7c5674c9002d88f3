/* What the errors of providers mean: one table of what they say and one of their statuses, over all
 * dialects. */
#include <ctype.h>
#include <string.h>

#include "ai/provider.h"
#include "ai/retry_after.h"
#include "base/utf8.h"

/* What a body says weighs more than the status it came with. */
enum meaning { MEANS_NOTHING, MEANS_REFUSED, MEANS_TOO_LONG, MEANS_QUOTA_SPENT, MEANS_UNABLE };

enum by { BY_CODE, BY_PHRASE };

static const struct meaning_row {
    enum by by;
    const char *text; /* a code is the whole of it, a phrase is within the message */
    enum meaning meaning;
} meanings[] = {
    {BY_CODE, "content_filter", MEANS_REFUSED},
    {BY_CODE, "content_policy_violation", MEANS_REFUSED},
    {BY_CODE, "moderation_blocked", MEANS_REFUSED},
    {BY_CODE, "responsible_ai_policy_violation", MEANS_REFUSED},
    {BY_CODE, "invalid_prompt", MEANS_REFUSED},
    {BY_PHRASE, "content filtering policy", MEANS_REFUSED},
    {BY_PHRASE, "content management policy", MEANS_REFUSED},
    {BY_CODE, "context_length_exceeded", MEANS_TOO_LONG},
    {BY_CODE, "exceed_context_size_error", MEANS_TOO_LONG},
    {BY_PHRASE, "maximum context length", MEANS_TOO_LONG},
    {BY_PHRASE, "context length", MEANS_TOO_LONG},
    {BY_PHRASE, "context limit", MEANS_TOO_LONG},
    {BY_PHRASE, "context size", MEANS_TOO_LONG},
    {BY_PHRASE, "context window", MEANS_TOO_LONG},
    {BY_PHRASE, "prompt is too long", MEANS_TOO_LONG},
    {BY_PHRASE, "exceeds the maximum number of tokens", MEANS_TOO_LONG},
    {BY_PHRASE, "too many tokens", MEANS_TOO_LONG},
    {BY_CODE, "insufficient_quota", MEANS_QUOTA_SPENT},
    {BY_CODE, "billing_hard_limit_reached", MEANS_QUOTA_SPENT},
    {BY_CODE, "billing_error", MEANS_QUOTA_SPENT},
    {BY_PHRASE, "credit balance is too low", MEANS_QUOTA_SPENT},
    {BY_CODE, "model_not_found", MEANS_UNABLE},
    {BY_CODE, "FAILED_PRECONDITION", MEANS_UNABLE},
    {BY_PHRASE, "is not a valid model id", MEANS_UNABLE},
    /* Said with a 429 of what is over the limit of a minute by itself. */
    {BY_PHRASE, "request too large for", MEANS_UNABLE},
};

/* Which statuses a meaning is looked for in: a 5xx says nothing of the question. */
static bool
blames_the_question(int status)
{
    return status == 400 || status == 413 || status == 422;
}

static bool
is_said(const struct meaning_row *row, const struct provider_fault *fault)
{
    if (row->by == BY_CODE)
        return fault->code && strcmp(fault->code, row->text) == 0;
    return fault->message && strcasestr(fault->message, row->text);
}

static enum meaning
meaning_of(int status, const struct provider_fault *fault)
{
    if (fault->refused)
        return MEANS_REFUSED;
    if (fault->quota_spent)
        return MEANS_QUOTA_SPENT;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        const struct meaning_row *row = &meanings[i];
        bool of_question = row->meaning == MEANS_REFUSED || row->meaning == MEANS_TOO_LONG;
        if (status < 500 && (!of_question || blames_the_question(status)) && is_said(row, fault))
            return row->meaning;
    }
    return MEANS_NOTHING;
}

static const struct status_row {
    int first, last;
    enum provider_fault_class class;
} statuses[] = {
    {400, 400, FAULT_REQUEST},   {401, 407, FAULT_PERMANENT}, {408, 409, FAULT_TRANSIENT},
    {410, 412, FAULT_PERMANENT}, {413, 413, FAULT_REQUEST},   {414, 421, FAULT_PERMANENT},
    {422, 422, FAULT_REQUEST},   {423, 424, FAULT_PERMANENT}, {425, 425, FAULT_TRANSIENT},
    {426, 428, FAULT_PERMANENT}, {429, 429, FAULT_LIMITED},   {430, 499, FAULT_PERMANENT},
    {500, 500, FAULT_TRANSIENT}, {501, 501, FAULT_PERMANENT}, {502, 999, FAULT_TRANSIENT},
};

static enum provider_fault_class
class_of(int status, enum meaning meaning)
{
    static const enum provider_fault_class classes[] = {[MEANS_REFUSED] = FAULT_REFUSED,
                                                        [MEANS_TOO_LONG] = FAULT_TOO_LONG,
                                                        [MEANS_QUOTA_SPENT] = FAULT_PERMANENT,
                                                        [MEANS_UNABLE] = FAULT_PERMANENT};
    if (meaning != MEANS_NOTHING)
        return classes[meaning];
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (status >= statuses[i].first && status <= statuses[i].last)
            return statuses[i].class;
    return FAULT_PERMANENT;
}

/* The provider's own word on whether asking again is of use. What it refused or found too long
 * stays so, and so does what its key may not do. */
static enum provider_fault_class
heed(enum provider_fault_class class, const char *should_retry, bool key_refused)
{
    if (!should_retry)
        return class;
    bool is_open = (class == FAULT_REQUEST || class == FAULT_PERMANENT) && !key_refused;
    if (strcasecmp(should_retry, "true") == 0 && is_open)
        return FAULT_TRANSIENT;
    if (strcasecmp(should_retry, "false") == 0 && class == FAULT_TRANSIENT)
        return FAULT_SILENT;
    if (strcasecmp(should_retry, "false") == 0 && class == FAULT_LIMITED)
        return FAULT_PERMANENT;
    return class;
}

/* The provider's machine code, where it is one: it may stand in an error that people see. */
static const char *
shown_code(const char *code, struct arena *arena)
{
    size_t length = code ? strlen(code) : 0;
    if (length == 0 || length > 60)
        return "";
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)code[i]) && !strchr("_-.", code[i]))
            return "";
    return arena_printf(arena, " (%s)", code);
}

static void
explain(struct provider_failure *failure, int status, enum meaning meaning, const char *code)
{
    struct error *error = &failure->error;
    int64_t wait_ms = failure->retry_after_ms;
    int retry_s = wait_ms < 0 ? 0 : (int)((wait_ms + 999) / 1000);
    if (failure->class == FAULT_REFUSED)
        error_set(error, ERROR_CONTENT_REFUSED, "the model's provider refused this content");
    else if (failure->class == FAULT_TOO_LONG)
        error_set(error, ERROR_CONTEXT_TOO_LONG, "the text is too long for the model");
    else if (failure->key_refused)
        error_set(error, ERROR_UPSTREAM_ERROR, "the provider refused our key");
    else if (meaning == MEANS_QUOTA_SPENT)
        error_set_retry(error, ERROR_PROVIDER_RATE_LIMITED, retry_s,
                        "our quota at the provider is spent%s", code);
    else if (status == 429)
        error_set_retry(error, ERROR_PROVIDER_RATE_LIMITED, retry_s,
                        "the provider limits our rate of calls%s", code);
    else if (status >= 500 || failure->class == FAULT_TRANSIENT)
        error_set_retry(error, ERROR_UPSTREAM_ERROR, retry_s,
                        "the provider answered with status %d%s", status, code);
    else
        error_set(error, ERROR_UPSTREAM_ERROR,
                  "the provider did not accept the request: status %d%s", status, code);
}

/* On one line, cut between characters. NULL where nothing is said. */
static const char *
short_copy(const char *text, struct arena *arena)
{
    if (!text || text[0] == '\0')
        return NULL;
    size_t length = strnlen(text, PROVIDER_REASON_MAX_BYTES + 1);
    if (length > PROVIDER_REASON_MAX_BYTES)
        length = utf8_cut(text, PROVIDER_REASON_MAX_BYTES);
    char *copy = arena_strndup(arena, text, length);
    for (char *at = copy; *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = ' ';
    return copy;
}

/* Only of what blames the question: other texts may quote the key. */
static void
copy_reason(struct provider_failure *failure, const struct provider_fault *fault,
            struct arena *arena)
{
    if (failure->key_refused ||
        (failure->class != FAULT_REQUEST && failure->class != FAULT_TOO_LONG &&
         failure->class != FAULT_REFUSED))
        return;
    failure->reason = short_copy(fault->message, arena);
    failure->reason_code = short_copy(fault->code, arena);
    failure->reason_param = short_copy(fault->param, arena);
}

static void
classify(const struct provider_head *head, const struct provider_fault *fault, int64_t now_s,
         struct arena *arena, struct provider_failure *failure)
{
    int status = head->status;
    enum meaning meaning = meaning_of(status, fault);
    *failure = (struct provider_failure){.retry_after_ms = retry_after_read(head, fault, now_s)};
    failure->key_refused =
        meaning == MEANS_NOTHING && (status == 401 || status == 403 || fault->key_refused);
    failure->class = failure->key_refused ? FAULT_PERMANENT : class_of(status, meaning);
    failure->class = heed(failure->class, head->should_retry, failure->key_refused);
    failure->lasting = failure->class == FAULT_PERMANENT || failure->class == FAULT_REQUEST;
    explain(failure, status, meaning, shown_code(fault->code, arena));
    copy_reason(failure, fault, arena);
}

/* The words of servers that do not write errors as their dialect does. */
static const char *
words_of(const json_t *value)
{
    static const char *const members[] = {"message", "detail", "msg", "error", "errors"};
    if (json_is_array(value))
        value = json_array_get(value, 0);
    if (json_is_string(value))
        return json_string_value(value);
    const char *words = NULL;
    for (size_t i = 0; !words && i < sizeof(members) / sizeof(members[0]); i++)
        words = json_is_object(value) ? words_of(json_object_get(value, members[i])) : NULL;
    return words;
}

/* Some servers put their error into an array. */
static void
read_document(const struct provider *provider, const json_t *document, struct provider_fault *fault)
{
    *fault = (struct provider_fault){.retry_after_ms = -1};
    if (json_is_array(document))
        document = json_array_get(document, 0);
    if (json_is_object(document))
        provider->read_fault(document, fault);
    if (!fault->message)
        fault->message = words_of(document);
}

/* Of a body that is no JSON: what is said in plain text. Pages of markup and broken JSON are
 * nobody's words. */
static const char *
plain_words(const char *bytes, size_t length, struct arena *arena)
{
    enum { PLAIN_MAX_BYTES = 2 * PROVIDER_REASON_MAX_BYTES };
    size_t valid, blank = 0;
    length = length < PLAIN_MAX_BYTES ? length : PLAIN_MAX_BYTES;
    while (blank < length && isspace((unsigned char)bytes[blank]))
        blank++;
    bytes += blank;
    length -= blank;
    if (length == 0 || strchr("<{[", bytes[0]))
        return NULL;
    if (!utf8_count(bytes, length, &valid))
        length = valid;
    while (length > 0 && isspace((unsigned char)bytes[length - 1]))
        length--;
    return arena_strndup(arena, bytes, length);
}

void
provider_classify(const struct provider *provider, const struct provider_head *head,
                  const char *bytes, size_t length, int64_t now_s, struct arena *arena,
                  struct provider_failure *failure)
{
    struct provider_fault fault;
    const json_t *document = schema_parse_lenient(bytes, length, NULL, arena);
    read_document(provider, document, &fault);
    if (!document)
        fault.message = plain_words(bytes, length, arena);
    classify(head, &fault, now_s, arena, failure);
}

/* The statuses that codes stand for where there is no other. */
static int
status_of(const struct provider_fault *fault)
{
    static const struct {
        const char *code;
        int status;
    } rows[] = {
        {"rate_limit_exceeded", 429},     {"rate_limit_error", 429},
        {"insufficient_quota", 429},      {"invalid_request_error", 400},
        {"invalid_prompt", 400},          {"content_filter", 400},
        {"context_length_exceeded", 400}, {"authentication_error", 401},
        {"invalid_api_key", 401},         {"permission_error", 403},
        {"not_found_error", 404},         {"model_not_found", 404},
        {"request_too_large", 413},       {"billing_error", 402},
        {"timeout_error", 504},           {"overloaded_error", 529},
    };
    if (fault->status >= 400 && fault->status <= 999)
        return fault->status;
    for (size_t i = 0; fault->code && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(fault->code, rows[i].code) == 0)
            return rows[i].status;
    return 500;
}

void
provider_classify_streamed(const struct provider_fault *fault, struct arena *arena,
                           struct provider_failure *failure)
{
    const struct provider_head head = {.status = status_of(fault)};
    classify(&head, fault, 0, arena, failure);
}

void
provider_classify_document(const struct provider *provider, const json_t *document,
                           struct arena *arena, struct provider_failure *failure)
{
    struct provider_fault fault;
    read_document(provider, document, &fault);
    provider_classify_streamed(&fault, arena, failure);
}

bool
provider_check_end(enum chat_finish finish, const char *reason, bool passes, struct arena *arena,
                   struct provider_failure *failure)
{
    bool is_unknown = finish == CHAT_FINISH_NONE && !(passes && reason);
    if (finish != CHAT_FINISH_FAILED && !is_unknown)
        return true;
    *failure = (struct provider_failure){.class = reason ? FAULT_UNUSABLE : FAULT_TRANSIENT,
                                         .retry_after_ms = -1};
    if (!reason)
        return error_set(&failure->error, ERROR_UPSTREAM_INCOMPLETE,
                         "the provider did not say that the model's answer had ended");
    return error_set(&failure->error, ERROR_UPSTREAM_INCOMPLETE,
                     "the provider ended the model's answer before it was whole%s",
                     shown_code(reason, arena));
}
