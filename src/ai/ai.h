/* The pipeline: every model call of every application goes through ai_run(), in the order guard,
 * key, cache, lease, route, attempt, judge, settle. */
#ifndef HEARTH_AI_AI_H
#define HEARTH_AI_AI_H

#include <stdbool.h>
#include <stdint.h>

#include "ai/operation.h"
#include "base/settings.h"
#include "cache/cache.h"
#include "host/host.h"
#include "http/request.h"

struct ai;
struct strategies;

struct ai *ai_open(const struct settings *settings, struct host *host, struct cache *cache,
                   struct error *err) __attribute__((warn_unused_result));
void ai_close(struct ai *ai);

enum cache_state {
    CACHE_STATE_BYPASS, /* no-store, or not cacheable */
    CACHE_STATE_MISS,
    CACHE_STATE_HIT,
    CACHE_STATE_COALESCED, /* another identical call was in flight and its answer served */
    CACHE_STATE_STALE,     /* the model was down and an old answer served */
};

/* What happened, for response headers, logs and metrics. All texts live in the arena. */
struct receipt {
    const char *model; /* that answered: a configured name, or "local"; NULL when none did */
    const char *guard; /* flagged categories, comma-separated; NULL for none */
    enum cache_state cache;
    int64_t age_s;                       /* of a cached answer */
    int64_t attempts;                    /* calls made to providers for this answer */
    bool degraded;                       /* answered by the local way because no model did */
    int64_t tokens_input, tokens_output; /* -1: not reported */
    int64_t upstream_us, cache_us;
    int64_t paused_us; /* waits of choice: between attempts, for a turn */
    int64_t cost_micros;
    bool settled;            /* cost_micros is the last word */
    const char *budget_unit; /* of the tightest budget that applies: "money"; NULL for none */
    const char *budget_period;
    int64_t budget_remaining; /* of it, with what calls under way may still take */
};

/* Where an answer goes while it is made, for clients that read it as a stream. */
struct ai_sink {
    /* Takes a piece of prose, whose bytes may end within a character. false: the client left. */
    bool (*piece)(void *context, const char *text, size_t length);
    /* Called several times a second while the call waits, for heartbeats; false: the client left.
     * May be NULL. */
    bool (*tick)(void *context);
    bool whole; /* pieces are held back: only the result of ai_run() is shown */
    void *context;
};

struct ai_call {
    const struct operation *operation;
    const void *input; /* struct of operation->input */
    const char *tenant;
    const char *model;       /* configured name, or NULL for the default */
    bool no_store, no_cache; /* the client's Cache-Control */
    /* NULL: nothing is shown before the end. Only operations that answer in prose (ANSWER_TEXT)
     * have pieces; what ai_run() returns is the answer, whatever they said. */
    const struct ai_sink *sink;
};

/* Answers with a struct of operation->output in the arena and fills the receipt, as far as it went
 * also on failure. The request lends its lane (ERROR_WOULD_WAIT on the front lane when nothing is
 * cached) and its client's presence; its timing is added to. Safe for several threads at once with
 * the same request when each passes its own arena through `arena` (batches). */
const void *ai_run(struct ai *ai, struct request *request, struct arena *arena,
                   const struct ai_call *call, struct receipt *receipt, struct error *err)
    __attribute__((warn_unused_result));

/* Counts a call of any kind by its operation and outcome; err is NULL when it was answered. */
void ai_count_call(struct ai *ai, const char *operation, const struct receipt *receipt,
                   int64_t started_us, const struct error *err);

/* Sets X-Cache, Age, X-Model, X-Attempts, X-Cost-Micros (where it is known) and X-Budget-Remaining
 * (where a budget applies) of the response. */
void receipt_headers(struct request *request, const struct receipt *receipt);

/* What presets and settings say of operations; lives as long as ai. */
struct strategies *ai_strategies(const struct ai *ai);

/* Whether a model (not local) is configured, and whether one may be asked now (a breaker of the
 * default model's chain is not open). Asks nobody. */
bool ai_configured(const struct ai *ai);
bool ai_available(const struct ai *ai);

#endif
