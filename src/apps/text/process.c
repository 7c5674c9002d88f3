/* POST /v1/text_processing/process, and the one way to answer an item. */
#include "apps/text/text.h"

#include <inttypes.h>
#include <string.h>

#include "apps/flags.h"
#include "apps/service.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "nlp/nlp.h"

const struct text_operation *
text_operation_find(const char *name)
{
    const struct text_operation *row = text_operations;
    while (strcmp(row->name, name) != 0)
        row++;
    return row;
}

static struct text_metadata *
describe(const struct text_request *asked, const struct text_output *output,
         const struct receipt *receipt, struct arena *arena)
{
    bool fallback = receipt->degraded || receipt->cache == CACHE_STATE_STALE;
    struct text_metadata *metadata = arena_alloc(arena, sizeof(*metadata));
    *metadata = (struct text_metadata){
        .word_count = nlp_count_words(asked->text),
        .model = receipt->model ? receipt->model : "local",
        .service_status = fallback ? "degraded" : NULL,
        .fallback_used = fallback,
        .has_fallback_used = fallback,
        .guard_flags = flags_split(receipt->guard, arena),
        .confidence = output->confidence,
        .has_confidence = output->has_confidence && output->result,
    };
    return metadata;
}

static void
fill_response(const struct text_request *asked, const struct text_output *output,
              const struct receipt *receipt, struct arena *arena, struct text_response *response)
{
    *response = (struct text_response){
        .operation = asked->operation,
        .success = true,
        .result = output->result,
        .key_points = output->key_points,
        .questions = output->questions,
        .metadata = describe(asked, output, receipt, arena),
        .cache_hit = receipt->cache == CACHE_STATE_HIT || receipt->cache == CACHE_STATE_STALE,
    };
    if (output->sentiment) {
        response->sentiment = arena_alloc(arena, sizeof(*response->sentiment));
        *response->sentiment =
            (struct text_sentiment){output->sentiment, output->confidence, output->explanation};
    }
}

static bool
check_input(const struct settings *settings, const struct text_operation *row,
            const struct text_request *asked, struct arena *arena, struct error *err)
{
    if (row->requires_question && (!asked->question || asked->question[0] == '\0'))
        return error_set_field(err, arena, "question", "is required for the operation 'qa'");
    size_t bytes = strlen(asked->text);
    size_t code_points = 0;
    if ((int64_t)bytes > settings->input_max_length &&
        utf8_count(asked->text, bytes, &code_points) &&
        (int64_t)code_points > settings->input_max_length)
        return error_set_field(err, arena, "text",
                               "must be at most %" PRId64 " characters here, has %zu",
                               settings->input_max_length, code_points);
    return true;
}

bool
text_answer(const struct text_call *call, struct text_response *response, struct receipt *receipt,
            struct error *err)
{
    static const struct text_options defaults = {100, 5, 5};
    struct request *request = call->request;
    struct arena *arena = call->arena;
    const struct text_request *asked = call->asked;
    const struct service *service = request->service;
    const struct text_options *options = asked->options ? asked->options : &defaults;
    const struct text_operation *row = text_operation_find(asked->operation);
    if (!check_input(service->settings, row, asked, arena, err))
        return false;
    const struct text_input input = {
        .text = asked->text,
        .question = asked->question,
        .max_length = options->max_length,
        .max_points = options->max_points,
        .num_questions = options->num_questions,
    };
    const struct ai_call question = {
        .operation = row->operation,
        .input = &input,
        .tenant = request->caller->tenant,
        .no_store = request_cache_control(request, "no-store"),
        .no_cache = request_wants_fresh(request),
        .sink = call->sink,
    };
    const struct text_output *output = ai_run(service->ai, request, arena, &question, receipt, err);
    if (!output)
        return false;
    fill_response(asked, output, receipt, arena, response);
    response->processing_time = (double)(clock_monotonic_us() - call->started_us) / 1000000;
    response->timestamp = clock_text(arena, clock_realtime_us());
    return true;
}

bool
text_process(struct request *request, struct error *err)
{
    if (request_wants_stream(request))
        return text_stream(request, err);
    const struct text_call call = {.request = request,
                                   .arena = &request->arena,
                                   .asked = request->input,
                                   .started_us = request->timing.started_us};
    struct text_response response;
    struct receipt receipt = {0};
    if (!text_answer(&call, &response, &receipt, err))
        return false;
    receipt_headers(request, &receipt);
    response_json(request, 200, &text_response_schema, &response);
    return true;
}
