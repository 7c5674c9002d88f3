/* What every answer carries, whoever gave it: headers for browsers, clients and operators. */
#ifndef HEARTH_APPS_ANSWER_H
#define HEARTH_APPS_ANSWER_H

#include "http/request.h"

/* Completes the response and notes the time. To be called once, when its status is set. */
void answer_complete(struct request *request);

#endif
