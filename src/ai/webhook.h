/* Alerts to where the operator wants them: a POST of JSON to ALERT_WEBHOOK_URL. */
#ifndef HEARTH_AI_WEBHOOK_H
#define HEARTH_AI_WEBHOOK_H

#include <stdbool.h>

#include "base/error.h"
#include "base/settings.h"
#include "host/host.h"

struct webhook;

/* Starts a thread that waits for alerts of this host; of all workers that do, one posts each alert:
 *
 *   {"time": "2026-05-04T12:00:00.123Z", "level": "warning", "kind": "breaker_open",
 *    "subject": "model-a", "message": "...", "host": "web1"}
 *
 * Any 2xx is success. A failure is tried once more, then it is a log line and a metric. The address
 * may hold a secret and is never told. *webhook is NULL where the setting is empty. */
bool webhook_open(const struct settings *settings, struct host *host, struct webhook **webhook,
                  struct error *err) __attribute__((warn_unused_result));

/* Ends the thread, within a second also where a delivery hangs. NULL is fine. */
void webhook_close(struct webhook *webhook);

#endif
