/* The head of a provider's answer: what of it the transport and its callers have to know. */
#ifndef HEARTH_AI_ANSWER_HEAD_H
#define HEARTH_AI_ANSWER_HEAD_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "ai/provider.h"
#include "base/arena.h"

/* Whether a header line announces a compressed body: none is asked for, and one that comes anyway
 * may be small and grow without bounds. */
bool answer_head_is_encoded(const char *line, size_t length);

/* Of a Content-Type's value; NULL is none. */
bool answer_head_is_event_stream(const char *content_type);

/* Fills head with what libcurl knows of the last answer; texts are copied to the arena. */
void answer_head_read(CURL *easy, struct arena *arena, struct provider_head *head);

#endif
