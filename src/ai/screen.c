/* The guard's verdict on a call's untrusted texts, by policy. */
#include <string.h>

#include "ai/guard.h"
#include "ai/run.h"
#include "base/log.h"
#include "base/utf8.h"
#include "host/metrics.h"

enum { FEW_TEXTS = 32 };

/* Fills texts, of which there is room for FEW_TEXTS, or puts more of them in the arena. */
static size_t
gather_texts(struct run *run, const char ***texts)
{
    if (!run->operation->untrusted)
        return 0;
    size_t room = FEW_TEXTS, count;
    while ((count = run->operation->untrusted(run->call->input, *texts, room)) >= room) {
        room *= 16;
        *texts = arena_array(run->arena, room, sizeof(**texts));
    }
    return count;
}

static const char *
flag_names(struct run *run)
{
    struct strbuf names;
    strbuf_init(&names, run->arena, 64);
    for (unsigned i = 0; i < GUARD_CATEGORY_COUNT; i++) {
        if (!(run->guard_flags & (1u << i)))
            continue;
        if (names.length > 0)
            strbuf_add_char(&names, ',');
        strbuf_add_text(&names, guard_category_name(1u << i));
    }
    return names.data;
}

static bool
check_length(const struct run *run, const char *text, size_t bytes, struct error *err)
{
    int64_t most = run->ai->settings->input_max_length;
    size_t count;
    if (most <= 0 || bytes <= (size_t)most || !utf8_count(text, bytes, &count) ||
        count <= (size_t)most)
        return true;
    return error_set(
        err, ERROR_VALIDATION_FAILED,
        "a text of %zu characters is longer than the %lld that INPUT_MAX_LENGTH allows", count,
        (long long)most);
}

bool
screen_input(struct run *run, struct error *err)
{
    const char *few[FEW_TEXTS], **texts = few;
    size_t count = gather_texts(run, &texts);
    for (size_t i = 0; i < count; i++) {
        if (!texts[i])
            continue;
        size_t bytes = strlen(texts[i]);
        if (!check_length(run, texts[i], bytes, err))
            return false;
        run->guard_flags |= guard_screen(texts[i], bytes);
    }
    return true;
}

static void
report(const struct run *run)
{
    for (unsigned i = 0; i < GUARD_CATEGORY_COUNT; i++) {
        if (!(run->guard_flags & (1u << i)))
            continue;
        char labels[METRIC_LABELS_MAX];
        metrics_labels(labels, "category", guard_category_name(1u << i), NULL, NULL);
        metrics_add(run->ai->host, METRIC_GUARD_FLAGS, labels, 1);
    }
    log_line(LOG_LEVEL_WARNING, "guard flagged a text", LOG_TEXT("request_id", run->request->id),
             LOG_TEXT("operation", run->operation->name),
             LOG_TEXT("categories", run->receipt->guard));
}

bool
screen_verdict(struct run *run, struct error *err)
{
    if (run->guard_flags == 0)
        return true;
    run->receipt->guard = flag_names(run);
    atomic_fetch_or(&run->request->guard_flags, run->guard_flags);
    report(run);
    const char *mode = run->ai->settings->guard_mode;
    if (!mode || strcmp(mode, "block") != 0)
        return true;
    return error_set(err, ERROR_GUARD_REFUSED, "the text looks like an attempt at: %s",
                     run->receipt->guard);
}
