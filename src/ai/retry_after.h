/* When a provider wants to be asked again. */
#ifndef HEARTH_AI_RETRY_AFTER_H
#define HEARTH_AI_RETRY_AFTER_H

#include <stdint.h>

#include "ai/provider.h"

/* A date of any year is still no longer than a day. */
enum { RETRY_AFTER_MAX_MS = 24 * 3600 * 1000 };

/* retry-after-ms, else Retry-After as seconds or as a date (RFC 9110, section 10.2.3), else what
 * the body said, else for a 429 the headers that say when its limits are full again. now_s is the
 * time of day. -1: nothing of them was said; at most RETRY_AFTER_MAX_MS. */
int64_t retry_after_read(const struct provider_head *head, const struct provider_fault *fault,
                         int64_t now_s);

/* "37s", "1.5s", "6m0s", "20ms", "1h2m3s", "5" (seconds). -1: it is none. */
int64_t retry_after_duration(const char *text);

#endif
