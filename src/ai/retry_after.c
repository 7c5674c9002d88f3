/* Reads the many forms in which providers say when to come back. */
#include "ai/retry_after.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t
within_bounds(double wait_ms)
{
    return wait_ms < RETRY_AFTER_MAX_MS ? (int64_t)(wait_ms + 0.5) : RETRY_AFTER_MAX_MS;
}

static int64_t
plain_number(const char *text, int64_t unit_ms)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || errno || !(number >= 0) || number > 1e9)
        return -1;
    return within_bounds(number * (double)unit_ms);
}

static double
unit_ms(const char **text)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"us", 0.001}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(*text, units[i].name, length) == 0) {
            *text += length;
            return units[i].ms;
        }
    }
    return -1;
}

int64_t
retry_after_duration(const char *text)
{
    double sum_ms = 0;
    int64_t seconds = plain_number(text, 1000);
    if (seconds >= 0 || *text == '\0')
        return seconds;
    while (*text) {
        char *end;
        if (*text < '0' || *text > '9')
            return -1;
        double number = strtod(text, &end);
        text = end;
        double unit = unit_ms(&text);
        if (unit < 0 || !(number <= 1e9))
            return -1;
        sum_ms += number * unit;
    }
    return within_bounds(sum_ms);
}

static int64_t
until(time_t date, int64_t now_s)
{
    int64_t left_s = date > now_s ? (int64_t)date - now_s : 0;
    return left_s < RETRY_AFTER_MAX_MS / 1000 ? left_s * 1000 : RETRY_AFTER_MAX_MS;
}

/* RFC 3339: "2026-01-31T10:00:00Z", fractions and offsets as well. */
static bool
read_rfc3339(const char *text, time_t *date)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest)
        return false;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    struct tm offset = {0};
    bool is_offset = (*rest == '+' || *rest == '-') && strptime(rest + 1, "%H:%M", &offset);
    if (!is_offset && strcasecmp(rest, "Z") != 0)
        return false;
    int64_t ahead_s = offset.tm_hour * 3600 + offset.tm_min * 60;
    *date = timegm(&parts) - (*rest == '-' ? -ahead_s : ahead_s);
    return true;
}

static int64_t
reset_ms(const char *text, int64_t now_s)
{
    time_t date;
    if (!text)
        return -1;
    return read_rfc3339(text, &date) ? until(date, now_s) : retry_after_duration(text);
}

static bool
is_spent(const char *remaining)
{
    return remaining && strcmp(remaining, "0") == 0;
}

static int64_t
read_resets(const struct provider_head *head, int64_t now_s)
{
    int64_t requests_ms = reset_ms(head->reset_requests, now_s);
    int64_t tokens_ms = reset_ms(head->reset_tokens, now_s);
    bool no_requests = is_spent(head->remaining_requests),
         no_tokens = is_spent(head->remaining_tokens);
    if (no_requests && !no_tokens && requests_ms >= 0)
        return requests_ms;
    if (no_tokens && !no_requests && tokens_ms >= 0)
        return tokens_ms;
    return requests_ms > tokens_ms ? requests_ms : tokens_ms;
}

int64_t
retry_after_read(const struct provider_head *head, const struct provider_fault *fault,
                 int64_t now_s)
{
    int64_t given_ms = head->retry_after_ms ? plain_number(head->retry_after_ms, 1) : -1;
    if (given_ms < 0 && head->retry_after) {
        given_ms = plain_number(head->retry_after, 1000);
        time_t date = given_ms < 0 ? curl_getdate(head->retry_after, NULL) : -1;
        if (date != -1)
            given_ms = until(date, now_s);
    }
    if (given_ms < 0 && fault->retry_after_ms >= 0)
        given_ms =
            fault->retry_after_ms < RETRY_AFTER_MAX_MS ? fault->retry_after_ms : RETRY_AFTER_MAX_MS;
    if (given_ms < 0 && head->status == 429)
        given_ms = read_resets(head, now_s);
    return given_ms;
}
