/* What of a request goes into the audit trail and the traces: by its route's row and how it was
 * answered, so that no handler has to think of it. */
#ifndef HEARTH_APPS_WITNESS_H
#define HEARTH_APPS_WITNESS_H

#include "http/request.h"

/* Before the handler; may be called again when the request changes its lane. */
void witness_begin(struct request *request);

/* Once its answer is known and before it is sent: notes calls of internal routes that changed
 * something, those that were refused, and what the guard flagged. */
void witness_answer(struct request *request);

/* Once it was sent. */
void witness_end(struct request *request);

#endif
