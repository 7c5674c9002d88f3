/* Cache presets: bundles of figures by the names that users of the replaced system know. */
#ifndef HEARTH_CACHE_PRESET_H
#define HEARTH_CACHE_PRESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "cache/record.h"

enum { CACHE_RULES_MAX = 16 };

/* How long answers of one operation are kept. */
struct cache_rule {
    char operation[40];
    int64_t ttl_s;
};

/* What is in force: the preset, then CACHE_CUSTOM_CONFIG, then the settings of their own. */
struct cache_policy {
    const char *preset; /* static */
    bool enabled;
    int64_t default_ttl_s; /* CACHE_DEFAULT_TTL or the custom one; 0: operations have their own */
    struct record_compression compression;
    struct cache_rule rules[CACHE_RULES_MAX];
    size_t rule_count;
};

/* An unknown preset reads as "development". A custom configuration that cannot be read is left out,
 * with a line in the log. */
void cache_policy_make(struct cache_policy *policy, const struct settings *settings);

/* 0: not cached. */
int64_t cache_policy_ttl_s(const struct cache_policy *policy, const char *operation,
                           int64_t own_ttl_s);

#endif
