/* One dispatcher joins http, access and cache: no handler matches, limits, authenticates or decodes
 * by itself. */
#ifndef HEARTH_APPS_DISPATCH_H
#define HEARTH_APPS_DISPATCH_H

#include "apps/service.h"
#include "http/request.h"

enum dispatch_result {
    DISPATCH_DONE, /* request->response is complete */
    DISPATCH_WAIT, /* leave the front with the request, set may_wait, and dispatch it again */
};

/* Handles a request whose carrier has its parameters read; reads the body itself, and leaves
 * one that the answer did not need to the carrier. Never fails: every fault becomes a response. */
enum dispatch_result dispatch(struct request *request);

/* Answers 503 with Retry-After because the waiting lane is full. */
void dispatch_refuse(struct request *request);

/* Counts and logs the request once its response was sent (or its client was gone). */
void dispatch_finish(struct request *request, bool sent);

#endif
