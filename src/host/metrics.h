/* Counters, gauges and histograms over all workers of the host, and their Prometheus text. */
#ifndef HEARTH_HOST_METRICS_H
#define HEARTH_HOST_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "host/host.h"

/* name, type, Prometheus name, help. Durations are observed in microseconds and shown in seconds.
 */
#define METRICS(X)                                                                                 \
    X(HTTP_REQUESTS, COUNTER, "hearth_http_requests_total",                                        \
      "Requests answered, by route and status.")                                                   \
    X(HTTP_DURATION, HISTOGRAM, "hearth_http_request_duration_seconds",                            \
      "Time from the first byte read to the answer handed over, by lane.")                         \
    X(HTTP_IN_FLIGHT, GAUGE, "hearth_http_requests_in_flight", "Requests being handled, by lane.") \
    X(LANE_REFUSED, COUNTER, "hearth_lane_refused_total",                                          \
      "Requests refused because the waiting lane was full.")                                       \
    X(CLIENT_GONE, COUNTER, "hearth_client_gone_total",                                            \
      "Requests whose client left before the answer.")                                             \
    X(STREAMS, COUNTER, "hearth_streams_total",                                                    \
      "Responses sent as event streams, by outcome: complete, incomplete, client_gone.")           \
    X(AUTH_FAILURES, COUNTER, "hearth_auth_failures_total",                                        \
      "Requests with a wrong or missing credential, by reason.")                                   \
    X(RATE_LIMITED, COUNTER, "hearth_rate_limited_total",                                          \
      "Requests refused by a rate limit, by class.")                                               \
    X(CACHE_LOOKUPS, COUNTER, "hearth_cache_lookups_total",                                        \
      "Lookups of the response cache, by operation and result.")                                   \
    X(CACHE_STORES, COUNTER, "hearth_cache_stores_total", "Answers stored, by tier.")              \
    X(CACHE_ERRORS, COUNTER, "hearth_cache_errors_total", "Failures of memcached, by kind.")       \
    X(CACHE_EVICTIONS, COUNTER, "hearth_cache_l1_evictions_total",                                 \
      "Entries evicted from host memory.")                                                         \
    X(CACHE_INVALIDATIONS, COUNTER, "hearth_cache_invalidations_total",                            \
      "Invalidations asked for, by context.")                                                      \
    X(CACHE_COMPRESSION_IN, COUNTER, "hearth_cache_compression_input_bytes_total",                 \
      "Bytes given to compression.")                                                               \
    X(CACHE_COMPRESSION_OUT, COUNTER, "hearth_cache_compression_output_bytes_total",               \
      "Bytes that compression made of them.")                                                      \
    X(AI_CALLS, COUNTER, "hearth_ai_calls_total", "Operations run, by operation and outcome.")     \
    X(AI_ATTEMPTS, COUNTER, "hearth_ai_attempts_total",                                            \
      "Calls to providers, by model and outcome.")                                                 \
    X(AI_DURATION, HISTOGRAM, "hearth_ai_call_duration_seconds",                                   \
      "Time spent on operations that were not cached, by operation.")                              \
    X(AI_TOKENS, COUNTER, "hearth_ai_tokens_total",                                                \
      "Tokens reported by providers, by model and direction.")                                     \
    X(AI_FIRST_TOKEN, HISTOGRAM, "hearth_ai_first_token_seconds",                                  \
      "Time from asking a model for a stream to its first token, by model.")                       \
    X(AI_COST, COUNTER, "hearth_ai_cost_micros_total",                                             \
      "What calls cost by the prices of models, in millionths of the currency unit, by model and " \
      "usage source.")                                                                             \
    X(RESERVATIONS, COUNTER, "hearth_reservations_total", "Reservations made in budgets.")         \
    X(RESERVATIONS_HELD, GAUGE, "hearth_reservations_held",                                        \
      "Calls that hold a part of a budget, in the whole database.")                                \
    X(RESERVATIONS_LEAKED, COUNTER, "hearth_reservations_leaked_total",                            \
      "Reservations that ran out because their calls were lost.")                                  \
    X(BUDGET_REFUSED, COUNTER, "hearth_budget_refused_total",                                      \
      "Calls refused because a budget was spent, by its unit and period.")                         \
    X(SETTLEMENTS, COUNTER, "hearth_settlements_total",                                            \
      "Settlements of calls, by result: told to the database at once, queued to be told within a " \
      "second, or spooled because it did not take them.")                                          \
    X(SETTLEMENTS_BEHIND, GAUGE, "hearth_settlements_behind",                                      \
      "1 while more settlements are queued than were told in a round: none is queued meanwhile.")  \
    X(CALLS_LOST, COUNTER, "hearth_calls_lost_total",                                              \
      "Calls whose worker died before they were settled.")                                         \
    X(CALLS_UNTRACKED, COUNTER, "hearth_calls_untracked_total",                                    \
      "Calls that were not entered among those under way because there was no room.")              \
    X(AI_MALFORMED_EVENTS, COUNTER, "hearth_ai_malformed_events_total",                            \
      "Events of streamed answers that could not be read and were skipped, by model.")             \
    X(AI_REPAIRS, COUNTER, "hearth_ai_repairs_total",                                              \
      "Answers asked for again because they could not be read, by operation.")                     \
    X(GATEWAY_OVERHEAD, HISTOGRAM, "hearth_gateway_overhead_seconds",                              \
      "Time spent on requests of the gateway beyond waiting for models, by operation.")            \
    X(GUARD_FLAGS, COUNTER, "hearth_guard_flags_total",                                            \
      "Texts flagged by the guard, by category.")                                                  \
    X(BREAKER_CHANGES, COUNTER, "hearth_breaker_changes_total",                                    \
      "Changes of circuit breakers, by breaker and new state.")                                    \
    X(BREAKER_STATE, GAUGE, "hearth_breaker_state", "0 closed, 1 half open, 2 open.")              \
    X(RETRIES_REFUSED, COUNTER, "hearth_ai_retries_refused_total",                                 \
      "Retries that were not made because the host's retry budget was spent.")                     \
    X(AI_RETRIES, COUNTER, "hearth_ai_retries_total", "Calls repeated, by operation and model.")   \
    X(AI_BREAKER_CHANGES, COUNTER, "hearth_ai_breaker_changes_total",                              \
      "Changes of models' circuit breakers that calls caused, by operation and new state.")        \
    X(AI_LAST, GAUGE, "hearth_ai_last_call_timestamp_seconds",                                     \
      "When a call to a model last ended so, by operation and result.")                            \
    X(FIGURES_BASE, GAUGE, "hearth_resilience_figures_base",                                       \
      "What figures were when they were last reset, by subject and figure.")                       \
    X(ALERTS, COUNTER, "hearth_alerts_total", "Alerts raised, by level and kind.")                 \
    X(ALERT_DELIVERIES, COUNTER, "hearth_alert_deliveries_total",                                  \
      "Alerts posted to the webhook, by outcome.")                                                 \
    X(AUDIT, COUNTER, "hearth_audit_rows_total",                                                   \
      "Rows of the audit trail, by outcome: written, waiting, skipped, lost.")                     \
    X(STORE_CONNECTIONS, GAUGE, "hearth_store_connections",                                        \
      "Connections to the database, by database, worker and state: open or busy.")                 \
    X(STORE_WAITS, HISTOGRAM, "hearth_store_wait_seconds",                                         \
      "Time that calls of the database waited for a connection, by database; those that had one "  \
      "at once are not counted.")                                                                  \
    X(STORE_DURATION, HISTOGRAM, "hearth_store_query_duration_seconds",                            \
      "Time that the database took for a statement, by query.")                                    \
    X(STORE_FAILURES, COUNTER, "hearth_store_failures_total",                                      \
      "Statements and connections that failed, by database and kind.")                             \
    X(WORKER_STARTS, COUNTER, "hearth_worker_starts_total", "Worker processes started.")           \
    X(SERIES_DROPPED, COUNTER, "hearth_series_dropped_total",                                      \
      "Observations lost because the table of series was full.")

enum metric {
#define X(name, type, text, help) METRIC_##name,
    METRICS(X)
#undef X
        METRIC_COUNT
};

enum { METRIC_LABELS_MAX = 150 }; /* bytes of a labels text */

/* Writes a labels text of one pair, or of two where second_name is not NULL; values as they are.
 * One that is too long is cut, and metrics refuse it. */
void metrics_labels(char labels[static METRIC_LABELS_MAX], const char *name, const char *value,
                    const char *second_name, const char *second_value);

/* The cell of one series, made on first use. labels is Prometheus text without braces
 * (`route="text_process",status="200"`) from a bounded set of values, "" for none. Lives as long as
 * the host: keep it where it is hot. Never NULL: a full table gives a shared overflow cell. */
atomic_uint_fast64_t *metrics_cell(struct host *host, enum metric metric, const char *labels);

struct histogram;
struct histogram *metrics_histogram(struct host *host, enum metric metric, const char *labels);
void histogram_observe(struct histogram *histogram, int64_t microseconds);

void metrics_add(struct host *host, enum metric metric, const char *labels, uint64_t count);
void metrics_set(struct host *host, enum metric metric, const char *labels, int64_t value);

/* The sum of a metric's series whose labels hold this text ("" for all). */
uint64_t metrics_sum(struct host *host, enum metric metric, const char *labels_hold);

/* The value of the series with exactly these labels; 0 where there is none, and none is made. */
uint64_t metrics_value(struct host *host, enum metric metric, const char *labels);

/* Calls take() for each series of a counter or gauge. */
void metrics_each(struct host *host, enum metric metric,
                  void (*take)(void *context, const char *labels, uint64_t value), void *context);

/* Copies the value of a label out of a labels text; false where it has none or none that fits. */
bool metrics_label(const char *labels, const char *name, char *value, size_t size);

/* Appends all series as Prometheus text, version 0.0.4, in the order of the table. */
void metrics_write(struct host *host, struct strbuf *out);

#endif
