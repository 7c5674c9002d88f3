/* POST /v1/text_processing/batch_process: items side by side, each with an arena of its own, each
 * with its own success or failure. */
#include "apps/text/batch.h"

#include <inttypes.h>

#include "apps/service.h"
#include "base/clock.h"
#include "base/parallel.h"

struct batch {
    struct request *request;
    const struct text_request *items;
    struct batch_result *results;
    struct arena *arenas;
    size_t count;
};

static void
release_arenas(void *data)
{
    struct batch *batch = data;
    for (size_t i = 0; i < batch->count; i++)
        arena_release(&batch->arenas[i]);
}

static void
answer_item(void *data, size_t index)
{
    struct batch *batch = data;
    struct arena *arena = &batch->arenas[index];
    struct batch_result *result = &batch->results[index];
    struct text_response *response = arena_alloc(arena, sizeof(*response));
    const struct text_call call = {.request = batch->request,
                                   .arena = arena,
                                   .asked = &batch->items[index],
                                   .started_us = clock_monotonic_us()};
    struct receipt receipt = {0};
    struct error err = {0};
    result->request_index = (int64_t)index;
    if (text_answer(&call, response, &receipt, &err)) {
        result->status = "completed";
        result->response = response;
        return;
    }
    const struct error_info *info = error_info(err.code);
    result->status = "failed";
    result->failed = true;
    result->error_code = info->name;
    result->retryable = info->retryable;
    result->error = err.fields
                        ? arena_printf(arena, "%s: %s", err.fields->path, err.fields->message)
                        : arena_strdup(arena, err.detail);
}

static bool
client_left(void *data)
{
    const struct batch *batch = data;
    return request_client_gone(batch->request);
}

static struct batch *
batch_new(struct request *request, const struct batch_request *asked)
{
    struct arena *arena = &request->arena;
    struct batch *batch = arena_alloc(arena, sizeof(*batch));
    *batch = (struct batch){
        .request = request,
        .items = asked->requests.items,
        .results = arena_array(arena, asked->requests.count, sizeof(struct batch_result)),
        .arenas = arena_array(arena, asked->requests.count, sizeof(struct arena)),
        .count = asked->requests.count,
    };
    arena_defer(arena, release_arenas, batch);
    return batch;
}

static void
respond(struct request *request, const struct batch *batch, const char *batch_id)
{
    int64_t failed = 0;
    int64_t now_us = clock_realtime_us();
    for (size_t i = 0; i < batch->count; i++)
        failed += batch->results[i].failed;
    if (!batch_id || batch_id[0] == '\0')
        batch_id = arena_printf(&request->arena, "batch_%" PRId64, now_us / 1000000);
    struct batch_response response = {
        .batch_id = batch_id,
        .total_requests = (int64_t)batch->count,
        .completed = (int64_t)batch->count - failed,
        .failed = failed,
        .results = {batch->results, batch->count},
        .total_processing_time =
            (double)(clock_monotonic_us() - request->timing.started_us) / 1000000,
        .timestamp = clock_text(&request->arena, now_us),
    };
    response_json(request, 200, &batch_response_schema, &response);
}

bool
text_batch(struct request *request, struct error *err)
{
    const struct batch_request *asked = request->input;
    const struct settings *settings = request->service->settings;
    if ((int64_t)asked->requests.count > settings->batch_max_requests)
        return error_set_field(err, &request->arena, "requests",
                               "must hold at most %" PRId64 " items, has %zu",
                               settings->batch_max_requests, asked->requests.count);
    struct batch *batch = batch_new(request, asked);
    struct parallel_work work = {
        .count = batch->count,
        .concurrency = (size_t)settings->batch_concurrency,
        .run = answer_item,
        .stopped = client_left,
        .data = batch,
    };
    if (parallel_for(&work) < batch->count)
        return error_set(err, ERROR_CLIENT_CLOSED, "the client left before its batch was done");
    respond(request, batch, asked->batch_id);
    return true;
}
