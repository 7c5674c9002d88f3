/* Where the time of an answer went, told to the client and counted. */
#include "ai/ai.h"
#include "apps/gateway/gateway.h"
#include "apps/service.h"
#include "base/clock.h"
#include "base/integer.h"
#include "host/metrics.h"

static void
add_ms(struct request *request, const char *name, int64_t us)
{
    if (us < 0)
        us = 0;
    char *text = arena_alloc(&request->arena, INTEGER_TEXT_BYTES + sizeof(".000"));
    char *at = text + integer_format(text, us / 1000);
    *at++ = '.';
    for (int64_t unit = 100; unit > 0; unit /= 10)
        *at++ = (char)('0' + us / unit % 10);
    response_header(request, name, text);
}

/* What was neither the provider's time nor a wait: for an equal request, a turn, another try. */
static int64_t
overhead_us(const struct request *request, const struct receipt *receipt, int64_t waited_us)
{
    int64_t total_us = clock_monotonic_us() - request->timing.started_us;
    return total_us - receipt->upstream_us - receipt->paused_us - waited_us;
}

void
gateway_headers(struct request *request, const struct receipt *receipt, int64_t waited_us)
{
    receipt_headers(request, receipt);
    add_ms(request, "X-Upstream-Ms", receipt->upstream_us);
    add_ms(request, "X-Overhead-Ms", overhead_us(request, receipt, waited_us));
}

void
gateway_count(const struct request *request, const char *operation, const struct receipt *receipt,
              int64_t waited_us, const struct error *err)
{
    const struct service *service = request->service;
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "operation", operation, NULL, NULL);
    histogram_observe(metrics_histogram(service->host, METRIC_GATEWAY_OVERHEAD, labels),
                      overhead_us(request, receipt, waited_us));
    ai_count_call(service->ai, operation, receipt, request->timing.started_us, err);
}
