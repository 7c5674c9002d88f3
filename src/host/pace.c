/* A sliding window by seconds. What is taken is counted first and judged then: of many that take at
 * once none overlooks another. */
#include "host/pace.h"

#include <string.h>

#include "host/shared.h"
#include "host/window.h"

enum { TOKENS_MAX = 1000000 }; /* that a second can hold */

static int64_t
bounded(int64_t tokens)
{
    if (tokens < -TOKENS_MAX)
        return -TOKENS_MAX;
    return tokens > TOKENS_MAX ? TOKENS_MAX : tokens;
}

/* false: there is no room for another name. */
static bool
find(struct host *host, const char *name, struct window *window)
{
    struct name_table table = {host->shared->pace_hashes, host->shared->paces, sizeof(struct pace),
                               PACES_MAX};
    struct pace *pace = name_find(&table, 0, name, strnlen(name, NAME_MAX_BYTES), true);
    if (!pace)
        return false;
    *window = (struct window){pace->slots, PACE_SECONDS};
    return true;
}

static bool
is_over(struct window_counts sum, const struct pace_limits *limits, int64_t tokens)
{
    bool is_alone = sum.some <= 1 && sum.all <= tokens;
    return (limits->requests > 0 && sum.some > limits->requests) ||
           (limits->tokens > 0 && sum.all > limits->tokens && !is_alone);
}

/* When enough will have gone by: seconds leave the window one after another. */
static int64_t
wait_for(const struct window *window, const struct pace_limits *limits, int64_t tokens,
         int64_t monotonic_us)
{
    int64_t to_second_us = 1000000 - monotonic_us % 1000000;
    for (int64_t ahead = 0; ahead < PACE_SECONDS; ahead++) {
        int64_t at_us = monotonic_us + to_second_us + ahead * 1000000;
        struct window_counts sum = window_sum(window, at_us);
        sum.some++;
        sum.all += tokens;
        if (!is_over(sum, limits, tokens))
            return (at_us - monotonic_us) / 1000 + 1;
    }
    return PACE_SECONDS * INT64_C(1000);
}

bool
pace_take(struct host *host, const char *name, const struct pace_limits *limits, int64_t tokens,
          int64_t monotonic_us, int64_t *wait_ms)
{
    struct window window;
    if ((limits->requests <= 0 && limits->tokens <= 0) || !find(host, name, &window))
        return true;
    tokens = bounded(tokens);
    window_add(&window, monotonic_us, (struct window_counts){.all = tokens, .some = 1});
    if (!is_over(window_sum(&window, monotonic_us), limits, tokens))
        return true;
    window_add(&window, monotonic_us, (struct window_counts){.all = -tokens, .some = -1});
    *wait_ms = wait_for(&window, limits, tokens, monotonic_us);
    return false;
}

void
pace_settle(struct host *host, const char *name, int64_t tokens, int64_t taken_us,
            int64_t monotonic_us)
{
    struct window window;
    bool is_past = monotonic_us - taken_us >= (PACE_SECONDS - 1) * INT64_C(1000000);
    if (tokens == 0 || (tokens < 0 && is_past) || !find(host, name, &window))
        return;
    /* What is given back is in the second it was taken from; what comes on top counts from now. */
    window_add(&window, tokens < 0 ? taken_us : monotonic_us,
               (struct window_counts){.all = bounded(tokens)});
}
