/* The order of steps from a request to its response. */
#include "apps/dispatch.h"

#include <stddef.h>

#include "apps/admission.h"
#include "apps/answer.h"
#include "apps/meters.h"
#include "apps/witness.h"
#include "apps/work.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/error_rate.h"
#include "host/metrics.h"
#include "http/route.h"
#include "store/store.h"

enum { REFUSED_RETRY_S = 1 };

static const char *
route_name(const struct request *request)
{
    return request->route && request->route->operation_id ? request->route->operation_id : "none";
}

/* What is not set up here is so for each request: neither a fault nor worth a line each time. */
static bool
is_not_set_up(const struct error *err)
{
    return err->code == ERROR_UNAVAILABLE && err->lasting;
}

/* What has begun cannot be answered anew: its handler has told the client in the stream. */
static void
answer_error(struct request *request, const struct error *err)
{
    const struct error_info *info = error_info(err->code);
    request->admission->not_set_up = is_not_set_up(err);
    if (info->status >= 500 && !request->admission->not_set_up)
        log_line(LOG_LEVEL_ERROR, "request failed", LOG_TEXT("request_id", request->id),
                 LOG_TEXT("route", route_name(request)), LOG_TEXT("code", info->name),
                 LOG_TEXT("detail", err->detail));
    if (request->response.begun)
        request->response.incomplete = true;
    else
        response_problem(request, err);
}

static void
complete(struct request *request)
{
    witness_answer(request);
    if (request->response.begun)
        request->timing.answered_us = clock_monotonic_us();
    else
        answer_complete(request);
}

static bool
must_wait(const struct request *request, const struct error *err)
{
    return err->code == ERROR_WOULD_WAIT && !request->may_wait && !request->response.begun;
}

/* true: answered, with an error perhaps; false: it has to wait. */
static bool
run_handler(struct request *request)
{
    struct error err = {0};
    if (request->route->handle(request, &err)) {
        if (request->response.status != 0)
            return true;
        error_set(&err, ERROR_INTERNAL, "the handler gave no answer");
    }
    if (must_wait(request, &err))
        return false;
    answer_error(request, &err);
    return true;
}

static bool
handle(struct request *request)
{
    if (request->route->flags & ROUTE_WAITS && !request->may_wait)
        return false;
    witness_begin(request);
    struct work work;
    struct error err = {0};
    enum idempotency_verdict verdict = work_begin(request, &work, &err);
    if (verdict == IDEMPOTENCY_REFUSED && must_wait(request, &err))
        return false;
    if (verdict == IDEMPOTENCY_REFUSED)
        answer_error(request, &err);
    if (verdict != IDEMPOTENCY_PROCEED)
        return true;
    bool answered = run_handler(request);
    work_end(request, &work);
    return answered;
}

/* DISPATCH_DONE: it was answered; DISPATCH_WAIT: it has to wait before it can be admitted. */
static enum dispatch_result
refuse_or_wait(struct request *request, const struct error *err)
{
    if (err->code == ERROR_WOULD_WAIT && !request->may_wait)
        return DISPATCH_WAIT;
    answer_error(request, err);
    complete(request);
    return DISPATCH_DONE;
}

enum dispatch_result
dispatch(struct request *request)
{
    request->complete = answer_complete;
    if (request->may_wait)
        store_join(&request->arena);
    if (!request->admission || !request->admission->passed) {
        if (request->timing.started_us == 0)
            request->timing.started_us = clock_monotonic_us();
        struct error err = {0};
        if (!admission_check(request, &err))
            return refuse_or_wait(request, &err);
        if (request->admission->answered) {
            response_bytes(request, 204, NULL, NULL, 0);
            answer_complete(request);
            return DISPATCH_DONE;
        }
    }
    if (!handle(request))
        return DISPATCH_WAIT;
    complete(request);
    return DISPATCH_DONE;
}

void
dispatch_refuse(struct request *request)
{
    struct error err = {0};
    error_set_retry(&err, ERROR_OVERLOADED, REFUSED_RETRY_S, "as many requests as may wait do");
    metrics_add(request->service->host, METRIC_LANE_REFUSED, "", 1);
    response_problem(request, &err);
    answer_complete(request);
}

static void
count_stream(struct request *request, bool sent)
{
    const char *outcome = "outcome=\"complete\"";
    if (!sent)
        outcome = "outcome=\"client_gone\"";
    else if (request->response.incomplete)
        outcome = "outcome=\"incomplete\"";
    metrics_add(request->service->host, METRIC_STREAMS, outcome, 1);
}

/* A probe that says "not now" is an answer and no failure; nor is a stream that its client left. */
static void
watch_errors(const struct request *request, bool sent)
{
    const struct service *service = request->service;
    const struct response *response = &request->response;
    if (request->route && request->route->limit == LIMIT_HEALTH)
        return;
    bool is_fault =
        response->status >= 500 && !(request->admission && request->admission->not_set_up);
    error_rate_count(service->host, is_fault || (sent && response->incomplete),
                     service->settings->alert_error_rate_percent, clock_monotonic_us());
}

void
dispatch_finish(struct request *request, bool sent)
{
    const struct service *service = request->service;
    int status = request->response.status;
    int64_t duration_us = request->timing.answered_us - request->timing.started_us;
    meters_count(service->meters, request->route, status, request->may_wait, duration_us);
    watch_errors(request, sent);
    if (!sent || status == error_info(ERROR_CLIENT_CLOSED)->status)
        metrics_add(service->host, METRIC_CLIENT_GONE, "", 1);
    if (request->response.begun)
        count_stream(request, sent);
    witness_end(request);
    if (service->settings->request_log)
        log_line(LOG_LEVEL_INFO, "request", LOG_TEXT("request_id", request->id),
                 LOG_TEXT("traceparent", request->traceparent),
                 LOG_TEXT("method", request->method_name), LOG_TEXT("route", route_name(request)),
                 LOG_NUMBER("status", status), LOG_NUMBER("duration_us", duration_us),
                 LOG_TEXT("caller", request->caller ? request->caller->tenant : NULL),
                 LOG_TEXT("sent", sent ? "yes" : "no"));
}
