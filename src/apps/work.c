/* Taking and giving back what a request holds. */
#include "apps/work.h"

#include "access/caller.h"
#include "access/limits.h"
#include "apps/service.h"
#include "host/metrics.h"
#include "http/route.h"

/* A stream ends sooner by its clocks; this is for a holder whose process number another one has. */
enum { STREAM_MAX_MS = 3600 * 1000, RETRY_S = 1 };

static int64_t
streams_limit(const struct request *request)
{
    if (request->caller && request->caller->streams > 0)
        return request->caller->streams;
    return request->service->settings->streams_per_caller;
}

static bool
enter_stream(struct request *request, struct crowd_place *place, struct error *err)
{
    int64_t limit = streams_limit(request);
    if (limit == 0 || !request_wants_stream(request))
        return true;
    if (crowd_enter(request->service->host,
                    arena_printf(&request->arena, "streams:%s", limits_client(request)), limit,
                    STREAM_MAX_MS, place))
        return true;
    metrics_add(request->service->host, METRIC_RATE_LIMITED, "class=\"streams\"", 1);
    return error_set_retry(err, ERROR_RATE_LIMITED, RETRY_S, "more than %lld streams at once",
                           (long long)limit);
}

enum idempotency_verdict
work_begin(struct request *request, struct work *work, struct error *err)
{
    *work = (struct work){0};
    if (request->route->flags & ROUTE_IDEMPOTENT) {
        enum idempotency_verdict verdict = idempotency_begin(request, &work->idempotency, err);
        if (verdict != IDEMPOTENCY_PROCEED)
            return verdict;
    }
    if (!request->may_wait || enter_stream(request, &work->stream, err))
        return IDEMPOTENCY_PROCEED;
    idempotency_end(request, &work->idempotency);
    return IDEMPOTENCY_REFUSED;
}

void
work_end(struct request *request, struct work *work)
{
    crowd_leave(&work->stream);
    idempotency_end(request, &work->idempotency);
}
