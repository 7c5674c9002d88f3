/* Attempts at one model: each is let through by its link, bounded by five clocks, and repeated only
 * where that can help and the budgets allow. Private to src/ai. */
#ifndef HEARTH_AI_ATTEMPT_H
#define HEARTH_AI_ATTEMPT_H

#include "ai/ask.h"
#include "ai/upstream.h"

/* Asks this model until an answer is taken. others tells whether another model may serve, so that
 * no long wait is worth it. Any verdict but ASK_TAKEN comes with failure filled. */
enum ask_verdict attempt_model(struct ask *ask, const struct model_settings *model, bool others,
                               struct provider_failure *failure)
    __attribute__((warn_unused_result));

/* The model's own clocks, and the strategy's where it has none. */
struct upstream_clocks attempt_clocks(const struct ask *ask, const struct model_settings *model);

/* Adds what a provider reported to the receipt and the metrics. */
void ask_count_tokens(struct ask *ask, const struct model_settings *model,
                      const struct chat_usage *usage);

/* Waits between attempts; false when the client left. */
bool attempt_pause(struct ask *ask, int64_t wait_ms);

/* As ai->pause, and noted in the receipt. */
bool attempt_wait(struct ask *ask, int64_t wait_ms);

#endif
