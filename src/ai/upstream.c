/* HTTP to providers. A handle is an easy and a multi handle of libcurl with their connections; the
 * handle last used is used next, so that connections stay warm whatever thread calls. */
#include "ai/upstream.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { IDLE_HANDLES_MAX = 64, CONNECTIONS_PER_HANDLE = 4, DEFAULT_BODY_BYTES = 4096 };

struct handle {
    CURL *easy;
    CURLM *multi;
    struct handle *next;
};

struct upstream {
    pthread_mutex_t mutex; /* over the list of idle handles */
    struct handle *idle;
    size_t idle_count;
    CURLSH *share;
    pthread_mutex_t share_mutexes[CURL_LOCK_DATA_LAST];
};

/* Where an answer's bytes go. */
struct sink {
    struct strbuf body;
    bool too_large;
};

static void
lock_share(CURL *easy, curl_lock_data data, curl_lock_access access, void *context)
{
    (void)easy;
    (void)access;
    struct upstream *upstream = context;
    pthread_mutex_lock(&upstream->share_mutexes[data]);
}

static void
unlock_share(CURL *easy, curl_lock_data data, void *context)
{
    (void)easy;
    struct upstream *upstream = context;
    pthread_mutex_unlock(&upstream->share_mutexes[data]);
}

struct upstream *
upstream_open(struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(err, ERROR_INTERNAL, "libcurl cannot be initialised");
        return NULL;
    }
    struct upstream *upstream = xcalloc(1, sizeof(*upstream));
    pthread_mutex_init(&upstream->mutex, NULL);
    for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
        pthread_mutex_init(&upstream->share_mutexes[i], NULL);
    upstream->share = curl_share_init();
    if (!upstream->share)
        abort();
    curl_share_setopt(upstream->share, CURLSHOPT_USERDATA, upstream);
    curl_share_setopt(upstream->share, CURLSHOPT_LOCKFUNC, lock_share);
    curl_share_setopt(upstream->share, CURLSHOPT_UNLOCKFUNC, unlock_share);
    /* Connections are not to be shared over threads: CURLSHOPT_SHARE(3). */
    curl_share_setopt(upstream->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(upstream->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return upstream;
}

static void
handle_free(struct handle *handle)
{
    curl_easy_cleanup(handle->easy);
    curl_multi_cleanup(handle->multi);
    free(handle);
}

void
upstream_close(struct upstream *upstream)
{
    if (!upstream)
        return;
    while (upstream->idle) {
        struct handle *handle = upstream->idle;
        upstream->idle = handle->next;
        handle_free(handle);
    }
    curl_share_cleanup(upstream->share);
    for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
        pthread_mutex_destroy(&upstream->share_mutexes[i]);
    pthread_mutex_destroy(&upstream->mutex);
    free(upstream);
    curl_global_cleanup();
}

static size_t
take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    size_t length = size * count;
    if (length > UPSTREAM_ANSWER_MAX_BYTES - sink->body.length) {
        sink->too_large = true;
        return 0;
    }
    strbuf_add(&sink->body, bytes, length);
    return length;
}

static struct handle *
handle_new(struct upstream *upstream)
{
    struct handle *handle = xcalloc(1, sizeof(*handle));
    handle->easy = curl_easy_init();
    handle->multi = curl_multi_init();
    if (!handle->easy || !handle->multi)
        abort();
    curl_multi_setopt(handle->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_PER_HANDLE);
    CURL *easy = handle->easy;
    curl_easy_setopt(easy, CURLOPT_SHARE, upstream->share);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    /* The default of 64 KB is allocated anew for every call and makes malloc tidy up each time. */
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* One connection carries one call at a time, so HTTP/2 would cost and gain nothing. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "hearth");
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)UPSTREAM_ANSWER_MAX_BYTES);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
    return handle;
}

static struct handle *
handle_take(struct upstream *upstream)
{
    pthread_mutex_lock(&upstream->mutex);
    struct handle *handle = upstream->idle;
    if (handle) {
        upstream->idle = handle->next;
        upstream->idle_count--;
    }
    pthread_mutex_unlock(&upstream->mutex);
    return handle ? handle : handle_new(upstream);
}

static void
handle_give_back(struct upstream *upstream, struct handle *handle)
{
    pthread_mutex_lock(&upstream->mutex);
    bool keep = upstream->idle_count < IDLE_HANDLES_MAX;
    if (keep) {
        handle->next = upstream->idle;
        upstream->idle = handle;
        upstream->idle_count++;
    }
    pthread_mutex_unlock(&upstream->mutex);
    if (!keep)
        handle_free(handle);
}

/* The list lies in the arena: libcurl only reads it. */
static struct curl_slist *
header_list(const struct provider_request *request, struct arena *arena)
{
    static char content_type[] = "Content-Type: application/json";
    static char no_expect[] = "Expect:"; /* else libcurl waits a second for a 100 on long bodies */
    struct curl_slist *nodes = arena_array(arena, request->header_count + 2, sizeof(*nodes));
    nodes[0] = (struct curl_slist){content_type, &nodes[1]};
    nodes[1] = (struct curl_slist){no_expect, NULL};
    for (size_t i = 0; i < request->header_count; i++) {
        const struct provider_header *header = &request->headers[i];
        nodes[i + 2].data = arena_printf(arena, "%s: %s", header->name, header->value);
        nodes[i + 1].next = &nodes[i + 2];
    }
    return nodes;
}

static void
prepare(CURL *easy, const struct upstream_call *call, struct arena *arena, struct sink *sink)
{
    const struct provider_request *request = call->request;
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list(request, arena));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.data);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->total_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, sink);
}

/* How a transfer ended, where libcurl did not end it. */
enum ending { ENDED_ITSELF, ENDED_BY_CALLER, ENDED_SILENT };

static enum ending
look(CURL *easy, const struct upstream_call *call, int64_t spent_ms)
{
    if (!call->goes_on(call->context))
        return ENDED_BY_CALLER;
    long status = 0;
    if (spent_ms >= call->headers_ms)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return spent_ms >= call->headers_ms && status == 0 ? ENDED_SILENT : ENDED_ITSELF;
}

static enum ending
transfer(struct handle *handle, const struct upstream_call *call, CURLcode *result)
{
    *result = CURLE_FAILED_INIT;
    if (curl_multi_add_handle(handle->multi, handle->easy) != CURLM_OK)
        return ENDED_ITSELF;
    int64_t started_ms = clock_monotonic_ms(), looked_ms = started_ms;
    int running = 1;
    while (curl_multi_perform(handle->multi, &running) == CURLM_OK && running > 0) {
        curl_multi_poll(handle->multi, NULL, 0, UPSTREAM_TICK_MS, NULL);
        int64_t now_ms = clock_monotonic_ms();
        if (now_ms - looked_ms < UPSTREAM_TICK_MS)
            continue;
        enum ending ending = look(handle->easy, call, now_ms - started_ms);
        if (ending != ENDED_ITSELF)
            return ending;
        looked_ms = now_ms;
    }
    int left;
    const CURLMsg *message = curl_multi_info_read(handle->multi, &left);
    if (message && message->msg == CURLMSG_DONE)
        *result = message->data.result;
    return ENDED_ITSELF;
}

static const char *
read_header(CURL *easy, const char *name, struct arena *arena)
{
    struct curl_header *header;
    if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return arena_strdup(arena, header->value);
}

static void
read_head(CURL *easy, struct arena *arena, struct provider_head *head)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    *head = (struct provider_head){.status = (int)status};
    if (status == 200)
        return;
    head->retry_after = read_header(easy, "Retry-After", arena);
    head->retry_after_ms = read_header(easy, "retry-after-ms", arena);
    head->should_retry = read_header(easy, "x-should-retry", arena);
}

static void
explain_timeout(CURL *easy, int64_t limit_ms, struct provider_failure *failure)
{
    *failure = (struct provider_failure){.retry_after_ms = -1, .counts = true};
    curl_off_t sent_us = 0;
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
    /* A provider that took the question and stays silent would be asked, and paid, twice. */
    failure->retryable = sent_us == 0;
    if (sent_us == 0)
        error_set(&failure->error, ERROR_UPSTREAM_TIMEOUT,
                  "the provider could not be reached in time");
    else
        error_set(&failure->error, ERROR_UPSTREAM_TIMEOUT,
                  "the provider did not answer within %lld ms", (long long)limit_ms);
}

static void
explain(CURL *easy, CURLcode result, const struct upstream_call *call, const struct sink *sink,
        struct provider_failure *failure)
{
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (result == CURLE_OPERATION_TIMEDOUT) {
        explain_timeout(easy, call->total_ms, failure);
        return;
    }
    if (sink->too_large || result == CURLE_FILESIZE_EXCEEDED) {
        error_set(&failure->error, ERROR_UPSTREAM_INVALID, "the provider's answer is over %d MB",
                  UPSTREAM_ANSWER_MAX_BYTES / (1024 * 1024));
        return;
    }
    failure->counts = true;
    failure->retryable = result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST ||
                         result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR ||
                         result == CURLE_GOT_NOTHING || result == CURLE_PARTIAL_FILE ||
                         result == CURLE_WEIRD_SERVER_REPLY;
    const char *what = result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST
                           ? "the provider could not be reached"
                           : "the connection to the provider broke";
    error_set(&failure->error, ERROR_UPSTREAM_ERROR, "%s: %s", what, curl_easy_strerror(result));
}

bool
upstream_send(struct upstream *upstream, const struct upstream_call *call, struct arena *arena,
              struct upstream_answer *answer, struct provider_failure *failure)
{
    struct sink sink = {.too_large = false};
    strbuf_init(&sink.body, arena, DEFAULT_BODY_BYTES);
    struct handle *handle = handle_take(upstream);
    prepare(handle->easy, call, arena, &sink);
    CURLcode result;
    enum ending ending = transfer(handle, call, &result);
    if (ending == ENDED_BY_CALLER)
        provider_fail(failure, ERROR_CLIENT_CLOSED, "the client left");
    else if (ending == ENDED_SILENT)
        explain_timeout(handle->easy, call->headers_ms, failure);
    else if (result != CURLE_OK)
        explain(handle->easy, result, call, &sink, failure);
    else
        read_head(handle->easy, arena, &answer->head);
    curl_multi_remove_handle(handle->multi, handle->easy);
    handle_give_back(upstream, handle);
    answer->body = sink.body.data;
    answer->length = sink.body.length;
    return ending == ENDED_ITSELF && result == CURLE_OK;
}
