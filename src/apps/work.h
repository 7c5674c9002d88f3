/* What a request holds while its handler works: its Idempotency-Key, and a place among the streams
 * of its caller. */
#ifndef HEARTH_APPS_WORK_H
#define HEARTH_APPS_WORK_H

#include "access/idempotency.h"
#include "host/crowd.h"

struct work {
    struct idempotency idempotency;
    struct crowd_place stream;
};

/* IDEMPOTENCY_PROCEED: the handler is to run, then work_end(). Refused with what
 * idempotency_begin() says, or ERROR_RATE_LIMITED for a stream too many. */
enum idempotency_verdict work_begin(struct request *request, struct work *work, struct error *err)
    __attribute__((warn_unused_result));

/* After the handler has answered and, where it failed, after its error was put in the response. */
void work_end(struct request *request, struct work *work);

#endif
