/* A batch of texts and its results. */
#ifndef HEARTH_APPS_TEXT_BATCH_H
#define HEARTH_APPS_TEXT_BATCH_H

#include "apps/text/text.h"

enum { BATCH_ITEMS_MAX = 200 };

struct batch_request {
    struct list requests; /* struct text_request */
    const char *batch_id;
};

struct batch_result {
    int64_t request_index;
    const char *status;
    struct text_response *response; /* NULL when it failed */
    const char *error, *error_code; /* NULL when it did not */
    bool retryable, failed;
};

struct batch_response {
    const char *batch_id;
    int64_t total_requests, completed, failed;
    struct list results; /* struct batch_result */
    double total_processing_time;
    const char *timestamp;
};

#endif
