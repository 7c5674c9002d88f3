/* One HTTP exchange by libcurl. */
#include "net/fetch.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"

enum { TIMEOUT_MS = 5000, MAX_BYTES = 64 * 1024, RETRY_S = 5 };

struct reading {
    struct arena *arena;
    struct strbuf body;
    size_t max_bytes;
    int64_t max_age_s;
    bool is_too_long;
};

static size_t
take_bytes(char *bytes, size_t size, size_t count, void *data)
{
    struct reading *reading = data;
    size_t length = size * count;
    if (length > reading->max_bytes - reading->body.length) {
        reading->is_too_long = true;
        return 0;
    }
    strbuf_add(&reading->body, bytes, length);
    return length;
}

static int64_t
read_seconds(const char *text)
{
    int64_t seconds = 0;
    for (; *text >= '0' && *text <= '9' && seconds < INT32_MAX; text++)
        seconds = seconds * 10 + (*text - '0');
    return seconds;
}

/* How long an answer may be kept (RFC 9111, section 5.2.2); the strictest directive holds. */
static int64_t
read_max_age(char *value)
{
    int64_t max_age_s = -1;
    char *rest = value;
    for (char *word; (word = strsep(&rest, ", \t\r\n"));) {
        if (strcasecmp(word, "no-store") == 0 || strcasecmp(word, "no-cache") == 0)
            return 0;
        if (strncasecmp(word, "max-age=", 8) == 0 && max_age_s < 0)
            max_age_s = read_seconds(word + 8);
    }
    return max_age_s;
}

static size_t
take_header(char *bytes, size_t size, size_t count, void *data)
{
    static const char name[] = "cache-control:";
    struct reading *reading = data;
    size_t length = size * count, name_length = sizeof(name) - 1;
    if (length > name_length && strncasecmp(bytes, name, name_length) == 0)
        reading->max_age_s =
            read_max_age(arena_strndup(reading->arena, bytes + name_length, length - name_length));
    return length;
}

static CURLcode
perform(CURL *curl, const struct fetch_wish *wish, struct reading *reading)
{
    struct curl_slist *headers = NULL;
    int64_t timeout_ms = wish->timeout_ms > 0 ? wish->timeout_ms : TIMEOUT_MS;
    curl_easy_setopt(curl, CURLOPT_URL, wish->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reading);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, reading);
    if (wish->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(wish->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, wish->body);
        if (wish->content_type)
            headers = curl_slist_append(
                NULL, arena_printf(reading->arena, "Content-Type: %s", wish->content_type));
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    CURLcode result = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    return result;
}

bool
fetch(const struct fetch_wish *wish, struct arena *arena, struct fetch_answer *answer,
      struct error *err)
{
    struct reading reading = {
        .arena = arena,
        .max_bytes = wish->max_bytes > 0 ? wish->max_bytes : MAX_BYTES,
        .max_age_s = -1,
    };
    strbuf_init(&reading.body, arena, 4096);
    CURL *curl = curl_easy_init();
    if (!curl)
        return error_set(err, ERROR_INTERNAL, "libcurl does not start");
    CURLcode result = perform(curl, wish, &reading);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (reading.is_too_long)
        return error_set_retry(err, ERROR_UNAVAILABLE, RETRY_S,
                               "the answer is longer than %zu bytes", reading.max_bytes);
    if (result != CURLE_OK)
        return error_set_retry(err, ERROR_UNAVAILABLE, RETRY_S, "%s", curl_easy_strerror(result));
    *answer = (struct fetch_answer){(int)status, reading.body.data, reading.body.length,
                                    reading.max_age_s};
    return true;
}
