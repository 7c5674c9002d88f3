/* HTTP to providers. A handle is an easy and a multi handle of libcurl with their connections; the
 * handle last used is used next, so that connections stay warm whatever thread calls. */
#include "ai/upstream.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ai/transfer.h"

enum { IDLE_HANDLES_MAX = 64, CONNECTIONS_PER_HANDLE = 4, RECEIVE_BYTES = 4096 };

struct handle {
    CURL *easy;
    CURLM *multi;
    CURLU *target; /* of the last call, and the URL it was made from: most calls go there again */
    char *url;
    struct handle *next;
};

struct upstream {
    pthread_mutex_t mutex; /* over the list of idle handles */
    struct handle *idle;
    size_t idle_count;
    CURLSH *share;
    pthread_mutex_t share_mutexes[CURL_LOCK_DATA_LAST];
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
    curl_url_cleanup(handle->target);
    free(handle->url);
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

static struct handle *
handle_new(struct upstream *upstream)
{
    struct handle *handle = xcalloc(1, sizeof(*handle));
    handle->easy = curl_easy_init();
    handle->multi = curl_multi_init();
    handle->target = curl_url();
    if (!handle->easy || !handle->multi || !handle->target)
        abort();
    curl_multi_setopt(handle->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_PER_HANDLE);
    CURL *easy = handle->easy;
    curl_easy_setopt(easy, CURLOPT_SHARE, upstream->share);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    /* Allocated for every call, and all a thousand streams at once need of it is an event. */
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    /* The default of 64 KB is allocated anew for every call and makes malloc tidy up each time. */
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* One connection carries one call at a time, so HTTP/2 would cost and gain nothing. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)UPSTREAM_STREAM_MAX_BYTES);
    transfer_setup(easy);
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

static char *
header_line(const struct provider_header *header, struct arena *arena)
{
    struct strbuf line;
    strbuf_init(&line, arena, strlen(header->name) + strlen(header->value) + sizeof(": "));
    strbuf_add_text(&line, header->name);
    strbuf_add_text(&line, ": ");
    strbuf_add_text(&line, header->value);
    return line.data;
}

/* The list lies in the arena: libcurl only reads it. It writes headers byte by byte, and those of
 * its own options twice, so there are few and all of them are here. */
static struct curl_slist *
header_list(const struct provider_request *request, struct arena *arena)
{
    static char own[][40] = {
        "Content-Type: application/json", "User-Agent: hearth",
        "Accept:", /* without a value: not sent */
        "Expect:", /* else libcurl waits a second for a 100 on long bodies */
    };
    enum { OWN_COUNT = sizeof(own) / sizeof(own[0]) };
    size_t count = request->header_count + OWN_COUNT;
    struct curl_slist *nodes = arena_array(arena, count, sizeof(*nodes));
    for (size_t i = 0; i < count; i++) {
        nodes[i].data =
            i < OWN_COUNT ? own[i] : header_line(&request->headers[i - OWN_COUNT], arena);
        nodes[i].next = i + 1 < count ? &nodes[i + 1] : NULL;
    }
    return nodes;
}

/* Taking a URL apart and putting it together again is a fifth of what a call costs in libcurl. */
static void
aim(struct handle *handle, const char *url)
{
    if (handle->url && strcmp(handle->url, url) == 0)
        return;
    free(handle->url);
    handle->url = xstrdup(url);
    bool is_read =
        curl_url_set(handle->target, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
    /* One that cannot be read is left to libcurl, which says why when it is asked to go there. */
    curl_easy_setopt(handle->easy, CURLOPT_CURLU, is_read ? handle->target : NULL);
    curl_easy_setopt(handle->easy, CURLOPT_URL, is_read ? NULL : url);
}

static void
prepare(struct handle *handle, const struct provider_request *request, struct arena *arena)
{
    CURL *easy = handle->easy;
    aim(handle, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list(request, arena));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.data);
}

bool
upstream_send(struct upstream *upstream, const struct upstream_call *call, struct arena *arena,
              struct upstream_answer *answer, struct provider_failure *failure)
{
    struct handle *handle = handle_take(upstream);
    prepare(handle, call->request, arena);
    bool answered = transfer_run(handle->easy, handle->multi, call, arena, answer, failure);
    handle_give_back(upstream, handle);
    return answered;
}
