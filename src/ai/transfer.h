/* One call over a libcurl handle, from the question to the end of the answer, under its clocks. */
#ifndef HEARTH_AI_TRANSFER_H
#define HEARTH_AI_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>

#include "ai/upstream.h"

/* Once for every easy handle. */
void transfer_setup(CURL *easy);

/* Makes the call that easy was prepared for; as upstream_send(). The handles are apart again when
 * it returns. */
bool transfer_run(CURL *easy, CURLM *multi, const struct upstream_call *call, struct arena *arena,
                  struct upstream_answer *answer, struct provider_failure *failure)
    __attribute__((warn_unused_result));

#endif
