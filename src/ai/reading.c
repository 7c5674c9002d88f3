/* From bytes to events, from events to steps. */
#include "ai/reading.h"

#include "ai/attempt.h"
#include "ai/run.h"
#include "host/metrics.h"

enum { EVENT_MAX_BYTES = 1024 * 1024 };

void
reading_init(struct reading *reading, struct ask *ask, const struct model_settings *model)
{
    *reading = (struct reading){.ask = ask, .model = model};
    event_parser_init(&reading->parser, ask->arena, EVENT_MAX_BYTES);
    provider_stream_init(&reading->stream, ask->arena);
}

static bool
take_event(void *context, const struct event *event)
{
    struct reading *reading = context;
    struct ask *ask = reading->ask;
    struct provider_step step = {0};
    unsigned reports = reading->stream.usage.reports;
    arena_reset(&ask->scratch);
    bool is_good = provider_event(provider_of(reading->model->provider->kind), &reading->stream,
                                  event, &ask->scratch, &step, reading->failure);
    reading->made_bytes += step.made_bytes;
    if (reading->stream.usage.reports > reports) {
        reading->made_bytes = 0; /* a report is of all there was so far */
        bill_note(ask, reading->model, &reading->stream.usage);
    }
    if (!is_good || !ask->question->step(ask, reading->model, event, &step, reading->failure)) {
        reading->progress = UPSTREAM_STOP;
        return false;
    }
    enum upstream_progress progress = step.has_content ? UPSTREAM_TOKEN : UPSTREAM_ALIVE;
    if (progress > reading->progress)
        reading->progress = progress;
    if (reading->stream.ended)
        reading->progress = UPSTREAM_ENOUGH;
    return !reading->stream.ended;
}

static enum upstream_progress
too_large(struct provider_failure *failure)
{
    *failure = (struct provider_failure){.class = FAULT_PERMANENT, .retry_after_ms = -1};
    error_set(&failure->error, ERROR_UPSTREAM_INVALID,
              "an event of the model's answer is over %d bytes", EVENT_MAX_BYTES);
    return UPSTREAM_STOP;
}

enum upstream_progress
reading_take(struct reading *reading, const char *bytes, size_t length,
             struct provider_failure *failure)
{
    reading->progress = UPSTREAM_BYTES;
    reading->failure = failure;
    if (!event_parser_feed(&reading->parser, bytes, length, take_event, reading) &&
        reading->parser.too_large)
        return too_large(failure);
    return reading->progress;
}

static void
count_malformed(const struct reading *reading)
{
    if (reading->stream.malformed == 0)
        return;
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "model", reading->model->name, NULL, NULL);
    metrics_add(reading->ask->ai->host, METRIC_AI_MALFORMED_EVENTS, labels,
                reading->stream.malformed);
}

void
reading_count(struct reading *reading)
{
    const struct provider_stream *stream = &reading->stream;
    ask_count_tokens(reading->ask, reading->model, &stream->usage);
    bill_add(reading->ask, reading->model,
             &(struct bill_item){&stream->usage, reading->made_bytes,
                                 stream->finished && (stream->ended || reading->is_whole)});
}

enum ask_verdict
reading_end(struct reading *reading, struct provider_failure *failure)
{
    struct ask *ask = reading->ask;
    reading->progress = UPSTREAM_BYTES;
    reading->failure = failure;
    /* The last event may lack its empty line. */
    if (!reading->stream.ended && !event_parser_end(&reading->parser, take_event, reading) &&
        reading->progress == UPSTREAM_STOP)
        return ASK_NEXT;
    count_malformed(reading);
    reading->is_whole = true;
    if (!reading->stream.finished) {
        *failure = (struct provider_failure){.class = FAULT_TRANSIENT, .retry_after_ms = -1};
        error_set(&failure->error, ERROR_UPSTREAM_INCOMPLETE, "the model's answer broke off");
        return ASK_NEXT;
    }
    return ask->question->end(ask, reading->model, &reading->stream, failure);
}
