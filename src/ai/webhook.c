/* A thread that sleeps in alert_wait() and posts what it claims. */
#include "ai/webhook.h"

#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ai/upstream.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/alert.h"
#include "host/metrics.h"

enum {
    STACK_BYTES = 256 * 1024,
    WAIT_MS = 30000,
    DELIVERY_MS = 5000,
    TRIES = 2,
    PAUSE_MS = 1000,
    PAUSE_SLICE_MS = 100,
    HOST_NAME_BYTES = 256,
};

struct webhook {
    const char *url;
    struct host *host;
    struct upstream *upstream;
    pthread_t thread;
    atomic_bool stops;
    char host_name[HOST_NAME_BYTES];
};

static bool
goes_on(void *context)
{
    return !atomic_load(&((struct webhook *)context)->stops);
}

/* The document that is posted, in the arena; NULL where a text of it is not UTF-8. */
static bool
write_body(const struct webhook *webhook, const struct journal_row *row, struct arena *arena,
           struct strbuf *body)
{
    json_auto_t *document =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "time", clock_text(arena, row->time_us),
                  "level", journal_level_name(row->level), "kind", row->session, "subject",
                  row->subject, "message", row->text, "host", webhook->host_name);
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    if (!text)
        return false;
    strbuf_init(body, arena, 1024);
    strbuf_add_text(body, text);
    free(text);
    return true;
}

/* NULL: delivered; else what was wrong, without the address. */
static const char *
post(struct webhook *webhook, const struct provider_request *request, struct arena *arena)
{
    struct provider_failure failure = {0};
    struct upstream_answer answer = {0};
    struct upstream_call call = {
        .request = request,
        .clocks = {DELIVERY_MS, DELIVERY_MS, DELIVERY_MS, DELIVERY_MS, DELIVERY_MS},
        .goes_on = goes_on,
        .client_descriptor = -1,
        .context = webhook,
    };
    if (!upstream_send(webhook->upstream, &call, arena, &answer, &failure))
        return error_info(failure.error.code)->name;
    if (answer.head.status >= 200 && answer.head.status < 300)
        return NULL;
    return arena_printf(arena, "status %d", answer.head.status);
}

static void
pause_between(struct webhook *webhook)
{
    for (int slept_ms = 0; slept_ms < PAUSE_MS && goes_on(webhook); slept_ms += PAUSE_SLICE_MS)
        usleep(PAUSE_SLICE_MS * 1000);
}

static void
deliver(struct webhook *webhook, const struct journal_row *row, struct arena *arena)
{
    struct provider_request request = {.url = webhook->url};
    const char *complaint = "not UTF-8";
    if (write_body(webhook, row, arena, &request.body))
        complaint = post(webhook, &request, arena);
    for (int tries = 1; complaint && tries < TRIES && goes_on(webhook); tries++) {
        pause_between(webhook);
        complaint = post(webhook, &request, arena);
    }
    metrics_add(webhook->host, METRIC_ALERT_DELIVERIES,
                complaint ? "outcome=\"failed\"" : "outcome=\"delivered\"", 1);
    if (complaint)
        log_line(LOG_LEVEL_WARNING, "an alert was not delivered", LOG_TEXT("kind", row->session),
                 LOG_TEXT("subject", row->subject), LOG_TEXT("reason", complaint));
}

static void *
run(void *data)
{
    struct webhook *webhook = data;
    struct arena arena = {0};
    struct journal_row row;
    while (goes_on(webhook)) {
        if (alert_wait(webhook->host, WAIT_MS, &row)) {
            deliver(webhook, &row, &arena);
            arena_reset(&arena);
        }
    }
    arena_release(&arena);
    return NULL;
}

/* Signals are the main thread's. */
static bool
start(struct webhook *webhook, struct error *err)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&webhook->thread, &attributes, run, webhook);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failure == 0 ||
           error_set(err, ERROR_INTERNAL, "no thread for alerts: %s", strerror(failure));
}

bool
webhook_open(const struct settings *settings, struct host *host, struct webhook **webhook,
             struct error *err)
{
    *webhook = NULL;
    if (settings->alert_webhook_url[0] == '\0')
        return true;
    struct webhook *made = xcalloc(1, sizeof(*made));
    made->url = settings->alert_webhook_url;
    made->host = host;
    if (gethostname(made->host_name, sizeof(made->host_name) - 1) < 0)
        memcpy(made->host_name, "unknown", sizeof("unknown"));
    made->upstream = upstream_open(err);
    if (made->upstream && start(made, err)) {
        *webhook = made;
        return true;
    }
    upstream_close(made->upstream);
    free(made);
    return false;
}

void
webhook_close(struct webhook *webhook)
{
    if (!webhook)
        return;
    atomic_store(&webhook->stops, true);
    alert_stir(webhook->host);
    pthread_join(webhook->thread, NULL);
    upstream_close(webhook->upstream);
    free(webhook);
}
