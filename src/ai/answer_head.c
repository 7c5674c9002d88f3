/* Header lines of providers' answers. */
#include "ai/answer_head.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The value of a header line that has this name, or NULL. It ends with the line. */
static const char *
value_of(const char *line, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    if (length <= name_length || line[name_length] != ':' ||
        strncasecmp(line, name, name_length) != 0)
        return NULL;
    const char *value = line + name_length + 1, *line_end = line + length;
    while (value < line_end && (*value == ' ' || *value == '\t'))
        value++;
    return value;
}

static bool
is_value(const char *value, const char *line_end, const char *expected)
{
    size_t length = strlen(expected);
    if ((size_t)(line_end - value) < length || strncasecmp(value, expected, length) != 0)
        return false;
    value += length;
    while (value < line_end && strchr(" \t\r\n", *value))
        value++;
    return value == line_end;
}

bool
answer_head_is_encoded(const char *line, size_t length)
{
    const char *value = value_of(line, length, "Content-Encoding");
    if (value)
        return !is_value(value, line + length, "identity");
    value = value_of(line, length, "Transfer-Encoding");
    return value && !is_value(value, line + length, "chunked") &&
           !is_value(value, line + length, "identity");
}

bool
answer_head_is_event_stream(const char *content_type)
{
    static const char name[] = "text/event-stream";
    if (!content_type || strncasecmp(content_type, name, sizeof(name) - 1) != 0)
        return false;
    char after = content_type[sizeof(name) - 1];
    return after == '\0' || after == ';' || after == ' ';
}

static const char *
read_header(CURL *easy, const char *name, struct arena *arena)
{
    struct curl_header *header;
    if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return arena_strdup(arena, header->value);
}

/* Where each provider says what the caller of an answer that is no 200 has to know. */
static const struct head_row {
    const char *name;
    size_t offset;
} head_rows[] = {
    {"Retry-After", offsetof(struct provider_head, retry_after)},
    {"retry-after-ms", offsetof(struct provider_head, retry_after_ms)},
    {"x-should-retry", offsetof(struct provider_head, should_retry)},
    {"x-ratelimit-reset-requests", offsetof(struct provider_head, reset_requests)},
    {"x-ratelimit-reset-tokens", offsetof(struct provider_head, reset_tokens)},
    {"x-ratelimit-remaining-requests", offsetof(struct provider_head, remaining_requests)},
    {"x-ratelimit-remaining-tokens", offsetof(struct provider_head, remaining_tokens)},
    {"anthropic-ratelimit-requests-reset", offsetof(struct provider_head, reset_requests)},
    {"anthropic-ratelimit-tokens-reset", offsetof(struct provider_head, reset_tokens)},
    {"anthropic-ratelimit-requests-remaining", offsetof(struct provider_head, remaining_requests)},
    {"anthropic-ratelimit-tokens-remaining", offsetof(struct provider_head, remaining_tokens)},
};

void
answer_head_read(CURL *easy, struct arena *arena, struct provider_head *head)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    head->status = (int)status;
    head->content_type = read_header(easy, "Content-Type", arena);
    if (status == 200)
        return;
    for (size_t i = 0; i < sizeof(head_rows) / sizeof(head_rows[0]); i++) {
        const char **value = (const char **)((char *)head + head_rows[i].offset);
        if (!*value)
            *value = read_header(easy, head_rows[i].name, arena);
    }
}
