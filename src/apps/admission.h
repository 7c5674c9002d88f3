/* What must hold before a handler runs: everything of a request that its route's row says. */
#ifndef HEARTH_APPS_ADMISSION_H
#define HEARTH_APPS_ADMISSION_H

#include <stdbool.h>

#include "access/limits.h"
#include "http/head.h"
#include "http/request.h"

/* The dispatcher's notes on a request, in its arena. */
struct admission {
    struct head head;
    struct limit_verdict limit;
    unsigned allowed; /* methods of the path, as enum method bits */
    bool answered;    /* OPTIONS and preflights need no handler */
    bool passed;      /* all of it was checked */
    bool not_set_up;  /* what it asked for is not set up here: its status tells of no fault */
};

/* Fills the request: head, id, route, version, caller, body, input and filter. false with err: the
 * answer is that error, and the body may not have been read; but with ERROR_WOULD_WAIT it is to be
 * called again on the waiting lane, and goes on with the caller. */
bool admission_check(struct request *request, struct error *err)
    __attribute__((warn_unused_result));

#endif
