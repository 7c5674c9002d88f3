/* What all dialects share: where they are asked, and how bodies are read and written. */
#include "ai/provider.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ai/body.h"
#include "base/id.h"

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
    struct strbuf url;
    strbuf_init(&url, arena, strlen(base_url) + strlen(version) + strlen(path) + 1);
    strbuf_add_text(&url, base_url);
    if (!names_a_version(base_url))
        strbuf_add_text(&url, version);
    strbuf_add_text(&url, path);
    return url.data;
}

static size_t
length_of(const char *text)
{
    return text ? strlen(text) : 0;
}

void
provider_begin(struct provider_request *request, const struct chat *chat, struct arena *arena)
{
    size_t guess = 1024;
    const struct chat_message *messages = chat ? chat->messages.items : NULL;
    for (size_t i = 0; chat && i < chat->messages.count; i++) {
        const struct chat_part *parts = messages[i].parts.items;
        for (size_t j = 0; j < messages[i].parts.count; j++)
            guess += length_of(parts[j].text) * 9 / 8 + length_of(parts[j].base64) + 64;
    }
    *request = (struct provider_request){0};
    strbuf_init(&request->body, arena, guess);
}

void
provider_add_header(struct provider_request *request, const char *name, const char *value)
{
    if (request->header_count == PROVIDER_HEADERS_MAX)
        abort();
    request->headers[request->header_count++] = (struct provider_header){name, value};
}

static void
add_stream_options(struct strbuf *body, const json_t *options)
{
    const char *name;
    json_t *value;
    body_open(body, "stream_options", '{');
    json_object_foreach((json_t *)options, name, value)
    {
        if (strcmp(name, "include_usage") != 0)
            body_json(body, name, value);
    }
    body_flag(body, "include_usage", true);
    strbuf_add_char(body, '}');
}

void
provider_add_native(struct strbuf *body, const struct chat *chat, const char *id,
                    bool reports_usage)
{
    const json_t *native = chat->native;
    const char *name;
    json_t *value;
    reports_usage = reports_usage && chat->stream;
    strbuf_add_char(body, '{');
    if (!json_object_get(native, "model"))
        body_text(body, "model", id);
    json_object_foreach((json_t *)native, name, value)
    {
        if (strcmp(name, "model") == 0)
            body_text(body, name, id);
        else if (strcmp(name, "stream") == 0)
            body_flag(body, name, chat->stream);
        else if (!reports_usage || strcmp(name, "stream_options") != 0)
            body_json(body, name, value);
    }
    if (chat->stream && !json_object_get(native, "stream"))
        body_flag(body, "stream", true);
    if (reports_usage)
        add_stream_options(body, json_object_get(native, "stream_options"));
    strbuf_add_char(body, '}');
}

enum chat_finish
provider_finish(const struct provider_finish *rows, const char *reason)
{
    for (; reason && rows->reason; rows++)
        if (strcmp(rows->reason, reason) == 0)
            return rows->finish;
    return CHAT_FINISH_NONE;
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

int64_t
provider_tokens(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return -1;
    json_int_t count = json_integer_value(value);
    return count < PROVIDER_TOKENS_MAX ? count : PROVIDER_TOKENS_MAX;
}

int64_t
provider_sum(int64_t first, int64_t second)
{
    if (first < 0 || second < 0)
        return first < 0 ? second : first;
    return first + second;
}

const char *
provider_json(const json_t *value, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    schema_encode_json(&text, value);
    return text.data;
}

const json_t *
provider_object(const char *text, struct arena *arena)
{
    const json_t *value = schema_parse_lenient(text, strlen(text), NULL, arena);
    return json_is_object(value) ? value : NULL;
}

const char *
provider_call_id(struct arena *arena)
{
    uint64_t number;
    random_bytes(&number, sizeof(number));
    return arena_printf(arena, "call_%016" PRIx64, number);
}

bool
provider_refuse(struct error *err, struct arena *arena, const char *field, const char *why)
{
    struct field_error *complaint = arena_alloc(arena, sizeof(*complaint));
    *complaint = (struct field_error){.path = field, .message = why};
    err->fields = complaint;
    return error_set(err, ERROR_INVALID_REQUEST, "\"%s\" %s", field, why);
}

/* What the caller calls it; the chat's own names are those of chat completions. */
static const char *
field_name(const struct chat *chat, const char *field)
{
    static const struct {
        const char *path, *field, *name;
    } rows[] = {
        {"/responses", "messages", "input"},
        {"/responses", "response_format", "text.format"},
        {"/responses", "logprobs", "include"},
        {"/messages", "parallel_tool_calls", "tool_choice.disable_parallel_tool_use"},
    };
    for (size_t i = 0; chat->native_path && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(chat->native_path, rows[i].path) == 0 && strcmp(field, rows[i].field) == 0)
            return rows[i].name;
    return field;
}

bool
provider_refuse_chat(const struct chat *chat, const char *field, const char *why,
                     struct arena *arena, struct error *err)
{
    return provider_refuse(err, arena, field_name(chat, field), why);
}

bool
provider_refuse_message(const struct chat *chat, const json_t *source, const char *why,
                        struct arena *arena, struct error *err)
{
    const char *path = chat_path(chat, source, arena);
    return path ? provider_refuse(err, arena, path, why)
                : provider_refuse_chat(chat, "messages", why, arena, err);
}

bool
provider_can_say(const struct chat *chat, const struct provider_limit *limits, const char *family,
                 struct arena *arena, struct error *err)
{
    const char *why = arena_printf(arena, "cannot be asked of a model of the %s family", family);
    if (chat->untranslatable)
        return provider_refuse(err, arena, chat->untranslatable, why);
    for (; limits->field; limits++)
        if (limits->given)
            return provider_refuse_chat(chat, limits->field, why, arena, err);
    const struct chat_message *messages = chat->messages.items;
    for (size_t i = 0; i < chat->messages.count; i++) {
        const struct chat_part *image =
            messages[i].role == CHAT_SYSTEM ? chat_image(&messages[i]) : NULL;
        if (image)
            return provider_refuse_message(chat, image->source,
                                           "can be an image only in other messages than the "
                                           "system's",
                                           arena, err);
    }
    return true;
}

bool
provider_fail(struct provider_failure *failure, enum error_code code, const char *detail)
{
    *failure = (struct provider_failure){.retry_after_ms = -1,
                                         .class = code == ERROR_CLIENT_CLOSED ? FAULT_CALLER
                                                                              : FAULT_PERMANENT};
    return error_set(&failure->error, code, "%s", detail);
}

/* What begins as an object is an answer, which was made and paid for. */
static bool
begins_an_object(const char *bytes, size_t length)
{
    size_t i = 0;
    while (i < length && isspace((unsigned char)bytes[i]))
        i++;
    return i < length && bytes[i] == '{';
}

bool
provider_fail_unreadable(struct provider_failure *failure, const char *bytes, size_t length)
{
    provider_fail(failure, ERROR_UPSTREAM_INVALID, "the provider's answer is not a JSON object");
    if (!begins_an_object(bytes, length))
        failure->class = FAULT_TRANSIENT;
    return false;
}

/* A 200 that says it is none: relays of other providers answer so. */
static bool
says_error(const json_t *document)
{
    const json_t *error = json_object_get(document, "error");
    return json_is_object(error) || json_is_string(error);
}

bool
provider_parse(const struct provider *provider, const char *bytes, size_t length,
               struct arena *arena, const json_t **document, struct chat_answer *answer,
               struct provider_failure *failure)
{
    *answer = (struct chat_answer){0};
    chat_usage_init(&answer->usage);
    *failure = (struct provider_failure){.retry_after_ms = -1};
    const json_t *parsed = schema_parse_lenient(bytes, length, NULL, arena);
    if (document)
        *document = parsed;
    if (!json_is_object(parsed))
        return provider_fail_unreadable(failure, bytes, length);
    if (provider->parse_answer(parsed, arena, answer, &failure->error))
        return true;
    failure->class = FAULT_TRANSIENT;
    if (says_error(parsed))
        provider_classify_document(provider, parsed, arena, failure);
    return false;
}
