/* The handlers of the routes that show how resilience fares: what seeing.c lists. */
#ifndef HEARTH_APPS_RESILIENCE_SEEING_H
#define HEARTH_APPS_RESILIENCE_SEEING_H

#include "apps/resilience/figures.h"
#include "apps/resilience/figures_schemas.h"
#include "http/request.h"

/* figures_view.c: figures as answers show them; all live in the arena. */
struct metrics_view *view_metrics(const struct figures *figures, struct arena *arena);
void view_breaker(const struct model_figures *model, struct arena *arena,
                  struct breaker_answer *answer);
struct map view_breakers(const struct figures_report *report, struct arena *arena);
struct metrics_summary *view_summary(const struct figures_report *report, struct arena *arena);

/* "closed", "half_open", "open" */
const char *view_state(enum breaker_state state);

/* Percent with two decimals; of nothing: otherwise. */
double view_percent(int64_t part, int64_t whole, double otherwise);

/* metrics.c */
bool resilience_show_health(struct request *request, struct error *err);
bool resilience_show_metrics(struct request *request, struct error *err);
bool resilience_show_operation(struct request *request, struct error *err);
bool resilience_reset_metrics(struct request *request, struct error *err);

/* breakers.c */
bool resilience_list_breakers(struct request *request, struct error *err);
bool resilience_show_breaker(struct request *request, struct error *err);
bool resilience_reset_breaker(struct request *request, struct error *err);

/* providers.c */
extern const struct schema providers_answer_schema;
bool resilience_show_providers(struct request *request, struct error *err);

/* dashboard.c */
bool resilience_show_dashboard(struct request *request, struct error *err);

/* usage.c */
bool resilience_show_usage(struct request *request, struct error *err);
bool resilience_show_trends(struct request *request, struct error *err);
bool resilience_show_load_times(struct request *request, struct error *err);

/* history.c */
bool resilience_show_alerts(struct request *request, struct error *err);
bool resilience_show_session(struct request *request, struct error *err);
bool resilience_export_history(struct request *request, struct error *err);
bool resilience_clean_history(struct request *request, struct error *err);

/* performance.c */
bool resilience_run_benchmarks(struct request *request, struct error *err);
bool resilience_run_chosen_benchmarks(struct request *request, struct error *err);
bool resilience_show_thresholds(struct request *request, struct error *err);
bool resilience_show_report(struct request *request, struct error *err);
bool resilience_show_benchmark_history(struct request *request, struct error *err);

#endif
