/* Forgetting answers by operation. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "cache/cache_private.h"
#include "host/l1.h"
#include "host/metrics.h"

static const char *
pattern_kind(const char *pattern)
{
    if (pattern[0] == '\0')
        return "all";
    return strpbrk(pattern, "*?[") ? "glob" : "text";
}

static bool
matches(const char *pattern, const char *operation)
{
    char label[120];
    snprintf(label, sizeof(label), "ai_cache:op:%s", operation);
    if (strpbrk(pattern, "*?["))
        return fnmatch(pattern, label, 0) == 0;
    return strstr(label, pattern) != NULL;
}

const char *const cache_contexts[] = {"api_endpoint", "command", "deployment", "maintenance",
                                      "manual",       "test",    "other",      NULL};

/* Contexts come from clients; labels must not. */
static const char *
known_context(const char *context)
{
    for (size_t i = 0; cache_contexts[i]; i++)
        if (context && strcmp(cache_contexts[i], context) == 0)
            return cache_contexts[i];
    return "other";
}

static void
count(struct cache *cache, const char *pattern, const char *context)
{
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "context", known_context(context), "pattern", pattern_kind(pattern));
    metrics_add(cache->host, METRIC_CACHE_INVALIDATIONS, labels, 1);
}

size_t
cache_invalidate(struct cache *cache, const char *pattern, const char *context,
                 const char *const *names, struct arena *arena, const char ***matched)
{
    size_t total = 0, found = 0;
    while (names[total])
        total++;
    *matched = arena_array(arena, total + 1, sizeof(**matched));
    for (size_t i = 0; i < total; i++)
        if (matches(pattern, names[i]))
            (*matched)[found++] = names[i];
    /* A pattern that matches nothing forgets nothing, and is not counted as if it did. */
    if (found > 0 || pattern[0] == '\0')
        count(cache, pattern, context);
    if (pattern[0] == '\0') {
        cache_epochs_raise(cache, "all");
        l1_clear(cache->host);
        return found;
    }
    for (size_t i = 0; i < found; i++) {
        cache_epochs_raise(cache, (*matched)[i]);
        l1_remove_tag(cache->host, cache_operation(cache, (*matched)[i])->tag);
    }
    return found;
}
