/* What a provider said of usage in its own words, kept beside our counts so that a bill can be
 * compared with it. */
#ifndef HEARTH_AI_USAGE_REPORT_H
#define HEARTH_AI_USAGE_REPORT_H

#include <jansson.h>

#include "ai/chat.h"

/* Counts a report, and keeps its figures in usage->raw as a JSON object: members of members by
 * "a.b", without those that are 0, and without those for which there is no room. */
void usage_report(struct chat_usage *usage, const json_t *reported);

#endif
