/* What must be asked anew: when something about a subject was last revoked, and up to when this
 * host knows of all revocations. Subjects share cells by their hash, which costs a question and is
 * never wrong. All times are clock_monotonic_us(). */
#ifndef HEARTH_HOST_FORGETTING_H
#define HEARTH_HOST_FORGETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

/* What was known of a subject before now is to be forgotten. NULL: of every subject. */
void forgetting_mark(struct host *host, const char *subject, int64_t now_us);

/* Whether what was learnt of a subject then still counts. */
bool forgetting_holds(struct host *host, const char *subject, int64_t learnt_us);

/* All revocations up to this moment have been marked. It never goes back. */
void forgetting_follow(struct host *host, int64_t followed_us);
int64_t forgetting_followed_us(struct host *host); /* 0: never since the host started */

#endif
